"""Working time: when a calendar is open, and what moment lies so much of it after another."""

from __future__ import annotations

import calendar as months
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import holidays

from plugin.model.durations import Duration, Unit

Opening = tuple[time, time]
"""Local times; a closing of 00:00 is the end of the day."""
Week = tuple[tuple[Opening, ...], ...]
"""Openings of the seven weekdays, Monday first."""

Stretch = tuple[datetime, datetime]
"""From an opening to its closing, in UTC."""

_DAYS_REMEMBERED = 1000
_MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Year:
    """A year's open stretches in UTC, apart and in order; ``worked[i]`` is the working time before stretch ``i``."""

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]

    @property
    def total(self) -> timedelta:
        return self.worked[-1]

    def worked_until(self, moment: datetime) -> timedelta:
        """Working time of this year that lies before ``moment``."""
        at = bisect_right(self.opens, moment) - 1
        return _NOTHING if at < 0 else self.worked[at] + min(moment, self.closes[at]) - self.opens[at]

    def moment_of(self, worked: timedelta) -> datetime:
        """The first moment by which so much was worked: at closing, never at the next opening."""
        at = bisect_left(self.worked, worked) - 1
        return self.opens[at] + (worked - self.worked[at])


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours in a zone, less its holidays, plus its make-up working days. Moments are aware; answers are in UTC.

    ``hours`` None is always open: time there is elapsed time, holidays matter only to working days, and every day of
    the week is one unless it is a holiday. ``countries`` are codes of python-holidays (``DE``, ``DE-BY``), whose dates
    ``holidays_added`` and ``holidays_removed`` correct. ``make_up_days`` are dates worked although they are a weekend
    or a holiday (调休), each with its hours; ``make_up_hours`` gives hours to those the country itself announces.
    An opening or closing that the clock is turned forward over is at the first time that exists; of one that comes
    twice as the clock is turned back, opening is at the first, closing at the second.
    """

    name: str
    zone: str
    hours: Week | None = None
    countries: tuple[str, ...] = ()
    holidays_added: frozenset[date] = frozenset()
    holidays_removed: frozenset[date] = frozenset()
    make_up_days: tuple[tuple[date, tuple[Opening, ...]], ...] = ()
    make_up_hours: tuple[Opening, ...] | None = None
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)
    _free: dict[int, tuple[frozenset[date], frozenset[date]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _days: dict[date, tuple[Stretch, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raise ValueError for hours that cannot be kept: not seven days, never open, backwards or overlapping."""
        if self.hours is None:
            return
        if len(self.hours) != 7 or not any(self.hours):
            raise ValueError(
                f"calendar {self.name}: found hours that never open, allowed seven days with one open at least"
            )
        days = (*self.hours, *(hours for _, hours in self.make_up_days), self.make_up_hours or ())
        for openings in days:
            check_openings(openings)

    # -- moments ------------------------------------------------------------------------------------------------------

    def after(self, start: datetime, duration: Duration) -> datetime:
        """The moment ``duration`` after ``start``.

        Minutes and hours are working time. Days, weeks and months keep the local time of day, worked or not. Working
        days: ``start`` moves to the next open moment, then to the same local time of the n-th working day after it,
        held inside that day's hours. A local time that does not exist moves forward to the first that does; of two, the
        later counts.
        """
        if duration.is_clocked:
            return self.after_working_time(start, duration.clocked)
        amount = int(duration.amount)
        if duration.unit is Unit.WORKING_DAYS:
            return self._after_working_days(start, amount)
        here = self.local(start)
        if duration.unit is Unit.MONTHS:
            day = _months_later(here.date(), amount)
        else:
            day = here.date() + timedelta(days=amount * (7 if duration.unit is Unit.WEEKS else 1))
        return self._moment(day, here.time(), later=True)

    def after_working_time(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment by which ``amount`` of working time has passed since ``start``; for nothing, ``start``."""
        if amount < _NOTHING:
            raise ValueError(f"found {amount} of working time, allowed nothing or more")
        start = _in_utc(start)
        if self.hours is None or not amount:
            return start + amount
        number = self.local(start).year
        left = amount + self._year(number).worked_until(start)
        while left > self._year(number).total:
            left -= self._year(number).total
            number += 1
        return self._year(number).moment_of(left)

    def next_open(self, moment: datetime) -> datetime:
        """``moment`` itself while open, else the next opening."""
        moment = _in_utc(moment)
        if self.hours is None:
            return moment
        number = self.local(moment).year
        while True:
            year = self._year(number)
            at = bisect_right(year.closes, moment)
            if at < len(year.opens):
                return max(moment, year.opens[at])
            number += 1

    # -- amounts ------------------------------------------------------------------------------------------------------

    def working_time(self, since: datetime, until: datetime) -> timedelta:
        """Working time between two moments; nothing where ``until`` is not later."""
        since, until = _in_utc(since), _in_utc(until)
        if until <= since:
            return _NOTHING
        if self.hours is None:
            return until - since
        first, last = self.local(since).year, self.local(until).year
        whole = sum((self._year(number).total for number in range(first, last)), _NOTHING)
        return whole + self._year(last).worked_until(until) - self._year(first).worked_until(since)

    def is_open(self, moment: datetime) -> bool:
        """From each opening up to, and without, its closing."""
        moment = _in_utc(moment)
        return self.next_open(moment) == moment

    # -- days ---------------------------------------------------------------------------------------------------------

    def local(self, moment: datetime) -> datetime:
        """The moment on the wall clock of the calendar's zone."""
        return _in_utc(moment).astimezone(ZoneInfo(self.zone))

    def day_of(self, moment: datetime) -> date:
        return self.local(moment).date()

    def is_working_day(self, day: date) -> bool:
        """Open at some time of the day; on an always open calendar: no holiday, or made up for."""
        if self.hours is None:
            return not self._is_holiday(day) or any(day == made_up for made_up, _ in self.make_up_days)
        return bool(self.openings_on(day))

    def openings_on(self, day: date) -> tuple[Opening, ...]:
        """The local opening hours of one day: make-up day before holiday before day of the week."""
        if self.hours is None:
            return ((_MIDNIGHT, _MIDNIGHT),)
        for made_up, openings in self.make_up_days:
            if made_up == day:
                return openings
        if self.make_up_hours is not None and day in self._announced(day.year)[1]:
            return self.make_up_hours
        return () if self._is_holiday(day) else self.hours[day.weekday()]

    def _is_holiday(self, day: date) -> bool:
        if day in self.holidays_added:
            return True
        return day not in self.holidays_removed and bool(self.countries) and day in self._announced(day.year)[0]

    def _announced(self, number: int) -> tuple[frozenset[date], frozenset[date]]:
        """The countries' holidays of a year, and the weekends they announced as worked."""
        if number not in self._free:
            lists = [_country(code, number) for code in self.countries]
            free = frozenset(day for dates in lists for day in dates)
            self._free[number] = (free, frozenset(day for dates in lists for day in dates.weekend_workdays))
        return self._free[number]

    def _after_working_days(self, start: datetime, amount: int) -> datetime:
        here = self.local(self.next_open(start))
        day = here.date()
        while amount:
            day += _DAY
            # of a calendar that closes, a day it is open on is a working day
            amount -= bool(self._stretches(day)) and (self.hours is not None or self.is_working_day(day))
        moment, stretches = self._moment(day, here.time(), later=True), self._stretches(day)
        return next((max(moment, opens) for opens, closes in stretches if moment <= closes), stretches[-1][1])

    # -- a year at a time ---------------------------------------------------------------------------------------------

    def _year(self, number: int) -> _Year:
        if number not in self._years:
            days = (date(number, 1, 1) + timedelta(days=n) for n in range(365 + months.isleap(number)))
            joined = _joined([stretch for day in days for stretch in self._opened(day)])
            lengths = (closes - opens for opens, closes in joined)
            self._years[number] = _Year(
                opens=tuple(opens for opens, _ in joined),
                closes=tuple(closes for _, closes in joined),
                worked=tuple(accumulate(lengths, initial=_NOTHING)),
            )
        return self._years[number]

    def _stretches(self, day: date) -> tuple[Stretch, ...]:
        """When the calendar is open on a day, in UTC; days that were asked about are remembered."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _DAYS_REMEMBERED:
                self._days.clear()
            found = self._days[day] = tuple(self._opened(day))
        return found

    def _opened(self, day: date) -> Iterator[Stretch]:
        """What the turned clock swallowed is left out."""
        for opening, closing in self.openings_on(day):
            opens = self._moment(day, opening, later=False)
            closes = self._end_of(day) if closing == _MIDNIGHT else self._moment(day, closing, later=True)
            if opens < closes:
                yield opens, closes

    def _end_of(self, day: date) -> datetime:
        """Midnight; of two, the second where the clock was turned back into the day that had ended."""
        first, second = (self._moment(day + _DAY, _MIDNIGHT, later=later) for later in (False, True))
        return second if first < second and self.day_of(second - _MOMENT) == day else first

    def _moment(self, day: date, at: time, *, later: bool) -> datetime:
        """A local time in UTC: the first existing one from it on; of two, the first or the later."""
        zone, written = ZoneInfo(self.zone), (at.hour, at.minute, at.second, at.microsecond)
        first = datetime.combine(day, time(*written), zone).astimezone(UTC)
        second = datetime.combine(day, time(*written, fold=1), zone).astimezone(UTC)
        if second < first:  # the clock is turned forward over this time: there is none
            return _turning(zone, second, first)
        return second if later else first


def check_openings(openings: tuple[Opening, ...]) -> None:
    """Raise ValueError unless each opening ends after it begins and before the next one does."""
    end = _MIDNIGHT
    for position, (opens, closes) in enumerate(openings):
        follows = not position or (end != _MIDNIGHT and opens >= end)
        if not follows or (closes != _MIDNIGHT and closes <= opens):
            raise ValueError(f"found {opens:%H:%M}-{closes:%H:%M}, allowed openings in order, each before its closing")
        end = closes


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"found {moment} without a zone, allowed aware times")
    return moment.astimezone(UTC)


def _turning(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first moment of the new offset between two moments, to the second."""
    new = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    start = before.replace(microsecond=0)
    while low < high:
        middle = (low + high) // 2
        if (start + timedelta(seconds=middle)).astimezone(zone).utcoffset() == new:
            high = middle
        else:
            low = middle + 1
    return start + timedelta(seconds=low)


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Stretches that touch or overlap, as around midnight or a clock turned back, become one."""
    joined: list[Stretch] = []
    for opens, closes in stretches:
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined


def _months_later(day: date, amount: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + amount, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def _country(code: str, year: int) -> holidays.HolidayBase:
    country, _, subdivision = code.partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None, years=year, expand=False)
