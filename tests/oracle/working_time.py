"""Working hours of a week without holidays, counted day by day: plain, and nobody else's code."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
OPENS, CLOSES = time(9), time(17)
SATURDAY = 5


class Between(NamedTuple):
    """A moment the standard leaves room about: not before ``earliest``, surely from ``latest`` on."""

    earliest: datetime
    latest: datetime


def after(start: datetime, hours: float) -> Between:
    """When so many working hours have passed: between closing and the next opening where that is a day's end."""
    left, moment = timedelta(hours=hours), _opening(start)
    while True:
        closing = _at(moment, CLOSES)
        if moment + left < closing:
            return Between(moment + left, moment + left)
        if moment + left == closing:
            return Between(closing, _opening(closing))
        left -= closing - moment
        moment = _opening(closing)


def _opening(moment: datetime) -> datetime:
    """The moment itself on a working day between opening and closing, else the next opening."""
    local = moment.astimezone(BERLIN)
    if local.weekday() < SATURDAY and local.time() < CLOSES:
        return max(moment, _at(moment, OPENS))
    days = 1
    while (local + timedelta(days=days)).weekday() >= SATURDAY:
        days += 1
    return _at(local + timedelta(days=days), OPENS)


def _at(moment: datetime, hour: time) -> datetime:
    """That hour of the moment's day on the office's wall."""
    local = moment.astimezone(BERLIN)
    return datetime.combine(local.date(), hour, tzinfo=BERLIN).astimezone(moment.tzinfo)
