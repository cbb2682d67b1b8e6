"""Working hours of a week without holidays, counted quarter by quarter hour: slow, plain, and nobody else's code."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
STEP = timedelta(minutes=1)


def is_open(moment: datetime) -> bool:
    """Monday to Friday, nine to five."""
    local = moment.astimezone(BERLIN)
    return local.weekday() < 5 and 9 <= local.hour < 17


def after(start: datetime, hours: float) -> datetime:
    """When so many working hours have passed, to the minute."""
    left, moment = timedelta(hours=hours), start
    while left > timedelta():
        if is_open(moment):
            left -= STEP
        moment += STEP
    return moment
