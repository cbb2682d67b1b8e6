"""More deliveries than the store can take, and slow sockets: some are turned away at once, none is lost, all goes on.

``python -m bench.overload`` holds it to the promised times on a quiet machine; here they are twenty times as long.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from bench.intake import Numbers, Server, first_answer, steward
from bench.overload import slow_sockets, slow_store
from bench.sender import Deliveries, flood, send
from bench.telling import percentile
from plugin.store import inbox
from plugin.store.store import Store

Tell = Callable[[str], None]

NOISE = 20
"""Other processes of a test run take most of the machine at times."""
OFFERED = 4_000
OFFERED_A_SECOND = 2_000
FLOOD_GROWTH_MB = 100
"""A queue of full size, with what the allocator keeps of it."""


@pytest.fixture
def numbers() -> Numbers:
    return Numbers(Deliveries.recorded())


@pytest.fixture
def server(tmp_path: Path, numbers: Numbers) -> Iterator[Server]:
    with steward(tmp_path) as started:
        first_answer(started, numbers.take(1)[0])
        yield started


def test_under_overload_the_rest_is_turned_away_and_what_was_accepted_is_there(
    server: Server, numbers: Numbers, tmp_path: Path, tell: Tell
) -> None:
    memory = server.rss_mb
    with slow_store(tmp_path):
        answers = flood(server.address, numbers.take(OFFERED), a_second=OFFERED_A_SECOND, connections=1_000)
        probed = time.monotonic()
        assert requests.get(f"http://127.0.0.1:{server.address[1]}/healthz", timeout=30).status_code == 200
        probed = time.monotonic() - probed
    accepted, shed = answers.seconds.get(202, []), answers.seconds.get(503, [])
    tell(
        f"offered {OFFERED:,} at {OFFERED_A_SECOND:,} a second: {answers.counts}, accepted p99"
        f" {percentile(accepted, 0.99):.2f} s, turned away p99 {percentile(shed, 0.99) * 1000:.0f} ms,"
        f" RSS {memory:.0f} to {server.rss_mb:.0f} MB"
    )
    assert set(answers.seconds) == {202, 503}
    assert percentile(accepted, 0.99) <= 1.0 * NOISE
    assert percentile(shed, 0.5) <= 0.05 * NOISE
    assert probed <= 1.0 * NOISE
    assert server.rss_mb - memory <= FLOOD_GROWTH_MB
    with Store.open_for_reading(f"sqlite:///{tmp_path / 'steward.db'}") as store, store.read() as connection:
        # one came before the flood; a 503 after the longest wait may be stored all the same
        assert sum(inbox.counts(connection).values()) >= len(accepted) + 1


def test_two_hundred_slow_sockets_hold_nobody_up(server: Server, numbers: Numbers, tell: Tell) -> None:
    with slow_sockets(server.address, 200):
        answers = send(server.address, numbers.take(500), connections=4)
    p99 = percentile(answers.seconds[202], 0.99)
    tell(f"beside 200 slow sockets: {answers.counts}, p99 {p99 * 1000:.0f} ms")
    assert answers.counts == {202: 500}
    assert p99 <= 1.0 * NOISE


def test_silent_sockets_do_not_take_the_descriptors_of_store_and_zammad(
    tmp_path: Path, numbers: Numbers, tell: Tell
) -> None:
    """With descriptors for 172 connections, 260 silent ones: the next is served when the first were silent too long."""
    with steward(tmp_path, under=("prlimit", "--nofile=300:300")) as server:
        first_answer(server, numbers.take(1)[0])
        with ExitStack() as closing:
            for _ in range(260):
                closing.enter_context(socket.create_connection(server.address))
            answers = send(server.address, numbers.take(5), connections=1)
    tell(f"behind 260 silent sockets and 300 descriptors: {answers.counts}, {max(answers.seconds[202]):.1f} s at most")
    assert answers.counts == {202: 5}
