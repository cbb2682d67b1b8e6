"""``INSERT … ON CONFLICT`` for whichever database a connection speaks to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


def insert_or_ignore(connection: Connection, table: Table, **values: Any) -> Any:
    """An insert that does nothing where the row exists."""
    return insert_into(table, connection.dialect.name).values(**values).on_conflict_do_nothing()


def insert_into(table: Table, dialect: str) -> Any:
    """An insert that knows ``on_conflict_…``, for the kind of database of that name."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # a process on SQLite need not wait for it

    return postgresql.insert(table)
