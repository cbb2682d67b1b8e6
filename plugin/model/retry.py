"""When a case is tried again, as a value: an outage is waited out, a failing case is parked in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TRIES = 8
"""Failures in a row after which a case is parked (promises 9)."""
PATIENCE = timedelta(hours=24)
"""How long a case may fail before it is parked, however few tries that were."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=4)
IMPOSSIBLE_PAUSE = LONGEST_PAUSE + timedelta(hours=1)
"""Nothing is put off longer: a date farther away was reckoned by a clock that was wrong."""
OUTAGE_PAUSE = timedelta(seconds=15)
"""An unavailable Zammad is asked again so often (promises 10: one probe per 15 s)."""
LONGEST_OUTAGE_PAUSE = timedelta(seconds=300)
"""However long ``Retry-After`` says."""
PASSING_TRIES = 3
"""So many failures in a row may be a passing trouble of Zammad's; more are a lasting one of this ticket."""
SOON = timedelta(seconds=5)
"""When a write that is harmless to repeat is tried again, its outcome being unknown."""
NO_RIGHT_PAUSE = timedelta(minutes=10)
"""A write that our user may not do is tried again so often: rights come back without a word."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """Try again at ``at``, or never by ourselves: ``at`` None parks the case."""

    at: datetime | None

    @property
    def parks(self) -> bool:
        return self.at is None


def after_failure(*, tries_before: int, first_failure_at: datetime | None, now: datetime) -> RetryDecision:
    """A failure that is the case's own: 10 s, 40 s, 160 s … 4 h, parked at the eighth or after 24 hours."""
    since = first_failure_at or now
    if tries_before + 1 >= TRIES or now - since >= PATIENCE:
        return RetryDecision(at=None)
    return RetryDecision(at=now + min(FIRST_PAUSE * 4**tries_before, LONGEST_PAUSE))


def after_outage(*, retry_after: float | None, now: datetime) -> datetime:
    """When to ask an unavailable Zammad again; ``retry_after`` (seconds) is what it asked for. Never parks."""
    asked = timedelta(seconds=max(0.0, retry_after)) if retry_after is not None else OUTAGE_PAUSE
    return now + min(asked, LONGEST_OUTAGE_PAUSE)


def after_unreadable(*, tries_before: int, now: datetime) -> datetime:
    """When to read again what Zammad could not tell: 15 s a few times, then twice as long up to 300 s. Never parks."""
    doublings: int = min(max(0, tries_before + 1 - PASSING_TRIES), 10)
    return now + min(OUTAGE_PAUSE * float(2**doublings), LONGEST_OUTAGE_PAUSE)


def after_unknown(*, unknowns: int, now: datetime) -> datetime:
    """When a harmless write may be repeated whose outcome was unknown so often in a row: 5 s, 10 s … 300 s."""
    doublings: int = min(unknowns - 1, 10)
    return now + min(SOON * float(2**doublings), LONGEST_OUTAGE_PAUSE)
