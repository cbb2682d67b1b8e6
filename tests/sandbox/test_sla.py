"""Zammad's own clocks: when tickets escalate, what pauses them, what they count (contract 3.2, 5.2, 5.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.conftest import START, Town

DAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: {"active": day in DAYS, "timeframes": [["09:00", "17:00"]]} for day in (*DAYS, "sat", "sun")}


@pytest.fixture
def promised(town: Town) -> Town:
    """A town whose First line answers within 60 minutes, replies within 120, solves within 240 of office hours."""
    admin = town.person("admin")
    calendar = {"name": "Office", "timezone": "Europe/Berlin", "business_hours": OFFICE, "default": True}
    calendar["public_holidays"] = {"2026-11-25": {"active": True, "summary": "Buß- und Bettag"}}
    made = admin.post("calendars", calendar).json()
    sla = {"name": "s", "calendar_id": made["id"], "first_response_time": 60, "response_time": 120}
    assert admin.post("slas", {**sla, "solution_time": 240, "condition": FIRST_LINE}).status_code == 201
    town.passes(seconds=10)
    town.receiver.deliveries.clear()
    return town


ESCALATIONS = ("escalation_at", "first_response_escalation_at", "update_escalation_at", "close_escalation_at")
FIRST_LINE = {"ticket.group_id": {"operator": "is", "value": ["2"]}}


def opened(town: Town, moment: datetime, **more: Any) -> int:
    """A customer's call, taken at that moment."""
    town.passes(seconds=(moment - town.sandbox.clock.now()).total_seconds())
    call = {"body": "It is cold.", "type": "phone", "sender": "Customer", "internal": False}
    return town.person("anna").opens_ticket(article=call, **more)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("made_at", "first", "solved"),
    [
        pytest.param("2026-11-23T10:00", "2026-11-23T11:00", "2026-11-23T14:00", id="within the day"),
        pytest.param("2026-11-23T15:30", "2026-11-24T08:30", "2026-11-24T11:30", id="over night"),
        pytest.param("2026-11-23T12:00", "2026-11-23T13:00", "2026-11-24T08:00", id="due at closing: the next opening"),
        pytest.param("2026-11-24T15:30", "2026-11-26T08:30", "2026-11-26T11:30", id="over a holiday"),
        pytest.param("2026-11-27T15:30", "2026-11-30T08:30", "2026-11-30T11:30", id="over a weekend"),
        pytest.param("2026-11-28T10:00", "2026-11-30T09:00", "2026-11-30T12:00", id="on a Saturday"),
    ],
)
def test_time_is_counted_in_office_hours(promised: Town, made_at: str, first: str, solved: str) -> None:
    ticket = promised.sandbox.world.tickets[opened(promised, at(made_at))]
    due = [
        ticket[name].replace(second=0, microsecond=0)
        for name in ("first_response_escalation_at", "close_escalation_at")
    ]
    assert due == [at(first), at(solved)]
    assert ticket.escalation_at == ticket.first_response_escalation_at


def test_an_answer_ends_one_clock_and_counts_its_minutes(promised: Town) -> None:
    ticket_id = opened(promised, at("2026-11-23T10:00"))
    promised.passes(minutes=25, seconds=1)
    answer = {"ticket_id": ticket_id, "body": "We come.", "type": "phone", "internal": False}
    promised.person("anna").post("ticket_articles", answer)
    ticket = promised.sandbox.world.tickets[ticket_id]
    assert (ticket.first_response_in_min, ticket.first_response_diff_in_min) == (25, 35)
    assert (ticket.update_in_min, ticket.update_diff_in_min) == (25, 95)
    assert ticket.first_response_escalation_at is ticket.update_escalation_at is None
    assert ticket.escalation_at == ticket.close_escalation_at


def test_a_late_answer_is_a_negative_difference(promised: Town) -> None:
    ticket_id = opened(promised, at("2026-11-23T10:00"))
    promised.passes(minutes=70)
    answer = {"ticket_id": ticket_id, "body": "We come.", "type": "phone", "internal": False}
    promised.person("anna").post("ticket_articles", answer)
    assert promised.sandbox.world.tickets[ticket_id].first_response_diff_in_min == -10


def test_the_longest_reply_is_kept(promised: Town) -> None:
    anna, ticket_id = promised.person("anna"), opened(promised, at("2026-11-23T10:00"))
    spans = []
    for minutes in (30, 10, 50):
        promised.passes(minutes=minutes, seconds=1)
        spoken = {"ticket_id": ticket_id, "type": "phone", "internal": False}
        anna.post("ticket_articles", {**spoken, "body": "answer"})
        spans.append(promised.sandbox.world.tickets[ticket_id].update_in_min)
        anna.post("ticket_articles", {**spoken, "body": "and now?", "sender": "Customer"})
    assert spans == [30, 30, 50]


@pytest.mark.parametrize(
    ("state", "stopped"),
    [
        pytest.param("pending reminder", ESCALATIONS, id="waiting stops all"),
        pytest.param("closed", ("escalation_at", "close_escalation_at"), id="closing reckons only its own anew"),
    ],
)
def test_a_state_that_ignores_escalation_stops_clocks(promised: Town, state: str, stopped: tuple[str, ...]) -> None:
    anna, ticket_id = promised.person("anna"), opened(promised, at("2026-11-23T10:00"))
    anna.put(f"tickets/{ticket_id}", {"state": state, "pending_time": "2026-11-24T10:00:00Z"})
    ticket = promised.sandbox.world.tickets[ticket_id]
    assert {ticket[name] for name in stopped} == {None}
    anna.put(f"tickets/{ticket_id}", {"state": "open"})
    again = promised.sandbox.world.tickets[ticket_id]
    assert again.first_response_escalation_at is not None
    assert (again.close_escalation_at is None) is (state == "closed")


@pytest.mark.parametrize(
    ("more", "passes"),
    [
        pytest.param({}, 2, id="with a service level"),
        pytest.param({"state": "closed"}, 2, id="closed at once"),
        pytest.param({"group": "Users", "owner_id": 1}, 1, id="without"),
    ],
)
def test_a_creation_under_a_service_level_is_told_twice(promised: Town, more: dict[str, Any], passes: int) -> None:
    opened(promised, at("2026-11-23T10:00"))
    promised.passes(seconds=5)
    promised.receiver.deliveries.clear()
    promised.person("admin").opens_ticket(**more)
    promised.passes(seconds=5)
    assert len(promised.receiver.deliveries) == passes
    bodies = [b'"article":{}' in delivery.body for delivery in promised.receiver.deliveries]
    assert bodies == [False, True][:passes]


def test_a_put_and_its_recalculation_are_told_once(promised: Town) -> None:
    ticket_id = opened(promised, at("2026-11-23T10:00"))
    promised.passes(seconds=5)
    promised.receiver.deliveries.clear()
    promised.person("anna").put(f"tickets/{ticket_id}", {"state": "closed"})
    promised.passes(seconds=5)
    assert len(promised.receiver.deliveries) == 1


def test_escalation_is_warned_of_once_and_told_once_a_day(promised: Town) -> None:
    ticket_id = opened(promised, at("2026-11-23T10:00"))
    kinds = []
    for minutes in (46, 3, 13, 5):
        promised.passes(minutes=minutes)
        promised.sandbox.engine.notices.sent.clear()
        promised.sandbox.check("escalation")
        kinds.append(sorted({notice.kind for notice in promised.sandbox.engine.notices.sent}))
    assert kinds == [[], [], [], []]  # nobody owns it, and the default matrix tells owners only
    promised.person("anna").put(f"tickets/{ticket_id}", {"owner": "anna"})
    promised.sandbox.engine.notices.sent.clear()
    for _ in range(2):
        promised.sandbox.check("escalation")
    assert [(notice.login, notice.kind) for notice in promised.sandbox.engine.notices.sent] == [("anna", "escalation")]


def test_a_change_of_the_service_level_reckons_open_tickets_anew(promised: Town) -> None:
    ticket_id = opened(promised, at("2026-11-23T10:00"))
    before = promised.sandbox.world.tickets[ticket_id].first_response_escalation_at
    sla = next(iter(promised.sandbox.world.slas))
    promised.person("admin").put(f"slas/{sla.id}", {"first_response_time": 30})
    promised.passes(seconds=10)
    assert before - promised.sandbox.world.tickets[ticket_id].first_response_escalation_at == timedelta(minutes=30)


def test_the_first_level_by_name_wins_and_one_without_condition_is_the_last_resort(promised: Town) -> None:
    admin = promised.person("admin")
    calendar = next(row for row in promised.sandbox.world.calendars if row.name == "Office")
    for name, minutes, condition in (("a", 10, FIRST_LINE), ("0 fallback", 20, {})):
        body = {"name": name, "calendar_id": calendar.id, "first_response_time": minutes, "condition": condition}
        assert admin.post("slas", body).status_code == 201
    ticket = promised.sandbox.world.tickets[opened(promised, at("2026-11-23T10:00"))]
    assert ticket.first_response_escalation_at - ticket.created_at == timedelta(minutes=10)
    other = promised.sandbox.world.tickets[promised.person("admin").opens_ticket(group="Users")]
    assert other.first_response_escalation_at - other.created_at == timedelta(minutes=20)


def test_the_second_answer_of_a_waiting_customer_moves_no_contact_time(town: Town) -> None:
    ticket_id = opened(town, START + timedelta(hours=1))
    first = town.sandbox.world.tickets[ticket_id]
    town.passes(minutes=10)
    more = {"ticket_id": ticket_id, "body": "Hello?", "type": "phone", "sender": "Customer", "internal": False}
    town.person("anna").post("ticket_articles", more)
    second = town.sandbox.world.tickets[ticket_id]
    assert second.last_contact_customer_at == first.last_contact_customer_at == second.last_contact_at
    town.sandbox.set_setting("ticket_last_contact_behaviour", "based_on_customer_reaction")
    town.person("anna").post("ticket_articles", more)
    assert town.sandbox.world.tickets[ticket_id].last_contact_customer_at > second.last_contact_customer_at
