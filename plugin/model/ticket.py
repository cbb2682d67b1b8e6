"""What one read of Zammad says: a ticket, its articles, history rows, checklist and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from plugin.model.people import NOBODY_ID


class StateType(StrEnum):
    """Zammad's state types: names and ids of states differ between servers, their types do not (contract 5.1)."""

    NEW = "new"
    OPEN = "open"
    PENDING_REMINDER = "pending reminder"
    PENDING_ACTION = "pending action"
    CLOSED = "closed"
    MERGED = "merged"
    REMOVED = "removed"


CLOSED_TYPES = frozenset({StateType.CLOSED, StateType.MERGED, StateType.REMOVED})


@dataclass(frozen=True, slots=True)
class Ticket:
    """One look at a ticket (``GET /tickets/:id?expand=true``).

    ``version`` is Zammad's ``updated_at`` as text: an opaque token, compared for equality only (promises 1).
    ``fields`` holds the ``steward_*`` attributes that exist on this server; ``extra`` every key we do not know.
    """

    id: int
    number: str
    title: str
    version: str
    group_id: int
    group: str
    owner_id: int
    customer_id: int
    organization_id: int | None
    state: str
    state_type: StateType
    priority_id: int | None
    created_at: datetime
    updated_at: datetime
    created_by_id: int
    updated_by_id: int
    article_ids: tuple[int, ...]
    pending_time: datetime | None = None
    close_at: datetime | None = None
    last_close_at: datetime | None = None
    checklist_id: int | None = None
    preferences: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_merged(self) -> bool:
        return self.state_type is StateType.MERGED

    @property
    def is_closed(self) -> bool:
        return self.state_type in CLOSED_TYPES

    @property
    def has_owner(self) -> bool:
        return self.owner_id != NOBODY_ID


@dataclass(frozen=True, slots=True)
class ChangedTicket:
    """A row of the sweep: as much of a ticket as it takes to see that it changed, and by whom."""

    id: int
    version: str
    updated_at: datetime
    updated_by_id: int


@dataclass(frozen=True, slots=True)
class Article:
    """One article. ``sender`` is Agent, Customer or System; ``type`` Zammad's article type name."""

    id: int
    ticket_id: int
    type: str
    sender: str
    internal: bool
    body: str
    content_type: str
    subject: str
    from_: str
    to: str
    cc: str
    created_by_id: int
    origin_by_id: int | None
    created_at: datetime
    message_id: str = ""
    in_reply_to: str = ""
    preferences: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_communication(self) -> bool:
        return self.type != "note"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row of ``GET /ticket_history/:id``: a change with person and time.

    ``source`` is ``sourceable_type`` (Trigger, Job, …): such a row is not a person's, whoever ``created_by_id`` is.
    """

    id: int
    object: str
    o_id: int
    type: str
    attribute: str | None
    value_from: str | None
    value_to: str | None
    id_from: int | None
    id_to: int | None
    created_by_id: int
    created_at: datetime
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item of a ticket's checklist (Zammad 6.4 and newer)."""

    id: int
    text: str
    checked: bool
    ticket_id: int | None = None
    updated_at: datetime | None = None
    updated_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """A ticket's one checklist, items in their shown order."""

    id: int
    name: str
    items: tuple[ChecklistItem, ...]
    created_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the ticket; ``type`` names the role of the *other* ticket: normal, parent, child."""

    type: str
    ticket_id: int


@dataclass(frozen=True, slots=True)
class LinkedTicket:
    """A child ticket that carries one of our tasks (tag ``steward:task``)."""

    id: int
    number: str
    title: str
    state_type: StateType
    created_by_id: int
    owner_id: int
    updated_by_id: int | None = None
    close_at: datetime | None = None
