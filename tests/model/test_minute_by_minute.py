"""Working time held against somebody who counts every minute, in 25 zones, around each turn of their clocks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

from plugin.model.calendars import Calendar, Opening, Week
from plugin.model.durations import Duration, Unit
from tests.model.test_calendars import ZONES

MINUTE = timedelta(minutes=1)
WINDOW = timedelta(days=9)
HOLIDAY_AFTER = 2
"""Days from the beginning of a window to the one day nobody works."""
OFFICE: tuple[Opening, ...] = ((time(9), time(12)), (time(13), time(17)))
LATE: tuple[Opening, ...] = ((time(4), time(22)),)
"""No zone turns its clock at either end: of a time that comes twice the later counts, told in test_calendars."""
HOURS: dict[str, Week] = {"office": (*[OFFICE] * 5, (), ()), "long days": (LATE,) * 7}
AMOUNTS = (1, 30, 59, 60, 181, 420, 421, 900, 1440)
"""Minutes of work."""
STEP = 127
"""Minutes between two starts: they fall on all times of day."""


def _turns(zone: str) -> Iterator[datetime]:
    """The middles of the days of 2026 in which the zone's clock is turned; where it never is, one day in summer."""
    at, last = datetime(2026, 1, 1, tzinfo=UTC), None
    found = False
    while at.year == 2026:
        offset = at.astimezone(ZoneInfo(zone)).utcoffset()
        if last is not None and offset != last:
            found = True
            yield at
        at, last = at + timedelta(hours=12), offset
    if not found:
        yield datetime(2026, 7, 1, tzinfo=UTC)


class Counted:
    """Every minute of some days, and how many of them were worked up to each."""

    def __init__(self, zone: str, week: Week, begins: datetime) -> None:
        self.begins = begins
        local = [(begins + MINUTE * n).astimezone(ZoneInfo(zone)) for n in range(int(WINDOW / MINUTE))]
        holiday = (begins + timedelta(days=HOLIDAY_AFTER)).astimezone(ZoneInfo(zone)).date()
        is_worked = [
            at.date() != holiday and any(opens <= at.time() < closes for opens, closes in week[at.weekday()])
            for at in local
        ]
        self.worked = [0, *accumulate(map(int, is_worked))]
        self.calendar = Calendar("counted", zone, week, holidays_added=frozenset({holiday}))

    def after(self, start: int, amount: int) -> int | None:
        """The minute at whose beginning ``amount`` minutes were worked since ``start``; None beyond the days known."""
        end = bisect_left(self.worked, self.worked[start] + amount)
        return end if end < len(self.worked) else None

    def moment(self, minute: int) -> datetime:
        return self.begins + MINUTE * minute


@cache
def _counted(zone: str, hours: str) -> tuple[Counted, ...]:
    return tuple(Counted(zone, HOURS[hours], turn - timedelta(days=4)) for turn in _turns(zone))


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("zone", ZONES)
def test_a_deadline_is_where_who_counts_every_minute_finds_it(zone: str, hours: str) -> None:
    compared = 0
    for counted in _counted(zone, hours):
        for start in range(0, len(counted.worked), STEP):
            for amount in AMOUNTS:
                end = counted.after(start, amount)
                if end is None:
                    continue
                due = counted.calendar.after(counted.moment(start), Duration(amount, Unit.MINUTES))
                assert due == counted.moment(end), (counted.moment(start), amount)
                compared += 1
    assert compared > 200


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("zone", ZONES)
def test_time_worked_is_what_who_counts_every_minute_finds(zone: str, hours: str) -> None:
    for counted in _counted(zone, hours):
        for start in range(0, len(counted.worked) - 1, STEP):
            for end in range(start, len(counted.worked), STEP * 11):
                minutes = counted.worked[end] - counted.worked[start]
                found = counted.calendar.working_time(counted.moment(start), counted.moment(end))
                assert found == MINUTE * minutes, (counted.moment(start), counted.moment(end))
