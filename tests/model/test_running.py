"""Deadlines that waiting pushes back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.model.calendars import Calendar
from plugin.model.durations import Duration
from plugin.model.running import Pause, deadline, share_of

ALWAYS = Calendar("always", "Europe/Berlin")
OFFICE = Calendar("office", "Europe/Berlin", (((time(9), time(17)),),) * 5 + ((), ()))
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Opening time of a working Monday in Berlin."""
DAY_AND_NIGHT = Duration.parse("24 h")


def hour(number: float) -> datetime:
    return MONDAY + timedelta(hours=number)


@pytest.mark.parametrize(
    ("pauses", "now", "due"),
    [
        pytest.param((), 0, 24, id="none"),
        pytest.param(((5, 8),), 9, 27, id="one"),
        pytest.param(((5, 8), (10, 11)), 12, 28, id="two"),
        pytest.param(((10, 11), (5, 8)), 12, 28, id="two, told backwards"),
        pytest.param(((5, 8), (7, 10)), 12, 29, id="two that overlap count once"),
        pytest.param(((5, 8), (8, 10)), 12, 29, id="two that touch"),
        pytest.param(((5, 10), (6, 7)), 12, 29, id="one inside another"),
        pytest.param(((5, None),), 9, 28, id="one that lasts counts up to now"),
        pytest.param(((5, None),), 5, 24, id="one that begins now"),
        pytest.param(((-3, 2),), 9, 26, id="what lies before the start does not count"),
        pytest.param(((-3, -1),), 9, 24, id="one before the start"),
        pytest.param(((24, 30),), 31, 24, id="one that begins at the deadline comes too late"),
        pytest.param(((23, 30),), 31, 31, id="one that begins before it and ends after"),
        pytest.param(((23, 30), (30.5, 32)), 33, 32.5, id="a second one before the deadline the first pushed back"),
        pytest.param(((8, 5),), 9, 24, id="one that ends before it begins"),
    ],
)
def test_waiting_pushes_the_deadline_back(
    pauses: tuple[tuple[float, float | None], ...], now: float, due: float
) -> None:
    spans = [(hour(since), None if until is None else hour(until)) for since, until in pauses]
    assert deadline(ALWAYS, MONDAY, DAY_AND_NIGHT, spans, hour(now)) == hour(due)


def test_only_working_time_of_a_pause_counts_in_an_office() -> None:
    tuesday_to_wednesday = (hour(24), hour(50))  # Tuesday's opening to Wednesday eleven: ten working hours
    due = deadline(OFFICE, MONDAY, Duration.parse("2 working days"), [tuesday_to_wednesday], hour(60))
    assert due == hour(24 * 3 + 2)


def test_days_are_pushed_back_by_elapsed_time_where_it_is_always_open() -> None:
    weekend = (hour(96), hour(168))
    due = deadline(ALWAYS, MONDAY, Duration.parse("7 days"), [weekend], hour(200))
    assert due == MONDAY + timedelta(days=10)


@pytest.mark.parametrize(
    ("share", "pauses", "at"),
    [
        pytest.param(0.75, (), 18, id="three quarters"),
        pytest.param(1.0, (), 24, id="all of it"),
        pytest.param(0.75, ((5, 8),), 21, id="pushed back"),
        pytest.param(0.75, ((19, 22),), 18, id="a pause after it does not matter"),
    ],
)
def test_a_share_of_the_way_to_the_limit(share: float, pauses: tuple[tuple[float, float], ...], at: float) -> None:
    spans: list[Pause] = [(hour(since), hour(until)) for since, until in pauses]
    assert share_of(ALWAYS, MONDAY, hour(24), share, spans, hour(30)) == hour(at)


def test_a_share_is_of_working_time() -> None:
    assert share_of(OFFICE, MONDAY, hour(24 + 8), 0.5, [], hour(0)) == hour(8)


def test_where_nothing_is_worked_a_share_is_of_elapsed_time() -> None:
    saturday = hour(24 * 5)
    assert share_of(OFFICE, saturday, saturday + timedelta(hours=10), 0.5, [], saturday) == saturday + timedelta(
        hours=5
    )


moments = st.integers(-50, 400).map(lambda number: hour(number / 4))
pauses = st.lists(st.tuples(moments, st.none() | moments), max_size=5)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([ALWAYS, OFFICE]), pauses, moments)
def test_the_time_not_paused_up_to_the_deadline_is_the_time_given(
    calendar: Calendar, spans: list[Pause], now: datetime
) -> None:
    due = deadline(calendar, MONDAY, DAY_AND_NIGHT, spans, now)
    quarters = (
        MONDAY + timedelta(minutes=15 * number) for number in range(int((due - MONDAY) / timedelta(minutes=15)))
    )
    paused = [(since, now if until is None else until) for since, until in spans]
    counted = sum(
        calendar.is_open(quarter) and not any(since <= quarter < until for since, until in paused)
        for quarter in quarters
    )
    assert counted == 24 * 4


@settings(max_examples=100, deadline=None)
@given(pauses, moments, moments)
def test_a_deadline_never_comes_nearer_while_time_goes_by(spans: list[Pause], one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    due = deadline(OFFICE, MONDAY, DAY_AND_NIGHT, spans, earlier)
    assert due <= deadline(OFFICE, MONDAY, DAY_AND_NIGHT, spans, later)
