"""Webhooks lost, doubled, shuffled, late, and versions that run backwards: a sweep later all stands as it should."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from plugin.sandbox.deliveries import Delivery
from tests.faults import outcome
from tests.faults.outcome import Standing
from tests.faults.script import ROUND, Event, Players, script
from tests.faults.soak import START
from tests.faults.zammad import Zammad, tables
from tests.scenarios.helpdesk import URL, Helpdesk, deliver, open_helpdesk

EVENTS = 150
EVENTS_A_ROUND = 50
SWEEP = timedelta(minutes=11)


class InProcess(Zammad):
    """People of a helpdesk in this process; whenever its clock moves, Steward works."""

    def __init__(self, helpdesk: Helpdesk) -> None:
        session = requests.Session()
        session.mount(URL, helpdesk.sandbox.adapter())
        super().__init__(URL, tokens=helpdesk.sandbox.tokens, session=session, now=helpdesk.now)
        self._helpdesk = helpdesk

    def set_clock(self, moment: datetime) -> None:
        if moment > self._helpdesk.now:
            self._helpdesk.reaches(moment)
        self.now = self._helpdesk.now


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


def played(
    helpdesk: Helpdesk, rounds: tuple[tuple[Event, ...], ...], *, seed: int, badly: bool
) -> Iterator[dict[str, Standing]]:
    """Plays the rounds; how all tickets stand after the sweep that follows each."""
    zammad = InProcess(helpdesk)
    players = Players(zammad, START)
    chance = random.Random(f"disorder {seed}")
    post = Post(helpdesk, chance)
    if badly:
        helpdesk.sandbox.deliver = post.deliver
    backwards = 0
    for number, events in enumerate(rounds):
        zammad.set_clock(START + number * ROUND)
        for event in events:
            players.play(event)
            if badly and chance.random() < 0.2:
                set_back(helpdesk, players.tickets[event.name].id, chance)
                backwards += 1
        helpdesk.passes(seconds=SWEEP.total_seconds())
        world = tables(helpdesk.sandbox)
        assert list(outcome.doubled(world)) == []
        yield outcome.standings(world, players.tickets)
    print(f"\nseed {seed}: {sum(map(len, rounds))} events, webhooks {post.counts or 'all'}, {backwards} set back")


@pytest.mark.parametrize(("seed", "like"), [(1, "6.1"), (2, "6.5")])
def test_whatever_becomes_of_webhooks_one_sweep_later_all_stands_as_it_should(
    seed: int, like: str, tmp_path: Path
) -> None:
    rounds = script(seed=seed, events=EVENTS, a_round=EVENTS_A_ROUND)
    helpdesks = [
        open_helpdesk(like=like, store_url=f"sqlite:///{tmp_path / name}", note_brake="100000")
        for name in ("well.db", "badly.db")
    ]
    well, badly = (
        played(helpdesk, rounds, seed=seed, badly=at_random)
        for helpdesk, at_random in zip(helpdesks, (False, True), strict=True)
    )
    for number, (expected, found) in enumerate(zip(well, badly, strict=True)):
        assert outcome.differences(expected, found) == [], f"seed {seed}, round {number}"
    for helpdesk in helpdesks:
        helpdesk.service.close()
