"""How trials are told: a line as each ends, one JSON object, or the page in docs/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tests.planted.trial import Trial, Verdict


def caught(trials: Sequence[Trial]) -> int:
    """How many bugs were noticed."""
    return sum(trial.verdict is Verdict.CAUGHT for trial in trials)


def lines(trial: Trial, number: str) -> Iterator[str]:
    """What is said of a trial as soon as it has ended; ``number`` says how many there were."""
    plant = trial.plant
    yield f"{number:>6}  {trial.verdict:<6} {trial.seconds:5.1f} s  {plant.name}  ({', '.join(plant.rooms)})"
    yield from (f"{'':18}  {test}" for test in plant.tests)
    yield from (f"{'':18}! {line}" for line in trial.said.splitlines())


def as_json(trials: Sequence[Trial], *, seconds: float) -> dict[str, object]:
    """All trials as one JSON object."""
    return {
        "planted": len(trials),
        "caught": caught(trials),
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


def page(trials: Sequence[Trial], *, seconds: float) -> str:
    """docs/planted.md."""
    rows = "".join(_row(trial) for trial in trials)
    measured = f"{datetime.now(UTC):%Y-%m-%d}: {caught(trials)} of {len(trials)} caught in {seconds:.0f} s."
    return f"{HEAD}\n{measured}\n\n{TITLES}{rows}"


def _row(trial: Trial) -> str:
    plant = trial.plant
    tests = "<br>".join(f"`{test.replace('|', chr(92) + '|')}`" for test in plant.tests)
    link = f"[{plant.name}](../tests/planted/{plant.patch.name})"
    cells = (f"{link}: {plant.bug}", plant.hurts, plant.breaks, ", ".join(plant.rooms), tests, trial.verdict)
    return f"| {' | '.join(cells)} | {trial.seconds:.0f} |\n"
