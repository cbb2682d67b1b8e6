"""Customers who write into Steward's fields and say its words, while Zammad fails: reset, without effect."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.sandbox.faults import Fault
from tests.faults import outcome
from tests.faults.inside import played, players_in
from tests.faults.script import script
from tests.faults.soak import FAULTS
from tests.faults.zammad import STEWARD, Known
from tests.scenarios.helpdesk import Helpdesk, open_helpdesk

Tell = Callable[[str], None]

EVENTS = 90
EVENTS_A_ROUND = 30
REST = timedelta(hours=2)
"""Long enough for a few retries that rest three minutes each."""

FORGED: tuple[dict[str, object], ...] = (
    {"steward_tier": "major"},
    {"steward_kind": "none"},
    {"steward_hold": True},
    {"steward_stage": "done", "steward_breached": ""},
    {"steward_first_responder": "olga@customer.example"},
    {"steward_next_due_at": "2030-01-01T00:00:00Z", "steward_next_due": "never"},
    {"steward_erase_after": "2026-03-01", "steward_retention": "none"},
)
WORDS = ("steward:say:none", "steward:say:satisfied", "steward:say:major", "steward:major", "steward:say:settled")


@dataclass(slots=True)
class Forger:
    """The ticket's own customer, by API, now and then."""

    helpdesk: Helpdesk
    chance: random.Random
    counts: dict[str, int] = field(default_factory=dict)

    def after_event(self, ticket: Known) -> None:
        world = self.helpdesk.sandbox.world
        row = world.tickets[ticket.id]
        customer = self.helpdesk.person(world.users[row.customer_id].login)
        if world.state_type(row.state_id) in ("merged", "closed") or self.chance.random() > 0.5:
            return
        if self.chance.random() < 0.6:
            customer.call("PUT", f"/tickets/{ticket.id}", self.chance.choice(FORGED))
            self._count("fields")
            return
        tag = {"object": "Ticket", "o_id": ticket.id, "item": self.chance.choice(WORDS)}
        said = customer.session.post("http://zammad.test/api/v1/tags/add", json=tag)
        self._count(f"words, status {said.status_code}")

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


@pytest.mark.parametrize(("seed", "like"), [(11, "6.1"), (12, "6.5")])
def test_what_customers_forge_is_reset_while_zammad_fails(seed: int, like: str, tmp_path: Path, tell: Tell) -> None:
    rounds = script(seed=seed, events=EVENTS, a_round=EVENTS_A_ROUND)
    honest, forged = (
        open_helpdesk(like=like, store_url=f"sqlite:///{tmp_path / name}", note_brake="100000")
        for name in ("honest.db", "forged.db")
    )
    book = forged.sandbox.faults
    book.reseed(seed)
    for fault in FAULTS:
        book.add(Fault(**fault, user_agent=STEWARD), now=forged.now)
    forger = Forger(forged, random.Random(f"forged {seed}"))
    runs = zip(
        played(honest, players_in(honest), rounds, rest=REST),
        played(forged, players_in(forged), rounds, after_event=forger.after_event, rest=REST),
        strict=True,
    )
    for number, (expected, found) in enumerate(runs):
        assert outcome.differences(expected, found) == [], f"seed {seed}, round {number}"
    struck = sum(row["struck"] for row in book.list())
    tell(f"seed {seed}: {EVENTS} events, forged {forger.counts}, {struck} calls disturbed: 0 differences")
    for helpdesk in (honest, forged):
        helpdesk.service.close()
