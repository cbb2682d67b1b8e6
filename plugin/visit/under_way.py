"""One visit under way: what it works with, and what its steps tell each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.model.facts import Fact, Timeline
from plugin.model.pack import Pack
from plugin.model.work import CaseRow, Claim
from plugin.observability.alarms import Alarms
from plugin.observability.metrics import Metrics
from plugin.rollout import Rollout
from plugin.store.store import Store
from plugin.zammad.fence import demand
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
    whose history was read last: what Zammad answered to our own writes since is a later one.
    """

    means: Means
    claim: Claim
    case: CaseRow
    pack: Pack
    stands_still: bool = False
    as_of: datetime | None = None
    paused: bool = False
    read: str | None = None

    @property
    def ticket_id(self) -> int:
        return self.claim.ticket_id

    def keep_seen(self, known: Timeline, found: Iterable[Fact], *, what: str, now: datetime) -> Timeline:
        """``known`` with what was found, kept in our store; the very same where nothing was. ``what`` it is, in words.

        Raises Overtaken where the case is not ours any more.
        """
        facts = tuple(found)
        if not facts:
            return known
        with self.means.store.write() as connection:
            added = self.means.store.append_facts(connection, known.ticket_id, facts, now=now)
            demand(self.claim.lock.still_held, f"{what} ticket {known.ticket_id} is not kept")
        return Timeline(known.ticket_id, (*known, *added))

    def alarm(self, names: Iterable[str]) -> None:
        for name in names:
            self.means.alarms.sound(name, ticket_id=self.ticket_id)
