"""A thousand events, ten kills, every fifth call disturbed: nothing lost, nothing doubled, and the same end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from plugin.failpoints import NAMES
from tests.faults import soak
from tests.faults.outcome import differences
from tests.faults.script import script
from tests.faults.soak import Plan, failpoints

Tell = Callable[[str], None]

SEED = 2
EVENTS = 1_000
KILLS = 10
EVENTS_A_ROUND = 200
AFTERWARDS = timedelta(hours=26)
"""Until every first response is met or broken."""


def test_a_thousand_events_ten_kills_and_a_failing_zammad_end_as_undisturbed(tmp_path: Path, tell: Tell) -> None:
    rounds = script(seed=SEED, events=EVENTS, a_round=EVENTS_A_ROUND)
    kills = failpoints(seed=SEED, names=sorted(NAMES), kills=KILLS, hits=EVENTS // KILLS)
    calm_plan = Plan(seed=SEED, rounds=rounds, afterwards=AFTERWARDS)
    wild_plan = replace(calm_plan, failpoints=kills, disturbed=True)
    with ThreadPoolExecutor(2) as runs:
        calm_run = runs.submit(soak.run, calm_plan, tmp_path / "calm")
        wild_run = runs.submit(soak.run, wild_plan, tmp_path / "wild")
        calm, wild = calm_run.result(), wild_run.result()
    tell(f"seed {SEED}, undisturbed: {calm}\nseed {SEED}, disturbed: {wild}\nkilled at {', '.join(wild.kills)}")
    assert len(wild.kills) == KILLS
    assert wild.struck > wild.calls / 7
    for run in (calm, wild):
        assert (run.lost, run.doubled, run.unsettled, run.denied) == ([], [], [], [])
    differing = differences(calm.standings, wild.standings, withheld=(calm.withheld, wild.withheld))
    assert not differing, "\n".join(differing)


def test_web_and_two_workers_on_one_postgresql_are_killed_in_turn(
    tmp_path: Path, postgresql_url: str, tell: Tell
) -> None:
    rounds = script(seed=SEED, events=200, a_round=100)
    calm_plan = Plan(seed=SEED, rounds=rounds, afterwards=AFTERWARDS)
    wild_plan = replace(
        calm_plan,
        failpoints=failpoints(seed=SEED, names=sorted(NAMES), kills=9, hits=6),
        kills_between=frozenset({31, 75, 130}),
        disturbed=True,
        postgresql=postgresql_url,
        workers=2,
    )
    calm, wild = soak.run(calm_plan, tmp_path / "calm"), soak.run(wild_plan, tmp_path / "wild")
    tell(f"seed {SEED}, PostgreSQL, two workers: {wild}\nkilled at {', '.join(wild.kills)}")
    assert len(wild.kills) == 12
    assert (wild.lost, wild.doubled, wild.unsettled, wild.denied) == ([], [], [], [])
    differing = differences(calm.standings, wild.standings, withheld=(calm.withheld, wild.withheld))
    assert not differing, "\n".join(differing)
