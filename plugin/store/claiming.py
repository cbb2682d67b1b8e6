"""Who works on what is due: cases are claimed for a look, and given back with when they wake again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, literal_column, or_, select

from plugin.model.work import TIMELY, CaseRow, CaseStatus, Wake, WakeReason
from plugin.store.cases import CHANGE, change, for_update, get, of_row, wake_of
from plugin.store.statement import Statement, not_among
from plugin.store.tables import cases
from plugin.store.types import to_microseconds
from plugin.store.waking import ASLEEP, due_reasons, pending_wake, sooner, wake_values

SETTLES_KEPT = timedelta(hours=1)
_CLAIM = Statement(CHANGE.values(claimed_generation=cases.c.generation))
# One rank at a time, so that an index answers however many cases there are.
_DUE = (
    select(cases)
    .where(cases.c.wake_rank == bindparam("rank"), cases.c.wake_at <= bindparam("now"))
    .where(or_(cases.c.not_before.is_(None), cases.c.not_before <= bindparam("now")))
    .order_by(cases.c.wake_at)
    .limit(bindparam("limit"))
)
# Not under some worker's session lock (PostgreSQL); a hint only, the lock itself decides.
_NOT_HELD_ELSEWHERE: ColumnElement[bool] = literal_column(
    "cases.ticket_id NOT IN (SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
_HEARD_OF = cases.c.first_hint_at.is_not(None)
# What the end of a look sets: the whole row was claimed, so nothing need be read where nothing woke the case meanwhile.
_ENDED = (
    "claimed_generation",
    "not_before",
    "tries",
    "first_failure_at",
    "parked_reason",
    "looks",
    "last_looked_at",
    "settles",
    "updated_at",
    "first_hint_at",
    "hinted_version",
    "wake_at",
    "wake_reason",
    "wake_rank",
)
_END_UNDISTURBED = Statement(
    CHANGE.where(cases.c.generation == bindparam("claimed_as"), and_(*(cases.c.status != asleep for asleep in ASLEEP))),
    sets=_ENDED,
)


def _to_claim(*conditions: ColumnElement[bool]) -> Statement:
    def on(database: str) -> Select[Any]:
        due = _DUE.where(not_among(cases.c.ticket_id, "exclude", database=database), *conditions)
        return due if database == "sqlite" else due.where(_NOT_HELD_ELSEWHERE).with_for_update(skip_locked=True)

    return Statement(on)


_DUE_TO_CLAIM = _to_claim()
_HEARD_OF_TO_CLAIM = _to_claim(_HEARD_OF)


def due(
    connection: Connection,
    *,
    now: datetime,
    limit: int,
    exclude: Iterable[int] = (),
    reasons: Sequence[WakeReason] | None = None,
    standing_still: bool = False,
) -> tuple[tuple[CaseRow, Wake], ...]:
    """What is due, first things first, rows locked until the transaction ends; other workers' rows are passed over.

    ``reasons`` are those of ``due_reasons`` where they were asked for just now; ``standing_still``: what is due because
    of time alone only where something was heard of it, and for that.
    The caller takes each ticket's session lock before it commits, and marks what it got with ``mark_claimed``.
    """
    found: list[tuple[CaseRow, Wake]] = []
    excluded = list(exclude)
    for reason in due_reasons(connection, now=now) if reasons is None else reasons:
        masked = standing_still and reason in TIMELY
        statement = _HEARD_OF_TO_CLAIM if masked else _DUE_TO_CLAIM
        left = limit - len(found)
        rows = statement.rows(connection, rank=reason.rank, now=now, limit=left, exclude=excluded)
        found.extend((of_row(row), Wake(row.wake_at, WakeReason.EVENT) if masked else wake_of(row)) for row in rows)
        if len(found) >= limit:
            break
    return tuple(found)


def for_look(connection: Connection, ticket_id: int, *, now: datetime) -> CaseRow:
    """The case, made if there is none, row locked until the transaction ends: for a look somebody asked for."""
    for_update(connection, [ticket_id], now=now)
    case = get(connection, ticket_id)
    assert case is not None, "it was made"
    return case


def mark_claimed(connection: Connection, ticket_ids: Sequence[int]) -> None:
    """From now on, what wakes these cases is new to the look that begins."""
    if ticket_ids:
        _CLAIM.run_many(connection, [{"of_ticket": ticket_id} for ticket_id in ticket_ids])


def finish(
    connection: Connection,
    claimed: CaseRow,
    *,
    next_wake: Wake | None,
    settled_unexplained: bool = False,
    as_of: datetime | None = None,
    now: datetime,
) -> Wake | None:
    """End a look that went well; returns when the case wakes again. What woke it during the look is not lost.

    ``as_of``: the moment it was decided for, where that is not ``now``.
    """
    settles = [at for at in claimed.settles if now - SETTLES_KEPT < at <= now] + [now] * settled_unexplained
    ended: dict[str, Any] = {
        "claimed_generation": None,
        "not_before": None,
        "tries": 0,
        "first_failure_at": None,
        "parked_reason": "",
        "looks": claimed.looks + 1,
        "last_looked_at": as_of or now,
        "settles": [to_microseconds(at) for at in settles],
        "updated_at": now,
    }
    unheard = {"first_hint_at": None, "hinted_version": None}
    undisturbed = ended | unheard | wake_values(next_wake)
    if _END_UNDISTURBED.run(connection, of_ticket=claimed.ticket_id, claimed_as=claimed.generation, **undisturbed):
        return next_wake
    row = for_update(connection, [claimed.ticket_id], now=now)[claimed.ticket_id]
    fresh = pending_wake(row) if row.generation != claimed.generation else None
    if fresh is not None and fresh.reason is WakeReason.EVENT and row.hinted_version == row.observed_version:
        fresh = None  # it told of the very version that was looked at
    wakes = None if row.status in ASLEEP else sooner(fresh, next_wake, now=now)
    change(connection, row.ticket_id, ended | (unheard if fresh is None else {}) | wake_values(wakes))
    return wakes


def postpone(connection: Connection, ticket_id: int, *, until: datetime, now: datetime, reason: str = "") -> None:
    """Zammad was not available: the case stays due as it is, and is not picked before ``until``."""
    values = {"not_before": until, "parked_reason": reason, "claimed_generation": None, "updated_at": now}
    change(connection, ticket_id, values)


def fail(connection: Connection, claimed: CaseRow, *, reason: str, retry_at: datetime | None, now: datetime) -> None:
    """Count a failure of the case itself; ``retry_at`` None parks it with its reason."""
    values: dict[str, Any] = {
        "tries": claimed.tries + 1,
        "first_failure_at": claimed.first_failure_at or now,
        "not_before": retry_at,
        "parked_reason": reason,
        "claimed_generation": None,
        "updated_at": now,
    }
    if retry_at is None:
        values |= {"status": CaseStatus.PARKED} | wake_values(None)
    change(connection, claimed.ticket_id, values)
