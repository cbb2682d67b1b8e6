"""When each case is looked at next, and why: hints, sweeps, deadlines and commands wake it, the earliest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from plugin.model.effects import EffectState
from plugin.model.retry import IMPOSSIBLE_PAUSE
from plugin.model.work import TIMELY, CaseStatus, Wake, WakeReason
from plugin.store.cases import change, for_update, wake_of
from plugin.store.statement import Statement
from plugin.store.tables import cases, effects

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


def wake(connection: Connection, ticket_id: int, *, at: datetime, reason: WakeReason, now: datetime) -> None:
    """Look at the ticket at ``at``; an earlier wake stays. A case that is being looked at is looked at again."""
    row = for_update(connection, [ticket_id], now=now)[ticket_id]
    if row.status in ASLEEP:
        return
    pending, fresh = pending_wake(row), Wake(at=at, reason=reason)
    due = sooner(pending, fresh, now=now)
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
    rows = for_update(connection, [of_one.ticket_id for of_one in hints], now=now)
    return sum(
        _hint(connection, rows[of_one.ticket_id], of_one, quiet=quiet, longest=longest, now=now) for of_one in hints
    )


def _hint(
    connection: Connection, row: Any, hints: Hints, *, quiet: timedelta, longest: timedelta, now: datetime
) -> bool:
    known = row.observed_version is not None and hints.versions == {row.observed_version}
    if known or row.status in ASLEEP:
        return False
    pending = pending_wake(row)
    first_at, versions = hints.first_at, hints.versions
    if pending is not None and pending.reason is WakeReason.EVENT and row.first_hint_at is not None:
        first_at, versions = min(first_at, row.first_hint_at), versions | {row.hinted_version}
        pending = None  # more is happening: the quiet time starts anew
    # a clock that was set back must not keep the ticket waiting
    at = min(hints.last_at + quiet, first_at + longest, now + quiet)
    due = sooner(pending, Wake(at=at, reason=WakeReason.EVENT), now=now)
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
    values = _cured() | _at_once(WakeReason.SWEEP, now)
    return int(connection.execute(update(cases).where(cases.c.ticket_id.in_(some)).values(**values)).rowcount)


def wake_owned(connection: Connection, *, owner_id: int, group_id: int, now: datetime) -> int:
    """Have the open cases of this owner in this group looked at; returns how many."""
    theirs = and_(cases.c.owner_id == owner_id, cases.c.group_id == group_id, cases.c.status == CaseStatus.OPEN)
    return int(connection.execute(update(cases).where(theirs).values(**_at_once(WakeReason.SWEEP, now))).rowcount)


def wake_held(connection: Connection, *, now: datetime, because: str | None = None) -> int:
    """Have the open cases looked at whose effects were held back (``because``: only for that); returns how many."""
    held = select(effects.c.ticket_id).where(effects.c.state == EffectState.OBSERVED).distinct()
    held = held if because is None else held.where(effects.c.error == because)
    here = and_(cases.c.status == CaseStatus.OPEN, cases.c.ticket_id.in_(held))
    return int(connection.execute(update(cases).where(here).values(**_at_once(WakeReason.RETRY, now))).rowcount)


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
        woken += int(connection.execute(update(cases).where(far).values(**_at_once(reason, now))).rowcount)
    paused = cases.c.not_before > now + IMPOSSIBLE_PAUSE
    return woken + int(connection.execute(update(cases).where(paused).values(not_before=None)).rowcount)


def _at_once(reason: WakeReason, now: datetime) -> dict[str, Any]:
    """What wakes many at once, whatever they were to wake for."""
    return wake_values(Wake(at=now, reason=reason)) | {"generation": cases.c.generation + 1, "updated_at": now}


def pending_wake(row: Any) -> Wake | None:
    """The wake that no look has taken up yet."""
    if row.wake_at is None or row.claimed_generation == row.generation:
        return None
    return wake_of(row)


def sooner(one: Wake | None, other: Wake | None, *, now: datetime) -> Wake | None:
    """The earlier wake; of two that are due, the one of the better rank."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda wake: (max(wake.at, now), wake.reason.rank, wake.at))


def _set_wake(connection: Connection, row: Any, wakes: Wake | None, *, now: datetime, **values: Any) -> None:
    values |= {"generation": row.generation + 1, "updated_at": now}
    change(connection, row.ticket_id, values | wake_values(wakes))


def wake_values(wakes: Wake | None) -> dict[str, Any]:
    if wakes is None:
        return {"wake_at": None, "wake_reason": None, "wake_rank": None}
    return {"wake_at": wakes.at, "wake_reason": wakes.reason, "wake_rank": wakes.reason.rank}
