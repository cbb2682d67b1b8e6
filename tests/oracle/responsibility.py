"""Who is accountable for a ticket, and the hand-overs between people (C1.4, E2.1, E2.2; standard.md 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.oracle import working_time
from tests.oracle.life import A_WORKING_DAY, TIERS, life_of
from tests.oracle.records import Act, Did, World

PING_PONG = 3
PING_PONG_HOURS = 40
"""Five working days."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Open from ``at``; ``heavy``: of a serious or major matter, so that only *accept* accepts it."""

    at: datetime
    giver: int
    taker: int
    heavy: bool


@dataclass(slots=True)
class Responsibility:
    """``accountable`` is a user's id, 0 before anybody was asked; ``passed`` are owner changes since the last answer.

    ``unsure``: the standard leaves room about who is accountable now.
    """

    accountable: int = 0
    owner: int = 0
    handed: HandOver | None = None
    lapsed: HandOver | None = None
    given: list[HandOver] = field(default_factory=list)
    passed: list[datetime] = field(default_factory=list)
    unsure: bool = False
    unsure_tag: bool = False

    def may_be_ping_pong(self) -> bool:
        """Three passings-on by whomever; which of them are hand-overs is another question."""
        return len(self.passed) >= PING_PONG


def responsibility_of(world: World, ticket_id: int, *, until: datetime | None = None) -> Responsibility:
    """Until ``until``, or until now."""
    reader = _Reader(world, ticket_id, Responsibility())
    end = until or world.now
    for act in world.acts(ticket_id):
        if act.at <= end and act.place == ticket_id:
            reader.pass_to(act.at)
            reader.read(act)
    reader.pass_to(end)
    return reader.found


@dataclass(slots=True)
class _Reader:
    world: World
    ticket_id: int
    found: Responsibility
    owned: tuple[datetime, int] | None = None

    def pass_to(self, moment: datetime) -> None:
        """A working day without a sign leaves it with the giver."""
        found = self.found
        if found.handed is None:
            return
        lapses_at = working_time.after(found.handed.at, A_WORKING_DAY)
        found.unsure_tag = lapses_at.earliest <= moment < lapses_at.latest
        if moment >= lapses_at.latest:
            found.lapsed, found.handed = found.handed, None

    def read(self, act: Act) -> None:
        found = self.found
        match act.did:
            case Did.OWNED:
                self._owned(act)
                found.owner = act.whom
            case Did.ANSWERED:
                found.passed.clear()
                found.accountable = found.accountable or act.by
            case Did.MERGED:
                self._merged(act)
        if act.did is Did.OWNED:
            self.owned = act.at, act.by
        elif (act.at, act.by) != self.owned:  # else it is what Zammad writes along with a change of the owner
            self._sign(act)

    def _owned(self, act: Act) -> None:
        found, before = self.found, self.found.owner
        if act.whom not in (0, before) and (before or found.accountable):
            found.passed.append(act.at)
        if not found.accountable:
            found.accountable = act.by if act.by == act.whom else 0
        elif act.whom == found.accountable:
            found.handed = found.lapsed = None
        elif found.handed is not None and before == found.handed.taker:
            self._passed_on(act)
        elif act.whom and before == found.accountable:
            self._hand(act, giver=found.accountable)
        elif act.whom:
            # the owner was not the accountable person: whether this hands anything over is not said
            found.unsure = True

    def _passed_on(self, act: Act) -> None:
        found = self.found
        assert found.handed is not None
        if act.by != found.handed.taker or not act.whom:
            found.unsure = True
            return
        found.accountable = act.by
        self._hand(act, giver=act.by)

    def _hand(self, act: Act, *, giver: int) -> None:
        found = self.found
        handed = HandOver(act.at, giver, act.whom, self._is_heavy(act.at))
        found.given.append(handed)
        if act.by == act.whom and not handed.heavy:
            found.accountable, found.handed = act.whom, None
        else:
            found.handed, found.lapsed = handed, None

    def _sign(self, act: Act) -> None:
        """An article or a change by the taker, or his word; late, it still counts."""
        found = self.found
        handed = found.handed or found.lapsed
        if handed is None or act.by != handed.taker:
            return
        if act.did is Did.SAID and act.value == "decline":
            found.unsure = found.unsure or found.handed is None
            found.handed = found.lapsed = None
            return
        if handed.heavy != self._is_heavy(act.at):
            found.unsure = True
        if not handed.heavy or (act.did is Did.SAID and act.value == "accept"):
            found.accountable, found.handed, found.lapsed = handed.taker, None, None

    def _merged(self, act: Act) -> None:
        """Responsibility comes along; of two who are accountable the standard names none."""
        found, source = self.found, responsibility_of(self.world, act.whom, until=act.at)
        found.unsure = found.unsure or source.unsure or source.handed is not None
        if found.accountable and source.accountable not in (0, found.accountable):
            found.unsure = True
        found.accountable = found.accountable or source.accountable

    def _is_heavy(self, at: datetime) -> bool:
        """Of what is only suspected then, and a complaint later, the standard does not say."""
        life = life_of(self.world, self.ticket_id, until=at)
        if life.kind == "request" and life.voiced_at is not None and not life.said_kind:
            self.found.unsure = True
        return life.tier in TIERS[1:]
