"""What a plan is made from, and what it is made of: the state of things, the terms of writing, and calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from plugin.model.calendars import Calendar
from plugin.model.decision import FieldValue, Mode
from plugin.model.effects import Effect
from plugin.model.facts import Timeline
from plugin.model.features import Features
from plugin.model.pack import MessageText
from plugin.model.ticket import Checklist, StateType, Ticket
from plugin.model.words import Text


class Render(Protocol):
    """A sentence in the pack's language. Moments are written for a reader of ``at``: the same whenever it is asked."""

    def __call__(self, sentence: Text, at: datetime | None = None, /) -> str: ...


# -- from -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What does hold: the newest look, the tags on the ticket, and who did what before.

    ``checklist`` is read only where tasks need it.
    """

    ticket: Ticket
    tags: frozenset[str]
    timeline: Timeline
    checklist: Checklist | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a decision names, as Zammad has him now. ``may_own``: full access in the ticket's group."""

    id: int
    login: str
    name: str
    may_read: bool
    may_own: bool


@dataclass(frozen=True, slots=True)
class Brake:
    """How many new notes may still be written over all tickets (None: any number), and from when more."""

    left: int | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms may be written now.

    ``mode`` is the server's, which caps every rule's own; ``exhausted`` are policies that wrote to as many tickets as
    their rule's ``limit`` allows; ``people`` are those the decision names, by login, or who is there in their
    place; ``standins`` are logins of who is told where nobody of them is. ``insist``: an operator looks, so
    what was given up is tried again. ``pack_version``: of the pack that decided.
    """

    now: datetime
    secret: bytes
    own_id: int
    mode: Mode
    features: Features
    office: Calendar
    render: Render
    paused: bool = False
    people: Mapping[str, Person] = field(default_factory=dict)
    standins: tuple[str, ...] = ()
    people_known: bool = False
    """Whether ``people`` was asked for: a first draft names nobody."""
    messages: Mapping[str, MessageText] = field(default_factory=dict)
    brake: Brake = Brake()
    exhausted: frozenset[str] = frozenset()
    insist: bool = False
    pack_version: str = ""

    def enforces(self, mode: Mode) -> bool:
        """Whether a part of that mode is really written."""
        return self.mode is Mode.ENFORCE and mode is Mode.ENFORCE and not self.paused


# -- of ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoteText:
    """The one System note of a plan. ``html`` is whole; ``tell`` are ids of those mentioned."""

    html: str
    op_keys: tuple[str, ...]
    tell: tuple[tuple[int, str], ...] = ()
    notify: bool = False


@dataclass(frozen=True, slots=True)
class TagAdd:
    effects: tuple[Effect, ...]
    tag: str


@dataclass(frozen=True, slots=True)
class TagRemove:
    effects: tuple[Effect, ...]
    tag: str


@dataclass(frozen=True, slots=True)
class Put:
    """One PUT: fields, state and note together, all or nothing (promises 6).

    ``blocked_by`` names empty mandatory fields that refuse every PUT: then only the note goes, by itself.
    """

    effects: tuple[Effect, ...]
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    state: StateType | None = None
    note: NoteText | None = None
    blocked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeChecklist:
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class NameChecklist:
    effects: tuple[Effect, ...]
    name: str
    checklist_id: int | None
    """None: the one this plan makes."""


@dataclass(frozen=True, slots=True)
class AddItem:
    effects: tuple[Effect, ...]
    text: str
    checklist_id: int | None
    """None: the one this plan makes."""


@dataclass(frozen=True, slots=True)
class VoidItem:
    effects: tuple[Effect, ...]
    item_id: int
    text: str


@dataclass(frozen=True, slots=True)
class MakeTask:
    """A child ticket; ``number`` makes it happen once (promises 7)."""

    effects: tuple[Effect, ...]
    number: str
    title: str
    note_html: str
    group_id: int
    owner_id: int | None
    pending_until: datetime | None


@dataclass(frozen=True, slots=True)
class VoidTask:
    effects: tuple[Effect, ...]
    ticket_id: int


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A mail to the customer, really sent; plain text, the address is looked up when it goes out."""

    effects: tuple[Effect, ...]
    subject: str
    body: str


Call = TagAdd | TagRemove | Put | SendMessage | MakeChecklist | NameChecklist | AddItem | VoidItem | MakeTask | VoidTask


@dataclass(frozen=True, slots=True)
class Held:
    """Something due that waits: until a moment, or (None) until something changes. ``why`` is a code."""

    op_key: str
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The fewest and quietest calls, in their order, and what is not done now.

    ``observed`` are effects that are only recorded; ``missing`` names fields the server lacks; ``alarms`` are codes.
    """

    calls: tuple[Call, ...] = ()
    held: tuple[Held, ...] = ()
    observed: tuple[Effect, ...] = ()
    missing: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.calls

    @property
    def wakes_at(self) -> datetime | None:
        """When the first of what waits may go."""
        return min((h.until for h in self.held if h.until is not None), default=None)
