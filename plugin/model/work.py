"""Work on a case: why it is woken, what a worker is handed, and what a visit hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

SETTLES_AN_HOUR = 6
"""Settles of one ticket in an hour that nothing explains; beyond it the ticket waits, with an alarm (promises 8)."""


class WakeReason(StrEnum):
    """Why a case is due. The order is the order of work: deadline > event > sweep (design.md)."""

    OPERATOR = "operator"
    """Somebody asked for a look, in full and now."""
    DEADLINE = "deadline"
    """A moment came at which something changes by itself."""
    EVENT = "event"
    """A webhook hinted at a change."""
    RETRY = "retry"
    """An effect may be tried, or found out about, again."""
    SWEEP = "sweep"
    """The sweep found it changed."""

    @property
    def rank(self) -> int:
        """0 is worked first."""
        return _RANKS[self]


TIMELY = frozenset({WakeReason.DEADLINE, WakeReason.RETRY})
"""Due because of time alone: held while our clock and Zammad's are apart."""
_RANKS = {reason: rank for rank, reason in enumerate(WakeReason)}


@dataclass(frozen=True, slots=True)
class Wake:
    """Look at the case at ``at``, for this reason."""

    at: datetime
    reason: WakeReason


class CaseStatus(StrEnum):
    """How a case stands; only ``open`` and ``out_of_sight`` cases are woken."""

    OPEN = "open"
    PARKED = "parked"
    """Failed too often; waits for a person (``steward case retry``) or another pack. → open"""
    OUT_OF_SIGHT = "out_of_sight"
    """Zammad answers 403: clocks go on, an alarm is raised. → open, gone"""
    MERGED = "merged"
    """Went into another ticket; never written to. A hint still looks at it: it may be revived. → open"""
    GONE = "gone"
    """Deleted in Zammad. → open, if it is heard of again (a restored server)"""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row a ticket: what is due, and what was last seen and settled.

    ``snapshot`` and ``baseline`` hold ids and codes only, never customer data. ``version`` is the ticket's version last
    looked at (promises 1). ``heard``: hints named other versions, and no look has taken them up. ``misses`` counts
    answers 404 in a row, ``tries`` failures in a row.
    """

    ticket_id: int
    number: str | None = None
    status: CaseStatus = CaseStatus.OPEN
    wake: Wake | None = None
    not_before: datetime | None = None
    generation: int = 0
    heard: bool = False
    version: str | None = None
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] | None = None
    pack_version: str | None = None
    parked_reason: str = ""
    tries: int = 0
    first_failure_at: datetime | None = None
    misses: int = 0
    looks: int = 0
    last_looked_at: datetime | None = None
    settles: tuple[datetime, ...] = ()
    """Settles of the last hour that neither a person's new fact nor a due moment explains, oldest first."""

    @property
    def own_version(self) -> str | None:
        """The version that our own write made since, by Zammad's answer to it: nobody has looked at it."""
        own: str | None = self.snapshot.get("own_version")
        return own

    def settles_within_an_hour(self, now: datetime) -> int:
        # those of the future were noted by a clock that was wrong
        return sum(1 for moment in self.settles if now - timedelta(hours=1) < moment <= now)


class Lock(Protocol):
    """The ticket's session lock (promises 5)."""

    def still_held(self) -> bool:
        """Ask the session itself; False once it fell: then nothing may be written any more."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """A case handed to a worker, under its ticket's session lock until the visit ends."""

    case: CaseRow
    wake: Wake
    """What made it due."""
    lock: Lock

    @property
    def ticket_id(self) -> int:
        return self.case.ticket_id


class Outcome(StrEnum):
    """How a visit ended, by what may follow."""

    DONE = "done"
    """Looked, decided, settled; ``next_wake`` says when again."""
    UNAVAILABLE = "unavailable"
    """Zammad is down, overloaded or refuses the token: later, and it does not count against the case."""
    UNREADABLE = "unreadable"
    """Zammad answers, but what it says of this ticket cannot be used: later, less and less often, never parked."""
    FAILED = "failed"
    """This case cannot be worked (a policy raised, Zammad refuses this ticket): counted, parked in the end."""


class Unkept(Protocol):
    """What the last call of a visit came to, not on disk yet: committed with the verdict, or alone where that fails."""

    def write(self, connection: Any) -> None:
        """Have it committed with something else; say so with ``kept`` when it was."""
        ...

    def kept(self) -> None: ...

    def keep(self) -> None:
        """Commit it alone, unless it was kept."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a visit hands back to the worker.

    ``next_wake`` None: never, unless something is heard. ``reason`` and ``retry_after`` (seconds) belong to the other
    outcomes; ``reason`` is without customer text. ``settled_unexplained``: something was written that no new fact
    of a person and no due moment explains; the loop guard counts it.
    """

    outcome: Outcome = Outcome.DONE
    next_wake: Wake | None = None
    reason: str = ""
    retry_after: float | None = None
    settled_unexplained: bool = False
    as_of: datetime | None = None
    """The moment it was decided for where that is not now: time stood still for it."""
    our_trouble: bool = False
    """It is our store that is unavailable, or our lock that fell: no word about Zammad."""
    unkept: Unkept | None = None
