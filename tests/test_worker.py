"""The worker visits what is due, one look at a ticket at a time, parks what fails and waits out what is down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from plugin.model.errors import Refused, Unavailable, Unknown
from plugin.model.work import CaseRow, CaseStatus, Claim, Outcome, Verdict, Wake, WakeReason
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import cases, chores, inbox, meta, waking
from plugin.store.database import Connection
from plugin.store.errors import StoreUnavailable
from plugin.store.store import Store
from plugin.worker import Chore, Visit, Worker
from plugin.zammad import limits
from plugin.zammad.fence import Overtaken
from plugin.zammad.limits import Priority

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class HandClock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


class Visits:
    """Remembers which tickets were visited and why, and answers with what it was told to."""

    def __init__(self, answer: Verdict | Exception = Verdict()) -> None:  # noqa: B008
        self.answer = answer
        self.seen: list[tuple[int, str]] = []

    def __call__(self, claim: Claim) -> Verdict:
        self.seen.append((claim.ticket_id, claim.wake.reason.value))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def tickets(self) -> list[int]:
        return [ticket_id for ticket_id, _ in self.seen]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def hear(store: Store, ticket_id: int, *, at: datetime = NOON, text: str = "a", version: str | None = None) -> None:
    body = f"{ticket_id} {text}".encode()
    delivery = inbox.Delivery(body=body, source="t", received_at=at, ticket_id=ticket_id, version=version)
    with store.write() as connection:
        inbox.receive(connection, [delivery], store_key=store.key)
        store.bell.notify(connection)
    store.bell.ring()


def wake(store: Store, ticket_id: int, *, at: datetime = NOON, reason: WakeReason = WakeReason.DEADLINE) -> None:
    with store.write() as connection:
        waking.wake(connection, ticket_id, at=at, reason=reason, now=NOON)


def case(store: Store, ticket_id: int) -> CaseRow:
    with store.read() as connection:
        found = cases.get(connection, ticket_id)
    assert found is not None
    return found


def make(store: Store, visit: Visit, clock: HandClock, *, quiet: float = 1, do: tuple[Chore, ...] = ()) -> Worker:
    return Worker(store, visit=visit, clock=clock, quiet=timedelta(seconds=quiet), chores=do)


def test_what_was_heard_is_visited_once_it_is_quiet(store: Store, clock: HandClock) -> None:
    visits = Visits()
    worker = make(store, visits, clock)
    hear(store, 7)
    worker.drain()
    assert visits.seen == []
    clock.advance(SECOND)
    worker.drain()
    assert visits.seen == [(7, "event")]
    worker.drain()
    assert visits.seen == [(7, "event")]


@dataclass
class Done:
    """What a visit did last: written into the store with whatever is committed next, or alone."""

    store: Store
    lock_falls: bool = False
    was_kept: bool = False

    def write(self, connection: Connection) -> None:
        meta.put(connection, "done", "with the verdict")
        if self.lock_falls:
            raise Overtaken("the lock fell")

    def kept(self) -> None:
        self.was_kept = True

    def keep(self) -> None:
        with self.store.write() as connection:
            meta.put(connection, "done", "alone")
        self.kept()


def test_what_a_visit_did_last_is_committed_with_its_verdict(store: Store, clock: HandClock) -> None:
    done = Done(store)
    wake(store, 1)
    make(store, Visits(Verdict(unkept=done)), clock).drain()
    with store.read() as connection:
        assert (meta.get(connection, "done"), done.was_kept) == ("with the verdict", True)


def test_what_a_visit_did_last_is_kept_where_its_lock_fell_and_the_verdict_is_not(
    store: Store, clock: HandClock
) -> None:
    done = Done(store, lock_falls=True)
    wake(store, 1)
    make(store, Visits(Verdict(unkept=done)), clock).run_once()
    with store.read() as connection:
        case = cases.get(connection, 1)
        assert (meta.get(connection, "done"), done.was_kept) == ("alone", True)
    assert case is not None
    assert case.looks == 0


def test_many_hints_about_a_ticket_are_one_visit(store: Store, clock: HandClock) -> None:
    visits = Visits()
    for number in range(8):
        hear(store, 7, text=str(number), version=f"v{number}")
    clock.advance(SECOND)
    make(store, visits, clock).drain()
    assert visits.tickets == [7]


def test_deadlines_are_visited_before_what_was_heard_before_the_sweep(store: Store, clock: HandClock) -> None:
    visits = Visits()
    wake(store, 1, reason=WakeReason.SWEEP)
    hear(store, 2)
    wake(store, 3, at=NOON)
    wake(store, 4, at=NOON - HOUR)
    make(store, visits, clock, quiet=0).drain()
    assert visits.tickets == [4, 3, 2, 1]


def test_a_visit_says_when_it_is_due_again(store: Store, clock: HandClock) -> None:
    visits = Visits(Verdict(next_wake=Wake(at=NOON + HOUR, reason=WakeReason.DEADLINE)))
    worker = make(store, visits, clock)
    wake(store, 7)
    worker.drain()
    clock.advance(HOUR - SECOND)
    worker.drain()
    assert len(visits.seen) == 1
    visits.answer = Verdict()
    clock.advance(SECOND)
    worker.drain()
    assert visits.seen == [(7, "deadline"), (7, "deadline")]
    assert case(store, 7).wake is None


def test_a_clock_that_jumps_decides_what_is_due(store: Store, clock: HandClock) -> None:
    visits = Visits()
    worker = make(store, visits, clock)
    wake(store, 7, at=NOON + HOUR)
    clock.now = NOON - timedelta(days=30)
    worker.drain()
    assert visits.seen == []
    clock.now = datetime(2038, 1, 20, tzinfo=UTC)
    worker.drain()
    assert visits.tickets == [7]


def test_bodies_are_dropped_once_their_case_was_looked_at(store: Store, clock: HandClock) -> None:
    hear(store, 7)
    make(store, Visits(), clock, quiet=0).drain()
    with store.read() as connection:
        assert inbox.bodies(connection, 7, store_key=store.key) == ()


@pytest.mark.parametrize(
    "failure", [Unavailable("Zammad is down"), Unknown("cut off"), Unavailable("wait", retry_after=15)], ids=repr
)
def test_an_outage_is_waited_out_and_never_counts(store: Store, clock: HandClock, failure: Exception) -> None:
    visits = Visits(failure)
    worker = make(store, visits, clock)
    wake(store, 7)
    for _ in range(5760):  # a day of it
        worker.run_once()
        clock.advance(15 * SECOND)
        if len(visits.seen) > 30:
            break
    assert len(visits.seen) > 30
    assert (case(store, 7).status, case(store, 7).tries) == (CaseStatus.OPEN, 0)
    visits.answer = Verdict()
    worker.drain()
    assert case(store, 7).wake is None


def test_after_an_outage_the_nearest_deadline_comes_first(store: Store, clock: HandClock) -> None:
    visits = Visits(Unavailable("Zammad is down"))
    worker = make(store, visits, clock)
    wake(store, 1, reason=WakeReason.SWEEP)
    wake(store, 2, at=NOON)
    wake(store, 3, at=NOON - HOUR)
    worker.drain()
    visits.answer, visits.seen = Verdict(), []
    clock.advance(15 * SECOND)
    worker.drain()
    assert visits.tickets == [3, 2, 1]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        pytest.param(Refused("PUT /tickets/7: 422", status=422), "PUT /tickets/7: 422", id="refused"),
        pytest.param(KeyError("words of a customer"), "KeyError at test_worker.py:", id="a policy raises"),
        pytest.param(ZeroDivisionError(), "ZeroDivisionError at test_worker.py:", id="any exception"),
    ],
)
def test_a_case_that_fails_eight_times_is_parked_with_its_reason_and_others_go_on(
    store: Store, clock: HandClock, failure: Exception, reason: str
) -> None:
    visits = Visits(failure)
    worker = make(store, visits, clock)
    wake(store, 7)
    for _ in range(20):
        worker.drain()
        clock.advance(4 * HOUR)
    assert case(store, 7).status is CaseStatus.PARKED
    assert case(store, 7).parked_reason.startswith(reason)
    assert "customer" not in case(store, 7).parked_reason
    assert len(visits.seen) <= 8
    visits.answer = Verdict()
    wake(store, 8, at=clock.now)
    worker.drain()
    assert visits.tickets[-1] == 8


def test_failures_are_tried_again_at_growing_intervals_until_the_eighth(store: Store, clock: HandClock) -> None:
    visits = Visits(ValueError())
    worker = make(store, visits, clock)
    wake(store, 7)
    gaps: list[float] = []
    while case(store, 7).status is CaseStatus.OPEN:
        worker.drain()
        not_before = case(store, 7).not_before
        if not_before is not None:
            gaps.append((not_before - clock.now).total_seconds())
            clock.now = not_before
    assert gaps == [10, 40, 160, 640, 2560, 10240, 14400]
    assert len(visits.seen) == 8


def test_a_hint_does_not_hasten_a_failing_case(store: Store, clock: HandClock) -> None:
    visits = Visits(ValueError())
    worker = make(store, visits, clock, quiet=0)
    wake(store, 7)
    worker.drain()
    for number in range(10):
        hear(store, 7, text=str(number))
        worker.drain()
    assert len(visits.seen) == 1


def test_a_case_that_recovers_starts_counting_anew(store: Store, clock: HandClock) -> None:
    visits = Visits(ValueError())
    worker = make(store, visits, clock)
    wake(store, 7)
    for _ in range(3):
        worker.drain()
        clock.advance(HOUR)
    visits.answer = Verdict()
    worker.drain()
    assert (case(store, 7).tries, case(store, 7).status) == (0, CaseStatus.OPEN)


def test_settles_nothing_explains_are_counted_in_the_case(store: Store, clock: HandClock) -> None:
    visits = Visits(Verdict(settled_unexplained=True))
    worker = make(store, visits, clock)
    for _ in range(3):
        wake(store, 7)
        worker.drain()
    assert case(store, 7).settles_within_an_hour(clock.now) == 3


def test_a_hint_during_the_visit_leads_to_another(store: Store, clock: HandClock) -> None:
    seen: list[int] = []

    def visit(claim: Claim) -> Verdict:
        seen.append(claim.ticket_id)
        if len(seen) == 1:
            hear(store, 7)
        return Verdict()

    wake(store, 7)
    make(store, visit, clock, quiet=0).drain()
    assert seen == [7, 7]


def test_a_look_somebody_asked_for_happens_now_and_in_full(store: Store, clock: HandClock) -> None:
    visits = Visits(Verdict(next_wake=Wake(at=NOON + HOUR, reason=WakeReason.DEADLINE)))
    assert make(store, visits, clock).look(7).outcome is Outcome.DONE
    assert visits.seen == [(7, "operator")]
    assert case(store, 7).wake == Wake(at=NOON + HOUR, reason=WakeReason.DEADLINE)


def test_a_look_waits_for_the_one_under_way_and_gives_up_in_the_end(store: Store, clock: HandClock) -> None:
    lock = store.locks.take(7)
    assert lock is not None
    worker = make(store, Visits(), clock)
    with pytest.raises(Unavailable, match="ticket 7: a look at it still goes on"):
        worker.look(7, patience=0.1)
    lock.release()
    assert worker.look(7, patience=0.1).outcome is Outcome.DONE


def test_a_chore_is_done_when_it_is_due_and_keeps_its_cursor(store: Store, clock: HandClock) -> None:
    seen: list[Mapping[str, Any]] = []

    def sweep(cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        seen.append(cursor)
        return {"since": now.isoformat()}

    worker = make(store, Visits(), clock, do=(Chore(name="sweep", every=10 * timedelta(minutes=1), run=sweep),))
    worker.drain()
    worker.drain()
    clock.advance(timedelta(minutes=10))
    worker.drain()
    assert seen == [{}, {"since": NOON.isoformat()}]


@pytest.mark.parametrize(
    ("failure", "again"),
    [(Unavailable("down"), 15 * SECOND), (ValueError(), HOUR), (Refused("no"), HOUR)],
    ids=["outage", "mistake", "refusal"],
)
def test_a_chore_that_fails_keeps_its_cursor_and_is_done_again(
    store: Store, clock: HandClock, failure: Exception, again: timedelta
) -> None:
    def run(cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:  # noqa: ARG001
        raise failure

    with store.write() as connection:
        chores.ensure(connection, "sweep", first_at=NOON)
        chores.finish(connection, "sweep", cursor={"since": 1}, wake_at=NOON)
    make(store, Visits(), clock, do=(Chore(name="sweep", every=HOUR, run=run),)).drain()
    with store.read() as connection:
        assert chores.get(connection, "sweep") == chores.ChoreRow("sweep", {"since": 1}, NOON + again)


def test_old_bodies_are_purged_as_a_chore(store: Store, clock: HandClock) -> None:
    hear(store, 7)
    clock.advance(timedelta(hours=25))
    make(store, Visits(Unavailable("down")), clock).drain()
    with store.read() as connection:
        assert inbox.bodies(connection, 7, store_key=store.key) == ()


# -- the loop, in threads and processes -------------------------------------------------------------------------------

PATIENCE_SECONDS = 60.0
"""Who waits so long waits in vain, however busy the machine is."""
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


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    pause = threading.Event()
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        pause.wait(0.005)


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
        cases.observe(connection, claim.ticket_id, number=str(claim.ticket_id), version="v", snapshot={},
                      pack_version="p", now=now())
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
