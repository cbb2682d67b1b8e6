"""Plants one bug after another and tells whether the tests notice: ``make planted``."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import click

from tests.planted.plants import ROOT, Misplanted, Plant, plants
from tests.planted.telling import as_json, caught, lines, page
from tests.planted.trial import Deaf, Trial, copy_tree, rehearse, try_out


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="A plant, by its file's name; may be given several times.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Trials at a time.")
@click.option("--json", "in_json", is_flag=True, help="One JSON object; progress goes to stderr.")
@click.option("--page", "to", type=click.Path(dir_okay=False, path_type=Path), help="Write the table to this file too.")
def main(only: Sequence[str], jobs: int, to: Path | None, *, in_json: bool) -> None:
    """Copy the tree, plant one bug at a time, run the tests named for it; status 1 unless every bug is caught."""
    began = time.monotonic()
    chosen = _chosen(only)
    tell = partial(print, file=sys.stderr if in_json else sys.stdout, flush=True)
    with tempfile.TemporaryDirectory(prefix="steward-planted-") as directory:
        try:
            trials = _trials(chosen, Path(directory), jobs=jobs, tell=tell)
        except Deaf as failure:
            raise click.ClickException(f"these tests fail although nothing was planted:\n{failure}") from failure
    seconds = time.monotonic() - began
    if to is not None:
        to.write_text(page(trials, seconds=seconds), encoding="utf-8")
    if in_json:
        print(json.dumps(as_json(trials, seconds=seconds)))
    else:
        print(f"planted: {caught(trials)}/{len(trials)} caught in {seconds:.0f} s")
    sys.exit(0 if caught(trials) == len(trials) else 1)


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
            for line in lines(trial, f"{len(done)}/{len(chosen)}"):
                tell(line)
    return tuple(done)


if __name__ == "__main__":
    main()
