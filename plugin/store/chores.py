"""Chores: what is done every so often for all tickets, with a cursor that survives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from plugin.store.statement import Statement
from plugin.store.tables import chores
from plugin.store.upsert import insert_or_ignore

_DUE = Statement(select(chores).where(chores.c.wake_at <= bindparam("now")).order_by(chores.c.wake_at))


@dataclass(frozen=True, slots=True)
class ChoreRow:
    """A chore's cursor (its own affair) and when it is due."""

    name: str
    cursor: Mapping[str, Any]
    wake_at: datetime


def ensure(connection: Connection, name: str, *, first_at: datetime) -> None:
    connection.execute(insert_or_ignore(connection, chores, name=name, cursor={}, wake_at=first_at))


def get(connection: Connection, name: str) -> ChoreRow | None:
    row = connection.execute(select(chores).where(chores.c.name == name)).one_or_none()
    return None if row is None else ChoreRow(name=row.name, cursor=row.cursor, wake_at=row.wake_at)


def due(connection: Connection, *, now: datetime) -> tuple[ChoreRow, ...]:
    """Chores whose time has come, longest due first."""
    rows = _DUE.rows(connection, now=now)
    return tuple(ChoreRow(name=row.name, cursor=row.cursor, wake_at=row.wake_at) for row in rows)


def finish(connection: Connection, name: str, *, cursor: Mapping[str, Any], wake_at: datetime) -> None:
    values = {"cursor": dict(cursor), "wake_at": wake_at}
    connection.execute(update(chores).where(chores.c.name == name).values(**values))


def postpone(connection: Connection, name: str, *, wake_at: datetime) -> None:
    connection.execute(update(chores).where(chores.c.name == name).values(wake_at=wake_at))


def forget_impossible(connection: Connection, *, now: datetime, farthest: timedelta) -> None:
    """Have those done now that a clock that was wrong put off for longer than ``farthest``."""
    connection.execute(update(chores).where(chores.c.wake_at > now + farthest).values(wake_at=now))


def next_wake(connection: Connection, *, now: datetime) -> datetime | None:
    """The next moment after ``now`` at which a chore becomes due."""
    query = select(func.min(chores.c.wake_at)).where(chores.c.wake_at > now)
    moment: datetime | None = connection.execute(query).scalar()
    return moment
