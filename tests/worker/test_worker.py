"""The worker visits what is due, one look at a ticket at a time, parks what fails and waits out what is down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.model.errors import Refused, Unavailable, Unknown
from plugin.model.work import CaseStatus, Claim, Outcome, Verdict, Wake, WakeReason
from plugin.store import cases, chores, inbox, meta
from plugin.store.database import Connection
from plugin.store.store import Store
from plugin.worker import Chore
from plugin.zammad.fence import Overtaken
from tests.worker.hands import HOUR, NOON, SECOND, HandClock, Visits, case, hear, make, wake


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
        pytest.param(KeyError("words of a customer"), "KeyError at hands.py:", id="a policy raises"),
        pytest.param(ZeroDivisionError(), "ZeroDivisionError at hands.py:", id="any exception"),
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
