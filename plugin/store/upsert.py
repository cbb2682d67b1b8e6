"""``INSERT … ON CONFLICT DO NOTHING`` for whichever database a connection speaks to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: Connection, table: Table, **values: Any) -> Any:
    """An insert that does nothing where the row exists; without ``values`` they are given when it is executed."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    return (statement.values(**values) if values else statement).on_conflict_do_nothing()
