"""The same script inside one process: a helpdesk whose clock the script moves, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import requests

from tests.faults import outcome
from tests.faults.outcome import Standing
from tests.faults.script import ROUND, Event, Players
from tests.faults.soak import START
from tests.faults.zammad import Known, Zammad, tables
from tests.scenarios.helpdesk import URL, Helpdesk

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


def players_in(helpdesk: Helpdesk) -> Players:
    """People of this helpdesk, who know no ticket yet."""
    return Players(InProcess(helpdesk), START)


def played(
    helpdesk: Helpdesk,
    players: Players,
    rounds: tuple[tuple[Event, ...], ...],
    *,
    after_event: Callable[[Known], None] = lambda _: None,
    rest: timedelta = SWEEP,
) -> Iterator[dict[str, Standing]]:
    """Plays the rounds; how all tickets stand ``rest`` after each. ``after_event`` may do harm to its ticket."""
    for number, events in enumerate(rounds):
        players.zammad.set_clock(START + number * ROUND)
        for event in events:
            players.play(event)
            after_event(players.tickets[event.name])
        helpdesk.passes(seconds=rest.total_seconds())
        world = tables(helpdesk.sandbox)
        assert list(outcome.doubled(world)) == []
        yield outcome.standings(world, players.tickets)
