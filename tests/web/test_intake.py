"""Deliveries that wait together share a commit, and none is answered before it; on each database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from plugin.model.errors import Unavailable
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import inbox
from plugin.store.inbox import Delivery
from plugin.store.store import Store
from plugin.web.intake import BATCH, COMMITS_REMEMBERED, RING_SECONDS, Intake, Received

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DELIVERIES_IN_A_ROW = 30
PATIENCE = 60.0
"""Who waits so long waits in vain, however busy the machine is."""
SLOW_SECONDS = 1.5


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened


def delivery(number: int = 1) -> Delivery:
    body = f'{{"ticket":{{"id":{number}}}}}'.encode()
    return Delivery(body=body, source="ticket", received_at=NOON, ticket_id=number)


def stored(store: Store) -> int:
    with store.read() as connection:
        return sum(inbox.counts(connection).values())


@contextmanager
def held_writes(store: Store) -> Iterator[None]:
    """Nobody can commit a delivery inside."""
    with store.write() as connection:
        if not store.database.is_sqlite:
            connection.exec_driver_sql("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
        yield


@dataclass(frozen=True)
class HeldCommits:
    """``reached`` once something was written that waits to be committed; it waits until ``go_on``."""

    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def hold(self, about: Connection | str) -> None:
        """``about``: the connection that commits, or a statement that may be COMMIT."""
        if about == "COMMIT" or isinstance(about, Connection):
            self.reached.set()
            self.go_on.wait(PATIENCE)


@contextmanager
def held_commits(store: Store) -> Iterator[HeldCommits]:
    """Whatever is written inside waits just before its commit; let it go on, and wait for that, before the end."""
    held = HeldCommits()
    if store.database.is_sqlite:
        with store.write() as connection:
            driver: Any = connection.connection.driver_connection  # the only one that writes
        driver.set_trace_callback(held.hold)  # for good: taken back during a commit, it would wait for it for ever
        yield held
    else:
        event.listen(Engine, "commit", held.hold)
        yield held
        event.remove(Engine, "commit", held.hold)


def waits(intake: Intake, count: int) -> None:
    """Return once ``count`` deliveries wait in the queue."""
    until(lambda: intake.waiting >= count, f"{count} deliveries wait")


def submit(threads: ThreadPoolExecutor, intake: Intake, *numbers: int) -> list[Future[Received]]:
    """Deliveries under way: the first with the committing thread, the others in the queue."""
    first: Future[Received] = Future()
    intake.submit(delivery(numbers[0]), partial(give, first))
    waits_for_committer(intake)
    others = [threads.submit(intake.receive, delivery(number)) for number in numbers[1:]]
    waits(intake, len(others))
    return [first, *others]


def give(answer: Future[Received], outcome: Received | Unavailable) -> None:
    if isinstance(outcome, Unavailable):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def waits_for_committer(intake: Intake) -> None:
    """Return once the committing thread has taken what was submitted before."""
    until(lambda: intake.waiting == 0, "somebody takes the delivery")


def until(is_so: Callable[[], bool], what: str) -> None:
    pause, ends = threading.Event(), time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, f"not within {PATIENCE:g} s: {what}"
        pause.wait(0.005)


def test_a_delivery_is_new_once_and_a_replay_afterwards(intake: Intake) -> None:
    assert [intake.receive(delivery()), intake.receive(delivery())] == [Received.NEW, Received.REPLAY]


def test_what_cannot_be_read_is_quarantined(intake: Intake) -> None:
    unreadable = Delivery(body=b"?", source="ticket", received_at=NOON, reason="not JSON")
    assert intake.receive(unreadable) is Received.QUARANTINED


def test_deliveries_that_wait_together_share_a_commit(store: Store, intake: Intake, metrics: Metrics) -> None:
    with ThreadPoolExecutor(40) as threads:
        with held_writes(store):
            answers = submit(threads, intake, *range(1, 41))
        assert {answer.result() for answer in answers} == {Received.NEW}
    commits = metrics.registry.get_sample_value("steward_inbox_commits_total")
    assert stored(store) == 40
    assert commits is not None
    assert commits <= 2


def test_nobody_is_answered_before_the_commit(store: Store, intake: Intake) -> None:
    with ThreadPoolExecutor(2) as threads:
        with held_writes(store):
            answers = submit(threads, intake, 1, 2)
            assert not any(answer.done() for answer in answers)
        assert [answer.result() for answer in answers] == [Received.NEW, Received.NEW]


def test_what_is_inserted_and_not_committed_is_not_answered(store: Store, intake: Intake) -> None:
    with ThreadPoolExecutor(1) as threads, held_commits(store) as commits:
        answer = threads.submit(intake.receive, delivery())
        assert commits.reached.wait(PATIENCE)
        early = wait([answer], timeout=0.3).done
        commits.go_on.set()
        assert answer.result() is Received.NEW
    assert early == set()


def test_the_same_delivery_twice_in_one_commit_is_new_once(store: Store, intake: Intake) -> None:
    with ThreadPoolExecutor(4) as threads:
        with held_writes(store):
            answers = submit(threads, intake, 1, 1, 1, 1)
        results = sorted(answer.result() for answer in answers)
    assert results == [Received.NEW, Received.REPLAY, Received.REPLAY, Received.REPLAY]


def test_more_than_may_wait_is_turned_away_at_once(store: Store, health: Health, metrics: Metrics) -> None:
    small = Intake(store, health=health, metrics=metrics, longest_queue=2, longest_wait=PATIENCE)
    with ThreadPoolExecutor(4) as threads:
        with held_writes(store):
            answers = submit(threads, small, 1, 2, 3)
            with pytest.raises(Unavailable, match="overloaded"):
                small.receive(delivery(4))
        assert [answer.result() for answer in answers] == [Received.NEW] * 3
    small.close()
    assert stored(store) == 3


def test_what_waits_is_committed_before_the_end(store: Store, health: Health, metrics: Metrics) -> None:
    ending = Intake(store, health=health, metrics=metrics, longest_wait=PATIENCE)
    with ThreadPoolExecutor(3) as threads:
        with held_writes(store):
            answers = submit(threads, ending, 1, 2)
            end = threads.submit(ending.close)
        end.result()
        assert [answer.result() for answer in answers] == [Received.NEW, Received.NEW]
    with pytest.raises(Unavailable, match="has ended"):
        ending.receive(delivery(3))


def test_a_store_that_takes_writes_again_is_noticed_without_a_delivery(
    store: Store, intake: Intake, health: Health
) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO inbox_away")
    with pytest.raises(Unavailable):
        intake.receive(delivery())
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox_away RENAME TO inbox")
    until(lambda: is_well(health), "the store is called well again")
    assert intake.receive(delivery()) is Received.NEW


def is_well(health: Health) -> bool:
    told = health.part("store")
    return told is not None and told.ok


@pytest.fixture
def slow(store: Store, health: Health, metrics: Metrics) -> Iterator[Intake]:
    """After a commit of so many seconds, one batch may wait."""
    made = Intake(store, health=health, metrics=metrics, longest_wait=SLOW_SECONDS)
    yield made
    made.close()


@pytest.mark.parametrize("quick_ones", [0, COMMITS_REMEMBERED - 1])
def test_on_a_slow_store_fewer_may_wait(store: Store, slow: Intake, quick_ones: int) -> None:
    answers: SimpleQueue[Received | Unavailable] = SimpleQueue()
    with held_writes(store):
        slow.submit(delivery(1), answers.put)
        threading.Event().wait(SLOW_SECONDS)
    assert answers.get(timeout=PATIENCE) is Received.NEW  # after a commit that took so long
    for number in range(quick_ones):  # they tell nothing about the next
        assert slow.receive(delivery(1000 + number)) is Received.NEW
    with held_writes(store):
        slow.submit(delivery(2), answers.put)
        waits_for_committer(slow)
        for number in range(BATCH):
            slow.submit(delivery(3 + number), answers.put)
        assert slow.is_full()
        with pytest.raises(Unavailable, match="overloaded"):
            slow.submit(delivery(3 + BATCH), answers.put)
    assert {answers.get(timeout=PATIENCE) for _ in range(BATCH + 1)} == {Received.NEW}


def test_nobody_is_let_in_behind_a_commit_that_takes_too_long(store: Store, health: Health, metrics: Metrics) -> None:
    answers: SimpleQueue[Received | Unavailable] = SimpleQueue()
    hasty = Intake(store, health=health, metrics=metrics, longest_wait=0.2)
    with held_writes(store):
        hasty.submit(delivery(1), answers.put)
        until(hasty.is_full, "the commit takes too long")
        with pytest.raises(Unavailable, match="overloaded"):
            hasty.submit(delivery(2), answers.put)
    assert answers.get(timeout=PATIENCE) is Received.NEW
    until(lambda: not hasty.is_full(), "the next is let in")
    assert hasty.receive(delivery(2)) is Received.NEW
    hasty.close()


def test_a_worker_is_rung_at_once_and_then_seldom(store: Store, intake: Intake) -> None:
    rings: list[float] = []
    ended = threading.Event()

    def listen() -> None:
        while not ended.is_set():
            if store.bell.wait(RING_SECONDS):
                rings.append(time.monotonic())

    while store.bell.wait(RING_SECONDS):
        pass  # PostgreSQL's listener rings when it begins
    worker = threading.Thread(target=listen)
    worker.start()
    began = time.monotonic()
    for number in range(DELIVERIES_IN_A_ROW):
        intake.receive(delivery(number))
    taken = time.monotonic() - began
    ended.wait(RING_SECONDS * 3)
    ended.set()
    worker.join()
    assert rings
    # PostgreSQL tells each ring once more, a little later
    assert len(rings) <= 2 * (taken / RING_SECONDS + 2)


CRASHING = """
import sys
from datetime import datetime, UTC
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store.inbox import Delivery
from plugin.store.store import Store
from plugin.web.intake import Intake
store = Store.open(sys.argv[1])
intake = Intake(store, health=Health(), metrics=Metrics())
for number in range(1, 11):
    body = ('{"ticket":{"id":%d}}' % number).encode()
    intake.receive(Delivery(body=body, source="t", received_at=datetime.now(UTC), ticket_id=number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("failpoint", ["received", "inbox-inserted-before-commit", "inbox-committed-before-answer"])
@pytest.mark.parametrize("hit", [1, 5])
def test_a_kill_loses_nothing_that_was_answered_and_doubles_nothing(store_url: str, failpoint: str, hit: int) -> None:
    answered: set[int] = set()
    first = crash(store_url, failpoint=f"{failpoint}:{hit}")
    assert first.returncode == -signal.SIGKILL
    answered |= {int(line) for line in first.stdout.split()}
    assert answered == set(range(1, hit))
    again = crash(store_url)  # Zammad sends what was not answered again, and what was answered may come again
    assert again.returncode == 0, again.stderr
    with Store.open(store_url) as opened, opened.read() as connection:
        tickets = connection.exec_driver_sql("SELECT ticket_id FROM inbox ORDER BY ticket_id").scalars().all()
    assert list(tickets) == list(range(1, 11))


def crash(url: str, *, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STEWARD_TEST_FAILPOINT": failpoint}
    return subprocess.run(
        [sys.executable, "-c", CRASHING, url],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
