"""Which permission opens which call, and which right in a group allows what (contract 4.6, 4.10, 4.11)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from plugin.sandbox.seed import add_person, add_token, stable_token
from tests.sandbox.conftest import BASE, MakeTown, Person, Town

RIGHTS = ("read", "create", "change", "full")


class Probe(Person):
    """Somebody with exactly these permissions, and rights in First line."""

    def __init__(self, town: Town, permissions: list[str], *, rights: list[str] | None = None) -> None:
        world = town.sandbox.world
        ids = [row.id for row in world.permissions if row.name in permissions]
        role = world.roles.insert({**world.roles[2], "name": "probe", "permission_ids": ids, "group_ids": {}})
        add_person(world, "probe", "Pro", "Be", role_ids=[role.id], group_ids={2: rights} if rights else {})
        add_token(world, "probe", token=stable_token("probe"))
        self._session = requests.Session()
        self._session.mount(BASE, town.sandbox.adapter())
        self._session.headers["Authorization"] = f"Token token={stable_token('probe')}"


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("webhooks", "admin.webhook"),
        ("triggers", "admin.trigger"),
        ("jobs", "admin.scheduler"),
        ("calendars", "admin.calendar"),
        ("slas", "admin.sla"),
        ("overviews", "admin.overview"),
        ("core_workflows", "admin.core_workflow"),
        ("object_manager_attributes", "admin.object"),
        ("tag_list", "admin.tag"),
        ("data_privacy_tasks", "admin.data_privacy"),
        ("version", "admin"),
    ],
)
def test_each_kind_needs_its_own_permission(town: Town, path: str, needed: str) -> None:
    assert Probe(town, ["ticket.agent", "admin.user"]).get(path).status_code == 403
    world = town.sandbox.world
    role = next(row for row in world.roles if row.name == "probe")
    ids = [row.id for row in world.permissions if row.name == needed]
    world.roles.put(role.id, permission_ids=ids)
    again = requests.Session()
    again.mount(BASE, town.sandbox.adapter())
    headers = {"Authorization": f"Token token={stable_token('probe')}"}
    assert again.get(f"{BASE}/api/v1/{path}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "older", "newer"),
    [
        pytest.param("groups", 403, 200, id="groups"),
        pytest.param("roles", 403, 200, id="roles"),
        pytest.param("macros", 200, 200, id="macros"),
        pytest.param("ticket_states", 200, 200, id="states"),
        pytest.param("ticket_priorities", 200, 200, id="priorities"),
        pytest.param("checklist_templates", 404, 200, id="checklist templates"),
        pytest.param("calendars", 403, 403, id="calendars"),
        pytest.param("settings", 403, 403, id="settings"),
        pytest.param("users", 200, 200, id="people"),
        pytest.param("organizations", 200, 200, id="organizations"),
    ],
)
def test_what_an_agent_may_list(make_town: MakeTown, path: str, older: int, newer: int) -> None:
    answers = [town.person("steward").get(path).status_code for town in (make_town("6.1"), make_town("6.5"))]
    assert answers == [older, newer]


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        pytest.param("read", {"read", "history", "links"}, id="read"),
        pytest.param("create", {"note", "ticket"}, id="create"),
        pytest.param("change", {"put", "put with note", "tag"}, id="change"),
        pytest.param(
            "full",
            {"read", "history", "note", "ticket", "put", "put with note", "tag", "link", "links", "own"},
            id="full",
        ),
    ],
)
def test_a_right_in_the_group_allows(town: Town, right: str, allowed: set[str]) -> None:
    ticket_id = town.person("anna").opens_ticket()
    other_id = town.person("anna").opens_ticket("another")
    probe = Probe(town, ["ticket.agent"], rights=[right])
    number = town.sandbox.world.tickets[other_id].number
    me = probe.get("users/me").json()["id"]
    note = {"body": "n", "internal": True}
    new = {"title": "t", "group": "First line", "customer": "mei@customer.example", "article": note}
    link: dict[str, Any] = {
        "link_type": "normal",
        "link_object_source": "Ticket",
        "link_object_source_number": number,
        "link_object_target": "Ticket",
        "link_object_target_value": ticket_id,
    }
    tried = {
        "read": probe.get(f"tickets/{ticket_id}"),
        "history": probe.get(f"ticket_history/{ticket_id}"),
        "note": probe.post("ticket_articles", {"ticket_id": ticket_id, **note}),
        "ticket": probe.post("tickets", new),
        "put": probe.put(f"tickets/{ticket_id}", {"title": "x"}),
        "put with note": probe.put(f"tickets/{ticket_id}", {"article": note}),
        "tag": probe.post("tags/add", {"object": "Ticket", "o_id": ticket_id, "item": "t"}),
        "link": probe.post("links/add", link),
    }
    opened = {name for name, answer in tried.items() if answer.status_code < 300}
    if probe.get(f"links?link_object=Ticket&link_object_value={ticket_id}").status_code == 200:
        opened.add("links")
    town.person("anna").put(f"tickets/{ticket_id}", {"owner_id": me})
    if town.sandbox.world.tickets[ticket_id].owner_id == me:
        opened.add("own")
    assert opened - {"links"} == allowed - {"links"}


def test_an_admin_s_other_permissions_open_settings_and_selectors(town: Town) -> None:
    probe = Probe(town, ["admin.tag"])
    assert probe.get("settings").status_code == 200
    town.person("anna").opens_ticket()
    found = probe.post("tickets/selector", {"condition": {"ticket.title": {"operator": "is", "value": "No heating"}}})
    assert found.status_code == 200
    kind = "ticket" if town.sandbox.world.manners.version == "6.1" else "object"
    assert found.json()[f"{kind}_count"] == 1


def test_a_narrow_token_limits_calls_but_not_lists(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    made = town.person("admin").post(
        "user_access_token", {"name": "narrow", "permission": ["user_preferences"]}, From="anna"
    )
    session = requests.Session()
    session.mount(BASE, town.sandbox.adapter())
    session.headers["Authorization"] = f"Token token={made.json()['token']}"
    assert session.get(f"{BASE}/api/v1/tickets/{ticket_id}").status_code == 403
    assert [row["id"] for row in session.get(f"{BASE}/api/v1/tickets").json()] == [ticket_id]


def test_only_admin_itself_deletes_tickets(town: Town) -> None:
    ticket_id = town.person("chief").opens_ticket()
    probe = Probe(town, ["ticket.agent", "admin.ticket", "admin.user"], rights=["full"])
    assert probe.delete(f"tickets/{ticket_id}").status_code == 403
    assert town.person("chief").delete(f"tickets/{ticket_id}").status_code == 403
    answer = town.person("admin").delete(f"tickets/{ticket_id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert town.person("chief").get(f"tickets/{ticket_id}").status_code == 404


def test_on_behalf_means_that_persons_rights_without_the_tokens_limits(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    admin = town.person("admin")
    note = {"ticket_id": ticket_id, "body": "for her", "internal": True}
    assert admin.post("ticket_articles", note, From="anna").json()["created_by"] == "anna"
    assert admin.post("ticket_articles", note, From="nobody@there").status_code == 403
    assert town.person("anna").post("ticket_articles", note, From="ben").status_code == 403
