"""Durable acknowledgements: how fast beside a no-op Flask on granian, how soon after the start, in how much memory.

``.venv/bin/python -m bench.intake``, or with sizes; ``--json`` for one JSON object.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bench import telling
from bench.sender import SECRET, Deliveries, send
from bench.telling import Bar, Report, Sheet, percentile
from tests.ports import free_port

CONNECTIONS = (1, 8, 64)
PROGRAMS = Path(sys.executable).parent
UP_SECONDS = 60.0
REST_SECONDS = 2.0
"""After a start, until its own work is done."""
TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A process that takes deliveries at ``address``; ``pid`` of the one that does the work."""

    name: str
    address: tuple[str, int]
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Granian's worker where there is one, for its parent only watches."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return int(children.split()[-1]) if children.split() else self.process.pid

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK

    @property
    def rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


@contextmanager
def steward(directory: Path, *, under: Sequence[str] = ()) -> Iterator[Server]:
    """``steward serve`` on a store in ``directory``, with a Zammad that is down: what is measured is the receiver.

    ``under`` is a command that runs it, as ``prlimit`` does.
    """
    port = free_port()
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("STEWARD_", "COVERAGE_"))}
    bare.pop("PYTHONDONTWRITEBYTECODE", None)
    settings = {
        "STEWARD_ZAMMAD_URL": "http://127.0.0.1:1",
        "STEWARD_ZAMMAD_TOKEN": "token",
        "STEWARD_WEBHOOK_SECRET": SECRET,
        "STEWARD_DATABASE_URL": f"sqlite:///{directory / 'steward.db'}",
        "STEWARD_LISTEN": f"127.0.0.1:{port}",
        "STEWARD_LOG_LEVEL": "error",
    }
    with (directory / "steward.log").open("ab") as log:
        command = [*under, str(PROGRAMS / "steward"), "serve"]
        process = subprocess.Popen(command, env=bare | settings, stdout=log, stderr=log)
    yield from _until_closed(Server("steward", ("127.0.0.1", port), process))


@contextmanager
def no_op(name: str) -> Iterator[Server]:
    """A Flask that only says 202: ``no-op`` on granian's own WSGI worker, ``no-op, embedded`` on Steward's server."""
    port = str(free_port())
    on_granian = [str(PROGRAMS / "granian"), "--interface", "wsgi", "--port", port, "--no-ws", "bench.noop:app"]
    command = on_granian if name == "no-op" else [sys.executable, "-m", "bench.noop", port]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield from _until_closed(Server(name, ("127.0.0.1", int(port)), process))


@contextmanager
def bare() -> Iterator[Server]:
    """A server that says 503 to everything, and does nothing for it."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)])
    yield from _until_closed(Server("bare", ("127.0.0.1", port), process))


def _until_closed(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)


def first_answer(server: Server, request: bytes) -> float:
    """Seconds from now until ``request`` was answered 202, asked for as often as it takes."""
    began = time.perf_counter()
    while time.perf_counter() - began < UP_SECONDS:
        try:
            if send(server.address, [request], connections=1).counts == {202: 1}:
                return time.perf_counter() - began
        except OSError:
            time.sleep(0.002)
        if server.process.poll() is not None:
            raise click.ClickException(f"{server.name} ended with {server.process.returncode}")
    raise click.ClickException(f"{server.name} did not answer within {UP_SECONDS:g} s")


@dataclass(slots=True)
class Numbers:
    """Every delivery of a run is another."""

    deliveries: Deliveries
    next: int = 0

    def take(self, count: int) -> list[bytes]:
        first, self.next = self.next, self.next + count
        return [self.deliveries.request(number) for number in range(first, self.next)]


@dataclass(frozen=True, slots=True)
class Lap:
    """One server under one number of connections."""

    a_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def lap(server: Server, requests: list[bytes], *, connections: int) -> Lap:
    """Raises ClickException where anything but 202 came."""
    before = server.cpu_seconds
    answers = send(server.address, requests, connections=connections)
    if set(answers.seconds) != {202}:
        raise click.ClickException(f"{server.name} answered {answers.counts}")
    seconds = answers.seconds[202]
    cpu_us = (server.cpu_seconds - before) / len(requests) * 1e6
    return Lap(answers.a_second(), percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.99) * 1e3, cpu_us)


def middle(laps: list[Lap]) -> Lap:
    """The median of each figure."""
    return Lap(
        *(statistics.median(getattr(one, name) for one in laps) for name in ("a_second", "p50_ms", "p99_ms", "cpu_us"))
    )


def starts(directory: Path, numbers: Numbers, *, times: int) -> list[float]:
    """Seconds from a process' start to its first 202: at the very first start, which makes the store, then again."""
    found = []
    for _ in range(times + 1):
        with steward(directory) as server:
            found.append(first_answer(server, numbers.take(1)[0]))
            time.sleep(REST_SECONDS)
    return found


def side_by_side(directory: Path, numbers: Numbers, *, rounds: int, requests: int) -> dict[tuple[int, str], Lap]:
    """All servers in turn, so that they meet the same noise; medians over the rounds."""
    laps: dict[tuple[int, str], list[Lap]] = {}
    with steward(directory) as ours, no_op("no-op") as theirs, no_op("no-op, embedded") as embedded:
        for server in (ours, theirs, embedded):
            first_answer(server, numbers.take(1)[0])
        time.sleep(REST_SECONDS)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                count = requests // 5 if connections == 1 else requests
                for server in (theirs, embedded, ours):
                    taken = numbers.take(count)
                    laps.setdefault((connections, server.name), []).append(lap(server, taken, connections=connections))
    return {key: middle(found) for key, found in laps.items()}


def memory(directory: Path, numbers: Numbers, *, events: int) -> list[tuple[int, float]]:
    """RSS in MB after so many events, in five steps."""
    with steward(directory) as server:
        first_answer(server, numbers.take(1)[0])
        time.sleep(REST_SECONDS)
        found = [(0, server.rss_mb)]
        for step in range(5):
            left = events // 5
            while left:
                some = min(left, 1000)
                send(server.address, numbers.take(some), connections=8)
                left -= some
            found.append((events // 5 * (step + 1), server.rss_mb))
    return found


@click.command()
@click.option("--requests", type=click.IntRange(50), default=2000, show_default=True, help="A round and server.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--events", type=click.IntRange(5), default=50_000, show_default=True, help="For the memory.")
@click.option("--times", type=click.IntRange(1), default=5, show_default=True, help="Starts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(requests: int, rounds: int, events: int, times: int, *, as_json: bool) -> None:
    """Measure, and end with 1 where a bar is missed."""
    began = time.perf_counter()
    numbers = Numbers(Deliveries.recorded())
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as name:
        directory = Path(name)
        first, *later = starts(directory, numbers, times=times)
        laps = side_by_side(directory, numbers, rounds=rounds, requests=requests)
        grown = memory(directory, numbers, events=events)
    sys.exit(telling.tell(_report(numbers, first, later, laps, grown, time.perf_counter() - began), as_json=as_json))


def _report(
    numbers: Numbers,
    first: float,
    later: list[float],
    laps: dict[tuple[int, str], Lap],
    grown: list[tuple[int, float]],
    seconds: float,
) -> Report:
    ratios = {key: one.a_second / laps[key[0], "no-op"].a_second for key, one in laps.items()}
    rows = tuple(
        (*key, one.a_second, one.p50_ms, one.p99_ms, one.cpu_us, ratios[key]) for key, one in sorted(laps.items())
    )
    size = len(numbers.deliveries.template)
    return Report(
        "intake",
        sheets=(
            Sheet(
                "acknowledgements",
                ("connections", "server", "a second", "p50 ms", "p99 ms", "CPU µs each", "of the no-op"),
                rows,
            ),
            Sheet(
                "start to first 202",
                ("start", "seconds"),
                (
                    ("the first, which makes the store", first),
                    ("again, best", min(later)),
                    ("again, median", statistics.median(later)),
                ),
            ),
            Sheet("memory", ("events", "RSS MB"), tuple(grown)),
        ),
        bars=(
            Bar("acknowledgements at 8 connections, of the no-op's", ratios[8, "steward"], 0.30, "", at_least=True),
            Bar("start to first 202, median", statistics.median(later), 0.5, "s"),
            Bar(f"RSS after {grown[-1][0]:,} events", grown[-1][1], 140.0, "MB"),
        ),
        notes=(
            f"A delivery is a recorded one of {size:,} bytes, each with a ticket and version of its own, signed.",
            "steward serve runs whole, worker included, with a Zammad that is down; each 202 is behind an fsync.",
            "The no-op is Flask on granian's WSGI worker, without store, signature or fsync; embedded, it is served"
            " as Steward serves itself, in one process with its threads.",
        ),
        seconds=seconds,
    )


if __name__ == "__main__":
    main()
