"""Ten times as many deliveries as the store can take, and two hundred slow sockets: ``python -m bench.overload``.

The store is made slow on purpose, by somebody else who holds SQLite's write lock: then ten times its capacity is a
rate that a client on the same machine can reach, and the receiver's own answers are what is measured.
"""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bench import telling
from bench.intake import REST_SECONDS, UP_SECONDS, Numbers, Server, bare, first_answer, steward
from bench.sender import Answers, Deliveries, flood, send
from bench.telling import Bar, Report, Sheet, percentile

HELD_SECONDS = 0.3
FREE_SECONDS = 0.015
GLANCE_SECONDS = 0.002
PROBED_A_SECOND = 2_000
PROBED_SECONDS = 4.0
CONNECTIONS = 1_000
"""About twice as many as the receiver lets wait."""
SLOW_SOCKETS = 200
FACTOR = 10


@contextmanager
def slow_store(directory: Path) -> Iterator[None]:
    """Somebody holds the write lock most of the time, as a bad disk would, and takes it again after a commit or two."""
    over = threading.Event()

    def hold() -> None:
        with contextlib.closing(sqlite3.connect(directory / "steward.db", isolation_level=None, timeout=0)) as other:
            while not over.wait(FREE_SECONDS):
                while not _began(other):
                    over.wait(GLANCE_SECONDS)
                over.wait(HELD_SECONDS)
                other.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _began(other: sqlite3.Connection) -> bool:
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:  # somebody writes
        return False
    return True


def capacity(server: Server, numbers: Numbers) -> float:
    """Acknowledgements a second when more is offered than can be taken, but not by far."""
    requests = numbers.take(int(PROBED_A_SECOND * PROBED_SECONDS))
    return flood(server.address, requests, a_second=PROBED_A_SECOND, connections=CONNECTIONS).a_second()


@contextmanager
def slow_sockets(address: tuple[str, int], number: int) -> Iterator[None]:
    """A third never ends its headers, a third its body, a third is silent after one request."""
    beginnings = (
        b"POST /zammad/ticket HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST /zammad/ticket HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    over = threading.Event()

    def drip(clients: list[socket.socket]) -> None:
        while not over.wait(1.0):
            for client in clients:
                with contextlib.suppress(OSError):  # the receiver may have hung up on it, and rightly
                    client.send(b"x")

    with contextlib.ExitStack() as closing:
        clients = [closing.enter_context(socket.create_connection(address)) for _ in range(number)]
        for place, client in enumerate(clients):
            client.sendall(beginnings[place % len(beginnings)])
        thread = threading.Thread(target=drip, args=([c for place, c in enumerate(clients) if place % 3 != 2],))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def alone(requests: list[bytes], rate: float) -> Answers:
    """The same flood against a server that does nothing: what sender and machine add to every answer."""
    with bare() as server:
        wait_for(server)
        return flood(server.address, requests, a_second=rate, connections=CONNECTIONS)


def wait_for(server: Server) -> None:
    """Until it listens. Raises ClickException where it does not."""
    ends = time.monotonic() + UP_SECONDS
    while time.monotonic() < ends:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(server.address):
            return
        time.sleep(0.01)
    raise click.ClickException(f"{server.name} does not listen")


@click.command()
@click.option("--seconds", "length", type=click.FloatRange(1), default=15.0, show_default=True, help="Of overload.")
@click.option("--floods", "number", type=click.IntRange(2), default=6, show_default=True, help="Share the seconds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(length: float, number: int, *, as_json: bool) -> None:
    """Measure, and end with 1 where a bar is missed."""
    began = time.perf_counter()
    numbers = Numbers(Deliveries.recorded())
    with tempfile.TemporaryDirectory(prefix="steward-bench-") as name, steward(Path(name)) as server:
        first_answer(server, numbers.take(1)[0])
        time.sleep(REST_SECONDS)
        with slow_sockets(server.address, SLOW_SOCKETS):
            beside_slow = send(server.address, numbers.take(2_000), connections=8)
        with slow_store(Path(name)):
            can = capacity(server, numbers)
            rate = FACTOR * can
            memory = [server.rss_mb]
            floods = []
            for _ in range(number):
                requests = numbers.take(int(rate * length / number))
                floods.append(flood(server.address, requests, a_second=rate, connections=CONNECTIONS))
                memory.append(server.rss_mb)
            by_itself = alone(numbers.take(int(rate * length / number)), rate)
    report = _report(can, floods, by_itself, memory, beside_slow, time.perf_counter() - began)
    sys.exit(telling.tell(report, as_json=as_json))


def _report(
    can: float, floods: list[Answers], by_itself: Answers, memory: list[float], beside_slow: Answers, seconds: float
) -> Report:
    accepted = [took for answers in floods for took in answers.seconds.get(202, [])]
    shed = [took for answers in floods for took in answers.seconds.get(503, [])]
    others = sum(number for answers in floods for status, number in answers.counts.items() if status not in (202, 503))
    took = sum(answers.took for answers in floods)
    rows = (
        ("202 under overload", len(accepted), len(accepted) / took, *_spread(accepted)),
        ("503 under overload", len(shed), len(shed) / took, *_spread(shed)),
        ("503 of a server that does nothing, same rate", *_told(by_itself, 503)),
        (f"202 beside {SLOW_SOCKETS} slow sockets", *_told(beside_slow)),
    )
    return Report(
        "overload",
        sheets=(
            Sheet("answers", ("what", "answers", "a second", "p50 ms", "p99 ms"), rows),
            Sheet("memory", ("flood", "RSS MB"), tuple(enumerate(memory))),
        ),
        bars=(
            Bar("accepted under overload, p99", percentile(accepted, 0.99), 1.0, "s"),
            Bar("turned away, p99", percentile(shed, 0.99) * 1000, 50.0, "ms"),
            Bar("other answers than 202 and 503", others, 0),
            Bar("growth of RSS from the first flood to the last", memory[-1] - memory[1], 10.0, "MB"),
            Bar(f"beside {SLOW_SOCKETS} slow sockets, p99", percentile(beside_slow.seconds[202], 0.99), 1.0, "s"),
        ),
        notes=(
            f"Capacity with the slow store: {can:,.0f} a second; offered: {FACTOR * can:,.0f} a second"
            f" over {CONNECTIONS:,} connections, {(len(accepted) + len(shed)) / took:,.0f} answered.",
            "Times are the client's, from the first byte sent to the answer read, and nothing is taken off them; how"
            " much is the sender's and the machine's, the server that does nothing tells.",
        ),
        seconds=seconds,
    )


def _told(answers: Answers, status: int = 202) -> tuple[int, float, float, float]:
    seconds = answers.seconds[status]
    return len(seconds), answers.a_second(status), *_spread(seconds)


def _spread(seconds: list[float]) -> tuple[float, float]:
    return percentile(seconds, 0.5) * 1000, percentile(seconds, 0.99) * 1000


if __name__ == "__main__":
    main()
