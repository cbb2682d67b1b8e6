"""How long it takes to play a quarter's tickets from the cache through the whole shipped pack, and how much memory."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.lives import READ_AT, lives
from bench.telling import Bar, Report, Sheet, tell
from plugin.model.pack import Pack
from plugin.packs import load
from plugin.simulate import files
from plugin.simulate.histories import to_bytes
from plugin.simulate.report import About
from plugin.simulate.running import Result, Work, simulate
from plugin.simulate.sources import Source, of_cache
from plugin.simulate.tally import Window
from plugin.store.histories import Histories

PROMISED = 100_000
MOST_SECONDS, MOST_MB = 300.0, 500.0
AT_ONCE = 2_000
SECRET = b"the secret of a measurement, long enough"


@click.command()
@click.option("--tickets", type=click.IntRange(500), default=5_000, show_default=True, help="Histories in the cache.")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(tickets: int, processes: int, seed: int, *, as_json: bool) -> None:
    """Measure; status 1 where a bar is missed. With fewer tickets than promised the time is that of as many more."""
    began = time.monotonic()
    pack = load("service-standard")
    with (
        TemporaryDirectory(prefix="steward-bench-") as folder,
        Histories.open(Path(folder) / "histories.db", secret_key=SECRET, now=datetime.now(UTC)) as cache,
    ):
        filled = _seconds(lambda: _fill(cache, tickets, seed))
        before = _processor_seconds()
        result, took, reported = _play(of_cache(cache, since=None), pack, processes, Path(folder))
        busy = _processor_seconds() - before
        size = cache_size(Path(folder))
    memory = _megabytes(processes)
    whole = took + reported
    rows = (
        ("tickets", tickets),
        ("complaints, played beside each other", _complaints(result)),
        ("facts", result.tally.facts),
        ("decisions", result.tally.decisions),
        ("making the histories, s", filled),
        ("cache, MB", size),
        ("playing them, s", took),
        ("writing the report, s", reported),
        ("processor time of it all, s", busy),
        ("a ticket, ms of a processor", busy / tickets * 1000),
        ("a decision, ms of a processor", busy / result.tally.decisions * 1000),
        ("memory of all processes, MB", memory),
    )
    report = Report(
        bench="simulate",
        sheets=(Sheet(f"a cache through the whole pack, {processes} processes", ("", "measured"), rows),),
        bars=(
            Bar(f"{PROMISED:,} tickets", whole * PROMISED / tickets, MOST_SECONDS, "s"),
            Bar("memory", memory, MOST_MB, "MB"),
        ),
        notes=(f"Made-up lives, seed {seed}; the time of {PROMISED:,} is reckoned from {tickets:,}.",),
        seconds=time.monotonic() - began,
    )
    sys.exit(tell(report, as_json=as_json))


def cache_size(folder: Path) -> float:
    """The cache and what lies beside it, in megabytes."""
    return sum(file.stat().st_size for file in folder.glob("histories.db*")) / 1e6


def _fill(cache: Histories, tickets: int, seed: int) -> None:
    made: Iterator[tuple[int, bytes]] = ((one.ticket_id, to_bytes(one)) for one in lives(tickets, seed=seed))
    while some := list(islice(made, AT_ONCE)):
        cache.keep_many(some, version="1", at=READ_AT)


def _play(source: Source, pack: Pack, processes: int, folder: Path) -> tuple[Result, float, float]:
    began = time.perf_counter()
    with files.lines(folder / "report", compared=False) as lines:
        work = Work(pack, Window(pack.zone), key=source.key)
        result = simulate(source, work, processes=processes, on_batch=lines.add)
    took = time.perf_counter() - began
    about = About(pack, None, source.name, None, datetime.now(UTC))
    return result, took, _seconds(lambda: files.write(result, about, folder / "report"))


def _complaints(result: Result) -> int:
    return sum(count for (kind, _), count in result.tally.kinds.items() if kind == "complaint")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _processor_seconds() -> float:
    """Of this process and of those that have ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _megabytes(processes: int) -> float:
    """The most this process had, and as much for each of the others as the largest of them had."""
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    own, others = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + processes * others) * unit / 1e6


if __name__ == "__main__":
    main()
