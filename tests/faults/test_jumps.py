"""A hundred deadlines while Steward's clock jumps and Steward dies: none early, none twice, late ones caught up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.jumps import PROMPT, Jumps
from tests.scenarios.helpdesk import open_helpdesk

SEED = 4
DEADLINES = 120
KILLS = 8


def test_deadlines_under_a_jumping_clock_and_kills(tmp_path: Path, tell: Callable[[str], None]) -> None:
    store = f"sqlite:///{tmp_path / 'steward.db'}"
    helpdesk = open_helpdesk(like="6.5", store_url=store, note_brake="100000", unknown_wait="180")
    run = Jumps(helpdesk, deadlines=DEADLINES, kills=KILLS, seed=SEED).run()
    helpdesk.service.close()
    tell(f"seed {SEED}, {run}")
    assert (run.early, run.twice, run.missed, run.wrong) == ([], [], [], [])
    assert run.kills == KILLS
    assert max(run.late) <= PROMPT
