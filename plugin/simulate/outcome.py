"""What a pack would have made of one ticket: verdicts, clocks, what was written, told and asked, and who carried it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Doing(StrEnum):
    """What Steward would have done that somebody notices, or has to do something about."""

    NOTE = "note"
    """An internal note on the ticket."""
    TASK = "task"
    """A checklist item or a task ticket."""
    MESSAGE = "message"
    """A mail to the customer."""
    NOTICE = "notice"
    """A mail or bell of Zammad's to one agent."""


class ClockEnd(StrEnum):
    """How a clock came out."""

    MET = "met"
    """In time, before anybody was warned."""
    WARNED = "warned"
    """In time, after the warning."""
    BREACHED = "breached"
    UNANSWERED = "unanswered"
    """Closed before the limit without an answer to the customer."""
    OPEN = "open"
    """Still running or paused when the history was read."""
    CANCELLED = "cancelled"
    """The promise did not apply any more."""


@dataclass(frozen=True, slots=True)
class Done:
    """One doing: for whom (a login, or a group's agents), by which rule, and why."""

    doing: Doing
    at: datetime
    person: str
    rule: str
    what: str
    clause: str
    because: str
    only_observed: bool = False
    """The rule only observes: it would have been recorded, nothing else."""

    @property
    def sort(self) -> tuple[str, str, str]:
        """What makes two doings of two packs the same kind of thing."""
        return self.doing.value, self.rule, self.what


@dataclass(frozen=True, slots=True)
class ClockResult:
    """One clock at the end; ``because`` says what it had and what became of it."""

    name: str
    epoch: str
    clause: str
    starts_at: datetime
    limit_at: datetime
    end: ClockEnd
    because: str


@dataclass(frozen=True, slots=True)
class Judged:
    """An agent's own verdict on something a rule had an opinion about before him."""

    rule: str
    subject: str
    claimed: str
    said: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Carried:
    """For how long somebody was accountable for the open matter."""

    person: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one pack makes of one ticket. ``verdicts`` by field name, ``reasons`` for them in words.

    ``unjudged`` are (rule, subject) on which a rule took a stand and no agent ever said anything.
    """

    ticket_id: int
    number: str
    group: str
    begun_at: datetime
    in_force: bool
    verdicts: Mapping[str, str]
    reasons: Mapping[str, str]
    clocks: tuple[ClockResult, ...]
    done: tuple[Done, ...]
    carried: tuple[Carried, ...]
    judged: tuple[Judged, ...] = ()
    unjudged: tuple[tuple[str, str, datetime], ...] = ()
    decisions: int = 0
    facts: int = 0
    touched: tuple[tuple[str, datetime], ...] = ()
    """When rules with a limit wrote to the ticket: what their effects are called by, and the moment."""
