"""The long crash soak: ``make soak``, or with sizes ``.venv/bin/python -m bench.soak --events 2000 --kills 38``.

On PostgreSQL, ``steward web`` and ``steward worker`` as processes of their own: ``--postgresql URL --workers 2``.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench import telling
from plugin.failpoints import NAMES
from tests.faults import soak
from tests.faults.outcome import differences
from tests.faults.script import script
from tests.faults.soak import Counts, Plan


def plans(*, seed: int, events: int, kills: int, like: str) -> tuple[Plan, Plan]:
    """The same script without and with faults; half of the kills at failpoints in turn, half anywhere."""
    at_failpoints = kills - kills // 2
    rounds = script(seed=seed, events=events, a_round=max(100, events // 25))
    chance = random.Random(f"anywhere {seed}")
    wild = Plan(
        seed=seed,
        rounds=rounds,
        # a restart begins to count anew, so the hits are few: each kill comes soon after the one before
        failpoints=soak.failpoints(seed=seed, names=sorted(NAMES), kills=at_failpoints, hits=max(1, events // kills)),
        kills_between=frozenset(chance.sample(range(1, events + 1), kills // 2)),
        disturbed=True,
        like=like,
    )
    return Plan(seed=seed, rounds=rounds, like=like), wild


@click.command()
@click.option("--events", type=click.IntRange(10), default=10_000, show_default=True)
@click.option("--kills", type=click.IntRange(2), default=114, show_default=True, help="Half at failpoints.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed is the same run.")
@click.option("--like", type=click.Choice(["6.1", "6.5"]), default="6.5", show_default=True)
@click.option("--postgresql", default="", metavar="URL", help="An empty database for the disturbed run.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Workers on PostgreSQL.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def main(*, events: int, kills: int, seed: int, like: str, postgresql: str, workers: int, as_json: bool) -> None:
    """Play a script twice, undisturbed and under kills and faults, and compare; status 1 where anything differs."""
    calm_plan, wild_plan = plans(seed=seed, events=events, kills=kills, like=like)
    if postgresql:
        wild_plan = replace(wild_plan, postgresql=postgresql, workers=workers)
    # side by side: a run of three processes that wait for each other keeps one core busy
    with (
        tempfile.TemporaryDirectory(prefix="steward-soak-") as directory,
        telling.progress() as bars,
        ThreadPoolExecutor(2) as runs,
    ):

        def play(plan: Plan, name: str) -> Counts:
            bar = bars.add_task(name, total=sum(map(len, plan.rounds)))
            return soak.run(plan, Path(directory) / name, on_event=lambda: bars.advance(bar))

        calm_run, wild_run = runs.submit(play, calm_plan, "undisturbed"), runs.submit(play, wild_plan, "disturbed")
        calm, wild = calm_run.result(), wild_run.result()
    differing = differences(calm.standings, wild.standings, withheld=(calm.withheld, wild.withheld))
    tell = _json if as_json else _table
    tell(seed, calm, wild, differing)
    sys.exit(1 if _problems(calm, wild) or differing else 0)


def _rows(seed: int, run: Counts) -> dict[str, object]:
    return {
        "seed": seed,
        "events": run.events,
        "acknowledged": run.acknowledged,
        "unanswered": run.unanswered,
        "kills": len(run.kills),
        "kills at failpoints": sum(kill != "anywhere" for kill in run.kills),
        "failpoints hit": len(_hit(run)),
        "each of them at least": min(_hit(run).values(), default=0),
        "calls": run.calls,
        "calls disturbed": run.struck,
        "tags written": run.written["tags"],
        "notes written": run.written["notes"],
        "tasks written": run.written["tasks"],
        "lost": len(run.lost),
        "doubled": len(run.doubled),
        "unsettled": len(run.unsettled),
        "tickets judged by the oracle": run.judged,
        **{f"its words about {what}": times for what, times in sorted(run.words.items())},
        "its words that were not kept": len(run.denied),
        "seconds": round(run.seconds),
    }


def _hit(run: Counts) -> Counter[str]:
    return Counter(kill.partition(":")[0] for kill in run.kills if kill != "anywhere")


def _json(seed: int, calm: Counts, wild: Counts, differing: list[str]) -> None:
    found = {"undisturbed": _rows(seed, calm), "disturbed": _rows(seed, wild), "differences": differing}
    print(json.dumps({**found, "failpoints": _hit(wild), "problems": _problems(calm, wild)}))


def _table(seed: int, calm: Counts, wild: Counts, differing: list[str]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("", "undisturbed", "disturbed"):
        table.add_column(title, justify="right" if title else "left")
    disturbed = _rows(seed, wild)
    for name, value in _rows(seed, calm).items():
        table.add_row(name, str(value), str(disturbed.get(name, "")))
    table.add_row("differences at the end", "", str(len(differing)))
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    console.print("killed at " + ", ".join(f"{name} {times}" for name, times in sorted(_hit(wild).items())))
    for line in [*_problems(calm, wild), *differing]:
        console.print(line)


def _problems(calm: Counts, wild: Counts) -> list[str]:
    return [line for run in (calm, wild) for line in (*run.lost, *run.doubled, *run.unsettled, *run.denied)]


if __name__ == "__main__":
    main()
