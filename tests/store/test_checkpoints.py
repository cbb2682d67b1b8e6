"""The write-ahead log is carried over beside the commits, and is empty when it is told to be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.store import meta
from plugin.store.checkpoints import COMMITS
from plugin.store.store import Store

DEADLINE_SECONDS = 60.0
VALUE = "a value of four kilobytes, so that a page is written for each" * 64


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as opened:
        yield opened


def commit(store: Store, number: int, *, first: int = 0) -> None:
    for key in range(first, first + number):
        with store.write() as connection:
            meta.put(connection, f"key {key}", VALUE)


def log_bytes(store: Store) -> int:
    return store.database.file.with_name(f"{store.database.file.name}-wal").stat().st_size


def test_the_log_reaches_the_file_though_no_commit_carries_it_over(store: Store) -> None:
    before = store.database.file.stat().st_size
    pause, ends = threading.Event(), time.monotonic() + DEADLINE_SECONDS
    commit(store, COMMITS)
    while store.database.file.stat().st_size < before + COMMITS * len(VALUE) // 2:
        assert time.monotonic() < ends
        pause.wait(0.005)


def test_deleted_rows_are_forgotten_though_a_checkpoint_is_under_way(store: Store) -> None:
    for turn in range(10):
        commit(store, COMMITS, first=turn * COMMITS)  # the last of them has one begun
        store.database.forget_deleted()
        assert log_bytes(store) == 0


def test_a_store_that_is_closed_leaves_no_thread(store: Store) -> None:
    before = set(threading.enumerate())
    commit(store, COMMITS)
    begun = set(threading.enumerate()) - before
    assert [thread.name for thread in begun] == ["steward-checkpoint"]
    store.close()
    assert not any(thread.is_alive() for thread in begun)
