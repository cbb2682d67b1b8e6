"""Twenty thousand malformed but signed bodies: ``python -m bench.malformed``, on PostgreSQL with ``--database``."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
import structlog

from bench.sender import SECRET
from plugin.store.store import Store
from tests.faults import malformed
from tests.web.wire import door


@click.command()
@click.option("--count", type=click.IntRange(100), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed sends the same bodies.")
@click.option("--database", help="URL of an empty database; a SQLite file that is gone afterwards if left out.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def main(count: int, seed: int, database: str | None, *, as_json: bool) -> None:
    """Send them, and end with 1 where one broke something, or was neither understood nor quarantined."""
    # a line for each would be read by nobody
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as directory:
        url = database or f"sqlite:///{Path(directory) / 'steward.db'}"
        with Store.open(url) as store, door(store, secret=SECRET) as opened:
            verdict = malformed.send_all(opened.address, store, seed=seed, count=count)
    seconds = time.perf_counter() - began
    if as_json:
        print(json.dumps({"bench": "malformed", "seed": seed, "seconds": seconds, **asdict(verdict)}))
    else:
        print(f"seed {seed}: {verdict}")
        print(f"malformed: {len(verdict.faults)} faults in {seconds:.0f} s", *verdict.faults, sep="\n  ")
    sys.exit(1 if verdict.faults else 0)


if __name__ == "__main__":
    main()
