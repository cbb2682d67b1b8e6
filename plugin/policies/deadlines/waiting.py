"""Stretches of waiting for the customer, in which no promise runs but the first (standard.md 9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from plugin.model.case import Case
from plugin.model.clocks import Span
from plugin.model.conversation import last_word_is_ours
from plugin.model.decision import Finding, Look
from plugin.model.durations import Duration
from plugin.model.facts import Fact, FactKind
from plugin.model.life import ONE_ACT
from plugin.model.words import text


def conclude(case: Case, *, ends_after: Duration) -> Iterator[Finding | Look]:
    """The stretches, and when the last of them ends by itself."""
    waits = tuple(_waits(case, ends_after))
    yield Finding("waiting", waits, "C3.1", text("Stretches of waiting for the customer."))
    if waits and waits[-1].until is None:
        ends = case.pack.calendar(_any_clock_calendar(case)).after(waits[-1].since, ends_after)
        yield Look(ends, text("Waiting for the customer ends then."))


def _any_clock_calendar(case: Case) -> str:
    return next((c.calendar for c in case.pack.clocks.values()), case.pack.office)


def _waits(case: Case, ends_after: Duration) -> Iterator[Span]:
    """Begins with *waiting* or a pending reminder set while the last public word is ours; standard.md 9."""
    since: datetime | None = None
    by_reminder = False
    calendar = case.pack.calendar(_any_clock_calendar(case))
    because = text("Waiting for the customer.")
    for fact in case.timeline:
        if since is not None:
            latest = calendar.after(since, ends_after)
            end = latest if fact.at > latest else _wait_end(case, fact, by_reminder)
            if end is not None:
                yield Span(since, end, because)
                since = None
        if since is None and (_is_waiting_word(fact) or _is_reminder(case, fact)):
            since, by_reminder = fact.at, not _is_waiting_word(fact)
    if since is not None:
        latest = calendar.after(since, ends_after)
        yield Span(since, latest if latest <= case.now else None, because)


def _is_waiting_word(fact: Fact) -> bool:
    return fact.kind is FactKind.TAG_ADDED and fact["tag"] == "steward:say:waiting" and fact.by.is_agent


def _is_reminder(case: Case, fact: Fact) -> bool:
    if fact.kind is not FactKind.CHANGED or fact["attribute"] != "state" or not fact.by.is_agent:
        return False
    # One PUT may answer and set the reminder: its rows stand some milliseconds apart.
    return _means_waiting(case, fact) and last_word_is_ours(case.timeline, at=fact.at + ONE_ACT)


def _wait_end(case: Case, fact: Fact, by_reminder: bool) -> datetime | None:
    if (
        fact.kind is FactKind.ARTICLE
        and fact["sender"] == "Customer"
        and not fact["automatic"]
        and not fact["internal"]
    ):
        return fact.at
    if fact.kind is FactKind.TAG_ADDED and fact["tag"] == "steward:say:resume" and fact.by.is_agent:
        return fact.at
    left = fact.kind is FactKind.CHANGED and fact["attribute"] == "state"
    if left and by_reminder and not _means_waiting(case, fact):
        return fact.at
    return None


def _means_waiting(case: Case, change: Fact) -> bool:
    return case.pack.means_waiting(state=str(change["to"]), state_type=str(change["state_type_to"]))
