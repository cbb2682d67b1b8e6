"""Lists of any length are asked for in a few lengths, and what a process keeps for them does not grow."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.store import inbox
from plugin.store.inbox import Delivery
from plugin.store.padding import padded
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = os.sysconf("SC_PAGE_SIZE")
KIB = 1024


def delivery(number: int, *, size: int) -> Delivery:
    body = str(number).encode().ljust(size)
    return Delivery(body=body, source="ticket", received_at=NOON, ticket_id=number, version="v1")


def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / KIB / KIB


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([1], [1], id="one"),
        pytest.param([1, 2], [1, 2], id="a length of ours"),
        pytest.param([1, 2, 3], [1, 2, 3, 3], id="one too few"),
        pytest.param([1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 5, 5, 5], id="one too many"),
    ],
)
def test_a_list_is_filled_with_its_last_up_to_a_power_of_two(given: list[int], expected: list[int]) -> None:
    assert padded(given) == expected


@pytest.mark.parametrize(
    ("size", "lengths"),
    [
        pytest.param(60 * KIB, range(17, 33), id="as large as bodies are that come together"),
        pytest.param(1024 * KIB, range(1, 9), id="large ones"),
    ],
)
def test_batches_of_all_lengths_leave_no_more_in_memory_than_one(
    store: Store, size: int, lengths: range, tell: Callable[[str], None]
) -> None:
    """The driver keeps each of 128 statements with the values it was given last, and each length is a statement."""
    numbers = iter(range(1, 10_000))

    def receive(length: int) -> int:
        batch = [delivery(next(numbers), size=size) for _ in range(length)]
        with store.write() as connection:
            return len(inbox.receive(connection, batch, store_key=store.key))

    assert receive(lengths[-1]) == lengths[-1]
    before = rss_mb()
    assert [receive(length) for length in lengths] == list(lengths)
    grown, one = rss_mb() - before, lengths[-1] * size / KIB / KIB
    tell(f"{len(lengths)} batches of up to {one:.1f} MB: RSS grew by {grown:.1f} MB")
    assert grown < 3 * one


def test_what_fills_a_batch_up_leaves_no_trace(store: Store) -> None:
    with store.write() as connection:
        fresh = inbox.receive(connection, [delivery(n, size=10) for n in range(1, 6)], store_key=store.key)
        assert len(fresh) == sum(inbox.counts(connection).values()) == 5
        assert [inbox.bodies(connection, n, store_key=store.key) for n in range(1, 6)] == [
            (str(n).encode().ljust(10),) for n in range(1, 6)
        ]


def test_large_and_small_bodies_of_one_ticket_stay_in_order(store: Store) -> None:
    sizes = [10, 100 * KIB, 20, 200 * KIB, 300 * KIB, 30]
    batch = [
        Delivery(body=b"x".ljust(size), source="ticket", received_at=NOON, ticket_id=7, version=f"v{size}")
        for size in sizes
    ]
    with store.write() as connection:
        assert len(inbox.receive(connection, batch, store_key=store.key)) == len(sizes)
        assert [len(body) for body in inbox.bodies(connection, 7, store_key=store.key)] == sizes


def test_any_number_of_deliveries_is_folded_and_each_ticket_woken_once(store: Store) -> None:
    for number in range(1, 12):
        with store.write() as connection:
            batch = [delivery(number * 100 + one, size=10) for one in range(number)]
            inbox.receive(connection, batch, store_key=store.key)
            assert inbox.fold(connection, quiet=timedelta(seconds=1), now=NOON) == number
