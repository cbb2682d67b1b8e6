"""Clocks as the last decision computed them: derived, for lists and figures, replaced as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from plugin.model.clocks import Clock, ClockState
from plugin.store.codec import clock_from_json, clock_to_json
from plugin.store.statement import Statement
from plugin.store.tables import clocks

_OF_CASE = Statement(
    select(clocks.c.content).where(clocks.c.ticket_id == bindparam("ticket_id")).order_by(clocks.c.position)
)
_DROP = Statement(delete(clocks).where(clocks.c.ticket_id == bindparam("of_ticket")))
_ADD = Statement(insert(clocks))


def replace(connection: Connection, ticket_id: int, computed: Sequence[Clock]) -> None:
    """Keep ``computed`` for the ticket instead of what was kept, in this order."""
    _DROP.run(connection, of_ticket=ticket_id)
    add(connection, ticket_id, computed)


def add(connection: Connection, ticket_id: int, computed: Sequence[Clock]) -> None:
    """Keep ``computed`` for a ticket of which none were kept."""
    if computed:
        _ADD.run_many(connection, [_row(ticket_id, position, clock) for position, clock in enumerate(computed)])


def of_case(connection: Connection, ticket_id: int) -> tuple[Clock, ...]:
    return tuple(clock_from_json(row.content) for row in _OF_CASE.rows(connection, ticket_id=ticket_id))


def next_limits(connection: Connection, *, limit: int = 50) -> tuple[tuple[int, Clock], ...]:
    """Running clocks of all tickets with their ticket's id, the nearest limit first."""
    query = select(clocks.c.ticket_id, clocks.c.content).where(clocks.c.state == ClockState.RUNNING)
    rows = connection.execute(query.order_by(clocks.c.limit_at).limit(limit))
    return tuple((row.ticket_id, clock_from_json(row.content)) for row in rows)


def breached_since(connection: Connection, since: datetime) -> tuple[tuple[int, Clock], ...]:
    """Clocks whose limit passed unmet since then, with their ticket's id."""
    query = select(clocks.c.ticket_id, clocks.c.content).where(clocks.c.breached_at >= since)
    rows = connection.execute(query.order_by(clocks.c.breached_at, clocks.c.ticket_id))
    return tuple((row.ticket_id, clock_from_json(row.content)) for row in rows)


def _row(ticket_id: int, position: int, clock: Clock) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "name": clock.name,
        "epoch": clock.epoch,
        "position": position,
        "state": str(clock.state),
        "limit_at": clock.limit_at,
        "breached_at": clock.breached_at,
        "content": clock_to_json(clock),
    }
