"""The core workflow: what it says of a form, and what it refuses on every write (contract 4.2, 4.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


def asks(town: Town, who: str = "steward", **params: Any) -> dict[str, Any]:
    """What the engine says about the edit form."""
    body = {"event": "core_workflow", "request_id": "x", "class_name": "Ticket", "screen": "edit", "params": params}
    answer = town.person(who).post("core_workflows/perform", body)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def rule(town: Town, perform: dict[str, Any], **more: Any) -> int:
    """A workflow for editing."""
    body = {"name": "rule", "object": "Ticket", "preferences": {"screen": ["edit"]}, "perform": perform, "active": True}
    answer = town.person("admin").post("core_workflows", {**body, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
def ticket_id(town: Town) -> int:
    return town.person("anna").opens_ticket(state="open")


def test_it_names_groups_states_and_owners(town: Town, ticket_id: int) -> None:
    said = asks(town, id=ticket_id, group_id=2)
    names = {str(row.id): row.name for row in town.sandbox.world.groups}
    listed = [names[text] for text in said["restrict_values"]["group_id"] if text]
    assert listed == ["Users", "First line", "Second line", "Complaints"]
    logins = {str(row.id): row.login for row in town.sandbox.world.users}
    owners = [logins[text] for text in said["restrict_values"]["owner_id"] if text]
    assert sorted(owners) == ["admin@example.com", "anna", "ben", "chief"]
    kinds = [town.sandbox.world.state_type(int(text)) for text in said["restrict_values"]["state_id"]]
    assert {"new", "merged", "removed"}.isdisjoint(kinds)


def test_only_older_servers_send_assets_and_options(make_town: MakeTown) -> None:
    sent = []
    for town in (make_town("6.1"), make_town("6.5")):
        said = asks(town, who="admin", group_id=2)
        sent.append((bool(said.get("assets")), "steward_tier" in said["restrict_values"]))
    assert sent == [(True, True), (False, False)]


@pytest.mark.parametrize(
    ("action", "key", "value"),
    [
        pytest.param({"operator": "set_mandatory", "set_mandatory": "true"}, "mandatory", True, id="mandatory"),
        pytest.param({"operator": "hide", "hide": "true"}, "visibility", "hide", id="hidden"),
        pytest.param({"operator": "remove", "remove": "true"}, "visibility", "remove", id="removed"),
        pytest.param({"operator": "set_readonly", "set_readonly": "true"}, "readonly", True, id="readonly"),
    ],
)
def test_a_rule_shows_in_the_answer(
    town: Town, action: dict[str, Any], key: str, value: object, ticket_id: int
) -> None:
    made = rule(town, {"ticket.title": action})
    said = asks(town, id=ticket_id)
    assert said[key]["title"] == value
    assert said["matched_workflows"][-1] == made


def test_what_is_hidden_is_not_demanded(town: Town, ticket_id: int) -> None:
    rule(
        town,
        {"ticket.steward_nature": {"operator": ["set_mandatory", "hide"], "set_mandatory": "true", "hide": "true"}},
    )
    assert town.person("admin").put(f"tickets/{ticket_id}", {"title": "x"}).status_code == 200


def test_an_empty_mandatory_field_blocks_even_an_article_alone(town: Town, ticket_id: int) -> None:
    rule(town, {"ticket.steward_nature": {"operator": "set_mandatory", "set_mandatory": "true"}})
    admin = town.person("admin")
    me = admin.get("users/me").json()
    admin.put(f"users/{me['id']}", {"group_ids": {**me["group_ids"], "2": ["full"]}})
    assert admin.put(f"tickets/{ticket_id}", {"article": {"body": "n"}}).status_code == 422
    filled = {"steward_nature": "product", "article": {"body": "n"}}
    assert admin.put(f"tickets/{ticket_id}", filled).status_code == 200


def test_a_rule_asks_who_and_what(town: Town, ticket_id: int) -> None:
    rule(
        town,
        {"ticket.priority_id": {"operator": "set_fixed_to", "set_fixed_to": ["3"]}},
        condition_selected={"ticket.state_id": {"operator": "is", "value": ["4"]}},
    )
    anna = town.person("anna")
    assert anna.put(f"tickets/{ticket_id}", {"priority_id": 1}).status_code == 200
    refused = anna.put(f"tickets/{ticket_id}", {"state": "closed", "priority_id": 2})
    assert (refused.status_code, refused.json()["error"].startswith("Error ID")) == (422, True)
    assert anna.put(f"tickets/{ticket_id}", {"state": "closed", "priority_id": 3}).status_code == 200


def test_an_option_that_is_taken_away_is_refused_where_a_rule_says_so(town: Town, ticket_id: int) -> None:
    rule(town, {"ticket.priority_id": {"operator": "remove_option", "remove_option": ["3"]}})
    anna = town.person("anna")
    assert anna.put(f"tickets/{ticket_id}", {"priority_id": 3}).status_code == 422
    assert anna.put(f"tickets/{ticket_id}", {"priority_id": 1}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "put", "post"),
    [
        pytest.param({"owner": "ben"}, 200, 201, id="an owner with full rights"),
        pytest.param({"owner": "steward"}, 200, 422, id="an owner without"),
        pytest.param({"owner_id": 9999}, 422, 422, id="an owner who is not there"),
        pytest.param({"state": "merged"}, 422, 422, id="a state nobody may set"),
        pytest.param({"state": "pending reminder"}, 422, 422, id="pending without a time"),
        pytest.param(
            {"state": "pending reminder", "pending_time": "2020-01-01T00:00:00Z"}, 200, 201, id="a time that is over"
        ),
        pytest.param({"group_id": 9999}, 422, 500, id="a group that is not there"),
        pytest.param({"group": "Nowhere"}, 422, 422, id="a group by a wrong name"),
    ],
)
def test_writes_are_checked_alike_with_two_exceptions(
    town: Town, ticket_id: int, sent: dict[str, Any], put: int, post: int
) -> None:
    anna = town.person("anna")
    body = {"title": "t", "group": "First line", "customer": "mei@customer.example", "article": {"body": "x"}, **sent}
    if "group_id" in sent:
        body.pop("group")
    assert anna.put(f"tickets/{ticket_id}", sent).status_code == put
    assert anna.post("tickets", body).status_code == post


def test_a_time_is_kept_in_minutes_and_dropped_with_its_state(town: Town, ticket_id: int) -> None:
    anna = town.person("anna")
    waiting = {"state": "pending reminder", "pending_time": "2026-12-01T10:00:59.500Z"}
    assert anna.put(f"tickets/{ticket_id}", waiting).json()["pending_time"] == "2026-12-01T10:00:00.000Z"
    assert anna.put(f"tickets/{ticket_id}", {"state": "open"}).json()["pending_time"] is None
    stored = anna.put(f"tickets/{ticket_id}", {"pending_time": "2026-12-01T11:00:00Z"}).json()
    assert (stored["pending_time"], stored["state_id"]) == ("2026-12-01T11:00:00.000Z", 2)
