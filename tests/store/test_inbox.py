"""Deliveries are kept once, fold into their cases, and forget what they carried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.work import CaseRow, WakeReason
from plugin.store import cases, inbox
from plugin.store.inbox import Delivery
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUIET = timedelta(seconds=1)


def delivery(
    text: str = "a",
    *,
    ticket_id: int | None = 7,
    version: str | None = "v1",
    at: datetime = NOON,
    delivery_id: str = "d",
    source: str = "ticket",
) -> Delivery:
    return Delivery(
        body=text.encode(),
        source=source,
        received_at=at,
        delivery_id=delivery_id,
        ticket_id=ticket_id,
        version=version,
        reason=None if ticket_id else "not JSON",
    )


def receive(store: Store, *batch: Delivery) -> int:
    with store.write() as connection:
        return len(inbox.receive(connection, batch, store_key=store.key))


def fold(store: Store, *, now: datetime = NOON) -> int:
    with store.write() as connection:
        return inbox.fold(connection, quiet=QUIET, now=now)


def case(store: Store, ticket_id: int = 7) -> CaseRow | None:
    with store.read() as connection:
        return cases.get(connection, ticket_id)


def wake_at(store: Store, ticket_id: int = 7) -> datetime | None:
    found = case(store, ticket_id)
    return found.wake.at if found and found.wake else None


def test_a_delivery_is_kept_once(store: Store) -> None:
    assert [receive(store, delivery("a")), receive(store, delivery("a"))] == [1, 0]


def test_a_batch_with_the_same_delivery_twice_keeps_it_once(store: Store) -> None:
    assert receive(store, delivery("a"), delivery("a"), delivery("b")) == 2


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(delivery("a", delivery_id="another"), id="other delivery id"),
        pytest.param(delivery("a", source="another"), id="other source"),
        pytest.param(delivery("a", at=NOON + timedelta(days=80)), id="months later"),
    ],
)
def test_the_same_body_is_a_replay_whatever_is_around_it(store: Store, again: Delivery) -> None:
    receive(store, delivery("a"))
    assert receive(store, again) == 0


def test_two_bodies_with_one_delivery_id_are_two_deliveries(store: Store) -> None:
    # a retry is rendered anew: same id, newer ticket (contract 1.2)
    assert receive(store, delivery("a", delivery_id="d"), delivery("b", delivery_id="d")) == 2


def test_a_hint_wakes_its_case_after_the_quiet_time(store: Store) -> None:
    receive(store, delivery())
    assert fold(store) == 1
    found = case(store)
    assert found is not None
    assert found.wake is not None
    assert (found.wake.at, found.wake.reason) == (NOON + QUIET, WakeReason.EVENT)


def test_what_was_folded_is_not_folded_again(store: Store) -> None:
    receive(store, delivery())
    assert [fold(store), fold(store)] == [1, 0]


def test_a_new_hint_restarts_the_quiet_time(store: Store) -> None:
    receive(store, delivery("a", version="v1"))
    fold(store)
    later = NOON + timedelta(seconds=0.8)
    receive(store, delivery("b", version="v2", at=later))
    fold(store, now=later)
    assert wake_at(store) == later + QUIET


def test_hints_without_end_do_not_keep_a_case_waiting_beyond_ten_seconds(store: Store) -> None:
    for tenth in range(150):
        at = NOON + timedelta(seconds=tenth / 10)
        receive(store, delivery(str(tenth), version=f"v{tenth}", at=at))
        fold(store, now=at)
    assert wake_at(store) == NOON + inbox.LONGEST_QUIET


def test_a_clock_set_back_does_not_keep_a_hint_waiting(store: Store) -> None:
    receive(store, delivery(at=NOON + timedelta(days=30)))
    fold(store, now=NOON)
    assert wake_at(store) == NOON + QUIET


def test_a_hint_with_the_version_already_looked_at_wakes_nobody(store: Store) -> None:
    observe(store, version="v1")
    receive(store, delivery(version="v1"))
    assert fold(store) == 1
    assert wake_at(store) is None


# versions run backwards under parallel writers, so an older one is another one too
@pytest.mark.parametrize("version", ["v2", "v0", None])
def test_a_hint_with_another_version_or_none_wakes_its_case(store: Store, version: str | None) -> None:
    observe(store, version="v1")
    receive(store, delivery(version=version))
    fold(store)
    assert wake_at(store) == NOON + QUIET


def test_a_hint_without_version_wakes_a_case_never_looked_at(store: Store) -> None:
    receive(store, delivery(version=None))
    fold(store)
    assert wake_at(store) == NOON + QUIET


def test_an_unreadable_delivery_is_quarantined_and_wakes_nobody(store: Store) -> None:
    receive(store, delivery("?", ticket_id=None))
    assert fold(store) == 0
    with store.read() as connection:
        assert inbox.counts(connection) == {"quarantined": 1}


def test_a_body_is_sealed_on_disk_and_opens_for_its_case(store: Store) -> None:
    receive(store, delivery("words of a customer"))
    with store.read() as connection:
        raw = connection.exec_driver_sql("SELECT body FROM inbox").scalar_one()
        assert b"customer" not in bytes(raw)
        assert inbox.bodies(connection, 7, store_key=store.key) == (b"words of a customer",)


def test_a_body_goes_once_its_case_was_looked_at_and_its_digest_stays(store: Store) -> None:
    receive(store, delivery())
    fold(store)
    with store.write() as connection:
        inbox.drop_bodies(connection, 7)
        assert inbox.bodies(connection, 7, store_key=store.key) == ()
    assert receive(store, delivery()) == 0


def test_a_body_of_a_hint_not_folded_yet_stays(store: Store) -> None:
    receive(store, delivery())
    with store.write() as connection:
        inbox.drop_bodies(connection, 7)
        assert len(inbox.bodies(connection, 7, store_key=store.key)) == 1


def test_no_body_is_older_than_a_day_and_no_row_older_than_the_replay_window(store: Store) -> None:
    receive(store, delivery("old", at=NOON - timedelta(days=91)), delivery("day", at=NOON - timedelta(hours=25)))
    receive(store, delivery("new", at=NOON))
    fold(store)
    with store.write() as connection:
        assert inbox.purge(connection, now=NOON) == 3
        assert inbox.bodies(connection, 7, store_key=store.key) == (b"new",)
        assert inbox.counts(connection) == {"folded": 2}


def test_a_purged_row_leaves_no_bytes_in_the_write_ahead_log(store: Store) -> None:
    receive(store, delivery("old", at=NOON - timedelta(days=91)))
    fold(store)
    with store.write() as connection:
        inbox.purge(connection, now=NOON)
    store.database.forget_deleted()
    if store.database.is_sqlite:
        log = store.database.file.with_name(store.database.file.name + "-wal")
        assert log.stat().st_size == 0


def observe(store: Store, *, version: str) -> None:
    with store.write() as connection:
        cases.keep(connection, 7, cases.seen(number="70001", version=version, snapshot={}, pack_version="p", now=NOON))
