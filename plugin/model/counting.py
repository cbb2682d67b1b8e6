"""A clock's time counted day by day, as somebody would on paper: what the calendar gave, what pauses took, the sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plugin.model.calendars import Calendar
from plugin.model.running import Pause, merged

_NOTHING = timedelta(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """One day of the calendar's zone, or several alike (``days``) up to ``until``.

    ``open`` is the working time of each day that lies between the clock's start and the moment counted to, ``paused``
    what of it pauses took, ``total`` the sum of what is left up to here.
    """

    day: date
    until: date
    days: int
    open: timedelta
    paused: timedelta
    total: timedelta

    @property
    def counted(self) -> timedelta:
        return self.open - self.paused


def counted_by_day(
    calendar: Calendar, start: datetime, until: datetime, pauses: Iterable[Pause] = ()
) -> tuple[Counted, ...]:
    """The working time from ``start`` to ``until``, day by day; days that follow one another and are alike are one."""
    stretches = tuple(merged((since, ended or until) for since, ended in pauses))
    return tuple(_alike(_days(calendar, start, until, stretches)))


def _days(
    calendar: Calendar, start: datetime, until: datetime, pauses: tuple[tuple[datetime, datetime], ...]
) -> Iterator[Counted]:
    zone, total = ZoneInfo(calendar.zone), _NOTHING
    day, last = calendar.day_of(start), calendar.day_of(max(start, until))
    while day <= last:
        begins = max(datetime.combine(day, time(0), zone), start)
        ends = min(datetime.combine(day + _DAY, time(0), zone), until)
        opened = calendar.working_time(begins, ends) if begins < ends else _NOTHING
        paused = sum((_within(calendar, pause, begins, ends) for pause in pauses), _NOTHING)
        total += opened - paused
        yield Counted(day, day, 1, opened, paused, total)
        day += _DAY


def _within(calendar: Calendar, pause: tuple[datetime, datetime], begins: datetime, ends: datetime) -> timedelta:
    since, until = max(pause[0], begins), min(pause[1], ends)
    return calendar.working_time(since, until) if since < until else _NOTHING


def _alike(days: Iterable[Counted]) -> Iterator[Counted]:
    held: Counted | None = None
    for one in days:
        if held is not None and (held.open, held.paused) == (one.open, one.paused):
            held = Counted(held.day, one.day, held.days + 1, one.open, one.paused, one.total)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held
