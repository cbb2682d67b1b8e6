"""What a store would have held of a ticket among the complaints, decided by no more rules than it takes to know."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from plugin.engine import decide
from plugin.model.case import Case
from plugin.model.decision import Decision
from plugin.model.facts import FactKind, Timeline
from plugin.model.pack import Kind, Pack
from plugin.policies import discover
from plugin.simulate.complaints import Held, Trace
from plugin.simulate.growing import Growth, scenes
from plugin.simulate.histories import History, as_lived
from plugin.store.complaints import Complaint
from plugin.store.types import to_microseconds
from plugin.visit import relating

TELLS = "classification"
"""The policy that finds whether a ticket is a complaint, since when, and of what."""
DIGEST = 12
"""Bytes that tell one subject from another."""


def is_complaint(decision: Decision) -> bool:
    found = decision.finding("kind")
    return found is not None and found.value is Kind.COMPLAINT


def trace(history: History, pack: Pack) -> Trace | None:
    """What is held of the ticket when; None for one that is never a complaint."""
    held: list[Held] = []
    looks = array("q")
    for now, timeline, decision in _looks(history, _fewest(pack)):
        one = _complaint(history, pack, timeline, decision)
        before = held[-1] if held and held[-1].holds(now) else None
        if before is not None and before.one != one:
            held[-1] = replace(before, until=now)
        if one is not None and (before is None or before.one != one):
            held.append(Held(one, now))
        if held:
            looks.append(to_microseconds(now))
    return Trace(tuple(held), looks) if held else None


def _looks(history: History, pack: Pack) -> Iterator[tuple[datetime, Timeline, Decision]]:
    facts = as_lived(history, seen_beside=False)
    for scene in scenes(history, facts, Growth(history.ticket_id, facts)):
        if not scene.timeline.of(FactKind.CREATED):
            continue
        now: datetime | None = scene.begins
        while now is not None:
            decision = decide(scene.timeline, pack=pack, now=now)
            yield now, scene.timeline, decision
            now = min((at for at in _turns(scene.timeline, decision, pack) if now < at < scene.until), default=None)


def _turns(timeline: Timeline, decision: Decision, pack: Pack) -> Iterator[datetime]:
    """When something of it can change by itself; ``deadlines`` would look when a reopening counts."""
    if decision.next_look is not None:
        yield decision.next_look.at
    case = Case(timeline, pack=pack, now=decision.now)
    if case.matter.waits_since is not None:
        yield case.one_working_day_after(case.matter.waits_since)


def _fewest(pack: Pack) -> Pack:
    """The pack with the rules it takes: what others find changes nothing of it, unless they find it first."""
    policies = discover()
    order = {name: number for number, name in enumerate(policies)}
    needed = {name for name in policies if order[name] <= order[TELLS] or hasattr(policies[name], "beforehand")}
    return replace(pack, rules=tuple(rule for rule in pack.rules if rule.policy in needed), clocks={})


def _complaint(history: History, pack: Pack, timeline: Timeline, decision: Decision) -> Complaint | None:
    if not is_complaint(decision):
        return None
    said = relating.about(timeline, relating.repeats(pack))
    return relating.complaint(
        decision,
        ticket_id=history.ticket_id,
        customer_id=_customer(timeline),
        organization_id=_organization(history, timeline),
        subject=blake2b(said.encode(), digest_size=DIGEST).hexdigest() if said else None,
    )


def _customer(timeline: Timeline) -> int:
    changes = timeline.changes_of("customer")
    found = changes[-1]["id_to"] if changes else timeline.of(FactKind.CREATED)[0]["customer_id"]
    return int(found or 0)


def _organization(history: History, timeline: Timeline) -> int | None:
    """As Zammad's history tells it; a ticket that never changed it has the one it was read with."""
    changes = timeline.changes_of("organization")
    if changes:
        return _id(changes[-1]["id_to"])
    later = (fact for fact in history.facts if fact.kind is FactKind.CHANGED and fact["attribute"] == "organization")
    first = min(later, key=lambda fact: fact.at, default=None)
    return history.organization_id if first is None else _id(first["id_from"])


def _id(value: object) -> int | None:
    return value if isinstance(value, int) and value else None
