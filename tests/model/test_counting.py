"""A clock's time counted day by day comes to what the calendar says in one go."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.model.calendars import Calendar
from plugin.model.counting import counted_by_day

BERLIN = "Europe/Berlin"
WEEK = (*[((time(9), time(17)),)] * 5, (), ())
OFFICE = Calendar(name="office", zone=BERLIN, hours=WEEK, countries=("DE",))
ALWAYS = Calendar(name="always", zone=BERLIN)
NIGHTS = Calendar(name="nights", zone="Asia/Shanghai", hours=(*[((time(22), time(0)),)] * 7,))
FRIDAY = datetime(2026, 4, 30, 13, tzinfo=UTC)
"""A Thursday afternoon in Berlin before a holiday and a weekend."""
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_holidays_and_weekends_count_nothing_and_days_alike_stand_together() -> None:
    counted = counted_by_day(OFFICE, FRIDAY, FRIDAY + timedelta(days=5, hours=1))
    assert [(d.day.day, d.days, d.counted, d.total) for d in counted] == [
        (30, 1, hours(2), hours(2)),
        (1, 3, hours(0), hours(2)),
        (4, 1, hours(8), hours(10)),
        (5, 1, hours(7), hours(17)),
    ]


def test_a_day_the_clock_is_turned_has_another_length() -> None:
    counted = counted_by_day(ALWAYS, datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC))
    assert {day.day: day.open for day in counted}[date(2026, 3, 29)] == hours(23)


def test_what_is_paused_twice_counts_once() -> None:
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    pauses = [(start + hours(1), start + hours(3)), (start + hours(2), start + hours(4)), (start + hours(5), None)]
    (day,) = counted_by_day(OFFICE, start, start + hours(6), pauses)
    assert (day.open, day.paused, day.counted) == (hours(6), hours(4), hours(2))


@pytest.mark.parametrize("calendar", [OFFICE, ALWAYS, NIGHTS], ids=lambda calendar: calendar.name)
@given(start=moments, length=st.timedeltas(timedelta(0), timedelta(days=60)), paused=st.floats(0, 1))
def test_the_sum_is_the_calendars_own(calendar: Calendar, start: datetime, length: timedelta, paused: float) -> None:
    until, since = start + length, start + length * paused
    counted = counted_by_day(calendar, start, until, [(since, None)])
    assert counted[-1].total == calendar.working_time(start, since)
    assert sum((day.open * day.days for day in counted), timedelta(0)) == calendar.working_time(start, until)
