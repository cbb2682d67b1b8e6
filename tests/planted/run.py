"""Plants one bug after another and tells whether the tests notice: ``make planted``."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from tests.planted.plants import ROOT, Misplanted, Plant, plants
from tests.planted.trial import Deaf, Trial, Verdict, copy_tree, rehearse, try_out


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="A plant, by its file's name; may be given several times.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Trials at a time.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; progress goes to stderr.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the table to this file too.")
def main(only: Sequence[str], jobs: int, page: Path | None, *, as_json: bool) -> None:
    """Copy the tree, plant one bug at a time, run the tests named for it; status 1 unless every bug is caught."""
    began = time.monotonic()
    chosen = _chosen(only)
    tell = partial(print, file=sys.stderr if as_json else sys.stdout, flush=True)
    with tempfile.TemporaryDirectory(prefix="steward-planted-") as directory:
        try:
            trials = _trials(chosen, Path(directory), jobs=jobs, tell=tell)
        except Deaf as failure:
            raise click.ClickException(f"these tests fail although nothing was planted:\n{failure}") from failure
    seconds = time.monotonic() - began
    caught = sum(trial.verdict is Verdict.CAUGHT for trial in trials)
    if page is not None:
        page.write_text(_page(trials, seconds=seconds), encoding="utf-8")
    if as_json:
        print(json.dumps(_as_json(trials, seconds=seconds)))
    else:
        print(f"planted: {caught}/{len(trials)} caught in {seconds:.0f} s")
    sys.exit(0 if caught == len(trials) else 1)


def _chosen(only: Sequence[str]) -> tuple[Plant, ...]:
    try:
        known = {plant.name: plant for plant in plants()}
    except Misplanted as failure:
        raise click.ClickException(str(failure)) from failure
    unknown = [name for name in only if name not in known]
    if unknown:
        raise click.ClickException(f"--only: found {', '.join(unknown)}, allowed {', '.join(known)}")
    return tuple(known[name] for name in only) if only else tuple(known.values())


def _trials(chosen: Sequence[Plant], directory: Path, *, jobs: int, tell: Callable[[str], None]) -> tuple[Trial, ...]:
    tree = copy_tree(ROOT, directory / "tree")
    tests = len({test for plant in chosen for test in plant.tests})
    tell(f"without a bug: {tests} tests pass in {rehearse(chosen, tree):.0f} s")
    done: list[Trial] = []
    with ThreadPoolExecutor(jobs) as threads:
        for trial in threads.map(lambda plant: try_out(plant, tree, directory / plant.name), chosen):
            done.append(trial)
            for line in _lines(trial, f"{len(done)}/{len(chosen)}"):
                tell(line)
    return tuple(done)


def _lines(trial: Trial, number: str) -> Iterator[str]:
    plant = trial.plant
    yield f"{number:>6}  {trial.verdict:<6} {trial.seconds:5.1f} s  {plant.name}  ({', '.join(plant.rooms)})"
    yield from (f"{'':18}  {test}" for test in plant.tests)
    yield from (f"{'':18}! {line}" for line in trial.said.splitlines())


def _as_json(trials: Sequence[Trial], *, seconds: float) -> dict[str, object]:
    return {
        "planted": len(trials),
        "caught": sum(trial.verdict is Verdict.CAUGHT for trial in trials),
        "seconds": round(seconds, 1),
        "plants": [
            {
                "name": trial.plant.name,
                "bug": trial.plant.bug,
                "hurts": trial.plant.hurts,
                "breaks": trial.plant.breaks,
                "rooms": list(trial.plant.rooms),
                "tests": list(trial.plant.tests),
                "verdict": trial.verdict,
                "seconds": round(trial.seconds, 1),
                "said": trial.said,
            }
            for trial in trials
        ],
    }


HEAD = """\
# Planted bugs

A test that cannot fail proves nothing. Each patch in [tests/planted](../tests/planted) puts a bug into Steward
that one of its promises forbids. `make planted` copies the tree, plants one bug at a time, and runs the tests
named in the head of its patch. A bug is caught when every test named fails by an assertion; a patch that does
not apply, an error elsewhere or a test that cannot run is broken and counts as not caught. The same tests pass
first, without a bug.

`make planted PLANTED_ARGS='--only offset_paging'` plants one of them.

To plant another, or to bring one up to date when the code beside it has moved: put the bug into the code by
hand, let `git diff -U2 plugin` be the patch under its head, and take the bug out again. Where no test notices,
that is the finding: write the test.

<!-- Written by `.venv/bin/python -m tests.planted.run --page docs/planted.md`. -->
"""
TITLES = "| bug | would hurt | breaks | room | tests | verdict | s |\n|---|---|---|---|---|---|---|\n"


def _page(trials: Sequence[Trial], *, seconds: float) -> str:
    caught = sum(trial.verdict is Verdict.CAUGHT for trial in trials)
    rows = "".join(_row(trial) for trial in trials)
    measured = f"{datetime.now(UTC):%Y-%m-%d}: {caught} of {len(trials)} caught in {seconds:.0f} s."
    return f"{HEAD}\n{measured}\n\n{TITLES}{rows}"


def _row(trial: Trial) -> str:
    plant = trial.plant
    tests = "<br>".join(f"`{test.replace('|', chr(92) + '|')}`" for test in plant.tests)
    link = f"[{plant.name}](../tests/planted/{plant.patch.name})"
    cells = (f"{link}: {plant.bug}", plant.hurts, plant.breaks, ", ".join(plant.rooms), tests, trial.verdict)
    return f"| {' | '.join(cells)} | {trial.seconds:.0f} |\n"


if __name__ == "__main__":
    main()
