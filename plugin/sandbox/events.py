"""What has happened in a request, kept until its end: Zammad's event buffer with its merging and its leak."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Changes = dict[str, tuple[Any, Any]]

QUIET_COLUMNS = frozenset({"updated_at", "article_count", "create_article_type_id", "create_article_sender_id"})
"""Columns whose change alone is no event (contract 3.1)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a ticket: `kind` is `create`, `update`, `update.merged_into` or `update.received_merge`."""

    ticket_id: int
    kind: str
    user_id: int
    article_id: int | None = None
    changes: Changes = field(default_factory=dict)


class EventBuffer:
    """The events of the running request.

    As in Zammad it outlives a rollback: what a refused request left in it is committed by the next request,
    whosever it is (a phantom, contract 3.2).
    """

    def __init__(self) -> None:
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        """Remembers an event until the next `take`."""
        self._events.append(event)

    def take(self) -> list[Event]:
        """Empties the buffer: one event per ticket and kind, first old and last new values, in order."""
        merged: dict[tuple[int, str], Event] = {}
        for event in self._events:
            key = _key(event, merged)
            merged[key] = _joined(merged[key], event) if key in merged else event
        self._events = []
        return list(merged.values())


def _key(event: Event, merged: dict[tuple[int, str], Event]) -> tuple[int, str]:
    created = (event.ticket_id, "create")
    if event.kind == "update" and created in merged:
        return created
    return (event.ticket_id, event.kind)


def _joined(first: Event, later: Event) -> Event:
    changes = dict(first.changes)
    for column, (old, new) in later.changes.items():
        changes[column] = (changes[column][0] if column in changes else old, new)
    return Event(
        ticket_id=first.ticket_id,
        kind=first.kind,
        user_id=later.user_id,
        article_id=first.article_id if later.article_id is None else later.article_id,
        changes=changes,
    )
