"""Clocks laid on a time axis: how long each is for who looks at the wall, begun on a plain Monday at nine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from plugin.model.calendars import Calendar
from plugin.model.durations import Duration
from plugin.model.pack import ClockSettings, Pack
from plugin.model.running import share_of
from plugin.packs.handbook.parts import Bar, Bars, Tick

MONDAY = datetime(2026, 3, 2).date()  # noqa: DTZ001 - a day, not a moment
HOUR = timedelta(hours=1)
LEFT_EDGE = 0.5
"""Hours at the axis' beginning; it is logarithmic, for limits run from two hours to sixty days."""
ROOM = 7.0
"""Share of the axis that a label takes."""
_TICKS = (
    (1, "1 h", True),
    (4, "4 h", True),
    (8, "8 h", False),
    (24, "1 day", False),
    (48, "2 days", True),
    (168, "1 week", False),
    (336, "2 weeks", True),
    (720, "30 days", False),
    (1344, "8 weeks", True),
    (4380, "6 months", False),
)


def bars(title: str, clocks: Iterable[ClockSettings], pack: Pack, *, until: float) -> Bars:
    """These clocks on an axis that ends ``until`` hours after the start."""
    return Bars(title, tuple(_ticks(until)), tuple(_bar(clock, pack, until) for clock in clocks))


def longest(pack: Pack) -> float:
    """Hours to the end of the longest clock of the pack, a bit of air behind it."""
    ends = (_hours(clock.extended_limit or clock.limit, clock, pack) for clock in pack.clocks.values())
    return 1.25 * max(ends, default=24.0)


def _ticks(until: float) -> Iterator[Tick]:
    """Those there is room for: a minor one keeps away from its neighbours."""
    places = [(_place(hours, until), label, minor) for hours, label, minor in _TICKS if hours <= until]
    major = [at for at, _, minor in places if not minor]
    for at, label, minor in places:
        if not minor or all(abs(at - other) >= ROOM for other in (*major, 0.0, 100.0)):
            yield Tick(at, label, minor)


def _bar(clock: ClockSettings, pack: Pack, until: float) -> Bar:
    target = clock.target or clock.limit
    extended = clock.extended_limit
    return Bar(
        name=clock.name.replace("_", " "),
        says=f"{clock.limit}" + (f", once extended {extended}" if extended else ""),
        warns_at=_place(min(_warning(clock, pack), _hours(target, clock, pack)), until),
        target_at=_place(_hours(target, clock, pack), until),
        limit_at=_place(_hours(clock.limit, clock, pack), until),
        extended_to=_place(_hours(extended, clock, pack), until) if extended else None,
    )


def _place(hours: float, until: float) -> float:
    if hours <= LEFT_EDGE:
        return 0.0
    return min(100.0, 100 * math.log(hours / LEFT_EDGE) / math.log(until / LEFT_EDGE))


def _hours(duration: Duration, clock: ClockSettings, pack: Pack) -> float:
    calendar = _plain(pack.calendar(clock.calendar))
    return (calendar.after(_start(calendar), duration) - _start(calendar)) / HOUR


def _warning(clock: ClockSettings, pack: Pack) -> float:
    calendar = _plain(pack.calendar(clock.calendar))
    start = _start(calendar)
    limit = calendar.after(start, clock.limit)
    return (share_of(calendar, start, limit, clock.warn_at, [], start) - start) / HOUR


def _start(calendar: Calendar) -> datetime:
    return datetime.combine(MONDAY, time(9), ZoneInfo(calendar.zone))


def _plain(calendar: Calendar) -> Calendar:
    """Without holidays: what is drawn holds for most weeks."""
    return replace(calendar, countries=(), holidays_added=frozenset(), make_up_days=())
