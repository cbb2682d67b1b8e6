"""Under faults and lost webhooks, Steward ends where an oracle says that shares no code with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.sandbox.faults import Fault
from tests.faults.inside import played, players_in
from tests.faults.script import script
from tests.faults.soak import FAULTS
from tests.faults.zammad import STEWARD, tables
from tests.oracle.judge import disagreements
from tests.scenarios.helpdesk import open_helpdesk

Tell = Callable[[str], None]

EVENTS = 120
EVENTS_A_ROUND = 40


@pytest.mark.parametrize(("seed", "like"), [(5, "6.5"), (6, "6.1")])
def test_a_disturbed_steward_stands_where_the_oracle_says(seed: int, like: str, tmp_path: Path, tell: Tell) -> None:
    helpdesk = open_helpdesk(like=like, store_url=f"sqlite:///{tmp_path / 'steward.db'}", note_brake="100000")
    helpdesk.sandbox.faults.reseed(seed)
    for fault in FAULTS:
        helpdesk.sandbox.faults.add(Fault(**fault, user_agent=STEWARD), now=helpdesk.now)
    players = players_in(helpdesk)
    for _ in played(helpdesk, players, script(seed=seed, events=EVENTS, a_round=EVENTS_A_ROUND)):
        pass
    for span in (timedelta(hours=1), timedelta(days=3)):
        helpdesk.passes(seconds=span.total_seconds())
        said = disagreements(tables(helpdesk.sandbox), players.tickets, now=helpdesk.now)
        tell(f"seed {seed}, {span}: of {len(players.tickets)} tickets {said}")
        assert not said.lines, "\n".join(said.lines)
        assert said.judged + said.merged > len(players.tickets) * 0.7
    helpdesk.service.close()
