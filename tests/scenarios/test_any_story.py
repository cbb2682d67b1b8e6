"""Any story ends well: no case is parked, nothing is left to do, and hearing less of it changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.engine import decide
from plugin.model.decision import Decision
from plugin.model.facts import Timeline
from plugin.model.said import WORDS
from plugin.model.work import CaseStatus
from plugin.packs import load
from plugin.skew import TOLERATED
from plugin.store import cases
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import URL, Helpdesk, Person, Ticket
from tests.scenarios.test_same_facts import end_of, rows_of

MAILS = (
    "Where is my order?",
    "I want to complain, the device is broken.",
    "Thank you!",
    "There was a fire, my child is injured.",
    "My lawyer will hear of it.",
    "投诉:产品质量太差",
)
SPANS = (0.01, 0.2, 1, 3, 9, 17, 26, 60, 200, 400)
"""Hours that pass between two acts."""


Act = Callable[[random.Random, Helpdesk, Ticket], object]


def some_agent(chance: random.Random, helpdesk: Helpdesk, ticket: Ticket) -> Person:
    """Somebody who may work on it: anna is only in the first line."""
    first_line = ticket.row.group_id == helpdesk.sandbox.world.groups.where(name="First line")[0].id
    return chance.choice([helpdesk.ben, helpdesk.chief, *([helpdesk.anna] if first_line else [])])


ACTS: tuple[Act, ...] = (
    lambda chance, desk, ticket: desk.mails(chance.choice(MAILS), to=ticket),
    lambda _, desk, ticket: desk.mails("I am away.", to=ticket, Auto_Submitted="auto-replied"),
    lambda chance, desk, ticket: ticket.answered(some_agent(chance, desk, ticket)),
    lambda chance, desk, ticket: ticket.answered(some_agent(chance, desk, ticket), state="closed"),
    lambda chance, desk, ticket: ticket.noted(some_agent(chance, desk, ticket)),
    lambda chance, desk, ticket: ticket.said(some_agent(chance, desk, ticket), chance.choice(sorted(WORDS))),
    lambda chance, desk, ticket: ticket.said(some_agent(chance, desk, ticket), chance.choice(sorted(WORDS))),
    lambda chance, desk, ticket: ticket.owned(some_agent(chance, desk, ticket)),
    lambda chance, desk, ticket: ticket.owned(some_agent(chance, desk, ticket), some_agent(chance, desk, ticket)),
    lambda chance, desk, ticket: ticket.put(some_agent(chance, desk, ticket), owner_id=1),
    lambda chance, desk, ticket: ticket.closed(some_agent(chance, desk, ticket)),
    lambda chance, desk, ticket: ticket.put(
        some_agent(chance, desk, ticket), state="pending reminder", pending_time="2027-01-01T10:00:00Z"
    ),
)
"""What people do in their ordinary work; what Steward itself wrote is left alone."""


def merges_another(chance: random.Random, helpdesk: Helpdesk, ticket: Ticket) -> None:
    other = helpdesk.mails(chance.choice(MAILS))
    helpdesk.passes(hours=chance.choice(SPANS))
    other.merged(helpdesk.chief, into=ticket)


def sets_our_field(chance: random.Random, helpdesk: Helpdesk, ticket: Ticket) -> None:
    name, values = chance.choice(sorted(VALUES.items()))
    ticket.put(helpdesk.admin, **{f"steward_{name}": chance.choice(values)})


def forges_our_field(chance: random.Random, helpdesk: Helpdesk, ticket: Ticket) -> None:
    name, values = chance.choice(sorted(VALUES.items()))
    forged = {f"steward_{name}": chance.choice(values)}
    helpdesk.olga.session.put(f"{URL}/api/v1/tickets/{ticket.id}", json=forged)


def takes_a_tag_off(chance: random.Random, helpdesk: Helpdesk, ticket: Ticket) -> None:
    if ticket.tags:
        ticket.untagged(helpdesk.chief, chance.choice(sorted(ticket.tags)))


VALUES: dict[str, tuple[object, ...]] = {
    "kind": ("complaint", "request", "none"),
    "tier": ("general", "serious", "major"),
    "stage": ("accept", "handle", "done"),
    "first_responder": ("ben", ""),
    "next_due": ("never", ""),
    "hold": (True, False),
}
MEDDLING: tuple[Act, ...] = (
    merges_another,
    sets_our_field,
    forges_our_field,
    takes_a_tag_off,
    lambda chance, desk, ticket: ticket.tagged(desk.chief, chance.choice(["spam", "steward:say:nonsense"])),
    lambda chance, desk, ticket: ticket.put(desk.chief, group=chance.choice(["First line", "Second line"])),
)
"""Hands on what Steward wrote, or on where the ticket belongs."""


def plays(helpdesk: Helpdesk, seed: int, *, meddling: bool = False) -> Ticket:
    chance = random.Random(seed)
    ticket = helpdesk.mails(chance.choice(MAILS))
    helpdesk.passes(hours=chance.choice(SPANS))
    for _ in range(12):
        act = chance.choice(MEDDLING if meddling and chance.random() < 0.5 else ACTS)
        act(chance, helpdesk, ticket)
        helpdesk.passes(hours=chance.choice(SPANS))
    helpdesk.deaf = False
    helpdesk.passes(minutes=15)
    return ticket


def status_of(helpdesk: Helpdesk, ticket: Ticket) -> CaseStatus | None:
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    return case.status if case else None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_story_ends_with_nothing_left_to_do(staffed: Helpdesk, seed: int) -> None:
    ticket = plays(staffed, seed, meddling=True)
    assert status_of(staffed, ticket) is CaseStatus.OPEN
    for slot in (("suspected", "serious", "major"), ("warned", "breached", "waiting")):
        assert len(ticket.ours & set(slot)) <= 1
    assert not any(tag.startswith("say:") for tag in ticket.ours)
    before = staffed.writes
    worker = staffed.service.worker
    assert worker is not None
    worker.look(ticket.id)
    assert staffed.writes == before


def shown(decision: Decision) -> tuple[object, ...]:
    """What people see of it in Zammad."""
    return decision.fields, {tag.tag for tag in decision.tags}, {note.rule for note in decision.notes}


@pytest.mark.parametrize("seed", [1, 6])
def test_a_clock_a_little_behind_zammads_misses_nothing_of_any_story(staffed: Helpdesk, seed: int) -> None:
    facts = staffed.timeline_of(plays(staffed, seed, meddling=True))
    pack = load("service-standard")
    for seen_at in sorted({fact.seen_at for fact in facts}):
        known = Timeline(facts.ticket_id, [fact for fact in facts if fact.seen_at <= seen_at])
        last = max(fact.at for fact in known)
        for behind in (timedelta(seconds=2), TOLERATED):
            late, now = decide(known, pack=pack, now=last - behind), decide(known, pack=pack, now=last)
            looks_in_time = late.next_look is not None and late.next_look.at <= last
            assert shown(late) == shown(now) or looks_in_time, (last, behind)


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_any_story_is_the_same_though_webhooks_are_lost_and_doubled(opens: Open, tmp_path: Path, seed: int) -> None:
    whole = opens()
    heard = plays(whole, seed)
    unsteady = opens(database_url=f"sqlite:///{tmp_path / 'unsteady.db'}")
    unsteady.chance = random.Random(seed)
    half_heard = plays(unsteady, seed)
    assert rows_of(unsteady, half_heard) == rows_of(whole, heard)
    assert end_of(half_heard) == end_of(heard)
