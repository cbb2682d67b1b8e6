"""A clock: one promise with its start, target, warning, limit and end, and what stopped it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plugin.model.words import Text


class ClockState(StrEnum):
    """How a clock stands at ``now``."""

    RUNNING = "running"
    PAUSED = "paused"
    """Waiting for the customer, or stopped after a customer's mail on a closed ticket."""
    MET = "met"
    """Ended by what it waited for, before its limit."""
    BREACHED = "breached"
    """The limit passed unmet; still open (``ended_at`` None) or ended late."""
    CLOSED_UNANSWERED = "closed_unanswered"
    """The ticket was closed before its limit without an answer to the customer: a deviation (standard.md 9)."""
    CANCELLED = "cancelled"
    """The promise no longer applies (not ours, taken as a request, merged): neither met nor broken."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, ``until`` None while it lasts."""

    since: datetime
    until: datetime | None
    because: Text


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise, computed afresh from the facts at every decision.

    ``name`` is one of design.md's (``first_response``, ``result`` …); ``epoch`` tells instances of one name apart (a
    reopening, the number of a progress interval). Moments include pauses and extension so far: on a paused clock
    ``target_at``/``limit_at`` are what they would be if it resumed at ``now``, and not shown as due.
    ``announced`` is False for what was late before the rules were switched on: recorded, never announced.
    """

    name: str
    epoch: str
    clause: str
    calendar: str
    starts_at: datetime
    target_at: datetime
    warn_at: datetime
    limit_at: datetime
    state: ClockState
    because: Text
    """Why it runs, or what ended it."""
    ended_at: datetime | None = None
    breached_at: datetime | None = None
    """The limit it missed; stays when it ended late."""
    pauses: tuple[Span, ...] = ()
    extended_from: datetime | None = None
    ends_with: Text | None = None
    """What would end it, for notes."""
    announced: bool = True
    mode: str = "enforce"
    allowed: str = ""
    """How long it had, as the pack writes it (``24 h``); the extended limit once it was extended."""

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.state is not ClockState.CANCELLED

    @property
    def is_due_next(self) -> bool:
        """Counts for ``steward_next_due_at``: open, running, past limits included."""
        return self.is_open and self.state in (ClockState.RUNNING, ClockState.BREACHED)

    @property
    def was_broken(self) -> bool:
        return self.breached_at is not None
