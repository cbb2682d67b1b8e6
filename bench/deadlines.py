"""Deadlines under a clock that jumps and a Steward that dies: ``python -m bench.deadlines --deadlines 10000``."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import structlog

from bench import telling
from tests.faults.jumps import JUMPS, PROMPT, Jumps
from tests.scenarios.helpdesk import open_helpdesk


@click.command()
@click.option("--deadlines", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=30, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed is the same run.")
@click.option("--postgresql", default="", metavar="URL", help="An empty database instead of a SQLite file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a line.")
def main(*, deadlines: int, kills: int, seed: int, postgresql: str, as_json: bool) -> None:
    """Tickets of one working day, their limits on the next, and Steward's clock set to and fro among them.

    Status 1 where a deadline is early, missed, written twice, or later than five minutes after the clocks agree.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="steward-deadlines-") as directory, _bar() as passed:
        url = postgresql or f"sqlite:///{Path(directory) / 'steward.db'}"
        helpdesk = open_helpdesk(like="6.5", store_url=url, note_brake="100000")
        run = Jumps(helpdesk, deadlines=deadlines, kills=kills, seed=seed, on_step=passed).run()
        helpdesk.service.close()
    worst = max(run.late).total_seconds() if run.late else 0.0
    if as_json:
        told = {"seed": seed, "deadlines": deadlines, "jumps": len(JUMPS), "kills": run.kills, "seconds": run.seconds}
        counted = {name: len(getattr(run, name)) for name in ("early", "twice", "missed", "wrong")}
        print(json.dumps(told | counted | {"worst_late_seconds": worst}))
    else:
        print(f"seed {seed}, {run}")
    failed = run.early or run.twice or run.missed or run.wrong or worst > PROMPT.total_seconds()
    sys.exit(1 if failed else 0)


@contextmanager
def _bar() -> Iterator[Callable[[float], None]]:
    """Shows which part of the two days is over, where somebody watches."""
    with telling.progress() as bar:
        days = bar.add_task("two days", total=1.0)
        yield lambda part: bar.update(days, completed=part)


if __name__ == "__main__":
    main()
