"""Complaints as they were decided last, ids and codes only: which came earlier from the same customer, which are alike.

Derived, as clocks are: a look at the ticket makes its row anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal_column,
    null,
    select,
    union_all,
)

from plugin.store.rows import of_row
from plugin.store.statement import Statement
from plugin.store.tables import complaints

MOST = 10
"""So many earlier complaints of a customer are told of, and as many of his organization, the newest first."""
MOST_ALIKE = 200
"""Among so many of the newest that are alike customers are counted."""
_KEPT, _EARLIER, _ALIKE, _SURVEYED = range(4)
_C = complaints.c
Said = Mapping[str, ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One ticket that is a complaint. ``subject`` is a digest: which product it is about, say; nobody reads it back.

    ``explains``: knowledge is made of it for all that are alike. ``surveyed_at``: when its customer was last surveyed.
    """

    ticket_id: int
    customer_id: int
    organization_id: int | None
    accepted_at: datetime
    nature: str | None = None
    subject: str | None = None
    explains: bool = False
    surveyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Others:
    """What there is beside one complaint.

    ``kept`` is its own row as it was kept last. ``earlier`` are complaints of the same customer or organization,
    ``alike`` is how many other customers complained of the same, ``explained`` whether one of those explains it,
    ``surveyed_at`` when the customer was last surveyed about another ticket, by the moment asked for.
    """

    kept: Complaint | None = None
    earlier: tuple[Complaint, ...] = ()
    alike: int = 0
    explained: bool = False
    surveyed_at: datetime | None = None


def others(
    connection: Connection, one: Complaint, *, since: datetime, alike_since: datetime, surveyed_until: datetime
) -> Others:
    """What came before ``one`` was accepted: of its customer and organization from ``since`` on, alike from
    ``alike_since`` on, which is of the same subject, or without one of the same nature."""
    statement = _ALIKE_SUBJECT if one.subject is not None else _ALIKE_NATURE
    rows = statement.rows(
        connection,
        ticket_id=one.ticket_id,
        customer_id=one.customer_id,
        organization_id=one.organization_id,
        same=one.subject if one.subject is not None else one.nature,
        since=since,
        alike_since=alike_since,
        until=one.accepted_at,
        surveyed_until=surveyed_until,
    )
    counted = next(row for row in rows if row.what == _ALIKE)
    return Others(
        kept=next((_complaint(row) for row in rows if row.what == _KEPT), None),
        earlier=tuple({row.ticket_id: _complaint(row) for row in rows if row.what == _EARLIER}.values()),
        alike=counted.ticket_id,
        explained=bool(counted.explains),
        surveyed_at=next(row.surveyed_at for row in rows if row.what == _SURVEYED),
    )


def organizations(connection: Connection) -> Mapping[int, int]:
    """The customer's organization of each ticket that is a complaint and has one."""
    query = select(_C.ticket_id, _C.organization_id).where(_C.organization_id.is_not(None))
    return {row.ticket_id: row.organization_id for row in connection.execute(query)}


def keep(connection: Connection, one: Complaint) -> None:
    """The ticket is this complaint now."""
    drop(connection, one.ticket_id)
    _ADD.run(connection, **asdict(one) | {"explains": int(one.explains)})


def drop(connection: Connection, ticket_id: int) -> None:
    """The ticket is no complaint, or none of its own any more."""
    _DROP.run(connection, of_ticket=ticket_id)


def _told(what: int, *where: ColumnElement[bool]) -> Select[Any]:
    return select(literal_column(str(what)).label("what"), *_C).where(*where)


def _newest(what: int, *where: ColumnElement[bool]) -> Select[Any]:
    """An index answers each of them, so each has its own limit."""
    found = _told(what, *where, _C.ticket_id != bindparam("ticket_id")).order_by(_C.accepted_at.desc()).limit(MOST)
    return select(found.subquery())


def _counted(same: ColumnElement[Any]) -> Select[Any]:
    """Customers in place of the ticket's id."""
    alike = (
        select(_C.customer_id, _C.explains)
        .where(same == bindparam("same"), _C.customer_id != bindparam("customer_id"))
        .where(_C.accepted_at.between(bindparam("alike_since"), bindparam("until")))
        .order_by(_C.accepted_at.desc())
        .limit(MOST_ALIKE)
        .subquery()
    )
    said: Said = {"ticket_id": func.count(distinct(alike.c.customer_id)), "explains": func.max(alike.c.explains)}
    return select(literal_column(str(_ALIKE)).label("what"), *_columns(said))


def _surveyed() -> Select[Any]:
    said: Said = {"surveyed_at": func.max(_C.surveyed_at)}
    of_customer = (_C.customer_id == bindparam("customer_id"), _C.ticket_id != bindparam("ticket_id"))
    in_time = _C.surveyed_at <= bindparam("surveyed_until")
    return select(literal_column(str(_SURVEYED)).label("what"), *_columns(said)).where(*of_customer, in_time)


def _columns(said: Said) -> list[ColumnElement[Any]]:
    """The table's columns, of which only these say something."""
    return [said.get(column.name, cast(null(), column.type)).label(column.name) for column in _C]


def _others(same: ColumnElement[Any]) -> Statement:
    in_time = _C.accepted_at.between(bindparam("since"), bindparam("until"))
    return Statement(
        union_all(
            _told(_KEPT, _C.ticket_id == bindparam("ticket_id")),
            _newest(_EARLIER, _C.customer_id == bindparam("customer_id"), in_time),
            _newest(_EARLIER, _C.organization_id == bindparam("organization_id"), in_time),
            _counted(same),
            _surveyed(),
        )
    )


_ALIKE_SUBJECT = _others(_C.subject)
_ALIKE_NATURE = _others(_C.nature)
_DROP = Statement(delete(complaints).where(_C.ticket_id == bindparam("of_ticket")))
_ADD = Statement(insert(complaints))


def _complaint(row: Any) -> Complaint:
    return of_row(Complaint, row, explains=bool(row.explains))
