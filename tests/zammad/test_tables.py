"""What is kept of the server for a while, read by many threads."""

from __future__ import annotations

import threading

from plugin.zammad.tables import MISS_PAUSE, Table
from tests.threads import PATIENCE_SECONDS


def test_known_rows_are_read_while_another_thread_asks_for_one_that_is_missing() -> None:
    seconds, asked, answered = [0.0], threading.Event(), threading.Event()

    def fetch() -> dict[int, str]:
        if seconds[0]:
            asked.set()
            assert answered.wait(PATIENCE_SECONDS)
        return {1: "one", 2: "two"} if seconds[0] else {1: "one"}

    table = Table(fetch, lifetime=1000.0, clock=lambda: seconds[0])
    assert table.get(1) == "one"
    seconds[0] = MISS_PAUSE + 1
    found: list[str | None] = []
    asking = threading.Thread(target=lambda: found.append(table.get(2)))
    asking.start()
    assert asked.wait(PATIENCE_SECONDS)
    assert table.get(1) == "one"
    assert asking.is_alive()
    answered.set()
    asking.join(PATIENCE_SECONDS)
    assert found == ["two"]


def test_a_row_two_threads_miss_is_asked_for_once() -> None:
    seconds, fetched = [0.0], []

    def fetch() -> dict[int, str]:
        fetched.append(seconds[0])
        return {1: "one"}

    table = Table(fetch, lifetime=1000.0, clock=lambda: seconds[0])
    assert table.get(1) == "one"
    seconds[0] = MISS_PAUSE + 1
    asking = [threading.Thread(target=table.get, args=(2,)) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(PATIENCE_SECONDS)
    assert fetched == [0.0, MISS_PAUSE + 1]
