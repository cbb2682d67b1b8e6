"""One visit under way: what it works with, and what its steps tell each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.model.facts import Fact, Timeline
from plugin.model.pack import Pack
from plugin.model.work import CaseRow, Claim
from plugin.observability.alarms import Alarms
from plugin.observability.metrics import Metrics
from plugin.rollout import Rollout
from plugin.store.store import Store
from plugin.visit.findings import Findings
from plugin.zammad.room import Zammad


@dataclass(frozen=True, slots=True)
class Means:
    """What every visit works with. ``note_brake``: new notes an hour over all tickets; ``unknown_wait``: T_q."""

    store: Store
    zammad: Zammad
    rollout: Rollout
    clock: Callable[[], datetime]
    metrics: Metrics
    alarms: Alarms
    customer_mail: bool
    unknown_wait: timedelta
    note_brake: int


@dataclass(slots=True)
class UnderWay:
    """One claimed case, the pack that decides it, and how far its visit has come.

    ``stands_still``: nothing may happen because of time alone now; ``as_of`` is the moment it is decided for then.
    ``case`` is the row as read last, ``paused`` whether an operator has stopped all writing. ``read`` is the version
    whose history was read last: what Zammad answered to our own writes since is a later one. ``findings`` is what was
    found out and is not on disk yet.
    """

    means: Means
    claim: Claim
    case: CaseRow
    pack: Pack
    stands_still: bool = False
    as_of: datetime | None = None
    paused: bool = False
    read: str | None = None
    findings: Findings = field(init=False)

    def __post_init__(self) -> None:
        self.findings = Findings(self.means.store, self.ticket_id, still_held=self.claim.lock.still_held)

    @property
    def ticket_id(self) -> int:
        return self.claim.ticket_id

    def with_seen(self, known: Timeline, found: Iterable[Fact], *, now: datetime) -> Timeline:
        """``known`` with what was found; the very same where nothing new was."""
        added = self.findings.see(found, now=now)
        return Timeline(known.ticket_id, (*known, *added)) if added else known

    def alarm(self, names: Iterable[str]) -> None:
        for name in names:
            self.means.alarms.sound(name, ticket_id=self.ticket_id)
