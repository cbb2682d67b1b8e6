"""A policy pack as the rules see it: scope, people, tiers, words, clocks and rules, all checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from enum import StrEnum
from hashlib import sha256
from string import Formatter
from typing import Any

from plugin.model.calendars import Calendar
from plugin.model.decision import Mode
from plugin.model.durations import Duration
from plugin.model.rollout import RunningCases
from plugin.model.ticket import StateType

MEANS = "means"
"""Key of a field's metadata: what it means where nothing stands there, for people; without it: nothing."""


class Kind(StrEnum):
    """What a ticket is taken for (design.md, "Which tickets, from when")."""

    COMPLAINT = "complaint"
    REQUEST = "request"
    NONE = "none"


KINDS: tuple[Kind, ...] = tuple(Kind)


class Tier(StrEnum):
    """Severity of a complaint, lowest first (A2.1)."""

    GENERAL = "general"
    SERIOUS = "serious"
    MAJOR = "major"

    def is_from(self, least: Tier) -> bool:
        """Whether it is as grave as ``least``, or graver."""
        return TIERS.index(self) >= TIERS.index(least)


TIERS: tuple[Tier, ...] = (Tier.GENERAL, Tier.SERIOUS, Tier.MAJOR)


class Jurisdiction(StrEnum):
    """Whose matter it is (C4.1)."""

    OURS = "ours"
    NOT_OURS = "not_ours"
    SHARED = "shared"
    """Somebody outside is needed as well."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tickets the pack is for. ``groups`` None: every group the service user may change."""

    groups: tuple[str, ...] | None = field(default=None, metadata={MEANS: "all"})
    exclude_groups: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    """A ticket with one of these tags is left alone (spam)."""
    exclude_senders: tuple[str, ...] = ()
    """Addresses of monitoring systems, or parts of them: kind ``none``."""
    own_domains: tuple[str, ...] = ()
    """Mail domains of our own: their tickets are kind ``none``."""


@dataclass(frozen=True, slots=True)
class People:
    """Logins named by the pack; empty means none is named, and steps go to first responder and owner instead."""

    supervisors: tuple[str, ...] = ()
    management: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    sales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TierSettings:
    """Who handles a tier (logins told when a complaint enters it)."""

    handlers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """Which tickets a rule, or other time on a clock, is for, inside the scope; an empty part is no restriction."""

    kinds: tuple[Kind, ...] = field(default=(), metadata={MEANS: "all"})
    tiers: tuple[Tier, ...] = field(default=(), metadata={MEANS: "all"})
    groups: tuple[str, ...] = field(default=(), metadata={MEANS: "all"})
    natures: tuple[str, ...] = field(default=(), metadata={MEANS: "all"})
    vip: bool | None = field(default=None, metadata={MEANS: "VIP or not"})
    """True: only where the customer or his organization is VIP; False: only where neither is; None: both."""


@dataclass(frozen=True, slots=True)
class OtherTime:
    """What a clock has for some of its tickets (VIP, say) instead of its own; None: as the clock has it."""

    when: When
    target: Duration | None = None
    limit: Duration | None = None
    extended_limit: Duration | None = None
    calendar: str | None = None
    warn_at: float | None = None
    pauses: bool | None = None


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """One clock of the pack. ``target`` and ``limit`` run on ``calendar``; ``kinds`` says which tickets it is for.

    ``warn_at`` is the share of the limit (0–1) at which it warns; the target warns too if it is earlier.
    ``pauses``: whether waiting for the customer stops it. ``tiers`` None: all.
    """

    name: str
    clause: str
    limit: Duration
    calendar: str
    target: Duration | None = None
    warn_at: float = 0.75
    kinds: tuple[Kind, ...] = (Kind.COMPLAINT,)
    tiers: tuple[Tier, ...] | None = field(default=None, metadata={MEANS: "all"})
    pauses: bool = False
    extended_limit: Duration | None = None
    """The limit after the one extension (resolution: 60 days)."""
    instead: tuple[OtherTime, ...] = ()
    """Other times for some tickets; the first that fits holds."""

    def with_time(self, other: OtherTime) -> ClockSettings:
        """The clock as it runs where ``other`` fits: what that leaves open stays as it is."""
        said = {name: value for name in _TIMES if (value := getattr(other, name)) is not None}
        return replace(self, **said, instead=())


_TIMES = tuple(part.name for part in fields(OtherTime) if part.name != "when")


@dataclass(frozen=True, slots=True)
class Words:
    """Word lists: plain phrases, matched without case at word edges; a trailing ``*`` takes any ending."""

    complaint: tuple[str, ...] = ()
    serious: tuple[str, ...] = ()
    danger: tuple[str, ...] = ()
    promise: tuple[str, ...] = ()
    """An agent's: with a pending reminder in the same act they promise that moment."""
    mood: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    """It concerns many."""
    urgency: tuple[str, ...] = ()
    not_ours: tuple[str, ...] = ()
    """Suggest that the matter is somebody else's, or (``shared``) that somebody outside is needed."""
    shared: tuple[str, ...] = ()
    enquiry: tuple[str, ...] = ()
    """A request that may become a sale."""
    natures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy put to work. ``options`` is an instance of the policy module's ``Options``.

    ``limit``: at most so many tickets are written to by this rule in a rolling 24 h; None for no cap.
    """

    name: str
    policy: str
    mode: Mode
    options: object
    when: When = When()
    limit: int | None = None
    groups: tuple[str, ...] = field(default=(), metadata={MEANS: "all"})
    """Roll-out: only here the rule enforces, elsewhere it observes; empty: everywhere."""
    share: float = 1.0
    """Roll-out: of so large a part of all tickets (0–1), always the same ones, the rule enforces."""
    clauses: tuple[str, ...] = ()
    """What the rule carries out: the pack's own ``clauses``, where it names none those of the policy."""
    running_cases: RunningCases = RunningCases.MOVE
    """Keep: cases under way that move to this version keep this rule and its clocks as their former one has them."""

    @property
    def effects_named(self) -> frozenset[str]:
        """What its effects are called by, before the first dot: its own name, or its policy's."""
        return frozenset({self.name, self.policy})


def meaning_of_nothing(one: Field[Any], value: object) -> str | None:
    """What a field means in which nothing stands, None where something does, or where nothing is meant."""
    return one.metadata.get(MEANS) if value is None or value == () else None


def share_of_tickets(ticket_id: int) -> float:
    """Where a ticket stands among all (0 to below 1): of a share that grows, whoever was in it stays in it."""
    digest = sha256(str(ticket_id).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


MESSAGES: Mapping[str, tuple[str, ...]] = {
    "confirmation": ("number", "closed_on"),
    "closing": ("number", "closed_on"),
    "acknowledgement": ("number", "answer_by"),
    "interruption": ("number",),
    "interruption_until": ("number", "back_at"),
    "restored": ("number",),
}
"""Every message there is, and all it may name: ticket number, day of closing, moment of the first answer at latest,
moment at which what is interrupted is expected to be back."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """A message to the customer in one language: plain text with closed placeholders (``MESSAGES``)."""

    subject: str
    body: str

    @property
    def placeholders(self) -> frozenset[str]:
        """What it names."""
        return frozenset(name for _, name, _, _ in Formatter().parse(f"{self.subject} {self.body}") if name)


ITEMS_OF_THE_TICKET = (
    "time",
    "customer",
    "contact",
    "content",
    "progress",
    "responsible",
    "result",
    "customer_view",
    "follow_up",
)
"""Items of a record that are read from the ticket itself (C3.3); a line of the pack may stand in for one."""


@dataclass(frozen=True, slots=True)
class RecordItem:
    """Something agents write down with a matter: a line of an internal note ("Cause: …"), or a ticket attribute.

    ``lines`` are by language what stands before the colon; ``field`` is the attribute that holds it as well. ``values``
    are by code the words that mean it, for an item that knows only these answers; empty: any text.
    """

    name: str
    lines: tuple[tuple[str, tuple[str, ...]], ...] = ()
    field: str | None = None
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()


class JudgedAt(StrEnum):
    """When a record is looked through for what is missing."""

    CLOSING = "closing"
    """An agent's closing."""
    FOLLOW_UP = "follow_up"
    """The end of the follow-up."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Items the record of these matters must have by ``at``; where ``when`` names no kinds, complaints are meant."""

    clause: str
    items: tuple[str, ...]
    at: JudgedAt = JudgedAt.CLOSING
    when: When = When(kinds=(Kind.COMPLAINT,))


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a matter: what agents write down and how, and what it must have when (C3.3, D5.2, E4.1)."""

    items: tuple[RecordItem, ...] = ()
    required: tuple[Requirement, ...] = ()
    plan: tuple[str, ...] = ()
    """Items a plan must name before *plan-ready* counts (D5.3)."""

    def item(self, name: str) -> RecordItem | None:
        return next((item for item in self.items if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Retention:
    """Record classes and how long each is kept at least (C3.3: six months)."""

    minimum: Duration
    classes: Mapping[str, Duration]
    default_class: str = "service"
    complaint_class: str = "complaint"


@dataclass(frozen=True, slots=True)
class Pack:
    """A whole pack. ``version`` is a digest of its text: versions are kept, never overwritten."""

    name: str
    version: str
    title: str
    language: str
    zone: str
    scope: Scope
    people: People
    tiers: Mapping[Tier, TierSettings]
    natures: tuple[str, ...]
    words: Words
    group_kinds: Mapping[str, Kind]
    """Groups whose tickets are of a kind whatever is said (group "Complaints": complaint)."""
    calendars: Mapping[str, Calendar]
    clocks: Mapping[str, ClockSettings]
    rules: tuple[Rule, ...]
    retention: Retention
    messages: Mapping[str, Mapping[str, MessageText]] = field(default_factory=dict)
    """By name and language; the pack's language is sent."""
    running_cases: RunningCases = RunningCases.MOVE
    """What becomes of running cases when this version is put in force, where nobody says otherwise."""
    waiting_states: tuple[str, ...] | None = field(default=None, metadata={MEANS: "those of the type pending reminder"})
    """Names of the ticket states that mean waiting for the customer; None: those of the type pending reminder."""
    office: str = "office"
    """Name of the calendar for working days, orphan and hand-over times, quiet hours."""
    attribute_kinds: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    """Ticket attributes whose values say the kind (category: {Complaint: complaint}), by their name."""
    channel_kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Zammad's article types whose tickets are of a kind (web: complaint)."""
    attribute_natures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    group_natures: Mapping[str, str] = field(default_factory=dict)
    group_jurisdictions: Mapping[str, Jurisdiction] = field(default_factory=dict)
    """Groups whose matters are hardly ours; it only suggests."""
    record: Record = Record()

    def calendar(self, name: str) -> Calendar:
        return self.calendars[name]

    @property
    def kept_rules(self) -> tuple[str, ...]:
        """Names of the rules that cases under way keep as their former version has them."""
        return tuple(rule.name for rule in self.rules if rule.running_cases is RunningCases.KEEP)

    def means_waiting(self, *, state: str, state_type: str) -> bool:
        """Whether a ticket in this state waits for the customer, where the last public word is ours."""
        if self.waiting_states is None:
            return state_type == StateType.PENDING_REMINDER
        return state in self.waiting_states

    def message(self, name: str) -> MessageText | None:
        """The message of that name in the pack's language."""
        return self.messages.get(name, {}).get(self.language)

    @property
    def office_calendar(self) -> Calendar:
        return self.calendars[self.office]
