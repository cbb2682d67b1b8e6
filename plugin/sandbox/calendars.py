"""Zammad's calendars: which moments are working time, and adding working minutes to a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer
from plugin.sandbox.world import World

Span = tuple[datetime, datetime]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FARTHEST = timedelta(days=3660)


def is_working(world: World, calendar_id: Any, moment: datetime) -> bool:
    """Whether a moment lies in the calendar's business hours."""
    calendar = world.calendars.get(to_integer(calendar_id))
    if calendar is None:
        return False
    zone = ZoneInfo(calendar.timezone)
    return any(start <= moment < end for start, end in _day_spans(calendar, zone, moment.astimezone(zone).date()))


def after_minutes(calendar: Row, start: datetime, minutes: int) -> datetime:
    """The moment `minutes` of working time after `start`.

    A span that ends exactly at closing time is due at the next opening (contract 5.3).
    """
    left = timedelta(minutes=minutes)
    for opening, closing in spans(calendar, start, start + _FARTHEST):
        if closing - opening > left:
            return opening + left
        left -= closing - opening
    return start + timedelta(minutes=minutes)


def minutes_between(calendar: Row, start: datetime, end: datetime) -> int:
    """Whole minutes of working time between two moments; negative when they are in the other order."""
    if end < start:
        return -minutes_between(calendar, end, start)
    total = sum(((closing - opening) for opening, closing in spans(calendar, start, end)), timedelta())
    return int(total.total_seconds() // 60)


def spans(calendar: Row, start: datetime, end: datetime) -> Iterator[Span]:
    """The stretches of working time between two moments, cut to them."""
    zone = ZoneInfo(calendar.timezone)
    day = start.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while day <= last:
        for opening, closing in _day_spans(calendar, zone, day):
            cut = max(opening, start), min(closing, end)
            if cut[0] < cut[1]:
                yield cut
        day += timedelta(days=1)


def _day_spans(calendar: Row, zone: ZoneInfo, day: date) -> list[Span]:
    holiday = (calendar.public_holidays or {}).get(day.isoformat())
    hours = calendar.business_hours.get(_DAYS[day.weekday()]) or {}
    if not hours.get("active") or (holiday and holiday.get("active")):
        return []
    return [
        (_moment(day, opening, zone), _moment(day, closing, zone)) for opening, closing in hours.get("timeframes") or []
    ]


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    if hour == 24 or (hour, minute) == (23, 59):
        day, hour, minute = day + timedelta(days=1), 0, 0
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
