"""Whom an interruption concerns: the tickets linked to it, and which of their customers were answered since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from plugin.model import linked
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.said import SAY
from plugin.model.ticket import CLOSED_TYPES, Link, LinkedTicket

MOST = 200
"""So many linked tickets are looked after; of more than these the task speaks for all."""


def interrupted_since(facts: Iterable[Fact]) -> datetime | None:
    """When an agent said *interruption* last, None where nobody did."""
    said = [f.at for f in facts if f.kind is FactKind.TAG_ADDED and f["tag"] == f"{SAY}interruption" and f.by.is_agent]
    return max(said, default=None)


def are_awaited(known: Timeline) -> bool:
    """Whether customers of linked tickets were still to be told when we looked last."""
    seen = known.observed("linked")
    return bool(seen is not None and (seen["untold"] or seen["beyond"]))


def concerned(links: Iterable[Link], tickets: Iterable[LinkedTicket], *, own_id: int) -> tuple[int, ...]:
    """Ids of the linked tickets that customers wait on: open ones that are none of our tasks."""
    beside = {link.ticket_id for link in links}
    found = (t for t in tickets if t.id in beside and t.created_by_id != own_id and t.state_type not in CLOSED_TYPES)
    return tuple(sorted(ticket.id for ticket in found))


def told(
    ids: Iterable[int], timeline_of: Callable[[int], Timeline], *, known: Timeline, since: datetime
) -> frozenset[int]:
    """Those on which a customer was answered since, or written to by us, as far as our own store knows."""
    seen = known.observed("linked")
    linked_since = (seen["since"] if seen is not None else None) or {}
    return frozenset(one for one in ids if _is_told(timeline_of(one), linked_since.get(str(one)), since))


def _is_told(timeline: Timeline, linked_since: str | None, opened_at: datetime) -> bool:
    if linked.is_answered(timeline, opened_at):
        return True
    if linked_since is None:
        return False
    since = max(opened_at, datetime.fromisoformat(linked_since))
    return bool(linked.told(timeline, opened_at=opened_at, since=since))
