"""Working time: deadlines, holidays, make-up days, and clocks turned forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.model.calendars import Calendar, Opening, Week
from plugin.model.durations import Duration

DAY: tuple[Opening, ...] = ((time(9), time(17)),)
WITH_LUNCH: tuple[Opening, ...] = ((time(9), time(12)), (time(13), time(17)))
NIGHT: tuple[Opening, ...] = ((time(0), time(6)), (time(22), time(0)))
WEEK: Week = (DAY, DAY, DAY, DAY, DAY, (), ())
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Moscow",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Santiago",
    "America/Caracas",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Shanghai",
    "Asia/Taipei",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Apia",
    "Pacific/Chatham",
)

ALWAYS = {zone: Calendar("always", zone) for zone in ZONES}
OFFICES = {zone: Calendar("office", zone, WEEK) for zone in ZONES}
NIGHTS = {zone: Calendar("nights", zone, (NIGHT,) * 7) for zone in ZONES}
BERLIN = Calendar("office", "Europe/Berlin", WEEK, countries=("DE",))
SHANGHAI = Calendar(
    "office",
    "Asia/Shanghai",
    WEEK,
    holidays_added=frozenset({date(2026, 10, day) for day in range(1, 8)}),
    make_up_days=((date(2026, 9, 27), DAY), (date(2026, 10, 10), ((time(9), time(13)),))),
)

moments = st.datetimes(datetime(2009, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as it asks
amounts = st.timedeltas(timedelta(microseconds=1), timedelta(days=40))
calendars = st.one_of(*(st.sampled_from(list(kind.values())) for kind in (ALWAYS, OFFICES, NIGHTS)), st.just(SHANGHAI))
quick = settings(max_examples=150, deadline=None)


def at(calendar: Calendar, written: str) -> datetime:
    """A local time of the calendar's zone, in UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(calendar.zone)).astimezone(UTC)


def after(calendar: Calendar, start: str, duration: str) -> str:
    moment = calendar.after(at(calendar, start), Duration.parse(duration))
    assert moment.tzinfo is UTC
    return f"{calendar.local(moment):%Y-%m-%d %H:%M}"


# -- what holds for every calendar ------------------------------------------------------------------------------------


@quick
@given(calendars, moments, amounts)
def test_the_time_worked_up_to_a_deadline_is_the_time_given(
    calendar: Calendar, start: datetime, amount: timedelta
) -> None:
    assert calendar.working_time(start, calendar.after_working_time(start, amount)) == amount


@quick
@given(calendars, moments, amounts)
def test_a_deadline_is_at_work_or_at_closing(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    moment = calendar.after_working_time(start, amount)
    assert calendar.is_open(moment - timedelta(microseconds=1))


@quick
@given(calendars, moments, amounts, amounts)
def test_two_amounts_one_after_the_other_are_their_sum(
    calendar: Calendar, start: datetime, one: timedelta, other: timedelta
) -> None:
    halfway = calendar.after_working_time(start, one)
    assert calendar.after_working_time(halfway, other) == calendar.after_working_time(start, one + other)


@quick
@given(calendars, moments, moments, amounts)
def test_who_starts_later_is_never_due_earlier(
    calendar: Calendar, one: datetime, other: datetime, amount: timedelta
) -> None:
    first, second = sorted((one, other))
    assert calendar.after_working_time(first, amount) <= calendar.after_working_time(second, amount)


@quick
@given(st.sampled_from(ZONES), moments, st.timedeltas(timedelta(0), timedelta(days=9)), st.integers(1, 30))
def test_working_days_never_end_earlier_for_who_starts_later(
    zone: str, start: datetime, later: timedelta, amount: int
) -> None:
    given_days = Duration.parse(f"{amount} working days")
    assert OFFICES[zone].after(start, given_days) <= OFFICES[zone].after(start + later, given_days)


@quick
@given(calendars, st.lists(moments, min_size=3, max_size=3))
def test_time_worked_adds_up(calendar: Calendar, three: list[datetime]) -> None:
    first, second, third = sorted(three)
    whole = calendar.working_time(first, third)
    assert calendar.working_time(first, second) + calendar.working_time(second, third) == whole


@quick
@given(calendars, moments)
def test_the_next_open_moment_is_open_and_nothing_is_worked_before_it(calendar: Calendar, moment: datetime) -> None:
    opens = calendar.next_open(moment)
    assert calendar.is_open(opens)
    assert calendar.working_time(moment, opens) == timedelta(0)


@quick
@given(st.sampled_from(ZONES), moments)
def test_hours_are_those_of_the_wall_clock(zone: str, moment: datetime) -> None:
    here = moment.astimezone(ZoneInfo(zone))
    expected = here.weekday() < 5 and time(9) <= here.time() < time(17)
    assert OFFICES[zone].is_open(moment) is expected


# -- days, weeks, months ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        pytest.param("2026-12-21 10:00", "24 h", "2026-12-24 10:00", id="three days of eight hours"),
        pytest.param("2026-12-21 10:00", "7 h", "2026-12-21 17:00", id="ends at closing, not at the next opening"),
        pytest.param("2026-12-21 07:00", "8 h", "2026-12-21 17:00", id="begins before opening"),
        pytest.param("2026-12-21 20:00", "90 min", "2026-12-22 10:30", id="begins after closing"),
        pytest.param("2026-12-24 16:00", "2 h", "2026-12-28 10:00", id="over Christmas and a weekend"),
        pytest.param("2026-12-21 10:00", "2 working days", "2026-12-23 10:00", id="working days"),
        pytest.param("2026-12-24 10:00", "2 working days", "2026-12-29 10:00", id="working days over Christmas"),
        pytest.param("2026-12-19 22:00", "1 working day", "2026-12-22 09:00", id="from a weekend: Monday's opening"),
        pytest.param("2026-12-21 17:00", "1 working day", "2026-12-23 09:00", id="from closing: Tuesday's opening"),
        pytest.param("2026-12-21 07:00", "1 working day", "2026-12-22 09:00", id="from before opening"),
        pytest.param("2026-12-21 20:15", "3 days", "2026-12-24 20:15", id="days go by worked or not"),
        pytest.param("2026-12-24 20:15", "1 day", "2026-12-25 20:15", id="days fall on holidays too"),
        pytest.param("2026-12-21 20:15", "8 weeks", "2027-02-15 20:15", id="weeks"),
        pytest.param("2026-08-31 12:00", "6 months", "2027-02-28 12:00", id="months are clipped"),
        pytest.param("2027-08-31 12:00", "6 months", "2028-02-29 12:00", id="months are clipped in a leap year"),
        pytest.param("2026-03-28 02:30", "1 day", "2026-03-29 03:00", id="a time that does not exist moves forward"),
        pytest.param("2026-10-24 02:30", "1 day", "2026-10-25 02:30", id="a time that comes twice"),
    ],
)
def test_a_deadline_in_a_german_office(start: str, duration: str, due: str) -> None:
    assert after(BERLIN, start, duration) == due


def test_of_a_time_that_comes_twice_the_later_counts() -> None:
    due = BERLIN.after(at(BERLIN, "2026-10-24 02:30"), Duration.parse("1 day"))
    assert due == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        pytest.param("2026-09-30 16:00", "2 h", "2026-10-08 10:00", id="over the golden week"),
        pytest.param("2026-09-25 16:00", "1 working day", "2026-09-27 16:00", id="a Sunday that is made up for"),
        pytest.param("2026-10-09 16:00", "1 working day", "2026-10-10 13:00", id="held inside a shorter make-up day"),
        pytest.param("2026-10-09 16:00", "6 h", "2026-10-12 10:00", id="hours of a shorter make-up day"),
    ],
)
def test_a_deadline_with_make_up_days(start: str, duration: str, due: str) -> None:
    assert after(SHANGHAI, start, duration) == due


def test_make_up_days_a_country_announces_are_worked_when_they_have_hours() -> None:
    announced = date(2026, 2, 14)  # a Saturday before the Spring Festival
    deaf = Calendar("office", "Asia/Shanghai", WEEK, countries=("CN",))
    listening = Calendar("office", "Asia/Shanghai", WEEK, countries=("CN",), make_up_hours=DAY)
    assert not deaf.is_working_day(announced)
    assert listening.is_working_day(announced)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param("2026-12-21 12:30", "2026-12-22 13:00", id="noon on a day without a break"),
        pytest.param("2026-12-21 11:00", "2026-12-22 11:00", id="in the morning"),
        pytest.param("2026-12-21 16:00", "2026-12-22 16:00", id="in the afternoon"),
    ],
)
def test_a_working_day_that_would_end_in_a_break_ends_after_it(start: str, due: str) -> None:
    calendar = Calendar("office", "Europe/Berlin", (DAY, WITH_LUNCH, DAY, DAY, DAY, (), ()))
    assert after(calendar, start, "1 working day") == due


def test_a_break_is_not_worked() -> None:
    calendar = Calendar("office", "Europe/Berlin", (WITH_LUNCH,) * 7)
    assert after(calendar, "2026-12-21 11:30", "1 h") == "2026-12-21 13:30"
    assert after(calendar, "2026-12-21 09:00", "3 h") == "2026-12-21 12:00"


def test_dates_can_be_added_to_and_taken_from_a_country_s_holidays() -> None:
    calendar = Calendar(
        "office",
        "Europe/Berlin",
        WEEK,
        countries=("DE",),
        holidays_added=frozenset({date(2026, 12, 24)}),
        holidays_removed=frozenset({date(2026, 12, 25)}),
    )
    assert not calendar.is_working_day(date(2026, 12, 24))
    assert calendar.is_working_day(date(2026, 12, 25))


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    epiphany = date(2026, 1, 6)
    assert BERLIN.is_working_day(epiphany)
    assert not Calendar("office", "Europe/Berlin", WEEK, countries=("DE-BY",)).is_working_day(epiphany)


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        pytest.param("2026-12-24 10:00", "24 h", "2026-12-25 10:00", id="hours go by on holidays"),
        pytest.param("2026-12-24 10:00", "1 working day", "2026-12-27 10:00", id="a working day is no holiday"),
        pytest.param("2026-12-18 23:30", "1 working day", "2026-12-19 23:30", id="every other day is one"),
    ],
)
def test_an_always_open_calendar_knows_holidays_for_working_days_only(start: str, duration: str, due: str) -> None:
    calendar = Calendar("always", "Europe/Berlin", countries=("DE",))
    assert after(calendar, start, duration) == due


# -- the clock is turned ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_hours_of_an_always_open_calendar_are_real_hours(zone: str) -> None:
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    for day in range(0, 365, 3):
        begins = start + timedelta(days=day)
        assert ALWAYS[zone].after(begins, Duration.parse("24 h")) == begins + timedelta(hours=24)


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_later_is_the_same_time_of_day_or_the_first_that_exists(zone: str) -> None:
    one_day = Duration.parse("1 day")
    for day in range(365):
        for minute in (0, 30, 90, 150, 720):
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
            here, due = ALWAYS[zone].local(start), ALWAYS[zone].local(ALWAYS[zone].after(start, one_day))
            wanted = here.date() + timedelta(days=1)
            assert due.date() == wanted
            assert due.time() >= here.time()
            assert (due.time() == here.time()) or _skipped(zone, datetime.combine(wanted, here.time()))


def _skipped(zone: str, local: datetime) -> bool:
    there = local.replace(tzinfo=ZoneInfo(zone))
    return there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local


@pytest.mark.parametrize(
    ("night", "worked"),
    [
        pytest.param(date(2026, 3, 29), timedelta(hours=7), id="forward: an hour is missing"),
        pytest.param(date(2026, 10, 25), timedelta(hours=9), id="back: an hour is worked twice"),
        pytest.param(date(2026, 6, 7), timedelta(hours=8), id="any other night"),
    ],
)
def test_a_night_shift_works_the_hours_there_are(night: date, worked: timedelta) -> None:
    calendar = NIGHTS["Europe/Berlin"]
    midnight = at(calendar, f"{night} 00:00")
    next_midnight = at(calendar, f"{night + timedelta(days=1)} 00:00")
    assert calendar.working_time(midnight, next_midnight) == worked


@pytest.mark.parametrize(
    ("day", "openings", "worked"),
    [
        pytest.param(date(2026, 3, 29), ((time(2, 30), time(10)),), "7:00:00", id="opens at a time that is skipped"),
        pytest.param(date(2026, 3, 29), ((time(1), time(2, 30)),), "1:00:00", id="closes at a time that is skipped"),
        pytest.param(date(2026, 3, 29), ((time(2, 10), time(2, 50)),), "0:00:00", id="all of it is skipped"),
        pytest.param(date(2026, 10, 25), ((time(2, 30), time(10)),), "8:30:00", id="opens at the first of two times"),
        pytest.param(date(2026, 10, 25), ((time(1), time(2, 30)),), "2:30:00", id="closes at the second of two times"),
        pytest.param(
            date(2026, 10, 25), ((time(1), time(2, 15)), (time(2, 30), time(4))), "4:00:00", id="openings that overlap"
        ),
    ],
)
def test_an_opening_at_the_turn_of_the_clock(day: date, openings: tuple[Opening, ...], worked: str) -> None:
    calendar = Calendar("odd", "Europe/Berlin", WEEK, make_up_days=((day, openings),))
    since, until = at(calendar, f"{day} 00:00"), at(calendar, f"{day} 12:00")
    assert str(calendar.working_time(since, until)) == worked


def test_a_date_that_was_skipped_is_nobody_s_working_day() -> None:
    calendar = Calendar("office", "Pacific/Apia", (DAY,) * 7)
    assert after(calendar, "2011-12-29 10:00", "1 working day") == "2011-12-31 10:00"


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(((),) * 7, id="never open"),
        pytest.param((DAY,) * 6, id="six days"),
        pytest.param((((time(17), time(9)),),) * 7, id="backwards"),
        pytest.param((((time(9), time(13)), (time(12), time(17))),) * 7, id="overlapping"),
        pytest.param((((time(9), time(0)), (time(12), time(17))),) * 7, id="after the end of the day"),
    ],
)
def test_hours_that_cannot_be_kept_are_refused(hours: Week) -> None:
    with pytest.raises(ValueError, match=r"found .*, allowed "):
        Calendar("odd", "UTC", hours)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed aware times"):
        BERLIN.is_open(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault itself


def test_working_time_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="allowed nothing or more"):
        BERLIN.after_working_time(datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=-1))


def test_equal_calendars_are_equal_whatever_was_asked_of_them() -> None:
    asked, fresh = Calendar("office", "UTC", WEEK), Calendar("office", "UTC", WEEK)
    asked.next_open(datetime(2026, 1, 3, tzinfo=UTC))
    assert asked == fresh
    assert hash(asked) == hash(fresh)
