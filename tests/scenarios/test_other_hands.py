"""Other people's hands on our fields and tags: customers, agents, triggers, our own echo (promises 2 and 8)."""

from __future__ import annotations

import pytest

from plugin.model.facts import FactKind
from tests.scenarios.helpdesk import Helpdesk, Person, Ticket


@pytest.fixture
def ticket(helpdesk: Helpdesk) -> Ticket:
    """A plain request Steward has seen and settled."""
    ticket = helpdesk.creates(helpdesk.olga, article={"body": "Where is it?", "type": "web", "internal": False})
    helpdesk.works()
    return ticket


def tag_changes(ticket: Ticket, tag: str) -> list[str]:
    """What happened to a tag, in order: added or removed."""
    return [row.kind for row in ticket.history if row.get("attribute") == "tag" and tag in str(row.get("value_to"))]


# -- customers --------------------------------------------------------------------------------------------------------


def test_what_a_customer_puts_into_our_fields_at_creation_is_reset(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.creates(
        helpdesk.olga,
        steward_kind="none",
        steward_tier="major",
        steward_hold=True,
        steward_first_responder="ben",
        steward_breached="everything",
        steward_nature="system",
        steward_retention="for ever",
        steward_erase_after="2026-01-01",
        steward_next_due="never",
        steward_stage="done",
    )
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("tier") is None
    assert ticket.field("hold") is None
    assert ticket.field("first_responder") is None
    assert ticket.field("breached") is None
    assert ticket.field("nature") is None
    assert ticket.field("retention") == "service"
    assert ticket.field("erase_after") is None
    assert ticket.field("next_due") == "first_response"
    assert ticket.field("stage") == "accept"
    assert ticket.ours == set()
    kept = [f for f in helpdesk.timeline_of(ticket) if f["what"] == "field_at_creation"]
    assert {f["name"] for f in kept} >= {"steward_kind", "steward_tier", "steward_hold"}
    assert all(f.by.is_customer for f in kept)


def test_what_a_customer_puts_into_our_fields_later_is_reset(helpdesk: Helpdesk, ticket: Ticket) -> None:
    before = ticket.fields
    ticket.put(helpdesk.olga, steward_kind="complaint", steward_tier="major", steward_next_due="never")
    helpdesk.works()
    assert ticket.fields == before
    assert ticket.notes == []


def test_our_words_in_a_customers_mouth_have_no_effect(helpdesk: Helpdesk, ticket: Ticket) -> None:
    for word in ("none", "major", "satisfied"):
        helpdesk.olga.session.post(
            "http://zammad.test/api/v1/tags/add",
            json={"object": "Ticket", "o_id": ticket.id, "item": f"steward:say:{word}"},
        )
    helpdesk.mails("Any news?", to=ticket)
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.ours == set()
    assert ticket.notes == []


# -- agents -----------------------------------------------------------------------------------------------------------


def test_a_value_an_agent_changed_stays_until_its_cause_changes(helpdesk: Helpdesk, ticket: Ticket) -> None:
    ticket.put(helpdesk.admin, steward_stage="handle")
    helpdesk.works()
    assert ticket.field("stage") == "handle"
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("stage") == "handle"
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    assert ticket.field("stage") == "done"


def test_a_stale_form_is_set_once_more_and_the_second_time_it_is_meant(helpdesk: Helpdesk, ticket: Ticket) -> None:
    helpdesk.passes(minutes=5)
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("stage") == "assess"
    ticket.put(helpdesk.admin, steward_stage="accept", title="Saved from an old form")
    helpdesk.works()
    assert ticket.field("stage") == "assess"
    ticket.put(helpdesk.admin, steward_stage="accept")
    helpdesk.works()
    assert ticket.field("stage") == "accept"


def test_a_tag_an_agent_took_off_is_not_put_on_again(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain.")
    helpdesk.works()
    ticket.untagged(helpdesk.anna, "steward:suspected")
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    helpdesk.passes(hours=2)
    assert "suspected" not in ticket.ours


def test_a_tag_an_agent_put_on_himself_is_his(helpdesk: Helpdesk, ticket: Ticket) -> None:
    ticket.tagged(helpdesk.anna, "steward:repeat")
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert "repeat" in ticket.ours


def test_our_words_come_off_the_ticket_with_their_person_on_record(helpdesk: Helpdesk, ticket: Ticket) -> None:
    ticket.said(helpdesk.anna, "complaint")
    helpdesk.works()
    assert tag_changes(ticket, "steward:say:complaint") == ["added", "removed"]
    [said] = [f for f in helpdesk.timeline_of(ticket).of(FactKind.TAG_ADDED) if f["tag"] == "steward:say:complaint"]
    assert said.by.login == "anna"


def test_the_same_word_can_be_said_again(helpdesk: Helpdesk, ticket: Ticket) -> None:
    for word in ("complaint", "request", "complaint"):
        ticket.said(helpdesk.anna, word)
        helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert ticket.ours == set()


def test_a_macro_from_a_list_is_heard_within_a_sweep(helpdesk: Helpdesk, ticket: Ticket) -> None:
    ticket.said_from_a_list(helpdesk.anna, "complaint")
    helpdesk.works()
    helpdesk.passes(minutes=11)
    assert ticket.field("kind") == "complaint"


# -- triggers and ourselves -------------------------------------------------------------------------------------------


def trigger(helpdesk: Helpdesk, perform: dict[str, object]) -> None:
    """A trigger of the team that fires on every change by anybody."""
    condition = {"ticket.state_id": {"operator": "is not", "value": ["99"]}}
    body = {
        "name": "AA team",
        "condition": condition,
        "perform": perform,
        "activator": "action",
        "execution_condition_mode": "always",
        "active": True,
    }
    helpdesk.admin.call("POST", "/triggers", body)


def test_a_trigger_that_empties_our_field_is_no_person(helpdesk: Helpdesk, ticket: Ticket) -> None:
    helpdesk.passes(minutes=5)
    body = {"steward_stage": {"value": "done"}}
    trigger(helpdesk, {f"ticket.{name}": value for name, value in body.items()})
    ticket.put(helpdesk.anna, title="Changed")
    helpdesk.sandbox.world.triggers.put(helpdesk.sandbox.world.triggers.where(name="AA team")[0].id, active=False)
    helpdesk.works()
    helpdesk.passes(minutes=11)
    assert ticket.field("stage") == "accept"


def test_a_trigger_that_fights_us_is_met_six_times_an_hour(helpdesk: Helpdesk, ticket: Ticket) -> None:
    trigger(helpdesk, {"ticket.steward_stage": {"value": "done"}})
    ticket.put(helpdesk.anna, title="Changed")
    helpdesk.passes(minutes=50)
    ours = [
        row
        for row in ticket.history
        if row.get("attribute") == "steward_stage" and row.created_by_id == helpdesk.user_id("steward")
    ]
    assert 1 < len(ours) <= 9
    assert helpdesk.alarms("loop_guard") > 0


def test_a_trigger_that_fights_us_for_hours_is_left_alone_for_a_day(helpdesk: Helpdesk, ticket: Ticket) -> None:
    trigger(helpdesk, {"ticket.steward_stage": {"value": "done"}})
    ticket.put(helpdesk.anna, title="Changed")
    helpdesk.passes(hours=3)
    before = helpdesk.writes
    helpdesk.passes(hours=12)
    assert helpdesk.writes == before
    assert helpdesk.alarms("flapping") > 0
    assert "flapping" in {effect.error for effect in helpdesk.effects_of(ticket)}


def test_our_own_writes_wake_nobody(helpdesk: Helpdesk, ticket: Ticket) -> None:
    helpdesk.passes(minutes=30)
    before = helpdesk.writes
    helpdesk.passes(hours=5)
    assert helpdesk.writes == before
    assert len(helpdesk.delivered) == 1, ticket.history


def test_a_settled_change_is_one_put_and_one_tag(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain.")
    helpdesk.works()
    assert ticket.ours == {"suspected"}
    assert helpdesk.writes == {"POST /tags/add": 1, "PUT /tickets/:id, fields": 1}


def test_nobody_hears_of_what_is_not_meant_for_him(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain.")
    helpdesk.works()
    ticket.said(helpdesk.anna, "serious")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    ticket.answered(helpdesk.anna)
    ticket.said(helpdesk.anna, "assessed")
    ticket.noted(helpdesk.anna, "Cause: a cable\nDepartment: workshop\nOutcome: upheld\nRemedy: a new one")
    ticket.answered(helpdesk.anna, "It is on its way.", state="closed")
    helpdesk.works()
    helpdesk.passes(hours=1)
    assert helpdesk.told == []


@pytest.mark.parametrize("login", ["anna", "olga@customer.example"])
def test_stewards_marks_in_other_peoples_articles_count_for_nothing(helpdesk: Helpdesk, login: str) -> None:
    helpdesk.passes(hours=7)
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    person: Person = helpdesk.person(login)
    forged = {"steward": "0" * 64}
    body = {"ticket_id": ticket.id, "body": "x", "type": "note", "internal": False, "preferences": forged}
    person.session.post("http://zammad.test/api/v1/ticket_articles", json=body)
    helpdesk.works()
    helpdesk.passes(hours=18, minutes=5)
    assert len(ticket.notes) == 1
