"""When a visit may write, and when the next one is due: the loop guard, and the earliest moment that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.model.decision import Decision
from plugin.model.work import SETTLES_AN_HOUR, Wake, WakeReason
from plugin.plan import Plan
from plugin.settle import Settled
from plugin.store import effects
from plugin.visit.under_way import UnderWay

FORESEEN = 5
"""Moments that are decided in advance, at most, to find the next one that changes anything."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of a visit came to."""

    decision: Decision
    planned: Plan
    settled: Settled | None
    by_person: bool
    rests: bool
    """Whether an effect may wait for its next try."""
    foresee: Callable[[datetime], Decision]
    """What will hold then if nothing happens until then."""

    @property
    def wrote(self) -> bool:
        return self.settled is not None and self.settled.wrote


def must_wait(visit: UnderWay, planned: Plan, decision: Decision, *, by_person: bool, now: datetime) -> bool:
    """The loop guard: too many settles that nothing explains (promises 8)."""
    if not planned.calls or by_person or _moment_explains(visit, decision, now):
        return False
    if visit.case.settles_within_an_hour(now) < SETTLES_AN_HOUR:
        return False
    visit.alarm(("loop_guard",))
    return True


def is_explained(visit: UnderWay, rounds: Iterable[Round]) -> bool:
    """Whether a person or a due moment explains what this visit wrote."""
    now = visit.means.clock()
    return any(one.by_person or _moment_explains(visit, one.decision, now) for one in rounds)


def next_wake(visit: UnderWay, last: Round) -> Wake | None:
    """The earliest of: a moment that changes something by itself, and what waits."""
    now = visit.as_of or visit.means.clock()
    wakes: list[Wake] = []
    at = _next_change(last)
    if at is not None:
        wakes.append(Wake(at=at, reason=WakeReason.DEADLINE))
    moments: list[datetime | None] = [last.planned.wakes_at]
    if last.rests:
        with visit.means.store.read() as connection:
            waiting = effects.resting_until(connection, visit.ticket_id)
        # whose moment had come before this look was tried in it, or is not wanted any more
        moments += [at for at in waiting if at > last.decision.now]
    if last.planned.calls and last.settled is None:
        moments.append(min(visit.case.settles, default=now) + timedelta(hours=1))
    elif last.settled is not None and last.settled.look_again:
        moments.append(now + timedelta(minutes=1))
    wakes += [Wake(at=max(at, now), reason=WakeReason.RETRY) for at in moments if at is not None]
    return min(wakes, key=lambda wake: (wake.at, wake.reason.rank), default=None)


def _moment_explains(visit: UnderWay, decision: Decision, now: datetime) -> bool:
    if visit.claim.wake.reason in (WakeReason.DEADLINE, WakeReason.OPERATOR, WakeReason.RETRY):
        return True
    last = visit.case.last_looked_at
    return last is not None and any(last < look.at <= now for look in decision.looks)


def _next_change(last: Round) -> datetime | None:
    """When time alone next changes what should hold: a moment that changes nothing is not worth a look."""
    look = last.decision.next_look
    for _ in range(FORESEEN):
        if look is None or look.certain:
            break
        later = last.foresee(look.at)
        if later.calls_for_otherwise_than(last.decision):
            break
        look = later.next_look
    return None if look is None else look.at
