"""Webhooks lost, doubled, shuffled, late, and versions that run backwards: a sweep later all stands as it should."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.sandbox.deliveries import Delivery
from tests.faults import outcome
from tests.faults.inside import played, players_in
from tests.faults.script import script
from tests.faults.zammad import Known
from tests.scenarios.helpdesk import Helpdesk, deliver, open_helpdesk

Tell = Callable[[str], None]

EVENTS = 150
EVENTS_A_ROUND = 50


@dataclass(slots=True)
class Post:
    """Carries webhooks to Steward: badly."""

    helpdesk: Helpdesk
    chance: random.Random
    held: list[Delivery] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def deliver(self, delivery: Delivery) -> int | None:
        fate = self.chance.choices(("lost", "held", "doubled", "in time"), (30, 30, 20, 20))[0]
        self.counts[fate] = self.counts.get(fate, 0) + 1
        if fate in ("doubled", "in time"):
            for _ in range(2 if fate == "doubled" else 1):
                assert deliver(self.helpdesk, delivery) == 202
            self._release(most=2)
        elif fate == "held":
            self.held.append(delivery)
        return 200  # Zammad believes that it arrived

    def _release(self, *, most: int) -> None:
        """Some of those that were held come now, in any order."""
        self.chance.shuffle(self.held)
        for _ in range(min(most, len(self.held))):
            assert deliver(self.helpdesk, self.held.pop()) == 202


def set_back(helpdesk: Helpdesk, ticket_id: int, chance: random.Random) -> None:
    """As where a parallel writer began earlier and committed later: the version is an older moment than the last."""
    world = helpdesk.sandbox.world
    with world.lock:
        row = world.tickets[ticket_id]
        back = timedelta(milliseconds=chance.randint(1001, 9000))
        world.tickets.put_all(ticket_id, {"updated_at": row.updated_at - back})
        world.journal.forget()


@dataclass(slots=True)
class Disorder:
    """What is done to one helpdesk, and how often."""

    helpdesk: Helpdesk
    chance: random.Random
    backwards: int = 0

    def after_event(self, ticket: Known) -> None:
        if self.chance.random() < 0.2:
            set_back(self.helpdesk, ticket.id, self.chance)
            self.backwards += 1


@pytest.mark.parametrize(("seed", "like"), [(1, "6.1"), (2, "6.5")])
def test_whatever_becomes_of_webhooks_one_sweep_later_all_stands_as_it_should(
    seed: int, like: str, tmp_path: Path, tell: Tell
) -> None:
    rounds = script(seed=seed, events=EVENTS, a_round=EVENTS_A_ROUND)
    well, badly = (
        open_helpdesk(like=like, store_url=f"sqlite:///{tmp_path / name}", note_brake="100000")
        for name in ("well.db", "badly.db")
    )
    chance = random.Random(f"disorder {seed}")
    post, disorder = Post(badly, chance), Disorder(badly, chance)
    badly.sandbox.deliver = post.deliver
    runs = zip(
        played(well, players_in(well), rounds),
        played(badly, players_in(badly), rounds, after_event=disorder.after_event),
        strict=True,
    )
    for number, (expected, found) in enumerate(runs):
        assert outcome.differences(expected, found) == [], f"seed {seed}, round {number}"
    tell(f"seed {seed}: {EVENTS} events, webhooks {post.counts}, {disorder.backwards} versions set back: 0 differences")
    for helpdesk in (well, badly):
        helpdesk.service.close()
