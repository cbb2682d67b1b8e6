"""What should hold for a ticket, each part with its clause and reason: the answer of ``engine.decide``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import IntEnum, StrEnum

from plugin.model.clocks import Clock
from plugin.model.words import Text

FieldValue = str | bool | datetime | date | None


STEWARD_FIELDS: tuple[str, ...] = (
    "steward_kind",
    "steward_tier",
    "steward_nature",
    "steward_stage",
    "steward_first_responder",
    "steward_next_due_at",
    "steward_next_due",
    "steward_breached",
    "steward_retention",
    "steward_erase_after",
    "steward_hold",
)
"""Every ticket attribute Steward manages (design.md, Quiet fields)."""

KEPT_FIELDS = frozenset({"steward_hold", "steward_breached"})
"""Not emptied when a ticket is taken for none of ours: a hold stands, and what was broken stays on record."""


class Mode(StrEnum):
    """Whether a rule writes (``enforce``) or records what it would do (``observe``)."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class Slot(StrEnum):
    """The three places for tags; each holds at most one at a time (design.md, Tags)."""

    TIER = "tier"
    DUE = "due"
    STATE = "state"
    OPTION = "option"
    """``steward:hold``, ``steward:dispute``: options of the pack, outside the three."""


TAG_ORDER: dict[Slot, tuple[str, ...]] = {
    Slot.TIER: ("steward:suspected", "steward:major", "steward:serious"),
    Slot.DUE: ("steward:breached", "steward:waiting", "steward:warned"),
    Slot.STATE: ("steward:orphan", "steward:ping-pong", "steward:hand-over", "steward:incomplete", "steward:repeat"),
}
"""Of several that hold, the first wins."""


class Urgency(IntEnum):
    """Who hears of a note at once."""

    QUIET = 0
    """Nobody is told; it can be read on the ticket."""
    TELL = 1
    """Named people must act: mention and ``preferences.notification``, in quiet hours only afterwards."""
    DANGER = 2
    """Danger to persons: told at once, whatever the hour."""


@dataclass(frozen=True, slots=True)
class Field:
    """A ``steward_*`` field should hold ``value`` (None empties it)."""

    name: str
    value: FieldValue
    clause: str
    because: Text
    rule: str = ""
    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag should be there. ``cause`` changes when it may be added again although an agent removed it."""

    tag: str
    slot: Slot
    cause: str
    clause: str
    because: Text
    rule: str = ""
    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True, slots=True)
class WordDone:
    """An agent's word (``steward:say:…``) was read and is taken off the ticket again."""

    tag: str
    because: Text
    rule: str = ""
    mode: Mode = Mode.ENFORCE
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A System note that should have been written by now, once per (rule, epoch).

    ``lines``: one sentence on what is next and by when; clause, reason and what would end it are added when rendered.
    ``tell`` are logins who must act. ``asked`` notes answer an agent's word and do not count against the two unasked
    ones; ``ladder`` steps of a major matter do not count either. ``moment`` is when it became due (never ``now``).
    """

    rule: str
    epoch: str
    lines: tuple[Text, ...]
    clause: str
    because: Text
    moment: datetime
    ends_with: Text | None = None
    tell: tuple[str, ...] = ()
    urgency: Urgency = Urgency.QUIET
    asked: bool = False
    ladder: bool = False
    mode: Mode = Mode.ENFORCE
    about: str = ""
    """What kind of news: warning, breach, major, hand-over, refusal, orphan, ping-pong, silence, danger …"""


class TaskForm(StrEnum):
    """How a task is put into Zammad."""

    ITEM = "item"
    """A checklist item where Zammad has checklists, else a child ticket."""
    TICKET = "ticket"
    """Always a child ticket (follow-up tasks after closing: they must not hold up the closing)."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task that should exist, once per (rule, epoch).

    ``key`` is short and stable (``investigate``, ``talk``, ``put_right``, ``team``, ``management``,
    ``follow_up_visit``): items and task tickets are recognised by it. ``wanted`` False means: no longer needed; an
    open one is withdrawn (void).
    """

    rule: str
    epoch: str
    key: str
    title: Text
    clause: str
    because: Text
    due_at: datetime | None = None
    assignee: str | None = None
    """Login of the person answerable, None when nobody is known."""
    form: TaskForm = TaskForm.ITEM
    wanted: bool = True
    settled: bool = False
    """Not wanted any more as it was done, though nobody ticked it: it reads *done* then, not *no longer needed*."""
    mode: Mode = Mode.ENFORCE
    lines: tuple[Text, ...] = ()
    """What else stands in the note of a task ticket: what to ask, say."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the customer that should have gone out by now; sent only with the server-wide switch on."""

    rule: str
    epoch: str
    template: str
    clause: str
    because: Text
    moment: datetime
    values: tuple[tuple[str, str | datetime | Text], ...] = ()
    """By placeholder; a moment is shown as its day."""
    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True, slots=True)
class Ticketed:
    """The ticket itself should change: reopened for a dissatisfied customer, say. ``state_type`` open."""

    rule: str
    epoch: str
    state_type: str
    clause: str
    because: Text
    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True, slots=True)
class NextStep:
    """What the checklist's name says: the next step and its moment."""

    text: Text
    clause: str
    because: Text


@dataclass(frozen=True, slots=True)
class Look:
    """Something can change by itself at ``at``: look again then.

    ``certain``: what should hold is another thing then, if nothing happens before; nobody need decide to find out.
    """

    at: datetime
    because: Text
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A conclusion later policies build on (``kind``, ``tier``, ``accountable``, ``waiting`` …)."""

    name: str
    value: object
    clause: str
    because: Text
    rule: str = ""
    """Named where the rule is on trial."""
    mode: Mode = Mode.ENFORCE


Should = Field | Tag | WordDone | Clock | Note | Task | Message | Ticketed | NextStep | Look | Finding
"""What a policy may yield."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that should hold at ``now``, ready for ``plan``.

    ``in_force`` False: nothing may be written for this ticket (kind ``none``, out of scope, merged source, deleted).
    """

    now: datetime
    in_force: bool
    because: Text
    fields: tuple[Field, ...] = ()
    tags: tuple[Tag, ...] = ()
    words: tuple[WordDone, ...] = ()
    clocks: tuple[Clock, ...] = ()
    notes: tuple[Note, ...] = ()
    tasks: tuple[Task, ...] = ()
    messages: tuple[Message, ...] = ()
    ticket: tuple[Ticketed, ...] = ()
    next_step: NextStep | None = None
    looks: tuple[Look, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    trial_clocks: tuple[Clock, ...] = ()
    """As rules on trial count them, where a rule that writes counts the same clock."""
    trial_alike: tuple[Field | Tag, ...] = ()
    """What rules on trial say of fields and tags just as rules that write do."""

    @property
    def next_look(self) -> Look | None:
        """The next moment anything can change by itself, None for never."""
        future = [look for look in self.looks if look.at > self.now]
        return min(future, key=lambda look: (look.at, not look.certain)) if future else None

    def calls_for_otherwise_than(self, other: Decision) -> bool:
        """Whether anything that is written or kept differs, whenever the two were decided."""
        return any(getattr(self, name) != getattr(other, name) for name in _HELD_TO)

    def finding(self, name: str) -> Finding | None:
        return next((f for f in self.findings if f.name == name), None)


_BUILT_ON = frozenset({"now", "looks", "findings", "trial_clocks", "trial_alike"})
_HELD_TO = tuple(one.name for one in fields(Decision) if one.name not in _BUILT_ON)
"""What a decision asks for: everything but when it was made, when to look again, and what it was built on."""
