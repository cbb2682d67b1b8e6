"""Whom an interruption concerns: the tickets linked to it, and which of their customers were answered since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from plugin.model.conversation import answers
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
    return bool(seen is not None and seen["untold"])


def concerned(links: Iterable[Link], tickets: Iterable[LinkedTicket], *, own_id: int) -> tuple[int, ...]:
    """Ids of the linked tickets that customers wait on: open ones that are none of our tasks."""
    linked = {link.ticket_id for link in links}
    found = (t for t in tickets if t.id in linked and t.created_by_id != own_id and t.state_type not in CLOSED_TYPES)
    return tuple(sorted(ticket.id for ticket in found))[:MOST]


def told(ids: Iterable[int], timeline_of: Callable[[int], Timeline], *, since: datetime) -> frozenset[int]:
    """Those on which a customer was answered since, as far as our own store knows."""
    return frozenset(one for one in ids if any(answer.at >= since for answer in answers(timeline_of(one))))
