"""Cases: one row for each ticket, with what was last seen of it and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from plugin.model.work import CaseRow, CaseStatus, Wake, WakeReason
from plugin.store.statement import Statement, among
from plugin.store.tables import cases
from plugin.store.types import from_microseconds
from plugin.store.upsert import insert_into

# Built once: what runs for every look should not be put together for every look.
_BY_ID = Statement(select(cases).where(cases.c.ticket_id == bindparam("ticket_id")))
# in one order everywhere, so that two folds never wait for each other
_LOCKED = Statement(
    lambda database: (
        select(
            cases.c.ticket_id,
            cases.c.status,
            cases.c.wake_at,
            cases.c.wake_reason,
            cases.c.generation,
            cases.c.claimed_generation,
            cases.c.first_hint_at,
            cases.c.hinted_version,
            cases.c.observed_version,
        )
        .where(among(cases.c.ticket_id, "ticket_ids", database=database))
        .order_by(cases.c.ticket_id)
        .with_for_update()
    )
)
_KNOWN = Statement(
    lambda database: select(cases.c.ticket_id).where(among(cases.c.ticket_id, "ticket_ids", database=database))
)
_FRESH = {
    "status": CaseStatus.OPEN,
    "generation": 0,
    "snapshot": {},
    "parked_reason": "",
    "tries": 0,
    "misses": 0,
    "looks": 0,
    "settles": [],
}
_MAKE = Statement(
    lambda database: insert_into(cases, database).on_conflict_do_nothing(),
    sets=("ticket_id", "created_at", "updated_at", *_FRESH),
)
CHANGE = update(cases).where(cases.c.ticket_id == bindparam("of_ticket"))
_SET_BASELINE = Statement(CHANGE.where(cases.c.baseline.is_(None)), sets=("baseline", "updated_at"))


def get(connection: Connection, ticket_id: int) -> CaseRow | None:
    row = _BY_ID.first(connection, ticket_id=ticket_id)
    return None if row is None else of_row(row)


def by_number(connection: Connection, number: str) -> CaseRow | None:
    row = connection.execute(select(cases).where(cases.c.number == number)).first()
    return None if row is None else of_row(row)


def listed(
    connection: Connection, *, status: CaseStatus | None = None, limit: int = 100, after_id: int = 0
) -> tuple[CaseRow, ...]:
    """Cases by ticket id, ``limit`` from behind ``after_id``."""
    query = select(cases).where(cases.c.ticket_id > after_id).order_by(cases.c.ticket_id).limit(limit)
    if status is not None:
        query = query.where(cases.c.status == status)
    return tuple(of_row(row) for row in connection.execute(query))


def counts(connection: Connection) -> Mapping[str, int]:
    """How many cases there are of each status."""
    rows = connection.execute(select(cases.c.status, func.count()).group_by(cases.c.status))
    return {row[0]: row[1] for row in rows}


def owners(connection: Connection) -> frozenset[tuple[int, int]]:
    """Who owns open tickets, and in which group."""
    pairs = select(cases.c.owner_id, cases.c.group_id).where(cases.c.owner_id.is_not(None)).distinct()
    return frozenset((row.owner_id, row.group_id) for row in connection.execute(pairs))


def seen(
    *,
    number: str,
    version: str | None,
    snapshot: Mapping[str, Any],
    pack_version: str | None,
    status: CaseStatus = CaseStatus.OPEN,
    owned: tuple[int, int] | None = None,
    now: datetime,
) -> dict[str, Any]:
    """What a look saw, as columns for ``keep``. ``snapshot`` holds ids and codes only. Ends a run of misses.

    ``owned``: owner and group of an open ticket that has an owner.
    """
    owner_id, group_id = owned or (None, None)
    return {
        "owner_id": owner_id,
        "group_id": group_id,
        "number": number,
        "observed_version": version,
        "snapshot": dict(snapshot),
        "pack_version": pack_version,
        "status": status,
        "misses": 0,
        "updated_at": now,
    }


def keep(connection: Connection, ticket_id: int, row: Mapping[str, Any]) -> None:
    """Keep these columns of the case, ``updated_at`` among them where it may have to be made."""
    if not change(connection, ticket_id, row):
        ensure(connection, [ticket_id], now=row["updated_at"])
        change(connection, ticket_id, row)


def set_baseline(connection: Connection, ticket_id: int, baseline: Mapping[str, Any], *, now: datetime) -> None:
    """Decided once, at the first look: a baseline that is there stays (design.md, "From when")."""
    first = {"of_ticket": ticket_id, "baseline": dict(baseline), "updated_at": now}
    if not _SET_BASELINE.run(connection, **first):
        ensure(connection, [ticket_id], now=now)
        _SET_BASELINE.run(connection, **first)


def set_status(connection: Connection, ticket_id: int, status: CaseStatus, *, now: datetime) -> None:
    ensure(connection, [ticket_id], now=now)
    connection.execute(update(cases).where(cases.c.ticket_id == ticket_id).values(status=status, updated_at=now))


def miss(connection: Connection, ticket_id: int, *, now: datetime) -> int:
    """Count an answer 404; returns how many there were in a row."""
    ensure(connection, [ticket_id], now=now)
    counted = {"misses": cases.c.misses + 1, "updated_at": now}
    connection.execute(update(cases).where(cases.c.ticket_id == ticket_id).values(**counted))
    return int(connection.execute(select(cases.c.misses).where(cases.c.ticket_id == ticket_id)).scalar_one())


def recent_misses(connection: Connection, *, since: datetime) -> int:
    """How many cases answered 404 lately: many at once mean a wrong or restored server (promises 9)."""
    query = select(func.count()).select_from(cases).where(cases.c.misses > 0, cases.c.updated_at >= since)
    return int(connection.execute(query).scalar_one())


def ensure(connection: Connection, ticket_ids: Sequence[int], *, now: datetime) -> None:
    """Make the rows that are missing."""
    known = {row.ticket_id for row in _KNOWN.rows(connection, ticket_ids=list(ticket_ids))}
    fresh = {**_FRESH, "created_at": now, "updated_at": now}
    missing = [{"ticket_id": ticket_id, **fresh} for ticket_id in ticket_ids if ticket_id not in known]
    if missing:
        _MAKE.run_many(connection, missing)


def change(connection: Connection, ticket_id: int, values: Mapping[str, Any]) -> bool:
    """Whether there was a row to change."""
    return bool(_changing(tuple(values)).run(connection, of_ticket=ticket_id, **values))


@cache
def _changing(names: tuple[str, ...]) -> Statement:
    return Statement(CHANGE, sets=names)


def for_update(connection: Connection, ticket_ids: Sequence[int], *, now: datetime) -> Mapping[int, Any]:
    """What wakes these cases, by ticket; made where they are missing, locked until the transaction ends."""
    rows = _locked(connection, ticket_ids)
    if len(rows) < len(set(ticket_ids)):
        ensure(connection, ticket_ids, now=now)
        rows = _locked(connection, ticket_ids)
    return {row.ticket_id: row for row in rows}


def _locked(connection: Connection, ticket_ids: Sequence[int]) -> Sequence[Any]:
    return _LOCKED.rows(connection, ticket_ids=list(ticket_ids))


def wake_of(row: Any) -> Wake:
    return Wake(at=row.wake_at, reason=WakeReason(row.wake_reason))


def of_row(row: Any) -> CaseRow:
    return CaseRow(
        ticket_id=row.ticket_id,
        number=row.number,
        status=CaseStatus(row.status),
        wake=None if row.wake_at is None else wake_of(row),
        not_before=row.not_before,
        generation=row.generation,
        heard=row.first_hint_at is not None and bool(row.hinted_version),
        version=row.observed_version,
        snapshot=row.snapshot,
        baseline=row.baseline,
        pack_version=row.pack_version,
        parked_reason=row.parked_reason,
        tries=row.tries,
        first_failure_at=row.first_failure_at,
        misses=row.misses,
        looks=row.looks,
        last_looked_at=row.last_looked_at,
        settles=tuple(from_microseconds(count) for count in row.settles),
    )
