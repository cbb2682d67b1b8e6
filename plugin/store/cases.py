"""Cases: which ticket is due when, who works on it, and what was last seen of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    all_,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from plugin.model.effects import EffectState
from plugin.model.retry import IMPOSSIBLE_PAUSE
from plugin.model.work import TIMELY, CaseRow, CaseStatus, Wake, WakeReason
from plugin.store.statement import Statement
from plugin.store.tables import cases, effects
from plugin.store.types import Id, Json, from_microseconds, to_microseconds
from plugin.store.upsert import insert_or_ignore

SETTLES_KEPT = timedelta(hours=1)
NO_VERSION = ""
"""``hinted_version`` when hints named none: then only a look can tell."""
SEVERAL_VERSIONS = "several"
"""``hinted_version`` when hints named more than one."""
FARTHEST = {
    WakeReason.OPERATOR: timedelta(hours=1),
    WakeReason.EVENT: timedelta(hours=1),
    WakeReason.RETRY: timedelta(days=30),
    WakeReason.SWEEP: timedelta(hours=1),
}
"""Farther away none of these is ever meant. Deadlines are counted from the case's own dates, and may be."""
ASLEEP = (CaseStatus.PARKED,)
"""Statuses that no wake reaches."""


# Built once: what runs for every look should not be put together for every look.
_OF_TICKET = select(cases).where(cases.c.ticket_id == bindparam("ticket_id"))
_BY_ID = Statement(_OF_TICKET)
_BY_ID_LOCKED = Statement(_OF_TICKET.with_for_update())
_LOCKED = (
    # in one order everywhere, so that two folds never wait for each other
    select(cases)
    .where(cases.c.ticket_id.in_(bindparam("ticket_ids", expanding=True)))
    .order_by(cases.c.ticket_id)
    .with_for_update()
)
_KNOWN = select(cases.c.ticket_id).where(cases.c.ticket_id.in_(bindparam("ticket_ids", expanding=True)))
_CHANGE = update(cases).where(cases.c.ticket_id == bindparam("of_ticket"))
_SET_BASELINE = Statement(_CHANGE.where(cases.c.baseline.is_(None)), sets=("baseline", "updated_at"))
_CLAIM = Statement(_CHANGE.values(claimed_generation=cases.c.generation))
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
# What this process holds itself: a whole list as one value, which each database takes in its own way.
_HELD_HERE = select(column("value", Id)).select_from(func.json_each(bindparam("exclude", type_=Json)))
_NOT_HELD_HERE = {
    "sqlite": cases.c.ticket_id.not_in(_HELD_HERE),
    "postgresql": cases.c.ticket_id != all_(bindparam("exclude", type_=ARRAY(BigInteger))),
}


def _to_claim(*conditions: ColumnElement[bool]) -> Statement:
    def on(database: str) -> Select[Any]:
        due = _DUE.where(_NOT_HELD_HERE[database], *conditions)
        return due if database == "sqlite" else due.where(_NOT_HELD_ELSEWHERE).with_for_update(skip_locked=True)

    return Statement(on)


_DUE_TO_CLAIM = _to_claim()
_HEARD_OF_TO_CLAIM = _to_claim(_HEARD_OF)


def _first_of_each_rank(*conditions: ColumnElement[bool]) -> list[Select[tuple[int, datetime]]]:
    """The earliest wake of each rank under these conditions: an index answers each, one question carries them all."""
    columns = (cases.c.wake_rank, cases.c.wake_at)
    firsts = [
        select(*columns).where(cases.c.wake_rank == reason.rank, *conditions).order_by(cases.c.wake_at).limit(1)
        for reason in WakeReason
    ]
    return [select(first.c.wake_rank, first.c.wake_at) for first in (one.subquery() for one in firsts)]


_FIRST_DUE = Statement(
    union_all(
        *_first_of_each_rank(
            cases.c.wake_at <= bindparam("now"),
            or_(cases.c.not_before.is_(None), cases.c.not_before <= bindparam("now")),
        )
    )
)
_NEXT_WAKE: CompoundSelect[tuple[int, datetime]] = union_all(
    *_first_of_each_rank(cases.c.wake_at > bindparam("now")),
    select(literal_column("NULL"), func.min(cases.c.not_before)).where(cases.c.not_before > bindparam("now")),
)


@dataclass(frozen=True, slots=True)
class Hints:
    """What deliveries said about one ticket since the last fold, times by our clock."""

    ticket_id: int
    versions: frozenset[str | None]
    first_at: datetime
    last_at: datetime


# -- reading ----------------------------------------------------------------------------------------------------------


def get(connection: Connection, ticket_id: int) -> CaseRow | None:
    row = _BY_ID.first(connection, ticket_id=ticket_id)
    return None if row is None else _case(row)


def by_number(connection: Connection, number: str) -> CaseRow | None:
    row = connection.execute(select(cases).where(cases.c.number == number)).first()
    return None if row is None else _case(row)


def listed(
    connection: Connection, *, status: CaseStatus | None = None, limit: int = 100, after_id: int = 0
) -> tuple[CaseRow, ...]:
    """Cases by ticket id, ``limit`` from behind ``after_id``."""
    query = select(cases).where(cases.c.ticket_id > after_id).order_by(cases.c.ticket_id).limit(limit)
    if status is not None:
        query = query.where(cases.c.status == status)
    return tuple(_case(row) for row in connection.execute(query))


def counts(connection: Connection) -> Mapping[str, int]:
    """How many cases there are of each status."""
    rows = connection.execute(select(cases.c.status, func.count()).group_by(cases.c.status))
    return {row[0]: row[1] for row in rows}


def oldest_due(connection: Connection, *, now: datetime) -> datetime | None:
    """The wake that has been due longest and is not held back, for the lag."""
    return min(_first_due(connection, now=now).values(), default=None)


def due_reasons(connection: Connection, *, now: datetime) -> tuple[WakeReason, ...]:
    """For which reasons some case is due and not held back, first things first."""
    found = _first_due(connection, now=now)
    return tuple(reason for reason in WakeReason if reason.rank in found)


def _first_due(connection: Connection, *, now: datetime) -> Mapping[int, datetime]:
    """Since when something is due, by rank."""
    return {row.wake_rank: row.wake_at for row in _FIRST_DUE.rows(connection, now=now)}


def next_wake(connection: Connection, *, now: datetime) -> datetime | None:
    """The next moment after ``now`` at which a case becomes due, None for never."""
    found = (row.wake_at for row in connection.execute(_NEXT_WAKE, {"now": now}))
    return min((moment for moment in found if moment is not None), default=None)


# -- waking -----------------------------------------------------------------------------------------------------------


def wake(connection: Connection, ticket_id: int, *, at: datetime, reason: WakeReason, now: datetime) -> None:
    """Look at the ticket at ``at``; an earlier wake stays. A case that is being looked at is looked at again."""
    row = _for_update(connection, [ticket_id], now=now)[ticket_id]
    if row.status in ASLEEP:
        return
    pending, fresh = _pending(row), Wake(at=at, reason=reason)
    due = _sooner(pending, fresh, now=now)
    # the case wakes for what comes first; that something was heard of is noted beside it, as more than any hint told
    is_noted = reason not in TIMELY and (due is not fresh or bool(row.hinted_version))
    heard = {
        "first_hint_at": row.first_hint_at or now,
        "hinted_version": SEVERAL_VERSIONS if row.hinted_version else NO_VERSION,
    }
    _set_wake(connection, row, due, now=now, **(heard if is_noted else {}))


def hint(connection: Connection, hints: Sequence[Hints], *, quiet: timedelta, longest: timedelta, now: datetime) -> int:
    """Wake the tickets that were hinted at, ``quiet`` after the last hint and ``longest`` after the first at most.

    A hint whose version is the one already looked at wakes nobody (promises 8). Returns how many were woken.
    """
    rows = _for_update(connection, [of_one.ticket_id for of_one in hints], now=now)
    return sum(
        _hint(connection, rows[of_one.ticket_id], of_one, quiet=quiet, longest=longest, now=now) for of_one in hints
    )


def _hint(
    connection: Connection, row: Any, hints: Hints, *, quiet: timedelta, longest: timedelta, now: datetime
) -> bool:
    known = row.observed_version is not None and hints.versions == {row.observed_version}
    if known or row.status in ASLEEP:
        return False
    pending = _pending(row)
    first_at, versions = hints.first_at, hints.versions
    if pending is not None and pending.reason is WakeReason.EVENT and row.first_hint_at is not None:
        first_at, versions = min(first_at, row.first_hint_at), versions | {row.hinted_version}
        pending = None  # more is happening: the quiet time starts anew
    # a clock that was set back must not keep the ticket waiting
    at = min(hints.last_at + quiet, first_at + longest, now + quiet)
    due = _sooner(pending, Wake(at=at, reason=WakeReason.EVENT), now=now)
    _set_wake(connection, row, due, now=now, first_hint_at=first_at, hinted_version=_one_version(versions))
    return True


def _one_version(versions: frozenset[str | None]) -> str:
    named = {version or NO_VERSION for version in versions}
    return next(iter(named)) if len(named) == 1 else SEVERAL_VERSIONS


def wake_outdated(connection: Connection, *, pack_version: str, now: datetime, limit: int = 500) -> int:
    """Have cases that another pack version decided looked at, parked ones too; ``limit`` at once, returns how many."""
    later = or_(cases.c.wake_at.is_(None), cases.c.wake_at > now)
    woken = or_(cases.c.status == CaseStatus.PARKED, and_(cases.c.status == CaseStatus.OPEN, later))
    some = select(cases.c.ticket_id).where(cases.c.pack_version != pack_version, woken).limit(limit)
    values = _cured() | _wake_values(Wake(at=now, reason=WakeReason.SWEEP))
    values |= {"generation": cases.c.generation + 1, "updated_at": now}
    return int(connection.execute(update(cases).where(cases.c.ticket_id.in_(some)).values(**values)).rowcount)


def owners(connection: Connection) -> frozenset[tuple[int, int]]:
    """Who owns open tickets, and in which group."""
    pairs = select(cases.c.owner_id, cases.c.group_id).where(cases.c.owner_id.is_not(None)).distinct()
    return frozenset((row.owner_id, row.group_id) for row in connection.execute(pairs))


def wake_owned(connection: Connection, *, owner_id: int, group_id: int, now: datetime) -> int:
    """Have the open cases of this owner in this group looked at; returns how many."""
    theirs = and_(cases.c.owner_id == owner_id, cases.c.group_id == group_id, cases.c.status == CaseStatus.OPEN)
    values = _wake_values(Wake(at=now, reason=WakeReason.SWEEP))
    values |= {"generation": cases.c.generation + 1, "updated_at": now}
    return int(connection.execute(update(cases).where(theirs).values(**values)).rowcount)


def wake_held(connection: Connection, *, now: datetime, because: str | None = None) -> int:
    """Have the open cases looked at whose effects were held back (``because``: only for that); returns how many."""
    held = select(effects.c.ticket_id).where(effects.c.state == EffectState.OBSERVED).distinct()
    held = held if because is None else held.where(effects.c.error == because)
    here = and_(cases.c.status == CaseStatus.OPEN, cases.c.ticket_id.in_(held))
    values = _wake_values(Wake(at=now, reason=WakeReason.RETRY))
    values |= {"generation": cases.c.generation + 1, "updated_at": now}
    return int(connection.execute(update(cases).where(here).values(**values)).rowcount)


def unpark(connection: Connection, ticket_id: int, *, now: datetime) -> bool:
    """Try a parked case again, at once; whether it was parked."""
    parked = and_(cases.c.ticket_id == ticket_id, cases.c.status == CaseStatus.PARKED)
    changed = connection.execute(update(cases).where(parked).values(**_cured(), updated_at=now))
    if changed.rowcount:
        wake(connection, ticket_id, at=now, reason=WakeReason.OPERATOR, now=now)
    return bool(changed.rowcount)


def _cured() -> dict[str, Any]:
    return {
        "status": CaseStatus.OPEN,
        "tries": 0,
        "first_failure_at": None,
        "not_before": None,
        "parked_reason": "",
    }


def forget_impossible(connection: Connection, *, now: datetime) -> int:
    """Wake what a clock that was wrong put off into a future nobody meant; returns how many cases that were."""
    woken = 0
    for reason, farthest in FARTHEST.items():
        far = and_(cases.c.wake_rank == reason.rank, cases.c.wake_at > now + farthest)
        values = {"wake_at": now, "generation": cases.c.generation + 1, "updated_at": now}
        woken += int(connection.execute(update(cases).where(far).values(**values)).rowcount)
    paused = cases.c.not_before > now + IMPOSSIBLE_PAUSE
    return woken + int(connection.execute(update(cases).where(paused).values(not_before=None)).rowcount)


# -- claiming and finishing -------------------------------------------------------------------------------------------


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
        found.extend((_case(row), Wake(row.wake_at, WakeReason.EVENT) if masked else _wake(row)) for row in rows)
        if len(found) >= limit:
            break
    return tuple(found)


def for_look(connection: Connection, ticket_id: int, *, now: datetime) -> CaseRow:
    """The case, made if there is none, row locked until the transaction ends: for a look somebody asked for."""
    return _case(_for_update(connection, [ticket_id], now=now)[ticket_id])


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
    row = _for_update(connection, [claimed.ticket_id], now=now)[claimed.ticket_id]
    fresh = _pending(row) if row.generation != claimed.generation else None
    if fresh is not None and fresh.reason is WakeReason.EVENT and row.hinted_version == row.observed_version:
        fresh = None  # it told of the very version that was looked at
    wakes = None if row.status in ASLEEP else _sooner(fresh, next_wake, now=now)
    settles = [at for at in row.settles if to_microseconds(now - SETTLES_KEPT) < at <= to_microseconds(now)]
    values = {
        "claimed_generation": None,
        "not_before": None,
        "tries": 0,
        "first_failure_at": None,
        "parked_reason": "",
        "looks": row.looks + 1,
        "last_looked_at": as_of or now,
        "settles": settles + [to_microseconds(now)] * settled_unexplained,
        "updated_at": now,
    }
    if fresh is None:
        values |= {"first_hint_at": None, "hinted_version": None}
    _change(connection, row.ticket_id, values | _wake_values(wakes))
    return wakes


def postpone(connection: Connection, ticket_id: int, *, until: datetime, now: datetime, reason: str = "") -> None:
    """Zammad was not available: the case stays due as it is, and is not picked before ``until``."""
    values = {"not_before": until, "parked_reason": reason, "claimed_generation": None, "updated_at": now}
    _change(connection, ticket_id, values)


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
        values |= {"status": CaseStatus.PARKED} | _wake_values(None)
    _change(connection, claimed.ticket_id, values)


# -- what was seen ----------------------------------------------------------------------------------------------------


def observe(
    connection: Connection,
    ticket_id: int,
    *,
    number: str,
    version: str | None,
    snapshot: Mapping[str, Any],
    pack_version: str | None,
    status: CaseStatus = CaseStatus.OPEN,
    owned: tuple[int, int] | None = None,
    now: datetime,
) -> None:
    """Keep what a look saw. ``snapshot`` holds ids and codes only. Ends a run of misses.

    ``owned``: owner and group of an open ticket that has an owner.
    """
    owner_id, group_id = owned or (None, None)
    seen = {
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
    if not _change(connection, ticket_id, seen):
        ensure(connection, [ticket_id], now=now)
        _change(connection, ticket_id, seen)


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
    fresh = {
        "status": CaseStatus.OPEN,
        "generation": 0,
        "snapshot": {},
        "parked_reason": "",
        "tries": 0,
        "misses": 0,
        "looks": 0,
        "settles": [],
        "created_at": now,
        "updated_at": now,
    }
    known = set(connection.execute(_KNOWN, {"ticket_ids": list(ticket_ids)}).scalars())
    missing = [{"ticket_id": ticket_id, **fresh} for ticket_id in ticket_ids if ticket_id not in known]
    if missing:
        connection.execute(insert_or_ignore(connection, cases), missing)


# -- parts ------------------------------------------------------------------------------------------------------------


def _change(connection: Connection, ticket_id: int, values: Mapping[str, Any]) -> bool:
    """Whether there was a row to change."""
    return bool(_changing(tuple(values)).run(connection, of_ticket=ticket_id, **values))


@cache
def _changing(names: tuple[str, ...]) -> Statement:
    return Statement(_CHANGE, sets=names)


def _for_update(connection: Connection, ticket_ids: Sequence[int], *, now: datetime) -> Mapping[int, Any]:
    """The rows, made where they are missing, locked until the transaction ends."""
    rows = _locked(connection, ticket_ids)
    if len(rows) < len(set(ticket_ids)):
        ensure(connection, ticket_ids, now=now)
        rows = _locked(connection, ticket_ids)
    return {row.ticket_id: row for row in rows}


def _locked(connection: Connection, ticket_ids: Sequence[int]) -> Sequence[Any]:
    if len(ticket_ids) == 1:
        return _BY_ID_LOCKED.rows(connection, ticket_id=ticket_ids[0])
    return connection.execute(_LOCKED, {"ticket_ids": list(ticket_ids)}).all()


def _pending(row: Any) -> Wake | None:
    """The wake that no look has taken up yet."""
    if row.wake_at is None or row.claimed_generation == row.generation:
        return None
    return _wake(row)


def _wake(row: Any) -> Wake:
    return Wake(at=row.wake_at, reason=WakeReason(row.wake_reason))


def _sooner(one: Wake | None, other: Wake | None, *, now: datetime) -> Wake | None:
    """The earlier wake; of two that are due, the one of the better rank."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda wake: (max(wake.at, now), wake.reason.rank, wake.at))


def _set_wake(connection: Connection, row: Any, wakes: Wake | None, *, now: datetime, **values: Any) -> None:
    values |= {"generation": row.generation + 1, "updated_at": now}
    _change(connection, row.ticket_id, values | _wake_values(wakes))


def _wake_values(wakes: Wake | None) -> dict[str, Any]:
    if wakes is None:
        return {"wake_at": None, "wake_reason": None, "wake_rank": None}
    return {"wake_at": wakes.at, "wake_reason": wakes.reason, "wake_rank": wakes.reason.rank}


def _case(row: Any) -> CaseRow:
    return CaseRow(
        ticket_id=row.ticket_id,
        number=row.number,
        status=CaseStatus(row.status),
        wake=None if row.wake_at is None else _wake(row),
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
