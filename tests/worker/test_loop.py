"""The worker's loop in threads and processes: it naps, is rung for, stops, and outlives kills and lost locks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plugin import baton
from plugin.model.errors import Unavailable
from plugin.model.work import Claim, Verdict, WakeReason
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import cases, chores, inbox, meta, waking
from plugin.store.errors import StoreUnavailable
from plugin.store.store import Store
from plugin.worker import Chore, Worker
from plugin.zammad import limits
from plugin.zammad.fence import Overtaken
from plugin.zammad.limits import Priority
from tests.threads import PATIENCE_SECONDS, until
from tests.worker.hands import HOUR, NOON, HandClock, Visits, case, hear, make, wake

LONG_NAP_SECONDS = 30.0


@contextmanager
def running(worker: Worker) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def now() -> datetime:
    return datetime.now(UTC)


def test_an_idle_worker_starts_within_a_moment_of_the_bell(store: Store) -> None:
    began: list[float] = []

    def visit(_: Claim) -> Verdict:
        began.append(time.monotonic())
        return Verdict()

    health = Health()
    worker = Worker(store, visit=visit, clock=now, quiet=timedelta(0), longest_nap=LONG_NAP_SECONDS, health=health)
    with running(worker):
        until(lambda: health.part("store") is not None)
        delays = []
        for number in range(10):
            threading.Event().wait(0.05)
            heard = time.monotonic()
            hear(store, number + 1, at=now())
            until(partial(has_length, began, number + 1))
            delays.append(began[-1] - heard)
    # bench/idle.py measures how soon; without a bell it would be half a minute, whatever else the machine does
    assert sorted(delays)[5] < LONG_NAP_SECONDS / 10


def has_length(things: list[float], length: int) -> bool:
    return len(things) == length


def test_another_process_rings_the_bell_too_on_postgresql(postgresql_url: str) -> None:
    visits = Visits()
    with Store.open(postgresql_url) as store, Store.open(postgresql_url) as receiver:
        worker = Worker(store, visit=visits, clock=now, quiet=timedelta(0), longest_nap=10 * PATIENCE_SECONDS)
        with running(worker):
            until(lambda: heartbeats(store) == 1)
            threading.Event().wait(0.5)  # until it listens
            hear(receiver, 7, at=now())
            until(lambda: visits.tickets == [7])


def test_a_sign_of_life_carries_what_other_processes_show(store: Store) -> None:
    health = Health()
    health.tell("webhook", ok=False, said="no webhook is heard")
    worker = Worker(store, visit=lambda _: Verdict(), clock=now, health=health)
    with running(worker):
        until(lambda: told(store) != {})
        assert told(store)[worker.name]["parts"]["webhook"]["said"] == "no webhook is heard"


def told(store: Store) -> Mapping[str, Mapping[str, Any]]:
    with store.read() as connection:
        return meta.told(connection)


def heartbeats(store: Store) -> int:
    with store.read() as connection:
        return len(meta.beats(connection))


def test_several_cases_are_visited_at_a_time_and_never_one_ticket_twice(store: Store) -> None:
    together: set[int] = set()
    most, twice = [0], [0]
    mutex, three = threading.Lock(), threading.Event()
    for ticket_id in range(1, 6):
        wake(store, ticket_id)

    def visit(claim: Claim) -> Verdict:
        with mutex:
            twice[0] += claim.ticket_id in together
            together.add(claim.ticket_id)
            most[0] = max(most[0], len(together))
            if len(together) == 3:
                three.set()
        three.wait(PATIENCE_SECONDS)
        threading.Event().wait(0.02)
        with mutex:
            together.discard(claim.ticket_id)
        return Verdict()

    metrics = Metrics()
    worker = Worker(store, visit=visit, clock=now, quiet=timedelta(0), concurrency=3, metrics=metrics)
    with running(worker):
        for number in range(60):
            hear(store, number % 5 + 1, at=now(), text=str(number))
        until(lambda: idle(store))
    assert (most[0], twice[0]) == (3, 0)


def idle(store: Store) -> bool:
    with store.read() as connection:
        return not inbox.has_new(connection) and waking.oldest_due(connection, now=now()) is None


def test_stopping_ends_the_visits_under_way_and_claims_no_more(store: Store) -> None:
    began, release = threading.Event(), threading.Event()

    def visit(_: Claim) -> Verdict:
        began.set()
        release.wait(PATIENCE_SECONDS)
        return Verdict()

    wake(store, 1)
    worker = Worker(store, visit=visit, clock=now, concurrency=1)
    with running(worker) as thread:
        assert began.wait(PATIENCE_SECONDS)
        wake(store, 2)
        worker.stop()
        release.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    assert case(store, 1).wake is None
    assert case(store, 2).wake is not None
    assert heartbeats(store) == 0


def test_a_visit_that_hangs_does_not_keep_the_process_from_ending(store_url: str) -> None:
    code = """
import sys, signal, threading
from datetime import datetime, UTC
from plugin.model.work import WakeReason
from plugin.store import cases, waking
from plugin.store.store import Store
import plugin.worker
plugin.worker.STOP_SECONDS = 0.5
store = Store.open(sys.argv[1])
now = lambda: datetime.now(UTC)
with store.write() as connection:
    waking.wake(connection, 7, at=now(), reason=WakeReason.EVENT, now=now())
def visit(claim):
    print("hangs", flush=True)
    threading.Event().wait()
worker = plugin.worker.Worker(store, visit=visit, clock=now)
signal.signal(signal.SIGTERM, lambda *_: worker.stop())
thread = threading.Thread(target=worker.run)
thread.start()
thread.join()
store.close()
"""
    process = subprocess.Popen([sys.executable, "-c", code, store_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "hangs\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    process.stdout.close()
    with Store.open(store_url) as store:
        visits = Visits()
        make(store, visits, HandClock(now())).drain()
        assert visits.tickets == [7]


def test_deadlines_go_first_where_the_rate_makes_them_wait_and_the_sweep_last(store: Store) -> None:
    asked: dict[str, Priority] = {}

    def visit(claim: Claim) -> Verdict:
        asked[claim.wake.reason.value] = limits.priority()
        return Verdict()

    def sweep(cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:  # noqa: ARG001
        asked["a chore"] = limits.priority()
        return {}

    for ticket_id, reason in enumerate(WakeReason, start=1):
        wake(store, ticket_id, reason=reason)
    Worker(store, visit=visit, clock=HandClock(), chores=[Chore("sweep", every=HOUR, run=sweep)]).drain()
    assert asked == {
        "operator": Priority.DEADLINE,
        "deadline": Priority.DEADLINE,
        "event": Priority.EVENT,
        "retry": Priority.EVENT,
        "sweep": Priority.SWEEP,
        "a chore": Priority.SWEEP,
    }


def test_an_outage_is_not_asked_about_once_per_case(store: Store) -> None:
    visits = Visits(Unavailable("Zammad is down"))
    for ticket_id in range(1, 101):
        wake(store, ticket_id)
    with running(Worker(store, visit=visits, clock=now, concurrency=4)):
        until(lambda: len(visits.seen) >= 2)
        threading.Event().wait(0.8)
    # 4 at once, one after a second, one after two more …
    assert len(visits.seen) <= 8


def test_on_sqlite_one_visit_computes_while_others_wait_for_zammad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baton, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    computing, most, asking = 0, 0, threading.Barrier(4)

    def visit(_: Claim) -> Verdict:
        nonlocal computing, most
        computing += 1
        most = max(most, computing)
        threading.Event().wait(0.02)
        computing -= 1
        with baton.put_down():
            asking.wait(PATIENCE_SECONDS)  # broken unless all four ask at the same time
        return Verdict()

    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as store:
        for ticket_id in range(1, 5):
            wake(store, ticket_id)
        with running(Worker(store, visit=visit, clock=now, concurrency=4)):
            until(lambda: {case(store, ticket_id).looks for ticket_id in range(1, 5)} == {1})
    assert most == 1


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux knows threads that interrupt nobody")
def test_threads_that_work_on_cases_interrupt_nobody(store: Store) -> None:
    found: list[int] = []

    def visit(_: Claim) -> Verdict:
        found.append(os.sched_getscheduler(0))
        return Verdict()

    wake(store, 1)
    with running(Worker(store, visit=visit, clock=now)):
        until(lambda: found != [])
    assert found == [os.SCHED_BATCH]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.parametrize("trouble", [StoreUnavailable("the disk is full"), Overtaken("the lock fell")], ids=type)
def test_trouble_of_our_own_is_no_outage_and_passes_though_zammads_clock_stands_still(
    store: Store, trouble: Unavailable
) -> None:
    visits = Visits(trouble)
    for ticket_id in range(1, 5):
        wake(store, ticket_id)
    with running(Worker(store, visit=visits, clock=now, concurrency=4, ages=lambda: 0.0)):
        until(lambda: len(visits.seen) == 4)
        visits.answer = Verdict()
        wake(store, 5)
        until(lambda: 5 in visits.tickets)


def test_a_lost_lock_keeps_the_verdict_from_being_kept(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:

        def visit(claim: Claim) -> Verdict:
            assert claim.lock.still_held()
            store.locks.close()  # as if PostgreSQL had ended the session
            assert not claim.lock.still_held()
            return Verdict()

        wake(store, 7)
        make(store, visit, HandClock()).run_once()
        assert case(store, 7).looks == 0
        assert case(store, 7).wake is not None


def test_a_lost_lock_keeps_a_chores_cursor_from_being_kept(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:

        def sweep(cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:  # noqa: ARG001
            store.locks.close()  # as if PostgreSQL had ended the session
            return {"since": "stale"}

        Worker(store, visit=Visits(), clock=HandClock(), chores=[Chore("sweep", every=HOUR, run=sweep)]).run_once()
        with store.read() as connection:
            row = chores.get(connection, "sweep")
        assert row is not None
        assert row.cursor == {}
        assert row.wake_at == NOON


CRASHING = """
import sys
from datetime import datetime, timedelta, UTC
from plugin.model.work import Verdict, WakeReason
from plugin.store import cases, inbox, waking
from plugin.store.store import Store
from plugin.worker import Worker
now = lambda: datetime.now(UTC)
store = Store.open(sys.argv[1])
with store.write() as connection:
    batch = [inbox.Delivery(body=b"%d" % n, source="t", received_at=now(), ticket_id=n) for n in range(1, 21)]
    inbox.receive(connection, batch, store_key=store.key)
def visit(claim):
    with store.write() as connection:
        cases.keep(connection, claim.ticket_id, cases.seen( number=str(claim.ticket_id), version="v", snapshot={},
                      pack_version="p", now=now()))
    return Verdict()
Worker(store, visit=visit, clock=now, quiet=timedelta(0)).drain()
"""


@pytest.mark.parametrize(
    "failpoint",
    [
        "folded-before-commit",
        "folded",
        "locked:2",
        "claimed:3",
        "finished-before-commit:7",
        "finished:9",
        "chore-done-before-commit",
    ],
)
def test_a_kill_anywhere_in_the_loop_loses_no_case(store_url: str, failpoint: str) -> None:
    def run(armed: str) -> int:
        environment = {**os.environ, "STEWARD_TEST_FAILPOINT": armed}
        return subprocess.run(
            [sys.executable, "-c", CRASHING, store_url], env=environment, timeout=2 * PATIENCE_SECONDS, check=False
        ).returncode

    assert run(failpoint) == -signal.SIGKILL
    assert run("") == 0
    with Store.open(store_url) as store, store.read() as connection:
        found = cases.listed(connection)
    assert [each.ticket_id for each in found] == list(range(1, 21))
    assert {each.wake for each in found} == {None}
    assert {each.version for each in found} == {"v"}
