"""Moments of a story as a supervisor says them: ``+3 h``, ``tuesday 09:00``, ``2026-12-24 17:00``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from plugin.model.calendars import Calendar
from plugin.model.durations import Duration
from plugin.packs.values import WEEKDAYS

ALLOWED = (
    "a moment: at once, +3 h, +29 days 23 h, tuesday 09:00 (of the first week), next monday 09:00 (one week later),"
    " 2026-12-24 17:00"
)
PLAIN_MONDAY = date(2026, 3, 2)
"""Where a story's week begins unless it says a date: a Monday in a week without holidays nearly anywhere."""

_TIME = r"([01]?\d|2[0-3]):([0-5]\d)"
_PLUS = re.compile(r"\+\s*(\d+ [a-z]+(?: \d+ [a-z]+)*)", re.ASCII)
_AMOUNT = re.compile(r"\d+ [a-z]+", re.ASCII)
_WEEKDAY = re.compile(rf"(next )?({'|'.join(WEEKDAYS)}) {_TIME}", re.ASCII)
_DATE = re.compile(rf"(\d{{4}}-\d\d-\d\d) {_TIME}", re.ASCII)
_SPELLED_OUT = re.compile(r"(?<=\d)(?=[a-z])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as it is written: so much after the story's beginning, or a local time of a weekday or date.

    With nothing of all that it is the beginning itself.
    """

    written: str
    plus: tuple[Duration, ...] = ()
    day: date | None = None
    weekday: int | None = None
    weeks: int = 0
    at: time = time(0)

    PATTERN: ClassVar[str] = (
        rf"(?:at once|\+\s*\d+ ?[a-z]+(?: \d+ ?[a-z]+)*?|(?:next )?(?:{'|'.join(WEEKDAYS)}) \d\d?:\d\d"
        r"|\d{4}-\d\d-\d\d \d\d?:\d\d)"
    )
    """What a moment looks like inside a sentence."""

    @classmethod
    def parse(cls, value: object) -> Moment:
        """Raises ValueError saying what is allowed."""
        if isinstance(value, datetime):
            value = f"{value:%Y-%m-%d %H:%M}"
        written = _SPELLED_OUT.sub(" ", " ".join(value.split())) if isinstance(value, str) else ""
        try:
            found = _beginning(written) or _plus(written) or _of_weekday(written) or _of_date(written)
        except ValueError as fault:
            raise ValueError(f"allowed {ALLOWED}") from fault
        if found is None:
            raise ValueError(f"allowed {ALLOWED}")
        return found

    @property
    def is_fixed(self) -> bool:
        """A weekday or a date, which needs no beginning to count from."""
        return self.day is not None or self.weekday is not None

    def __str__(self) -> str:
        return self.written


def _beginning(written: str) -> Moment | None:
    return Moment(written) if written == "at once" else None


def _plus(written: str) -> Moment | None:
    if _PLUS.fullmatch(written) is None:
        return None
    amounts = [Duration.parse(amount) for amount in _AMOUNT.findall(written)]
    return Moment(written, plus=tuple(sorted(amounts, key=lambda amount: amount.is_clocked)))


def _of_weekday(written: str) -> Moment | None:
    found = _WEEKDAY.fullmatch(written)
    if found is None:
        return None
    return Moment(written, weekday=WEEKDAYS.index(found[2]), weeks=1 if found[1] else 0, at=_time(found[3], found[4]))


def _of_date(written: str) -> Moment | None:
    found = _DATE.fullmatch(written)
    return Moment(written, day=date.fromisoformat(found[1]), at=_time(found[2], found[3])) if found else None


def _time(hours: str, minutes: str) -> time:
    return time(int(hours), int(minutes))


class Diary:
    """Turns written moments into real ones, from a story's beginning in the pack's zone, and back into words."""

    def __init__(self, *, zone: str, first: Moment) -> None:
        self.calendar = Calendar("diary", zone)
        self.begins = self._local(first, from_day=PLAIN_MONDAY)

    def when(self, moment: Moment) -> datetime:
        """The moment in UTC: weekdays are those of the seven days from the story's beginning on."""
        if moment.is_fixed:
            return self._local(moment, from_day=self.calendar.day_of(self.begins))
        found = self.begins
        for amount in moment.plus:
            found = self.calendar.after(found, amount)
        return found

    def words(self, moment: datetime) -> str:
        """``Tue 2026-03-03 09:00`` on the wall clock of the pack."""
        here = self.calendar.local(moment)
        return f"{here:%a %Y-%m-%d %H:%M:%S}" if here.second else f"{here:%a %Y-%m-%d %H:%M}"

    def _local(self, moment: Moment, *, from_day: date) -> datetime:
        day = moment.day or from_day
        if moment.weekday is not None:
            day += timedelta(days=(moment.weekday - day.weekday()) % 7 + 7 * moment.weeks)
        return datetime.combine(day, moment.at, ZoneInfo(self.calendar.zone)).astimezone(UTC)
