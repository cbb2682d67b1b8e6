"""Who was asked first, who is accountable now, and the hand-overs that led there (C1.4, E2.1; standard.md 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from plugin.model.case import Case
from plugin.model.conversation import is_answer, is_call_taken
from plugin.model.durations import Duration
from plugin.model.facts import Fact, FactKind
from plugin.model.pack import Tier
from plugin.model.people import NOBODY_ID


class Outcome(StrEnum):
    """How a hand-over stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class HandOver:
    """The owner changed away from the accountable person (giver) to another one (taker)."""

    giver: str
    taker: str
    at: datetime
    by: str
    key: str
    outcome: Outcome = Outcome.OPEN
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who was asked first, who is accountable now, and the hand-overs that led there."""

    first: str | None = None
    first_at: datetime | None = None
    accountable: str | None = None
    hand_overs: tuple[HandOver, ...] = ()

    @property
    def last(self) -> HandOver | None:
        return self.hand_overs[-1] if self.hand_overs else None

    @property
    def open(self) -> HandOver | None:
        return self.last if self.last is not None and self.last.outcome is Outcome.OPEN else None


def responsibility(case: Case, *, accept_within: Duration) -> Responsibility:
    """Walk the timeline once; every owner change, act and word moves it as standard.md 9 says.

    ``accept_within`` on the office calendar: a hand-over without a sign lapses then and stays with the giver.
    """
    held = _created(case, Responsibility())
    carried = _carried(case)
    for fact in case.timeline:
        if held.first is None and carried is not None and carried.first_at is not None and carried.first_at <= fact.at:
            held = carried
        held = _lapse(case, accept_within, held, fact.at)
        held = _step(case, held, fact)
    return _lapse(case, accept_within, held, case.now)


def _carried(case: Case) -> Responsibility | None:
    """What a merge brought: the earliest person asked on any of the merged tickets."""
    carried = []
    for merge in case.timeline.of(FactKind.RECEIVED_MERGE):
        first = merge["first_asked"]
        if first:
            at = datetime.fromisoformat(str(first["at"]))
            carried.append((at, str(first["login"]), str(merge["accountable"] or first["login"])))
    if not carried:
        return None
    at, login, accountable = min(carried)
    return Responsibility(first=login, first_at=at, accountable=accountable)


def _created(case: Case, held: Responsibility) -> Responsibility:
    """An agent who opens a ticket as its owner takes it himself."""
    created = case.created
    if created is None or not created.by.is_agent or created["owner_id"] != created.by.id:
        return held
    return _asked(held, created.by.login, created.at)


def _asked(held: Responsibility, login: str, at: datetime) -> Responsibility:
    if held.first_at is not None and held.first_at <= at:
        return held
    return replace(held, first=login, first_at=at, accountable=held.accountable or login)


def _step(case: Case, held: Responsibility, fact: Fact) -> Responsibility:
    if fact.kind is FactKind.CHANGED and fact["attribute"] == "owner":
        return _owner_changed(case, held, fact)
    if not fact.by.is_agent:
        return held
    held = _sign(case, held, fact)
    if fact.kind is FactKind.ARTICLE and (is_call_taken(fact) or is_answer(fact)):
        return _asked(held, fact.by.login, fact.at)
    return held


def _owner_changed(case: Case, held: Responsibility, fact: Fact) -> Responsibility:
    taker = str(fact["login_to"] or "")
    if fact["id_to"] == NOBODY_ID or not taker or taker == "-":
        return _close_open(held, Outcome.RETURNED, fact.at) if held.open else held
    took_himself = fact.by.is_agent and fact.by.id == fact["id_to"]
    if held.accountable is None:
        if took_himself:
            return _asked(held, taker, fact.at)
        return replace(held, accountable=taker) if case.is_supervisor(fact.by.login) else held
    if case.is_supervisor(fact.by.login) and taker != held.accountable:
        return replace(_close_open(held, Outcome.RETURNED, fact.at), accountable=taker)  # dispatch
    if held.open is not None:
        held = _pass_on(held, fact, taker)
    if taker == held.accountable:
        return _close_open(held, Outcome.RETURNED, fact.at)  # a lapsed one too: no late sign accepts it any more
    if not fact.by.is_agent:
        return held
    new = HandOver(giver=held.accountable or "", taker=taker, at=fact.at, by=fact.by.login, key=fact.key)
    held = replace(held, hand_overs=(*held.hand_overs, new))
    return _accept(held, fact.at) if took_himself and _accepts_by_acting(case, fact.at) else held


def _pass_on(held: Responsibility, fact: Fact, taker: str) -> Responsibility:
    """Passing it on counts as accepting; given back, it was never taken."""
    assert held.open is not None
    if taker == held.open.taker:
        return held
    if fact.by.login == held.open.taker and taker != held.open.giver:
        return _accept(held, fact.at)
    return _close_open(held, Outcome.RETURNED, fact.at)


def _sign(case: Case, held: Responsibility, fact: Fact) -> Responsibility:
    """The taker's act accepts; on serious and major matters only his word does."""
    last = held.last
    if last is None or fact.by.login != last.taker or last.outcome not in (Outcome.OPEN, Outcome.LAPSED):
        return held
    if fact.at < last.at or fact.key == last.key:
        return held
    word = str(fact["tag"] or "") if fact.kind is FactKind.TAG_ADDED else ""
    if word == "steward:say:decline":
        return _close_open(held, Outcome.DECLINED, fact.at)
    acts = fact.kind in (FactKind.ARTICLE, FactKind.CHANGED, FactKind.TAG_ADDED, FactKind.TAG_REMOVED)
    if word == "steward:say:accept" or (acts and _accepts_by_acting(case, last.at)):
        return _accept(held, fact.at)
    return held


def _accepts_by_acting(case: Case, at: datetime) -> bool:
    return not case.is_complaint or case.tier_at(at) is Tier.GENERAL


def _accept(held: Responsibility, at: datetime) -> Responsibility:
    last = held.last
    assert last is not None
    return replace(_close_open(held, Outcome.ACCEPTED, at), accountable=last.taker)


def _close_open(held: Responsibility, outcome: Outcome, at: datetime) -> Responsibility:
    last = held.last
    if last is None or last.outcome not in (Outcome.OPEN, Outcome.LAPSED):
        return held
    settled = replace(last, outcome=outcome, settled_at=at)
    return replace(held, hand_overs=(*held.hand_overs[:-1], settled))


def _lapse(case: Case, accept_within: Duration, held: Responsibility, now: datetime) -> Responsibility:
    if held.open is None:
        return held
    latest = case.office.after(held.open.at, accept_within)
    return _close_open(held, Outcome.LAPSED, latest) if now >= latest else held
