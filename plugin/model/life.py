"""The life of a ticket in matters: acceptance to closing, reopened within 14 days or begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.model.conversation import agent_acts, articles, customer_articles, is_our_message
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import Actor
from plugin.model.ticket import CLOSED_TYPES, StateType

CONTINUES_WITHIN = timedelta(days=14)
"""A reopening within these days continues the clocks; a later one is a new matter."""

ONE_ACT = timedelta(seconds=2)
"""Rows of one PUT carry times some milliseconds apart: an agent's answer and his closing within this are one act."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The ticket was closed at ``at`` and counts as closed until ``until`` (None: still)."""

    at: datetime
    by: Actor
    key: str
    until: datetime | None = None
    reopened_by: Actor | None = None
    reopened_at: datetime | None = None
    """When Zammad reopened it; ``until`` is later where nobody has acted yet."""
    waits_since: datetime | None = None
    """Since when what a customer wrote afterwards waits for somebody to act."""
    again_at: datetime | None = None
    """When it was closed again after a customer's mail that reopened nothing: the record is kept from then on."""

    @property
    def last_at(self) -> datetime:
        """The date the record is kept from."""
        return self.again_at or self.at


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of a ticket: ``number`` counts from 1; ``closings`` are the closed stretches inside it."""

    number: int
    starts_at: datetime
    closings: tuple[Closing, ...] = ()

    @property
    def is_closed(self) -> bool:
        return bool(self.closings) and self.closings[-1].until is None

    @property
    def closed_at(self) -> datetime | None:
        return self.closings[-1].at if self.is_closed else None

    @property
    def suspended_at(self) -> datetime | None:
        """Since when a customer's mail on the closed ticket waits for somebody to act."""
        return self.closings[-1].reopened_at if self.is_closed else None

    @property
    def waits_since(self) -> datetime | None:
        """The same, None where no time that passes reopens it: he only answered our questions."""
        return self.closings[-1].waits_since if self.is_closed else None


def state_type_now(timeline: Timeline) -> str:
    """The ticket's state type after its last recorded change."""
    changes = timeline.changes_of("state")
    if changes:
        return str(changes[-1]["state_type_to"] or StateType.OPEN)
    created = timeline.of(FactKind.CREATED)
    return str(created[0]["state_type"] or StateType.NEW) if created else StateType.NEW


def _is_closed(state_type: object) -> bool:
    return state_type in CLOSED_TYPES


def _closing_change(fact: Fact) -> bool:
    return fact["attribute"] == "state" and _is_closed(fact["state_type_to"])


def _raw_closings(timeline: Timeline) -> Iterator[Closing]:
    """Closed stretches as Zammad recorded them."""
    open_one: Closing | None = None
    for created in timeline.of(FactKind.CREATED)[:1]:
        if _is_closed(created["state_type"]):
            open_one = Closing(at=created.at, by=created.by, key=created.key)
    for change in timeline.changes_of("state"):
        closes = _is_closed(change["state_type_to"])
        if closes and open_one is None:
            open_one = Closing(at=change.at, by=change.by, key=change.key)
        elif not closes and open_one is not None:
            yield replace(open_one, until=change.at, reopened_at=change.at, reopened_by=change.by)
            open_one = None
    if open_one is not None:
        yield open_one


def closings(
    timeline: Timeline, *, one_working_day: Callable[[datetime], datetime], now: datetime
) -> tuple[Closing, ...]:
    """Closed stretches as the standard counts them.

    Reopened by a customer's mail (or by Zammad itself), the ticket counts as closed until an agent acts or one working
    day passes; when that act is closing it again, it was never reopened. What comes too late to continue the matter
    begins a new one at once: an answer is owed within hours, and a working day of silence would break that promise
    before anybody had heard of it. Who only answers our survey (C4.3) wants nothing: no day's passing reopens that.
    """
    found: list[Closing] = []
    for raw in _raw_closings(timeline):
        if found and found[-1].until is None and found[-1].reopened_at is not None:
            found[-1] = _still_closed(
                found[-1], raw, timeline, one_working_day, now
            )  # closed again before anybody acted
            continue
        found.append(_settle(raw, timeline, one_working_day, now))
    return tuple(found)


def _settle(
    raw: Closing, timeline: Timeline, one_working_day: Callable[[datetime], datetime], now: datetime
) -> Closing:
    if raw.reopened_at is None or raw.reopened_by is None or not _is_by_mail(raw.reopened_by):
        return raw
    since = _waits_since(raw, raw.reopened_at, timeline)
    latest = one_working_day(since) if since is not None else None
    act = next((f for f in agent_acts(timeline) if f.at > raw.reopened_at and (latest is None or f.at <= latest)), None)
    raw = replace(raw, waits_since=since)
    if act is not None and _is_closing_act(act, timeline):
        return replace(raw, until=None)
    if latest is None:
        return replace(raw, until=act.at if act is not None else None)
    if _is_too_late(raw):
        return replace(raw, until=raw.reopened_at)
    if act is not None:
        return replace(raw, until=act.at)
    return replace(raw, until=latest if latest <= now else None)


def _waits_since(closing: Closing, reopened_at: datetime, timeline: Timeline) -> datetime | None:
    """Since when a customer waits for somebody to act; None where he only answered the questions we had asked."""
    wrote = [a for a in customer_articles(timeline) if a.at > max(closing.at, reopened_at - ONE_ACT)]
    asked = [a for a in articles(timeline) if is_our_message(a) and closing.at < a.at < reopened_at]
    if not wrote or not asked:
        return reopened_at
    first = next((a.at for a in wrote if not a["scores"]), None)
    return reopened_at if first is not None and first <= reopened_at + ONE_ACT else first


def _still_closed(
    before: Closing, again: Closing, timeline: Timeline, one_working_day: Callable[[datetime], datetime], now: datetime
) -> Closing:
    if again.reopened_at is None:
        return replace(before, until=None, reopened_at=None, reopened_by=None, waits_since=None, again_at=again.at)
    renewed = replace(again, at=before.at, by=before.by, key=before.key, again_at=again.at)
    return _settle(renewed, timeline, one_working_day, now)


def _is_by_mail(actor: Actor) -> bool:
    return not actor.is_agent and actor.role.value != "steward"


def _is_closing_act(act: Fact, timeline: Timeline) -> bool:
    same_act = (f for f in agent_acts(timeline) if act.at <= f.at <= act.at + ONE_ACT and f.by.id == act.by.id)
    return any(_closing_change(f) for f in same_act)


def matters(
    timeline: Timeline, *, one_working_day: Callable[[datetime], datetime], now: datetime
) -> tuple[Matter, ...]:
    """The ticket's matters, oldest first; there is always at least one."""
    created = timeline.of(FactKind.CREATED)
    starts_at = created[0].at if created else next((f.at for f in timeline), now)
    found = [Matter(number=1, starts_at=starts_at)]
    breaks = sorted(
        [(c.at, c) for c in closings(timeline, one_working_day=one_working_day, now=now)]
        + [(f.at, f) for f in timeline.of(FactKind.OBSERVED) if f["what"] == "revived"],
        key=lambda pair: pair[0],
    )
    for moment, event in breaks:
        if isinstance(event, Fact):
            found.append(Matter(number=len(found) + 1, starts_at=moment))
            continue
        found[-1] = replace(found[-1], closings=(*found[-1].closings, event))
        if _begins_anew(event):
            found[-1] = replace(found[-1], closings=(*found[-1].closings[:-1], replace(event, until=None)))
            found.append(Matter(number=len(found) + 1, starts_at=_began_again(timeline, event)))
    return tuple(found)


def _begins_anew(closing: Closing) -> bool:
    return closing.until is not None and _is_too_late(closing)


def _is_too_late(closing: Closing) -> bool:
    return closing.reopened_at is not None and closing.reopened_at - closing.at > CONTINUES_WITHIN


def _began_again(timeline: Timeline, closing: Closing) -> datetime:
    """A new matter is accepted with the customer's message that reopened the ticket, else with the reopening."""
    assert closing.reopened_at is not None
    since = [a for a in customer_articles(timeline) if closing.at < a.at <= closing.reopened_at + ONE_ACT]
    return since[-1].at if since else closing.reopened_at
