"""Two workers on one PostgreSQL under failovers, restarts of PostgreSQL and a Zammad that keeps them waiting:
``make failover``, or with sizes ``.venv/bin/python -m bench.failover --failovers 20 --restarts 2``."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.progress import Progress

from bench import telling
from bench.telling import Bar, Cell, Report, Sheet, percentile
from tests.faults.postgresql import own_postgresql
from tests.faults.replicas import TAKEOVER_SECONDS, Takeovers, failovers, plan_of, replicas
from tests.faults.soak import Counts

CASES_HELD = 8
"""Two workers with four visits each."""
CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What the three runs came to; ``acknowledged`` and ``recoveries`` in seconds."""

    failed_over: Counts
    takeovers: Takeovers
    restarted: Counts
    recoveries: list[float]
    acknowledged: list[float]


def measure(*, seed: int, number: int, restarts: int, posts: int, like: str, directory: Path, bars: Progress) -> Found:
    """Each run with a PostgreSQL of its own; ``bars`` show how far it is."""
    failing = failovers(seed=seed, kills=number - number // 2, stops=number // 2)
    with own_postgresql() as server:
        plan = plan_of(seed=seed, postgresql=server.url, failovers=len(failing), like=like)
        with replicas(plan, directory / "failovers") as run:
            failed_over = run.play(failing, on_each=_advancing(bars, "failovers", len(failing)))
    with own_postgresql() as server:
        plan = plan_of(seed=seed, postgresql=server.url, failovers=restarts, like=like)
        with replicas(plan, directory / "restarts") as restarted_run:
            on_each = _advancing(bars, "restarts of PostgreSQL", restarts)
            restarted, recoveries = restarted_run.play_restarting(server, restarts=restarts, on_each=on_each)
    with own_postgresql() as server:
        plan = plan_of(seed=seed, postgresql=server.url, failovers=1, like=like)
        with replicas(plan, directory / "held") as held:
            held.begin()
            tickets = held.hold_every_case(CASES_HELD)
            acknowledged = held.acknowledgements(tickets, posts=posts, connections=CONNECTIONS)
            held.zammad.hold(None)
    return Found(failed_over, run.takeovers, restarted, recoveries, acknowledged)


def _advancing(bars: Progress, name: str, total: int) -> Callable[[], object]:
    bar = bars.add_task(name, total=total)
    return lambda: bars.advance(bar)


def report(found: Found, *, seed: int, seconds: float) -> Report:
    """Lost, doubled, unsettled and what the oracle denies must be none, and everything quick enough."""
    runs = (("failovers", found.failed_over), ("PostgreSQL restarted", found.restarted))
    counts = tuple((name, *_counts(run)) for name, run in runs)
    bars = [Bar(f"{name}, {what}", len(lines), 0) for name, run in runs for what, lines in _problems(run)]
    bars.append(Bar("death to taken over, longest", found.takeovers.longest, TAKEOVER_SECONDS, "s"))
    bars.append(Bar("PostgreSQL back to all well, longest", max(found.recoveries), TAKEOVER_SECONDS, "s"))
    bars.append(Bar("acknowledged while cases are held, p99", percentile(found.acknowledged, 0.99) * 1000, 50.0, "ms"))
    details = (line for _, run in runs for _, lines in _problems(run) for line in lines)
    return Report(
        "failover",
        sheets=(
            Sheet("what was done and what came of it", ("run", *COLUMNS), counts),
            Sheet("seconds", ("what", "times", "median", "longest"), tuple(_times(found))),
        ),
        bars=tuple(bars),
        notes=(f"Seed {seed}; {found.takeovers.idle} failovers held nothing at that moment.", *details),
        seconds=seconds,
    )


COLUMNS = ("events", "acknowledged", "calls", "notes", "tags", "tasks", "tickets judged", "lost", "doubled")


def _counts(run: Counts) -> tuple[Cell, ...]:
    written = (run.written["notes"], run.written["tags"], run.written["tasks"])
    return run.events, run.acknowledged, run.calls, *written, run.judged, len(run.lost), len(run.doubled)


def _problems(run: Counts) -> Iterator[tuple[str, list[str]]]:
    yield "lost", run.lost
    yield "doubled", run.doubled
    yield "unsettled", run.unsettled
    yield "denied by the oracle", run.denied


def _times(found: Found) -> Iterator[tuple[Cell, ...]]:
    names = {"kill": "killed", "stop": "stopped, continued once taken over", "sleep": "stopped, continued much later"}
    for how, seconds in found.takeovers.rows():
        yield f"taken over: {names[how]}", len(seconds), statistics.median(seconds), max(seconds)
    yield (
        "PostgreSQL back to all well",
        len(found.recoveries),
        statistics.median(found.recoveries),
        max(found.recoveries),
    )
    acknowledged = found.acknowledged
    yield (
        f"acknowledged, {CASES_HELD} cases held",
        len(acknowledged),
        statistics.median(acknowledged),
        max(acknowledged),
    )


@click.command()
@click.option("--failovers", "number", type=click.IntRange(2), default=100, show_default=True, help="Half are stops.")
@click.option("--restarts", type=click.IntRange(1), default=10, show_default=True, help="Of PostgreSQL.")
@click.option("--posts", type=click.IntRange(100), default=2_000, show_default=True, help="While cases are held.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--like", type=click.Choice(["6.1", "6.5"]), default="6.5", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(number: int, restarts: int, posts: int, seed: int, like: str, *, as_json: bool) -> None:
    """Kill, stop and restart; status 1 where anything is lost or doubled, or too slow."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="steward-failover-") as directory,
        telling.progress() as bars,
    ):
        found = measure(
            seed=seed,
            number=number,
            restarts=restarts,
            posts=posts,
            like=like,
            directory=Path(directory),
            bars=bars,
        )
    sys.exit(telling.tell(report(found, seed=seed, seconds=time.monotonic() - began), as_json=as_json))


if __name__ == "__main__":
    main()
