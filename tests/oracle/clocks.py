"""The clocks of standard.md 3, from a life: when each ends, whether it is broken, which comes due next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tests.oracle import working_time
from tests.oracle.life import TIERS, Life
from tests.oracle.working_time import Between

DAY = timedelta(hours=24)
TWO_DAYS = timedelta(hours=48)
RESOLUTION = timedelta(days=30)
NOTICE_HOURS, PROGRESS_HOURS = 16, 24
"""Two and three working days."""
WARNED_AT = 0.75
CLAUSES = {
    "first_response": "C3.1",
    "assessment": "C4.1",
    "coordination": "C4.1",
    "notice": "C4.1",
    "result": "C3.1",
    "resolution": "A2.1",
    "progress": "A2.1",
    "confirmation": "C2.3",
    "follow_up_visit": "E4.4",
    "survey": "C4.3",
}
AFTERWARDS = {"confirmation": DAY, "follow_up_visit": DAY, "survey": 7 * DAY}


@dataclass(frozen=True, slots=True)
class Clock:
    """``limit`` and ``warning`` may be a moment between two; ``ended_at`` None while it runs; ``unsure`` as a whole.

    ``times``: how many of the name may have been told of; more than one where one begins when another ends.
    """

    name: str
    limit: Between
    warning: Between
    ended_at: datetime | None
    unsure: bool = False
    times: int = 1

    def is_broken(self, now: datetime) -> bool | None:
        """None where the standard leaves room."""
        return None if self.unsure else _has_passed(self.limit, self.ended_at or now)

    def is_near(self, now: datetime) -> bool | None:
        """Whether a running clock is to be warned of."""
        if self.ended_at is not None:
            return None if self.unsure else False
        return None if self.unsure else _has_passed(self.warning, now)


def clocks_of(life: Life) -> list[Clock]:
    """All that ever ran, one of a name, but for a request's first response that a complaint came after."""
    found = list(_handling(life))
    told_at = _told_where_to_go(life)
    if told_at is not None:
        found = [_ended(clock, told_at) for clock in found]
    elif life.kind == "complaint" and life.closed_at is not None:
        found += _afterwards(life, life.closed_at)
    return found


def _has_passed(moment: Between, at: datetime) -> bool | None:
    if at >= moment.latest:
        return True
    return False if at < moment.earliest else None


def _exactly(moment: datetime) -> Between:
    return Between(moment, moment)


def _handling(life: Life) -> Iterator[Clock]:
    """Until the closing; whether what it ended runs on after a reopening is left open, but for the resolution."""
    first_closed_at = life.closed[0][0] if life.closed else None
    if life.kind == "none":
        return
    if life.kind == "request" or life.accepted_at is None:
        answered_at = life.answered_since(life.created_at)
        yield _plain(life, "first_response", life.created_at, DAY, answered_at, first_closed_at)
        return
    start = life.accepted_at
    yield from _of_the_request(life)
    assessed_at, answered_at = life.assessed_at, life.answered_since(start)
    noticed = (life.answered_since(max(start, assessed_at)) if assessed_at else None, life.result_at)
    noticed_at = min((at for at in noticed if at is not None), default=None)  # a result is more than a first solution
    yield _plain(life, "first_response", start, DAY, answered_at, first_closed_at)
    yield _plain(life, "assessment", start, TWO_DAYS, assessed_at, first_closed_at)
    yield _plain(life, "result", start, TWO_DAYS, life.result_at, first_closed_at, pauses=True)
    yield _worked(life, "notice", start, NOTICE_HOURS, noticed_at, first_closed_at)
    yield _resolution(life, start)
    if life.outside_at is not None:
        yield _plain(life, "coordination", life.outside_at, DAY, life.coordinated_at, first_closed_at)
    yield from _progress(life, start, first_closed_at)


def _of_the_request(life: Life) -> Iterator[Clock]:
    """The answer owed to a request stays owed, and late, when it turns out to be a complaint.

    A merge that brings an earlier acceptance leaves one first response to be owed, from there; what was late stays so.
    """
    limit = life.created_at + DAY
    ends = (life.answered_since(life.created_at), life.overtaken_at)
    ended_at = min((at for at in ends if at is not None), default=None)
    if life.confirmed_at is None or (ended_at is not None and ended_at < limit):
        return
    closed_at = life.closed[0][0] if life.closed else None
    yield _plain(life, "first_response", life.created_at, DAY, ended_at, closed_at)


def _plain(
    life: Life,
    name: str,
    start: datetime,
    span: timedelta,
    ended_at: datetime | None,
    closed_at: datetime | None,
    *,
    pauses: bool = False,
) -> Clock:
    """A clock that runs day and night."""
    limit, warning = start + span, start + span * WARNED_AT
    if pauses:
        limit, warning = _paused(life, start, limit), _paused(life, start, warning)
    end, unsure = _end(life, name, ended_at, closed_at)
    unsure = unsure or (pauses and "waiting" in life.unsure)
    return Clock(name, _exactly(limit), _exactly(warning), end, unsure or "times" in life.unsure)


def _worked(
    life: Life, name: str, start: datetime, hours: float, ended_at: datetime | None, closed_at: datetime | None
) -> Clock:
    """A clock of working days."""
    end, unsure = _end(life, name, ended_at, closed_at)
    limit, warning = working_time.after(start, hours), working_time.after(start, hours * WARNED_AT)
    return Clock(name, limit, warning, end, unsure or "times" in life.unsure)


def _end(life: Life, name: str, ended_at: datetime | None, closed_at: datetime | None) -> tuple[datetime | None, bool]:
    unsure = name in life.unsure
    if closed_at is None or (ended_at is not None and ended_at <= closed_at):
        return ended_at, unsure
    return closed_at, unsure or not life.is_closed or len(life.closed) > 1


def _paused(life: Life, start: datetime, limit: datetime) -> datetime:
    """The limit without the time waited from the start to it."""
    for began, ended in life.waits:
        if began < limit:
            limit += max((ended or life.world.now) - max(began, start), timedelta())
    return limit


def _resolution(life: Life, start: datetime) -> Clock:
    """Thirty days on the office's wall, without the time it waited or was closed."""
    limit = _paused(life, start, (start.astimezone(working_time.BERLIN) + RESOLUTION).astimezone(UTC))
    for began, ended in life.closed:
        limit += (ended or life.world.now) - began
    unsure = bool({"times", "waiting", "reopened"} & life.unsure) or life.extensions > 0
    return Clock("resolution", _exactly(limit), _exactly(limit - RESOLUTION * 0.25), life.closed_at, unsure)


def _progress(life: Life, start: datetime, closed_at: datetime | None) -> Iterator[Clock]:
    """Every three working days from one public message to the next, of a matter that is major, or was for a time."""
    if TIERS[-1] not in {life.tier, *life.tiers_left} and "tier" not in life.unsure:
        return
    moments = [start, *(at for at in life.answered if at > start)]
    ends = [*moments[1:], closed_at or life.world.now]
    warned = [working_time.after(at, PROGRESS_HOURS * WARNED_AT).earliest for at in moments]
    late = sum(end >= at for at, end in zip(warned, ends, strict=True))
    unsure = late > 0 or life.tier != TIERS[-1] or bool({"times", "result", "tier"} & life.unsure)
    yield Clock(
        "progress",
        working_time.after(moments[-1], PROGRESS_HOURS),
        working_time.after(moments[-1], PROGRESS_HOURS * WARNED_AT),
        closed_at if life.is_closed else None,
        unsure or bool(life.waits) or bool(life.closed),
        max(1, late),
    )


def _told_where_to_go(life: Life) -> datetime | None:
    """*Not-ours* ends the clocks once the customer is told where to go."""
    return life.answered_since(life.not_ours_at) if life.not_ours_at is not None else None


def _ended(clock: Clock, at: datetime) -> Clock:
    end = at if clock.ended_at is None or clock.ended_at > at else clock.ended_at
    return replace(clock, ended_at=end)


def _afterwards(life: Life, closed_at: datetime) -> Iterator[Clock]:
    """One task for all three; visit and confirmation end at the attempt, the survey with the outcome."""
    left_open = life.mailed_at is not None or life.not_ours_at is not None or "visit" in life.unsure
    for name, span in AFTERWARDS.items():
        tried_at = life.tried[0] if life.tried and name != "survey" else None
        ended_at = min((at for at in (tried_at, life.visited_at) if at is not None), default=None)
        limit, warning = _exactly(closed_at + span), _exactly(closed_at + span * WARNED_AT)
        unsure = left_open or (name == "survey" and _may_be_surveyed_elsewhere(life, warning))
        yield Clock(name, limit, warning, ended_at, unsure)


def _may_be_surveyed_elsewhere(life: Life, warning: Between) -> bool:
    """A customer is surveyed once in 30 days; it matters where the survey is all that is left, or comes due."""
    if not life.tried and life.world.now < warning.earliest:
        return False
    customer = life.world.tickets[life.ticket_id]["customer_id"]
    return any(row["customer_id"] == customer and key != life.ticket_id for key, row in life.world.tickets.items())
