"""Fetches ticket histories from Zammad into the local cache: read-only, politely, and on from where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.model.errors import Refused, Unavailable, Unreadable
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import Pack
from plugin.model.people import Role
from plugin.model.said import SAY
from plugin.model.ticket import ChangedTicket, Ticket
from plugin.simulate.histories import History, to_bytes
from plugin.store.histories import Histories
from plugin.visit.absent import TASK_NUMBER
from plugin.visit.looking import Known, Looker
from plugin.zammad.fence import allowed_by
from plugin.zammad.limits import Priority, working_at
from plugin.zammad.room import Zammad

TRIES = 6
"""A Zammad that is not there is asked again so often for one thing, with growing pauses; then the fetch stops."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 120.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch has come: ``fresh`` tickets were in the cache as they are now, ``read`` and ``left_out`` not."""

    listed: int = 0
    fresh: int = 0
    read: int = 0
    left_out: int = 0
    """Gone, out of sight, or not readable."""

    @property
    def to_go(self) -> int:
        return self.listed - self.fresh - self.read - self.left_out


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch. ``wait`` sleeps so many seconds; ``tell`` hears how far it has come."""

    zammad: Zammad
    cache: Histories
    pack: Pack
    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    tell: Callable[[Progress], None] = lambda _progress: None

    def run(self, since: datetime) -> Progress:
        """Every ticket that changed at or after ``since``, by Zammad's clock, each kept as soon as it was read.

        Nothing is written to Zammad: whatever would be is stopped before it leaves. Raises ``Unavailable`` when Zammad
        stays away; what was read by then is kept, and the next run reads the rest.
        """
        with allowed_by(_never), working_at(Priority.SWEEP):
            changed = self._list(since)
            progress = Progress(listed=len(changed))
            known = self.cache.versions()
            as_they_were = [ticket_id for ticket_id, one in changed.items() if known.get(ticket_id) == one.version]
            self.cache.confirm(as_they_were, at=self.clock())
            progress = replace(progress, fresh=len(as_they_were))
            self.tell(progress)
            left = sorted(changed.keys() - set(as_they_were))
            for ticket_id in left:
                was_read = self._read(changed[ticket_id])
                progress = replace(progress, read=progress.read + was_read, left_out=progress.left_out + (not was_read))
                self.tell(progress)
            return progress

    def _list(self, since: datetime) -> dict[int, ChangedTicket]:
        """The tickets that changed, each as it was last seen."""
        found: dict[int, ChangedTicket] = {}

        def list_from(moment: datetime) -> None:
            for page in self.zammad.reader.changed_since(moment):
                found.update({ticket.id: ticket for ticket in page})
                self.tell(Progress(listed=len(found)))

        self._patiently(lambda: list_from(max((one.updated_at for one in found.values()), default=since)))
        return found

    def _read(self, changed: ChangedTicket) -> bool:
        try:
            self._patiently(lambda: self._keep(changed))
        except (Refused, Unreadable):
            self.cache.drop(changed.id)
            return False
        return True

    def _keep(self, changed: ChangedTicket) -> None:
        seen = self.zammad.reader.look(changed.id)
        history = self._history(seen)
        self.cache.keep(
            changed.id,
            to_bytes(history),
            version=seen.version,
            changed_at=seen.updated_at,
            read_at=history.read_at,
        )

    def _history(self, seen: Ticket) -> History:
        """Its facts, as a worker's first look makes them."""
        now = self.clock()
        known = Known(seen.id, None, Timeline(seen.id, ()), effects=(), switches={})
        looker = Looker(self.zammad, pack=self.pack, now=now)
        looked = looker.look(
            known,
            seen,
            in_full=True,
            heard=True,
            owner_may_have_changed=False,
            tasks_may_have_moved=False,
            sources=lambda source_id: Timeline(source_id, ()),
        )
        facts = by_a_person(looked.facts, own_id=self.zammad.people.me().id)
        facts += looker.named(Timeline(seen.id, facts))
        # facts of this very moment count as known when it was read
        latest = max((fact.at for fact in facts), default=now)
        read_at = max(now, latest + timedelta(seconds=1))
        return History(seen.id, seen.number, seen.version, read_at, facts, seen.organization_id)

    def _patiently(self, ask: Callable[[], None]) -> None:
        """Ask until it is answered, or not for so long that it is better to stop."""
        for number in range(TRIES):
            try:
                ask()
            except Unreadable:
                raise
            except Unavailable as error:
                if number == TRIES - 1:
                    raise
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
                self.wait(max(pause, min(error.retry_after or 0.0, LONGEST_PAUSE)))
            else:
                return


def by_a_person(facts: tuple[Fact, ...], *, own_id: int) -> tuple[Fact, ...]:
    """The facts with what the token's owner did as an agent's, where nothing shows that he is Steward.

    For a trial anybody's token will do, and what its owner did is the work of a person like any other's.
    """
    own = [fact for fact in facts if fact.by.id == own_id]
    if not own or any(map(_is_stewards, own)):
        return facts
    agent = replace(own[0].by, role=Role.AGENT)
    return tuple(replace(fact, by=agent) if fact.by.id == own_id else fact for fact in facts)


def _is_stewards(fact: Fact) -> bool:
    """What nobody but Steward does: notes with his mark, his tags and fields, tickets that carry his tasks."""
    if fact.kind is FactKind.CREATED:
        return TASK_NUMBER.fullmatch(str(fact["number"])) is not None
    tag = str(fact["tag"] or "")
    is_his_tag = tag.startswith("steward:") and not tag.startswith(SAY)
    return bool(fact["ours"]) or is_his_tag or str(fact["attribute"] or "").startswith("steward_")


def _never() -> bool:
    return False
