"""Who may what in the sandbox: tokens, passwords, `From`, group rights, customers, versions' manners."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.conftest import BASE, MakeTown, Town


def call(town: Town, **headers: str) -> requests.Response:
    session = requests.Session()
    session.mount(BASE, town.sandbox.adapter())
    return session.get(f"{BASE}/api/v1/users/me", headers=headers)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param("", 403, id="nothing"),
        pytest.param("Token token=nonsense", 401, id="an unknown token"),
        pytest.param("Bearer nonsense", 401, id="an unknown bearer"),
        pytest.param("Basic !!!", 401, id="broken basic"),
        pytest.param("Digest x", 403, id="an unknown scheme"),
    ],
)
def test_a_stranger_is_turned_away(town: Town, header: str, status: int) -> None:
    answer = call(town, **({"Authorization": header} if header else {}))
    assert answer.status_code == status
    assert answer.json()["error"] == answer.json()["error_human"]


def test_a_personal_token_is_taken_as_bearer_too(town: Town) -> None:
    assert call(town, Authorization=f"Bearer {town.sandbox.tokens['anna']}").json()["login"] == "anna"


def test_an_admin_makes_a_token_for_somebody_else(town: Town) -> None:
    made = town.person("admin").post("user_access_token", {"name": "x", "permission": ["ticket.agent"]}, From="ben")
    token = made.json()["token"]
    assert call(town, Authorization=f"Token token={token}").json()["login"] == "ben"


def test_too_many_wrong_passwords_lock_the_password_but_not_the_token(town: Town) -> None:
    session = requests.Session()
    session.mount(BASE, town.sandbox.adapter())
    for _ in range(7):
        session.get(f"{BASE}/api/v1/users/me", auth=("anna", "wrong"))
    assert session.get(f"{BASE}/api/v1/users/me", auth=("anna", "anna")).status_code == 401
    assert town.person("anna").get("users/me").status_code == 200


def test_the_least_role_does_everything_steward_needs_in_its_groups(town: Town) -> None:
    steward = town.person("steward")
    ticket_id = town.person("anna").opens_ticket()
    assert steward.get(f"tickets/{ticket_id}?all=true").status_code == 200
    assert steward.get(f"ticket_history/{ticket_id}").status_code == 200
    assert steward.put(f"tickets/{ticket_id}", {"steward_tier": "major"}).status_code == 200
    assert steward.delete(f"tickets/{ticket_id}").status_code == 403
    assert steward.get("calendars").status_code == 403


def test_only_newer_servers_let_agents_list_groups(make_town: MakeTown) -> None:
    assert make_town("6.1").person("steward").get("groups").status_code == 403
    assert make_town("6.5").person("steward").get("groups").status_code == 200


def test_an_agent_sees_only_the_tickets_of_his_groups(town: Town) -> None:
    ticket_id = town.person("chief").opens_ticket(group="Complaints")
    anna = town.person("anna")
    assert anna.get(f"tickets/{ticket_id}").status_code == 403
    assert anna.get("tickets").json() == []


def test_a_customer_sees_his_own_tickets_without_internal_notes(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    anna.post("ticket_articles", {"ticket_id": ticket_id, "body": "secret", "internal": True})
    mei, juergen = town.person("mei@customer.example"), town.person("juergen@handel.example")
    assert [row["body"] for row in mei.get(f"ticket_articles/by_ticket/{ticket_id}").json()] == ["It is cold."]
    assert juergen.get(f"tickets/{ticket_id}").status_code == 403
    assert mei.get(f"ticket_history/{ticket_id}").status_code == 403


def test_a_customer_can_set_quiet_fields_but_neither_owner_nor_tags(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    mei = town.person("mei@customer.example")
    answer = mei.put(f"tickets/{ticket_id}", {"steward_tier": "major", "owner_id": 4})
    assert (answer.status_code, answer.json()["steward_tier"], answer.json()["owner_id"]) == (200, "major", 1)
    assert mei.post("tags/add", {"object": "Ticket", "o_id": ticket_id, "item": "x"}).status_code == 403


@pytest.mark.parametrize("path", ["nonsense", "tickets/1/nonsense", "permissions"])
def test_an_unknown_route_is_zammads_404(town: Town, path: str) -> None:
    assert town.person("anna").get(path).status_code == 404


def test_a_route_that_is_not_modelled_says_so(town: Town) -> None:
    answer = town.person("admin").get("signshow")
    assert answer.status_code == 501
    assert answer.json() == {"error": "not modelled: GET /api/v1/signshow"}


def test_checklists_exist_only_on_newer_servers(make_town: MakeTown) -> None:
    assert make_town("6.1").person("steward").get("checklist_templates").status_code == 404
    assert make_town("6.5").person("steward").get("checklist_templates").status_code == 200
