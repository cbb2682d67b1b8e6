"""Two workers on one PostgreSQL: whoever dies, stops or loses it, nothing is lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.postgresql import own_postgresql
from tests.faults.replicas import TAKEOVER_SECONDS, failovers, plan_of, replicas

Tell = Callable[[str], None]

SEED = 4
KILLS = 6
STOPS = 6


def test_another_worker_takes_over_from_one_that_is_killed_or_stopped(
    tmp_path: Path, postgresql_url: str, tell: Tell
) -> None:
    failing = failovers(seed=SEED, kills=KILLS, stops=STOPS)
    plan = plan_of(seed=SEED, postgresql=postgresql_url, failovers=len(failing))
    with replicas(plan, tmp_path) as run:
        counts = run.play(failing)
    tell(f"seed {SEED}, {len(failing)} failovers: {run.takeovers}; {counts}")
    assert (counts.lost, counts.doubled, counts.unsettled, counts.denied) == ([], [], [], [])
    assert run.takeovers.idle <= len(failing) / 2
    assert run.takeovers.longest <= TAKEOVER_SECONDS


def test_postgresql_is_restarted_and_all_goes_on(tmp_path: Path, tell: Tell) -> None:
    with own_postgresql() as server:
        plan = plan_of(seed=SEED, postgresql=server.url, failovers=3)
        with replicas(plan, tmp_path) as run:
            counts, recoveries = run.play_restarting(server, restarts=2)
        shown = ", ".join(f"{seconds:.1f}" for seconds in recoveries)
        tell(f"seed {SEED}, PostgreSQL restarted, well again after {shown} s; {counts}")
    assert (counts.lost, counts.doubled, counts.unsettled, counts.denied) == ([], [], [], [])
    assert max(recoveries) <= 10
