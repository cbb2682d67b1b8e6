"""A running clock's arithmetic: deadlines that pauses push back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from plugin.model.calendars import Calendar
from plugin.model.durations import Duration

Pause = tuple[datetime, datetime | None]
"""From and until; None while it lasts."""


def deadline(
    calendar: Calendar, start: datetime, duration: Duration, pauses: Sequence[Pause], now: datetime
) -> datetime:
    """``duration`` after ``start``, pushed back by the working time of every pause that begins before it.

    Pauses that overlap count once; one that still lasts counts up to ``now``. Time before ``start`` never counts.
    """
    return pushed_back(calendar, start, calendar.after(start, duration), pauses, now)


def share_of(
    calendar: Calendar, start: datetime, limit: datetime, share: float, pauses: Sequence[Pause], now: datetime
) -> datetime:
    """The moment when ``share`` (0-1) of the working time from ``start`` to the unpaused ``limit`` has passed.

    Pauses push it back as they do a deadline. Where nothing is worked up to the limit, the share is of elapsed time.
    """
    worked = calendar.working_time(start, limit)
    moment = calendar.after_working_time(start, worked * share) if worked else start + (limit - start) * share
    return pushed_back(calendar, start, moment, pauses, now)


def pushed_back(
    calendar: Calendar, start: datetime, moment: datetime, pauses: Sequence[Pause], now: datetime
) -> datetime:
    """A moment of a calendar that knows no pauses, as these push it back."""
    for since, until in merged((max(since, start), until or now) for since, until in pauses):
        if since >= moment:
            break
        moment = calendar.after_working_time(moment, calendar.working_time(since, until))
    return moment


def merged(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Spans in order, those that overlap or touch as one, empty ones left out."""
    held: tuple[datetime, datetime] | None = None
    for since, until in sorted(span for span in spans if span[0] < span[1]):
        if held is not None and since <= held[1]:
            held = (held[0], max(held[1], until))
            continue
        if held is not None:
            yield held
        held = (since, until)
    if held is not None:
        yield held
