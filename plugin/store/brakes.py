"""Brakes on rules: one that would touch more tickets than its limit allows is stopped until a person releases it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from plugin.store.rows import of_row
from plugin.store.statement import Statement
from plugin.store.tables import brakes


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """A stop of a rule. ``most`` is the limit it came up to, ``ticket_id`` the ticket it was stopped at."""

    number: int
    rule: str
    most: int
    ticket_id: int
    stopped_at: datetime
    released_at: datetime | None = None
    released_by: str = ""
    reason: str = ""


_STANDING = Statement(select(brakes).where(brakes.c.released_at.is_(None)).order_by(brakes.c.number))


def standing(connection: Connection) -> tuple[BrakeRow, ...]:
    """The rules that are stopped now."""
    return tuple(of_row(BrakeRow, row) for row in _STANDING.rows(connection))


def stop(connection: Connection, rule: str, *, most: int, ticket_id: int, now: datetime) -> bool:
    """Stop a rule; False where it is stopped already."""
    if any(brake.rule == rule for brake in standing(connection)):
        return False
    connection.execute(
        insert(brakes).values(rule=rule, most=most, ticket_id=ticket_id, stopped_at=now, released_by="", reason="")
    )
    return True


def release(connection: Connection, rule: str, *, by: str, reason: str, now: datetime) -> bool:
    """Let a rule go on, and count anew; False where it was not stopped."""
    stopped = update(brakes).where(brakes.c.rule == rule, brakes.c.released_at.is_(None))
    return bool(connection.execute(stopped.values(released_at=now, released_by=by, reason=reason)).rowcount)


def released_at(connection: Connection, rule: str) -> datetime | None:
    """When the rule was last let go on: what it wrote before counts no more."""
    query = select(func.max(brakes.c.released_at)).where(brakes.c.rule == rule)
    found: datetime | None = connection.execute(query).scalar()
    return found


def history(connection: Connection) -> tuple[BrakeRow, ...]:
    """Every stop there was, oldest first."""
    return tuple(of_row(BrakeRow, row) for row in connection.execute(select(brakes).order_by(brakes.c.number)))
