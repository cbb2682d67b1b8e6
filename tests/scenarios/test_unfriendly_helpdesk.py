"""A Zammad that changes under Steward's feet: rights, fields, options, groups, names; and one that is no Zammad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugin.model.work import CaseStatus
from plugin.sandbox.attributes import redefine
from plugin.sandbox.seed import add_person
from plugin.store import cases
from tests.scenarios.helpdesk import Helpdesk, Ticket

LOGIN_PAGE = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>"
OURS = "zammad-steward"


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What Zammad answers never meets the store's SQL: one store will do."""
    return f"sqlite:///{tmp_path / 'steward.db'}"


def fault(helpdesk: Helpdesk, kind: str, path: str, **more: Any) -> None:
    helpdesk.post("/sandbox/faults", json={"kind": kind, "path": path, "user_agent": OURS, **more})


def statuses(helpdesk: Helpdesk) -> set[CaseStatus]:
    with helpdesk.service.store.read() as connection:
        return {case.status for case in cases.listed(connection)}


def ready_parts(helpdesk: Helpdesk) -> Any:
    assert helpdesk.service.app is not None
    return helpdesk.service.app.test_client().get("/readyz").get_json()["parts"]


def group_id(helpdesk: Helpdesk, name: str) -> int:
    return int(helpdesk.sandbox.world.groups.where(name=name)[0].id)


def allow(helpdesk: Helpdesk, group: str, *rights: str) -> None:
    """From now on Steward's user may do this in the group."""
    world = helpdesk.sandbox.world
    user = world.users.where(login="steward")[0]
    world.users.put(user.id, group_ids={**user.group_ids, group_id(helpdesk, group): list(rights)})


# -- rights -----------------------------------------------------------------------------------------------------------


def test_a_group_that_may_only_be_read_is_named_and_written_when_it_may_be(helpdesk: Helpdesk) -> None:
    allow(helpdesk, "Second line", "read")
    barred = helpdesk.creates(helpdesk.ben, group="Second line", customer="olga@customer.example")
    other = helpdesk.creates(helpdesk.ben, group="First line", customer="olga@customer.example")
    helpdesk.passes(minutes=25)
    assert other.field("kind") == "request"
    assert barred.is_untouched()
    assert helpdesk.alarms("no_right") >= 1
    assert barred.id in ready_parts(helpdesk)["alarms"]["no_right"]["tickets"]
    assert statuses(helpdesk) == {CaseStatus.OPEN}
    allow(helpdesk, "Second line", "read", "create", "change")
    helpdesk.passes(minutes=11)
    assert barred.field("kind") == "request"


def test_a_group_out_of_sight_comes_back(helpdesk: Helpdesk) -> None:
    hidden = helpdesk.creates(helpdesk.ben, group="Second line", customer="olga@customer.example")
    other = helpdesk.creates(helpdesk.ben, group="First line", customer="olga@customer.example")
    helpdesk.works()
    allow(helpdesk, "Second line")
    for ticket in (hidden, other):
        ticket.answered(helpdesk.ben, state="pending reminder", pending_time="2026-03-09T09:00:00Z")
    helpdesk.works()
    assert helpdesk.alarms("out_of_sight") >= 1
    assert "waiting" in other.ours
    assert "waiting" not in hidden.ours
    allow(helpdesk, "Second line", "read", "create", "change")
    helpdesk.passes(minutes=11)
    assert "waiting" in hidden.ours


def test_a_right_that_goes_between_two_calls_is_no_failure_of_the_ticket(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.creates(helpdesk.ben, group="Second line", customer="olga@customer.example")
    refused = {"status": 403, "body": '{"error":"Not authorized"}', "method": "GET"}
    fault(helpdesk, "answer", "/ticket_history/", **refused)
    helpdesk.passes(minutes=3)
    assert helpdesk.alarms("unreadable") >= 1
    fault(helpdesk, "answer", r"/tickets/[0-9]+$", **refused)
    helpdesk.passes(minutes=6)
    assert helpdesk.alarms("out_of_sight") >= 1
    helpdesk.sandbox.faults.clear()
    ticket.noted(helpdesk.ben)
    helpdesk.passes(minutes=11)
    assert ticket.field("kind") == "request"


def test_a_ticket_deleted_between_two_calls_is_missed_not_parked(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    missing = {"status": 404, "body": '{"error":"Couldn\'t find Ticket"}', "method": "GET"}
    fault(helpdesk, "answer", f"/ticket_history/{ticket.id}$", **missing)
    fault(helpdesk, "answer", f"/tickets/{ticket.id}$", **missing, count=0)
    helpdesk.works()
    helpdesk.admin.call("DELETE", f"/tickets/{ticket.id}")
    helpdesk.passes(minutes=40)
    assert statuses(helpdesk) == {CaseStatus.GONE}


# -- fields, options, checklists --------------------------------------------------------------------------------------


def attribute(helpdesk: Helpdesk, name: str) -> Any:
    return helpdesk.sandbox.world.object_attributes.where(name=name)[0]


def migrate(helpdesk: Helpdesk) -> None:
    helpdesk.admin.call("POST", "/object_manager_attributes_execute_migrations", {})


def test_a_field_renamed_while_running_is_named_and_the_rest_goes_on(helpdesk: Helpdesk) -> None:
    before = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.works()
    stage = attribute(helpdesk, "steward_stage")
    asked = {name: stage[name] for name in ("object", "display", "data_type", "data_option", "screens", "position")}
    helpdesk.admin.call("DELETE", f"/object_manager_attributes/{stage.id}")
    helpdesk.admin.call("POST", "/object_manager_attributes", {**asked, "name": "steward_phase", "active": True})
    migrate(helpdesk)
    before.said(helpdesk.anna, "complaint")
    after = helpdesk.mails("Where is my order?")
    helpdesk.passes(minutes=11)
    assert before.field("kind") == "complaint"
    assert after.field("kind") == "request"
    assert helpdesk.alarms("field_gone") >= 1
    helpdesk.admin.call("POST", "/object_manager_attributes", {**asked, "name": "steward_stage", "active": True})
    migrate(helpdesk)
    after.owned(helpdesk.anna)
    helpdesk.passes(minutes=11)
    assert after.field("stage") is not None


@pytest.mark.parametrize("like", ["6.1"])
def test_an_option_that_lacks_holds_back_its_field_alone(helpdesk: Helpdesk) -> None:
    """6.1 refuses a value outside the options of a field one sees; 6.5 stores it (contract 4.6)."""
    kind = attribute(helpdesk, "steward_kind")
    seen = {name: value for name, value in kind.data_option.items() if name != "permission"}
    redefine(helpdesk.sandbox.world, kind, {"data_option": {**seen, "options": {"complaint": "Complaint"}}})
    migrate(helpdesk)
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    assert ticket.field("next_due") == "first_response"
    assert ticket.field("kind") is None
    assert helpdesk.alarms("option_missing") >= 1
    redefine(helpdesk.sandbox.world, kind, {"data_option": seen})
    migrate(helpdesk)
    ticket.noted(helpdesk.anna)
    helpdesk.passes(minutes=11)
    assert ticket.field("kind") == "request"


@pytest.mark.parametrize("like", ["6.5"])
def test_checklists_switched_off_while_running_become_tickets(staffed: Helpdesk) -> None:
    first = staffed.mails("I want to complain: the device is broken.")
    first.owned(staffed.anna)
    first.said(staffed.chief, "major")
    staffed.works()
    assert first.items
    refused = {"status": 403, "body": '{"error":"Not authorized"}'}
    fault(staffed, "answer", "/checklist", **refused)
    first.noted(staffed.anna)
    second = staffed.mails("I want to complain: the other one is broken.")
    second.owned(staffed.anna)
    second.said(staffed.chief, "major")
    staffed.passes(minutes=11)
    assert first.field("tier") == "major"
    assert second.tasks
    assert statuses(staffed) == {CaseStatus.OPEN}
    assert staffed.alarms("unreadable") == 0


# -- names ------------------------------------------------------------------------------------------------------------


def test_states_and_groups_with_other_names_mean_the_same(helpdesk: Helpdesk) -> None:
    world = helpdesk.sandbox.world
    names = {"new": "新建", "open": "处理中", "closed": "已关闭 ✔", "pending reminder": '待办, "提醒"'}
    for old, name in names.items():
        world.states.put(world.states.where(name=old)[0].id, name=name)
    world.groups.put(group_id(helpdesk, "First line"), name="一线 / «Première»", active=True)
    ticket = helpdesk.creates(helpdesk.anna, group="一线 / «Première»", customer="olga@customer.example")
    helpdesk.works()
    assert ticket.field("kind") == "request"
    ticket.answered(helpdesk.anna, state_id=world.states.where(name="已关闭 ✔")[0].id)
    helpdesk.works()
    assert ticket.field("stage") == "done"
    assert helpdesk.alarms("unknown_state") == 0


def test_a_group_made_inactive_is_out_of_sight_until_it_comes_back(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    helpdesk.sandbox.world.groups.put(ticket.row.group_id, active=False)
    helpdesk.passes(hours=25)
    assert helpdesk.alarms("out_of_sight") >= 1
    helpdesk.sandbox.world.groups.put(ticket.row.group_id, active=True)
    ticket.noted(helpdesk.anna)
    helpdesk.passes(minutes=11)
    assert "first_response" in ticket.field("breached")
    assert statuses(helpdesk) == {CaseStatus.OPEN}


def test_an_agent_without_names_is_heard(helpdesk: Helpdesk) -> None:
    first = group_id(helpdesk, "First line")
    add_person(helpdesk.sandbox.world, "x", "", "", role_ids=[2], group_ids={first: ["full"]})
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.owned(helpdesk.person("x"))
    ticket.said(helpdesk.person("x"), "complaint")
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert ticket.field("first_responder") == "x"


@pytest.mark.parametrize("like", ["6.5"])
@pytest.mark.parametrize(
    "tag",
    ["\"quoted\" 'tag'", "🦄" * 40, "a/b?c=d&e#f%20", "steward:unknown", "steward:say:", "steward:say:Ω", "x" * 200],
    ids=["quotes", "emoji", "signs of a URL", "like ours", "a word of nothing", "a word of nobody's", "long"],
)
def test_odd_tags_hinder_nothing(helpdesk: Helpdesk, tag: str) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.tagged(helpdesk.anna, tag)
    ticket.noted(helpdesk.anna)
    helpdesk.passes(minutes=11)
    assert "suspected" in ticket.ours
    assert helpdesk.alarms("parked") == 0
    assert helpdesk.alarms("loop_guard") == 0


def test_two_hundred_tags_hinder_nothing(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    for number in range(200):
        ticket.tagged(helpdesk.anna, f"tag {number}")
    helpdesk.works()
    assert ticket.ours == {"suspected"}


# -- a Zammad that is none for a while --------------------------------------------------------------------------------

OUTAGES = [
    pytest.param("answer", {"status": 403, "body": LOGIN_PAGE, "content_type": "text/html"}, id="a proxy's 403"),
    pytest.param("answer", {"status": 503, "body": LOGIN_PAGE, "content_type": "text/html"}, id="a proxy's 503"),
    pytest.param("answer", {"status": 404, "body": LOGIN_PAGE, "content_type": "text/html"}, id="a proxy's 404"),
    pytest.param("answer", {"status": 200, "body": LOGIN_PAGE, "content_type": "text/html"}, id="a login page"),
    pytest.param("answer", {"status": 200, "body": LOGIN_PAGE}, id="a login page that calls itself JSON"),
    pytest.param("answer", {"status": 301, "body": LOGIN_PAGE, "content_type": "text/html"}, id="redirects"),
    pytest.param("answer", {"status": 401, "body": '{"error":"Invalid token"}'}, id="a dead token"),
    pytest.param("answer", {"status": 500, "body": '{"error":"Error ID 7"}'}, id="500 for everything"),
    pytest.param("answer", {"status": 200, "body": "{}"}, id="empty objects for everything"),
    pytest.param("answer", {"status": 200, "body": "[]"}, id="empty lists for everything"),
    pytest.param("answer", {"status": 200, "body": "null"}, id="null for everything"),
    pytest.param("cut_before", {}, id="cut"),
]


@pytest.mark.parametrize("like", ["6.1"])
@pytest.mark.parametrize(("kind", "more"), OUTAGES)
def test_a_while_of_something_else_parks_nobody(helpdesk: Helpdesk, kind: str, more: dict[str, Any]) -> None:
    known = helpdesk.mails("Where is my order?")
    helpdesk.works()
    fault(helpdesk, kind, ".*", **more)
    fresh: list[Ticket] = [helpdesk.mails(f"I want to complain: number {number}.") for number in range(4)]
    known.answered(helpdesk.anna)
    helpdesk.passes(minutes=6)
    shown = ready_parts(helpdesk)
    assert not (shown["zammad"]["ok"] and shown["alarms"]["ok"])
    assert all(ticket.is_untouched() for ticket in fresh)
    helpdesk.sandbox.faults.clear()
    helpdesk.passes(minutes=11)
    assert [ticket.ours for ticket in fresh] == [{"suspected"}] * len(fresh)
    assert statuses(helpdesk) == {CaseStatus.OPEN}
    assert helpdesk.alarms("parked") == 0


def test_a_dozen_broken_tickets_hold_nobody_up(helpdesk: Helpdesk) -> None:
    broken = [helpdesk.mails(f"I want to complain: number {number}.") for number in range(12)]
    ids = "|".join(str(ticket.id) for ticket in broken)
    fault(helpdesk, "status", f"/tickets/({ids})$", status=500)
    helpdesk.passes(minutes=8)
    other = helpdesk.mails("I want to complain: this one.")
    helpdesk.passes(minutes=2)
    assert other.ours == {"suspected"}
    helpdesk.sandbox.faults.clear()
    helpdesk.passes(minutes=11)
    assert all(ticket.ours == {"suspected"} for ticket in broken)


def test_a_bent_row_of_the_sweep_hides_no_other(helpdesk: Helpdesk) -> None:
    helpdesk.drop_deliveries = True
    tickets = [helpdesk.mails(f"I want to complain: number {number}.") for number in range(5)]
    fault(helpdesk, "bent", "/tickets/search", put={f"assets.Ticket.{tickets[2].id}.updated_at": None})
    helpdesk.passes(minutes=11)
    assert [ticket.is_untouched() for ticket in tickets] == [False, False, True, False, False]
    assert helpdesk.alarms("unreadable") >= 1
