"""Zammad in the way, or Steward held back: what cannot be written is named, and the rest arrives (promises 6 and 9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin import commands
from plugin.model.effects import EffectState
from plugin.model.work import CaseStatus
from plugin.sandbox.rows import Row
from plugin.store import cases
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, Ticket, write_pack


def status_of(helpdesk: Helpdesk, ticket: Ticket) -> CaseStatus:
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    return case.status


# -- gone and hidden --------------------------------------------------------------------------------------------------


def test_a_deleted_ticket_is_gone_after_a_second_miss(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    helpdesk.admin.call("DELETE", f"/tickets/{ticket.id}")
    helpdesk.passes(hours=30)
    assert status_of(helpdesk, ticket) is CaseStatus.GONE
    assert helpdesk.told == []


def test_a_ticket_out_of_sight_raises_an_alarm_and_its_clocks_go_on(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    world = helpdesk.sandbox.world
    steward = helpdesk.user_id("steward")
    rights = world.users[steward].group_ids
    world.users.put(steward, group_ids={})
    helpdesk.passes(hours=25)
    assert status_of(helpdesk, ticket) is CaseStatus.OUT_OF_SIGHT
    assert helpdesk.alarms("out_of_sight") > 0
    assert ticket.clock("first_response").was_broken
    assert ticket.notes == []
    world.users.put(steward, group_ids=rights)
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert status_of(helpdesk, ticket) is CaseStatus.OPEN
    assert ticket.field("breached") == "first_response"


# -- mandatory and missing fields -------------------------------------------------------------------------------------


def mandatory(helpdesk: Helpdesk) -> Row:
    """From now on a ticket cannot be saved without a cost centre."""
    field = {
        "name": "cost_centre",
        "object": "Ticket",
        "display": "Cost centre",
        "data_type": "input",
        "data_option": {"type": "text", "maxlength": 100, "null": True, "default": ""},
        "active": True,
        "screens": {"edit": {"ticket.agent": {"shown": True, "required": True}}},
        "position": 950,
    }
    helpdesk.admin.call("POST", "/object_manager_attributes", field)
    helpdesk.admin.call("POST", "/object_manager_attributes_execute_migrations", {})
    return helpdesk.sandbox.world.object_attributes.where(name="cost_centre")[0]


def test_an_empty_mandatory_field_stops_fields_but_neither_note_nor_tags(staffed: Helpdesk) -> None:
    mandatory(staffed)
    staffed.passes(hours=7)
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket_id = ticket.id
    staffed.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("kind") is None
    staffed.passes(hours=41)
    assert "breached" in ticket.ours
    assert len(ticket.notes) >= 1
    blocked = [e for e in staffed.effects_of(ticket) if e.state is EffectState.REFUSED]
    assert any("cost_centre" in e.error for e in blocked)
    assert staffed.alarms("mandatory_field") > 0
    staffed.admin.call("PUT", f"/tickets/{ticket_id}", {"cost_centre": "4711"})
    staffed.works()
    assert ticket.field("kind") == "complaint"
    assert ticket.field("breached") is not None


def test_a_blocked_ticket_is_not_tried_again_and_again(staffed: Helpdesk) -> None:
    mandatory(staffed)
    staffed.mails("Where is my order?")
    staffed.works()
    before = staffed.writes
    staffed.passes(hours=10)
    assert staffed.writes == before


def test_fields_zammad_lacks_are_left_out_and_the_rest_works(staffed: Helpdesk) -> None:
    world = staffed.sandbox.world
    for name in ("steward_stage", "steward_next_due_at"):
        attribute = world.object_attributes.where(name=name)[0]
        staffed.admin.call("DELETE", f"/object_manager_attributes/{attribute.id}")
    staffed.admin.call("POST", "/object_manager_attributes_execute_migrations", {})
    ticket = staffed.mails("I want to complain: the device is broken.")
    staffed.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("kind") == "request"
    assert ticket.field("next_due") == "first_response"
    assert "steward_stage" not in ticket.row
    named = [str(finding) for finding in staffed.service.check()]
    assert any("steward_stage" in text for text in named)


# -- held back --------------------------------------------------------------------------------------------------------


def test_observing_writes_nothing_and_records_what_it_would(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path), mode="observe")
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.anna, "complaint")
    helpdesk.passes(days=3)
    assert ticket.is_untouched()
    assert "steward:say:complaint" in ticket.tags
    assert helpdesk.writes == {}
    assert helpdesk.told == []
    would = helpdesk.effects_of(ticket)
    assert {e.state for e in would} == {EffectState.OBSERVED}
    assert {e.kind for e in would} >= {"fields", "tag_add", "note"}
    assert ticket.clock("first_response").was_broken


def test_a_rule_in_observe_writes_nothing_while_the_others_do(opens: Open, tmp_path: Path) -> None:
    held = ("  - policy: first_responder\n    mode: enforce", "  - policy: first_responder\n    mode: observe")
    helpdesk = opens(pack=write_pack(tmp_path, held))
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("first_responder") is None
    assert ticket.field("stage") == "assess"


def test_paused_it_listens_and_resumed_it_catches_up(staffed: Helpdesk) -> None:
    commands.pause(staffed.service.hands())
    ticket = staffed.mails("I want to complain: the device is broken.")
    staffed.passes(hours=3)
    assert ticket.is_untouched()
    commands.resume(staffed.service.hands())
    staffed.works()
    assert ticket.ours == {"suspected"}


def test_older_tickets_are_adopted_and_never_announced(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path), mode="observe")
    older = helpdesk.mails("Where is my order?")
    older.owned(helpdesk.anna)
    helpdesk.passes(days=2)
    helpdesk.restarts(mode="enforce")
    newer = helpdesk.mails("And where is mine?")
    helpdesk.passes(days=2)
    assert older.is_untouched()
    assert newer.field("breached") == "first_response"
    assert older.clock("first_response").was_broken
    # a complaint voiced after the switch is a matter of today
    helpdesk.mails("I want to complain!", to=older)
    helpdesk.works()
    older.said(helpdesk.anna, "complaint")
    helpdesk.works()
    assert older.field("kind") == "complaint"
    assert older.field("breached") is None


# -- lost events and outages ------------------------------------------------------------------------------------------


def test_a_lost_webhook_is_healed_by_the_sweep(helpdesk: Helpdesk) -> None:
    helpdesk.drop_deliveries = True
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.passes(minutes=11)
    assert ticket.ours == {"suspected"}
    assert ticket.field("next_due") == "first_response"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "method": "PUT", "path": "/tickets/", "status": 500, "count": 1},
        {"kind": "status", "method": "PUT", "path": "/tickets/", "status": 500, "count": 1, "after": True},
        {"kind": "cut_after", "method": "PUT", "path": "/tickets/", "count": 1},
        {"kind": "bad_gateway", "seconds": 600.0},
    ],
    ids=["an error", "an error after the effect", "a cut after the effect", "an outage"],
)
def test_a_fault_doubles_nothing(helpdesk: Helpdesk, fault: dict[str, object]) -> None:
    helpdesk.passes(hours=7)
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    helpdesk.passes(hours=17, minutes=50)
    helpdesk.post("/sandbox/faults", json=fault)
    helpdesk.passes(hours=2)
    assert len(ticket.notes) == 1
    assert ticket.ours == {"warned"}


def test_a_refused_token_waits_and_goes_on(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    world = helpdesk.sandbox.world
    token = world.tokens.where(token=helpdesk.sandbox.tokens["steward"])[0]
    world.tokens.put(token.id, token="another")
    helpdesk.passes(hours=1)
    assert ticket.is_untouched()
    assert status_of(helpdesk, ticket) is CaseStatus.OPEN
    world.tokens.put(token.id, token=helpdesk.sandbox.tokens["steward"])
    helpdesk.passes(minutes=30)
    assert ticket.ours == {"suspected"}
