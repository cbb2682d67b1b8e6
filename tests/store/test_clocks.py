"""Computed clocks come back as they were computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from plugin.model.clocks import Clock, ClockState, Span
from plugin.model.words import text
from plugin.store import clocks
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANSWER = Clock(
    name="first_response",
    epoch="1",
    clause="C3.1",
    calendar="always",
    starts_at=NOON,
    target_at=NOON + HOUR,
    warn_at=NOON + 18 * HOUR,
    limit_at=NOON + 24 * HOUR,
    state=ClockState.RUNNING,
    because=text("asked on {day}", day=date(2026, 11, 20)),
    pauses=(Span(since=NOON, until=None, because=text("waiting")),),
    ends_with=text("an answer until {at}, with {inner}", at=NOON, inner=text("nested {n}", n=3)),
)


def replace_all(store: Store, *computed: Clock, ticket_id: int = 7) -> None:
    with store.write() as connection:
        clocks.replace(connection, ticket_id, computed)


def test_clocks_come_back_as_they_were_computed(store: Store) -> None:
    late = replace(ANSWER, name="result", state=ClockState.BREACHED, breached_at=NOON, ended_at=NOON + HOUR, pauses=())
    replace_all(store, ANSWER, late)
    with store.read() as connection:
        assert clocks.of_case(connection, 7) == (ANSWER, late)


def test_a_decision_replaces_the_clocks_before_it(store: Store) -> None:
    replace_all(store, ANSWER, replace(ANSWER, epoch="2"))
    replace_all(store, replace(ANSWER, epoch="3"))
    replace_all(store, replace(ANSWER, epoch="3"))
    with store.read() as connection:
        assert [clock.epoch for clock in clocks.of_case(connection, 7)] == ["3"]
    replace_all(store)
    with store.read() as connection:
        assert clocks.of_case(connection, 7) == ()


def test_the_nearest_limits_of_all_tickets_come_first(store: Store) -> None:
    replace_all(store, ANSWER, ticket_id=7)
    replace_all(store, replace(ANSWER, limit_at=NOON), replace(ANSWER, epoch="2", state=ClockState.MET), ticket_id=8)
    with store.read() as connection:
        assert [ticket_id for ticket_id, _ in clocks.next_limits(connection)] == [8, 7]


def test_breaches_are_listed_since_a_moment(store: Store) -> None:
    replace_all(store, replace(ANSWER, breached_at=NOON), replace(ANSWER, epoch="2", breached_at=NOON + HOUR))
    with store.read() as connection:
        assert [clock.epoch for _, clock in clocks.breached_since(connection, NOON + HOUR)] == ["2"]
