"""Tickets linked to interruptions, ids and times only: what an incident's visit leaves for theirs.

Derived, as clocks are: a look at the incident makes its rows anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from plugin.model.linked import Interruption
from plugin.store.rows import of_row
from plugin.store.statement import Statement
from plugin.store.tables import interrupted

_C = interrupted.c
_OF_TICKET = Statement(
    select(interrupted).where(_C.ticket_id == bindparam("of_ticket")).order_by(_C.since, _C.incident_id)
)
_OF_INCIDENT = Statement(select(interrupted).where(_C.incident_id == bindparam("of_incident")))
_CLEAR = Statement(delete(interrupted).where(_C.incident_id == bindparam("of_incident")))
_DROP = Statement(
    delete(interrupted).where(or_(_C.ticket_id == bindparam("of_ticket"), _C.incident_id == bindparam("of_ticket")))
)
_ADD = Statement(insert(interrupted))


def of_ticket(connection: Connection, ticket_id: int) -> tuple[Interruption, ...]:
    """The interruptions the ticket is linked to."""
    return tuple(_interruption(row) for row in _OF_TICKET.rows(connection, of_ticket=ticket_id))


def of_incident(connection: Connection, incident_id: int) -> Mapping[int, Interruption]:
    """The tickets linked to an incident, each with what it is told."""
    return {row.ticket_id: _interruption(row) for row in _OF_INCIDENT.rows(connection, of_incident=incident_id)}


def keep(connection: Connection, incident_id: int, linked: Mapping[int, Interruption]) -> None:
    """These tickets are linked to the incident now, and no others."""
    _CLEAR.run(connection, of_incident=incident_id)
    if linked:
        _ADD.run_many(connection, [{"ticket_id": one, **asdict(told)} for one, told in sorted(linked.items())])


def drop(connection: Connection, ticket_id: int) -> None:
    """The ticket is gone, whichever of the two it was."""
    _DROP.run(connection, of_ticket=ticket_id)


def _interruption(row: Any) -> Interruption:
    return of_row(Interruption, row)
