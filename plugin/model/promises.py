"""A promise put on a clock: start, pauses, extension and end become target, warning, limit and state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from plugin.model.calendars import Calendar
from plugin.model.clocks import Clock, ClockState, Span
from plugin.model.pack import ClockSettings
from plugin.model.running import deadline, pushed_back, share_of
from plugin.model.words import Text


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock's ingredients. ``ended_at`` None while it lasts; ``end_state`` is what ending in time makes of it."""

    settings: ClockSettings
    calendar: Calendar
    epoch: str
    starts_at: datetime
    because: Text
    ends_with: Text
    ended_at: datetime | None = None
    end_state: ClockState = ClockState.MET
    pauses: tuple[Span, ...] = ()
    extended: bool = False
    due_at: datetime | None = None
    """A moment that was promised: the target; the limit is a grace counted from it. None: counted from the start."""


def run(promise: Promise, *, now: datetime) -> Clock:
    """The clock as it stands at ``now``: computed from the case's own dates, never from the moment of looking."""
    if promise.due_at is not None:
        return _run_to(promise, promise.due_at, now)
    settings, until = promise.settings, promise.ended_at or now
    allowed = settings.extended_limit if promise.extended and settings.extended_limit else settings.limit
    pauses = tuple(_until(promise, until))
    spans = [(p.since, p.until) for p in pauses]
    calendar, start = promise.calendar, promise.starts_at
    unpaused = calendar.after(start, allowed)
    limit_at = pushed_back(calendar, start, unpaused, spans, until)
    target_at = limit_at if settings.target is None else deadline(calendar, start, settings.target, spans, until)
    share_at = share_of(calendar, start, unpaused, settings.warn_at, spans, until)
    return _clock(
        promise,
        now,
        target_at=target_at,
        warn_at=min(target_at, share_at),
        limit_at=limit_at,
        pauses=pauses,
        extended_from=deadline(calendar, start, settings.limit, spans, until) if promise.extended else None,
        allowed=str(allowed),
    )


def _run_to(promise: Promise, due_at: datetime, now: datetime) -> Clock:
    """A clock whose moment somebody named: it warns then, and nothing pauses it."""
    limit_at = promise.calendar.after(due_at, promise.settings.limit)
    return _clock(promise, now, target_at=due_at, warn_at=due_at, limit_at=limit_at)


def _clock(
    promise: Promise,
    now: datetime,
    *,
    target_at: datetime,
    warn_at: datetime,
    limit_at: datetime,
    pauses: tuple[Span, ...] = (),
    extended_from: datetime | None = None,
    allowed: str = "",
) -> Clock:
    is_paused = any(p.until is None for p in pauses) and promise.ended_at is None
    return Clock(
        name=promise.settings.name,
        epoch=promise.epoch,
        clause=promise.settings.clause,
        calendar=promise.settings.calendar,
        starts_at=promise.starts_at,
        target_at=target_at,
        warn_at=warn_at,
        limit_at=limit_at,
        state=_state(promise, limit_at, now, is_paused=is_paused),
        because=promise.because,
        ended_at=promise.ended_at,
        breached_at=limit_at if _is_late(promise, limit_at, now) else None,
        pauses=pauses,
        extended_from=extended_from,
        ends_with=promise.ends_with,
        allowed=allowed,
    )


def _until(promise: Promise, until: datetime) -> Iterator[Span]:
    """The pauses that lie between start and end, cut there."""
    for pause in promise.pauses:
        ends = pause.until if pause.until is None or pause.until <= until else until
        if promise.ended_at is not None and ends is None:
            ends = until
        if pause.since < until and (ends is None or ends > promise.starts_at):
            yield Span(max(pause.since, promise.starts_at), ends, pause.because)


def _is_late(promise: Promise, limit_at: datetime, now: datetime) -> bool:
    """Ending exactly at the limit is in time; reaching it unended is not."""
    return promise.ended_at > limit_at if promise.ended_at is not None else now >= limit_at


def _state(promise: Promise, limit_at: datetime, now: datetime, *, is_paused: bool) -> ClockState:
    if _is_late(promise, limit_at, now):
        return ClockState.BREACHED
    if promise.ended_at is not None:
        return promise.end_state
    return ClockState.PAUSED if is_paused else ClockState.RUNNING
