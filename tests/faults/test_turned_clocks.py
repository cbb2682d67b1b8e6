"""Deadlines across the hours that are skipped and the hours that come twice, in zones of every kind: in time, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from plugin.engine import decide
from plugin.model.calendars import Calendar, Week
from plugin.model.clocks import Clock
from plugin.model.decision import Decision
from plugin.model.durations import Duration, Unit
from plugin.model.facts import Timeline
from plugin.model.pack import Kind, Pack
from tests.policies.story import Story, shipped

Tell = Callable[[str], None]

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

TURNS = [
    # zone, a year its clock was turned in, and what is special about it
    pytest.param("Europe/Berlin", 2026, id="Berlin"),
    pytest.param("Europe/London", 2026, id="London"),
    pytest.param("Europe/Dublin", 2026, id="Dublin, whose winter time is the exception"),
    pytest.param("Europe/Lisbon", 2026, id="Lisbon"),
    pytest.param("Europe/Chisinau", 2026, id="Chisinau, at its own hour"),
    pytest.param("Atlantic/Azores", 2026, id="Azores, at midnight"),
    pytest.param("America/New_York", 2026, id="New York"),
    pytest.param("America/St_Johns", 2026, id="St. John's, at half an hour"),
    pytest.param("America/St_Johns", 2010, id="St. John's as it was, at one past midnight"),
    pytest.param("America/Havana", 2026, id="Havana, back to midnight"),
    pytest.param("America/Santiago", 2026, id="Santiago, a day without midnight"),
    pytest.param("America/Asuncion", 2023, id="Asunción, a day without midnight"),
    pytest.param("America/Sao_Paulo", 2018, id="São Paulo as it was, a day without midnight"),
    pytest.param("America/Nuuk", 2024, id="Nuuk, the evening before"),
    pytest.param("America/Caracas", 2016, id="Caracas, half an hour for good"),
    pytest.param("Africa/Casablanca", 2026, id="Casablanca, around Ramadan"),
    pytest.param("Africa/Cairo", 2026, id="Cairo, a day without midnight"),
    pytest.param("Asia/Beirut", 2026, id="Beirut, a day without midnight"),
    pytest.param("Asia/Gaza", 2026, id="Gaza"),
    pytest.param("Asia/Jerusalem", 2026, id="Jerusalem"),
    pytest.param("Asia/Pyongyang", 2018, id="Pyongyang, half an hour at midnight"),
    pytest.param("Asia/Tehran", 2022, id="Tehran as it was, a day without midnight"),
    pytest.param("Australia/Sydney", 2026, id="Sydney"),
    pytest.param("Australia/Lord_Howe", 2026, id="Lord Howe, by half an hour"),
    pytest.param("Pacific/Chatham", 2026, id="Chatham, three quarters of an hour off"),
    pytest.param("Pacific/Apia", 2011, id="Apia, the day that never was"),
    pytest.param("Pacific/Kwajalein", 1993, id="Kwajalein, the day that never was"),
    pytest.param("Antarctica/Troll", 2026, id="Troll, by two hours"),
    pytest.param("Asia/Kathmandu", 1985, id="Kathmandu, by a quarter once and never since"),
]
NIGHTS: Week = (((time(0), time(6)), (time(22), time(0))),) * 7
"""Clocks are turned at night, so that is when this office works."""
DURATIONS = {
    "plain hours": Duration(24, Unit.HOURS),
    "worked hours": Duration(9, Unit.HOURS),
    "days": Duration(1, Unit.DAYS),
    "working days": Duration(1, Unit.WORKING_DAYS),
}


@cache
def pack_of(zone: str, kind: str) -> Pack:
    """The shipped pack with one clock, on a calendar of that zone."""
    pack = shipped()
    office = Calendar(name="office", zone=zone, hours=NIGHTS)
    always = Calendar(name="always", zone=zone)
    calendar = "office" if kind in ("worked hours", "working days") else "always"
    clock = replace(pack.clocks["first_response"], calendar=calendar, limit=DURATIONS[kind], kinds=tuple(Kind))
    known = {name: replace(calendar, zone=zone) for name, calendar in pack.calendars.items()}
    calendars = known | {"office": office, "always": always}
    return replace(pack, zone=zone, calendars=calendars, office="office", clocks={clock.name: clock})


def turns(zone: str, year: int) -> Iterator[datetime]:
    """The moments the zone's clock is turned at in that year, to the minute."""
    place, moment = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        later = moment + HOUR
        if moment.astimezone(place).utcoffset() != later.astimezone(place).utcoffset():
            yield next(
                one
                for one in (moment + n * MINUTE for n in range(1, 61))
                if one.astimezone(place).utcoffset() != moment.astimezone(place).utcoffset()
            )
        moment = later


# -- the limit, counted minute by minute ------------------------------------------------------------------------------


def expected(start: datetime, zone: str, kind: str) -> datetime:
    """When the limit is reached, by looking at the wall clock of every minute; shares no code with the product."""
    place = ZoneInfo(zone)
    if kind == "plain hours":
        return start + 24 * HOUR
    if kind == "worked hours":
        return worked(start, place, minutes=9 * 60)
    if kind == "days":
        here = start.astimezone(place)
        return shows(here.date() + DAY, here.time(), start, place)
    moment = start
    while not is_worked(moment, place):
        moment += MINUTE
    here = moment.astimezone(place)
    after = moment
    while after.astimezone(place).date() == here.date() or not is_worked(after, place):
        after += MINUTE
    return shows(after.astimezone(place).date(), here.time(), moment, place)


def is_worked(moment: datetime, place: ZoneInfo) -> bool:
    hour = moment.astimezone(place).hour
    return hour < 6 or hour >= 22


def worked(moment: datetime, place: ZoneInfo, *, minutes: int) -> datetime:
    while minutes:
        minutes -= is_worked(moment, place)
        moment += MINUTE
    return moment


def shows(day: date, at: time, since: datetime, place: ZoneInfo) -> datetime:
    """When the wall clock shows that; of two moments the later, of none the first that shows more."""
    wall = [(moment, moment.astimezone(place)) for moment in (since + n * MINUTE for n in range(4 * 24 * 60))]
    exact = [moment for moment, here in wall if (here.date(), here.time()) == (day, at)]
    return exact[-1] if exact else next(moment for moment, here in wall if (here.date(), here.time()) > (day, at))


# -- what is decided along the way ------------------------------------------------------------------------------------


def told(story: Story, moments: Iterator[datetime]) -> dict[tuple[str, str], datetime]:
    """Every note of the first response, and at which of the moments it was first called for."""
    found: dict[tuple[str, str], datetime] = {}
    for moment in moments:
        for note in decided(story, moment).notes:
            if note.rule.endswith(".first_response"):
                found.setdefault((note.rule, note.epoch), moment)
    return found


def decided(story: Story, now: datetime) -> Decision:
    return decide(Timeline(1, story.facts), pack=story.pack, now=now)


def as_woken(story: Story, *, until: datetime) -> Iterator[datetime]:
    """The moments a worker looks at the case by itself, from its beginning."""
    moment: datetime | None = story.started_at
    while moment is not None and moment <= until:
        yield moment
        look = decided(story, moment).next_look
        moment = look.at if look else None


def clock_of(story: Story, now: datetime) -> Clock:
    return next(clock for clock in decided(story, now).clocks if clock.name == "first_response")


@pytest.mark.parametrize("kind", DURATIONS)
@pytest.mark.parametrize(("zone", "year"), TURNS)
def test_a_limit_across_a_turned_clock_is_reached_in_time_and_once(zone: str, year: int, kind: str) -> None:
    pack = pack_of(zone, kind)
    moments = list(turns(zone, year))
    assert moments
    for turned in moments:
        for before in (25 * HOUR, 24 * HOUR - 30 * MINUTE, 7 * HOUR, 11 * MINUTE):
            story = Story(pack=pack, started_at=turned - before).customer_writes_in("I complain.")
            limit = expected(story.started_at, zone, kind)
            assert clock_of(story, story.started_at).limit_at == limit
            assert not clock_of(story, limit - timedelta(microseconds=1)).was_broken
            assert clock_of(story, limit).breached_at == limit
            until = limit + 2 * DAY
            notes = told(story, as_woken(story, until=until))
            breach = [moment for (rule, _), moment in notes.items() if ".breach." in rule]
            assert breach == [limit]
            late = told(story, (story.started_at + n * 7 * HOUR for n in range(1 + (until - turned) // (7 * HOUR))))
            assert late.keys() <= notes.keys()
            assert all(late[key] >= notes[key] for key in late)
