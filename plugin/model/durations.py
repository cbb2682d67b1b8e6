"""A duration as a person writes it: an amount with its unit, counted on a calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class Unit(StrEnum):
    """What a duration is counted in; ``Calendar.after`` says how each is counted."""

    MINUTES = "min"
    HOURS = "h"
    WORKING_HOURS = "working hours"
    """Hours, said of a calendar that closes: the same as ``HOURS`` there."""
    DAYS = "days"
    """Days of the wall clock: the same local time so many days later, worked or not."""
    WORKING_DAYS = "working days"
    WEEKS = "weeks"
    MONTHS = "months"
    """The same day of a later month, clipped to that month's end."""


_SPELLINGS = {
    "min": Unit.MINUTES,
    "minute": Unit.MINUTES,
    "minutes": Unit.MINUTES,
    "h": Unit.HOURS,
    "hour": Unit.HOURS,
    "hours": Unit.HOURS,
    "working h": Unit.WORKING_HOURS,
    "working hour": Unit.WORKING_HOURS,
    "working hours": Unit.WORKING_HOURS,
    "day": Unit.DAYS,
    "days": Unit.DAYS,
    "working day": Unit.WORKING_DAYS,
    "working days": Unit.WORKING_DAYS,
    "week": Unit.WEEKS,
    "weeks": Unit.WEEKS,
    "month": Unit.MONTHS,
    "months": Unit.MONTHS,
}
_WRITTEN = re.compile(r"(?P<amount>[0-9]{1,7}(?:\.[0-9]{1,3})?)\s*(?P<unit>[a-z]+(?: [a-z]+)?)", re.ASCII)
_LONGEST = timedelta(days=36_525)
_AT_LEAST: dict[Unit, timedelta] = {
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
    Unit.WORKING_HOURS: timedelta(hours=1),
    Unit.DAYS: timedelta(days=1),
    Unit.WORKING_DAYS: timedelta(days=1),
    Unit.WEEKS: timedelta(weeks=1),
    Unit.MONTHS: timedelta(days=30),
}
_IN_PARTS = (Unit.MINUTES, Unit.HOURS, Unit.WORKING_HOURS)
"""Units that may be written in parts: ``1.5 h``."""

ALLOWED = "an amount and a unit: 90 min, 24 h, 8 working hours, 30 days, 2 working days, 8 weeks, 6 months"
"""What ``Duration.parse`` takes, for messages."""

UNITS = tuple(_SPELLINGS)
"""Every way a unit is written."""


@dataclass(frozen=True, slots=True)
class Duration:
    """``Duration(24, Unit.HOURS)``, written ``24 h``. Only minutes and hours come in parts."""

    amount: Decimal | int
    unit: Unit

    def __post_init__(self) -> None:
        """Raise ValueError for an amount of nothing, of parts of a day, or beyond 100 years."""
        if self.amount <= 0:
            raise ValueError(f"found {self.amount} {self.unit}, allowed more than nothing")
        if self.amount != int(self.amount) and self.unit not in _IN_PARTS:
            raise ValueError(f"found {self.amount} {self.unit}, allowed whole {self.unit}")
        if Decimal(self.amount) * _seconds(_AT_LEAST[self.unit]) > _seconds(_LONGEST):
            raise ValueError(f"found {self.amount} {self.unit}, allowed 100 years at most")

    @classmethod
    def parse(cls, text: str) -> Duration:
        """``24 h``, ``90 min``, ``2 working days`` …; raises ValueError saying what was found and what is allowed."""
        written = _WRITTEN.fullmatch(" ".join(text.lower().split()))
        unit = _SPELLINGS.get(written["unit"]) if written else None
        if written is None or unit is None:
            raise ValueError(f"found {text!r}, allowed {ALLOWED}")
        amount = Decimal(written["amount"])
        return cls(int(amount) if amount == int(amount) else amount, unit)

    def __str__(self) -> str:
        amount = f"{self.amount:f}" if isinstance(self.amount, Decimal) else str(self.amount)
        unit = self.unit.value
        return f"{amount} {unit.removesuffix('s')}" if self.amount == 1 else f"{amount} {unit}"

    @property
    def needs_opening_hours(self) -> bool:
        """Whether it says something only on a calendar that is not always open."""
        return self.unit is Unit.WORKING_HOURS

    @property
    def is_clocked(self) -> bool:
        """Counted in working time rather than in days of the calendar."""
        return self.unit in _IN_PARTS

    @property
    def clocked(self) -> timedelta:
        """Minutes and hours as working time; raises ValueError for the other units, whose length no clock knows."""
        if not self.is_clocked:
            raise ValueError(f"{self} has no length without a calendar")
        minutes = self.amount if self.unit is Unit.MINUTES else self.amount * 60
        return timedelta(microseconds=int(minutes * 60_000_000))


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
