"""Cases come due in order, are looked at by one worker, and lose no wake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.work import CaseRow, CaseStatus, Wake, WakeReason
from plugin.store import cases, claiming, waking
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def wake(store: Store, ticket_id: int, *, at: datetime = NOON, reason: WakeReason = WakeReason.EVENT) -> None:
    with store.write() as connection:
        waking.wake(connection, ticket_id, at=at, reason=reason, now=NOON)


def claim(store: Store, *, now: datetime = NOON, limit: int = 10, exclude: Iterable[int] = ()) -> list[CaseRow]:
    with store.write() as connection:
        due = [case for case, _ in claiming.due(connection, now=now, limit=limit, exclude=exclude)]
        claiming.mark_claimed(connection, [case.ticket_id for case in due])
    return due


def finish(store: Store, case: CaseRow, next_wake: Wake | None = None, *, unexplained: bool = False) -> Wake | None:
    with store.write() as connection:
        return claiming.finish(connection, case, next_wake=next_wake, settled_unexplained=unexplained, now=NOON)


def hint(store: Store, ticket_id: int, version: str | None, *, at: datetime = NOON) -> None:
    hints = waking.Hints(ticket_id=ticket_id, versions=frozenset({version}), first_at=at, last_at=at)
    with store.write() as connection:
        waking.hint(connection, [hints], quiet=SECOND, longest=10 * SECOND, now=at)


def observe(store: Store, ticket_id: int, version: str, *, pack_version: str = "p1") -> None:
    with store.write() as connection:
        cases.keep(
            connection,
            ticket_id,
            cases.seen(
                number=f"7{ticket_id}",
                version=version,
                snapshot={},
                pack_version=pack_version,
                now=NOON,
            ),
        )


def case(store: Store, ticket_id: int) -> CaseRow:
    with store.read() as connection:
        found = cases.get(connection, ticket_id)
    assert found is not None
    return found


def ids(found: list[CaseRow]) -> list[int]:
    return [each.ticket_id for each in found]


def test_deadlines_come_before_events_before_the_sweep_and_the_nearest_first(store: Store) -> None:
    wake(store, 1, at=NOON - 3 * HOUR, reason=WakeReason.SWEEP)
    wake(store, 2, at=NOON - 2 * HOUR, reason=WakeReason.EVENT)
    wake(store, 3, at=NOON - 1 * HOUR, reason=WakeReason.DEADLINE)
    wake(store, 4, at=NOON - 2 * HOUR, reason=WakeReason.DEADLINE)
    wake(store, 5, at=NOON, reason=WakeReason.OPERATOR)
    assert ids(claim(store)) == [5, 4, 3, 2, 1]


def test_what_is_not_due_or_excluded_is_not_claimed(store: Store) -> None:
    wake(store, 1)
    wake(store, 2)
    wake(store, 3, at=NOON + SECOND)
    assert ids(claim(store, exclude=[1])) == [2]


def test_an_earlier_wake_stays(store: Store) -> None:
    wake(store, 1, at=NOON + HOUR, reason=WakeReason.DEADLINE)
    wake(store, 1, at=NOON + 2 * HOUR, reason=WakeReason.SWEEP)
    assert case(store, 1).wake == Wake(at=NOON + HOUR, reason=WakeReason.DEADLINE)


def test_of_two_wakes_that_are_due_the_better_reason_counts(store: Store) -> None:
    wake(store, 1, at=NOON - HOUR, reason=WakeReason.SWEEP)
    wake(store, 1, at=NOON, reason=WakeReason.DEADLINE)
    assert case(store, 1).wake == Wake(at=NOON, reason=WakeReason.DEADLINE)


def test_a_finished_look_sets_the_next_wake(store: Store) -> None:
    wake(store, 1)
    [claimed] = claim(store)
    next_wake = Wake(at=NOON + HOUR, reason=WakeReason.DEADLINE)
    assert finish(store, claimed, next_wake) == next_wake
    found = case(store, 1)
    assert (found.wake, found.looks, found.last_looked_at) == (next_wake, 1, NOON)


def test_a_wake_during_the_look_is_not_lost(store: Store) -> None:
    wake(store, 1)
    [claimed] = claim(store)
    wake(store, 1, at=NOON + 5 * SECOND, reason=WakeReason.SWEEP)
    finish(store, claimed, Wake(at=NOON + HOUR, reason=WakeReason.DEADLINE))
    assert case(store, 1).wake == Wake(at=NOON + 5 * SECOND, reason=WakeReason.SWEEP)


def test_a_wake_during_a_look_that_a_hint_asked_for_is_not_lost(store: Store) -> None:
    hint(store, 1, "v1", at=NOON - 2 * SECOND)
    [claimed] = claim(store)
    observe(store, 1, "v1")
    wake(store, 1)  # another ticket's visit has news for this one
    assert finish(store, claimed) == Wake(at=NOON, reason=WakeReason.EVENT)


def test_a_hint_during_the_look_is_not_lost_and_keeps_its_quiet_time(store: Store) -> None:
    wake(store, 1, reason=WakeReason.DEADLINE)
    [claimed] = claim(store)
    hint(store, 1, "v2")
    observe(store, 1, "v1")
    finish(store, claimed)
    assert case(store, 1).wake == Wake(at=NOON + SECOND, reason=WakeReason.EVENT)


def test_a_hint_during_the_look_about_the_version_that_was_looked_at_wakes_nobody(store: Store) -> None:
    wake(store, 1)
    [claimed] = claim(store)
    hint(store, 1, "v1")
    observe(store, 1, "v1")
    assert finish(store, claimed) is None


def test_hints_of_several_versions_during_the_look_are_looked_at(store: Store) -> None:
    wake(store, 1)
    [claimed] = claim(store)
    hint(store, 1, "v2")
    hint(store, 1, "v1")
    observe(store, 1, "v1")
    assert finish(store, claimed) == Wake(at=NOON + SECOND, reason=WakeReason.EVENT)


def test_hints_before_the_look_are_answered_by_it(store: Store) -> None:
    hint(store, 1, "v1", at=NOON - 2 * SECOND)
    [claimed] = claim(store)
    assert finish(store, claimed) is None


def test_a_case_whose_worker_died_is_due_as_before(store: Store) -> None:
    wake(store, 1, reason=WakeReason.DEADLINE)
    claim(store)
    assert ids(claim(store)) == [1]


def test_a_postponed_case_keeps_its_wake_and_waits(store: Store) -> None:
    wake(store, 1, reason=WakeReason.DEADLINE)
    claim(store)
    with store.write() as connection:
        claiming.postpone(connection, 1, until=NOON + 15 * SECOND, now=NOON)
    assert ids(claim(store)) == []
    with store.read() as connection:
        assert waking.next_wake(connection, now=NOON) == NOON + 15 * SECOND
    [again] = claim(store, now=NOON + 15 * SECOND)
    assert again.wake == Wake(at=NOON, reason=WakeReason.DEADLINE)
    assert again.tries == 0


def test_a_failing_case_counts_and_a_good_look_clears_the_count(store: Store) -> None:
    wake(store, 1)
    [claimed] = claim(store)
    with store.write() as connection:
        claiming.fail(connection, claimed, reason="KeyError", retry_at=NOON + SECOND, now=NOON)
    [again] = claim(store, now=NOON + SECOND)
    assert (again.tries, again.first_failure_at) == (1, NOON)
    finish(store, again)
    assert (case(store, 1).tries, case(store, 1).first_failure_at) == (0, None)


def test_a_parked_case_sleeps_through_hints_until_a_person_helps(store: Store) -> None:
    wake(store, 1)
    [claimed] = claim(store)
    with store.write() as connection:
        claiming.fail(connection, claimed, reason="KeyError at x.py:1", retry_at=None, now=NOON)
    hint(store, 1, "v9")
    wake(store, 1, reason=WakeReason.SWEEP)
    assert ids(claim(store)) == []
    assert case(store, 1).parked_reason == "KeyError at x.py:1"
    with store.write() as connection:
        assert waking.unpark(connection, 1, now=NOON)
    assert ids(claim(store)) == [1]


def test_unparking_what_is_not_parked_does_nothing(store: Store) -> None:
    wake(store, 1, at=NOON + HOUR)
    with store.write() as connection:
        assert not waking.unpark(connection, 1, now=NOON)
    assert ids(claim(store)) == []


def test_a_new_pack_has_cases_of_the_old_one_looked_at_and_parked_ones_tried_again(store: Store) -> None:
    for ticket_id, pack_version in ((1, "p1"), (2, "p2"), (3, "p1")):
        observe(store, ticket_id, "v1", pack_version=pack_version)
    with store.write() as connection:
        cases.set_status(connection, 3, CaseStatus.PARKED, now=NOON)
        assert waking.wake_outdated(connection, pack_version="p2", now=NOON) == 2
        assert waking.wake_outdated(connection, pack_version="p2", now=NOON) == 0
    assert sorted(ids(claim(store))) == [1, 3]


def test_the_baseline_is_decided_once(store: Store) -> None:
    with store.write() as connection:
        cases.set_baseline(connection, 1, {"adopted": True}, now=NOON)
        cases.set_baseline(connection, 1, {"adopted": False}, now=NOON)
    assert case(store, 1).baseline == {"adopted": True}


def test_unexplained_settles_are_counted_for_an_hour(store: Store) -> None:
    for _ in range(3):
        wake(store, 1)
        [claimed] = claim(store)
        finish(store, claimed, unexplained=True)
    assert case(store, 1).settles_within_an_hour(NOON + timedelta(minutes=59)) == 3
    assert case(store, 1).settles_within_an_hour(NOON + HOUR) == 0


def test_misses_in_a_row_are_counted_and_a_look_ends_them(store: Store) -> None:
    with store.write() as connection:
        assert [cases.miss(connection, 1, now=NOON), cases.miss(connection, 1, now=NOON)] == [1, 2]
        assert cases.recent_misses(connection, since=NOON) == 1
    observe(store, 1, "v1")
    assert case(store, 1).misses == 0


def test_a_case_is_found_by_its_number(store: Store) -> None:
    observe(store, 8, "v1")
    with store.read() as connection:
        found = cases.by_number(connection, "78")
        assert found is not None
        assert found.ticket_id == 8
        assert cases.by_number(connection, "nothing") is None


@pytest.mark.parametrize("ticket_id", [1, 2**31, 2**63 - 1], ids=["one", "beyond 32 bits", "largest"])
def test_any_ticket_id_of_zammad_has_room(store: Store, ticket_id: int) -> None:
    wake(store, ticket_id)
    assert ids(claim(store)) == [ticket_id]


def test_the_next_wake_is_the_earliest_of_those_to_come(store: Store) -> None:
    wake(store, 1, at=NOON + 2 * HOUR, reason=WakeReason.DEADLINE)
    wake(store, 2, at=NOON + HOUR, reason=WakeReason.SWEEP)
    wake(store, 3, at=NOON - HOUR)
    with store.read() as connection:
        assert waking.next_wake(connection, now=NOON) == NOON + HOUR
        assert waking.oldest_due(connection, now=NOON) == NOON - HOUR


def test_the_case_list_goes_on_from_where_it_ended(store: Store) -> None:
    for ticket_id in (3, 1, 2):
        wake(store, ticket_id)
    with store.read() as connection:
        assert ids(list(cases.listed(connection, limit=2))) == [1, 2]
        assert ids(list(cases.listed(connection, limit=2, after_id=2))) == [3]
        assert ids(list(cases.listed(connection, status=CaseStatus.PARKED))) == []
        assert cases.counts(connection) == {"open": 3}


def test_a_microsecond_is_kept_and_a_time_without_zone_refused(store: Store) -> None:
    at = NOON + timedelta(microseconds=1)
    wake(store, 1, at=at)
    found = case(store, 1).wake
    assert found is not None
    assert found.at == at
    with pytest.raises(Exception, match="without a zone"):
        wake(store, 2, at=datetime(2026, 1, 1))  # noqa: DTZ001


# -- clocks that were wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "at", "woken"),
    [
        pytest.param(WakeReason.EVENT, NOON + 2 * HOUR, True, id="an event in two hours"),
        pytest.param(WakeReason.EVENT, NOON + 5 * SECOND, False, id="an event in a moment"),
        pytest.param(WakeReason.SWEEP, NOON + 2 * HOUR, True, id="a sweep in two hours"),
        pytest.param(WakeReason.RETRY, NOON + 24 * HOUR, False, id="a retry tomorrow"),
        pytest.param(WakeReason.RETRY, NOON + 12 * 365 * 24 * HOUR, True, id="a retry in twelve years"),
        pytest.param(WakeReason.DEADLINE, NOON + 12 * 365 * 24 * HOUR, False, id="a deadline in twelve years"),
    ],
)
def test_what_nobody_meant_to_put_off_so_far_is_due_now(
    store: Store, reason: WakeReason, at: datetime, woken: bool
) -> None:
    wake(store, 1, at=at, reason=reason)
    with store.write() as connection:
        assert waking.forget_impossible(connection, now=NOON) == woken
    assert [row.ticket_id for row in claim(store)] == [1] * woken


def test_a_pause_nobody_means_is_forgotten(store: Store) -> None:
    wake(store, 1)
    with store.write() as connection:
        claiming.postpone(connection, 1, until=NOON + 6 * HOUR, now=NOON)
    assert claim(store) == []
    with store.write() as connection:
        waking.forget_impossible(connection, now=NOON)
    assert [row.ticket_id for row in claim(store)] == [1]


def test_while_time_stands_still_only_what_was_heard_of_is_due(store: Store) -> None:
    wake(store, 1, reason=WakeReason.DEADLINE)
    wake(store, 2, reason=WakeReason.DEADLINE)
    hint(store, 2, "v2", at=NOON - HOUR)
    wake(store, 3, reason=WakeReason.DEADLINE)
    wake(store, 3, reason=WakeReason.SWEEP)
    wake(store, 4, reason=WakeReason.EVENT)
    with store.write() as connection:
        due = claiming.due(connection, now=NOON, limit=10, standing_still=True)
    reasons = {case.ticket_id: wake.reason for case, wake in due}
    assert reasons == {2: WakeReason.EVENT, 3: WakeReason.EVENT, 4: WakeReason.EVENT}
