"""People and organizations: who may change whom, who stands in, and that none of it is an event (contract 3.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


def user_id(town: Town, login: str) -> int:
    return int(town.sandbox.world.users.where(login=login)[0].id)


def notified(town: Town) -> set[str]:
    """Whom the last event's notices went to."""
    town.sandbox.engine.notices.sent.clear()
    town.passes(seconds=5)
    return {notice.login for notice in town.sandbox.engine.notices.sent}


AWAY = {"out_of_office": True, "out_of_office_start_at": "2026-11-01", "out_of_office_end_at": "2026-12-31"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("users/{mei}", {"note": "prefers phone"}, id="a customer"),
        pytest.param("organizations/2", {"note": "wholesale"}, id="an organization"),
    ],
)
def test_edits_of_people_and_organizations_are_no_event(town: Town, path: str, body: dict[str, Any]) -> None:
    anna = town.person("anna")
    anna.opens_ticket()
    town.passes(seconds=5)
    town.receiver.deliveries.clear()
    assert anna.put(path.format(mei=user_id(town, "mei@customer.example")), body).status_code == 200
    town.passes(seconds=10)
    assert town.receiver.deliveries == []


@pytest.mark.parametrize(
    ("caller", "changed", "status"),
    [
        pytest.param("anna", "mei@customer.example", 200, id="an agent changes a customer"),
        pytest.param("anna", "ben", 403, id="but no agent"),
        pytest.param("anna", "anna", 403, id="not even himself"),
        pytest.param("admin", "ben", 200, id="an administrator changes an agent"),
        pytest.param("mei@customer.example", "mei@customer.example", 403, id="a customer changes nobody"),
    ],
)
def test_who_may_change_whom(town: Town, caller: str, changed: str, status: int) -> None:
    path = f"users/{user_id(town, changed)}"
    assert town.person(caller).put(path, {"phone": "1"}).status_code == status


def test_roles_and_rights_from_an_agent_are_dropped(town: Town) -> None:
    mei = user_id(town, "mei@customer.example")
    answer = town.person("anna").put(f"users/{mei}", {"role_ids": [1], "group_ids": {"1": ["full"]}, "phone": "7"})
    assert (answer.json()["role_ids"], answer.json()["group_ids"], answer.json()["phone"]) == ([3], {}, "7")


def test_customers_read_about_those_of_their_organization_only(town: Town) -> None:
    tom = town.person("tom@handel.example")
    assert tom.get(f"users/{user_id(town, 'juergen@handel.example')}").status_code == 200
    assert tom.get(f"users/{user_id(town, 'mei@customer.example')}").status_code == 403


def test_members_make_payloads_grow_without_bound(town: Town) -> None:
    admin = town.person("admin")
    made = admin.post("organizations", {"name": "Groß AG", "shared": True}).json()
    for number in range(40):
        member = {"email": f"m{number}@gross.example", "organization": "Groß AG", "roles": ["Customer"]}
        assert admin.post("users", member).status_code == 201
    town.person("anna").opens_ticket(customer="m7@gross.example")
    town.passes(seconds=5)
    told = town.sandbox.world.organizations[made["id"]]
    assert b'"m39@gross.example"' in town.receiver.deliveries[-1].body
    assert told.updated_at > told.created_at


def test_member_ids_replace_the_members(town: Town) -> None:
    admin, mei = town.person("admin"), user_id(town, "mei@customer.example")
    made = admin.post("organizations", {"name": "New", "members": ["mei@customer.example"]}).json()
    assert made["member_ids"] == [mei]
    assert admin.put(f"organizations/{made['id']}", {"member_ids": []}).json()["member_ids"] == []
    assert admin.delete(f"organizations/{made['id']}").status_code == 200
    assert admin.delete("organizations/2").status_code == 422


def test_time_is_booked_on_tickets_and_summed_up_by_the_month(make_town: MakeTown) -> None:
    statuses = []
    for town in (make_town("6.1"), make_town("6.5")):
        anna, admin = town.person("anna"), town.person("admin")
        ticket_id = anna.opens_ticket(owner="ben")
        spent = {"ticket_id": ticket_id, "body": "x", "internal": True, "time_unit": "2.5"}
        if town.sandbox.world.manners.version != "6.1":
            assert anna.post("ticket_articles", spent).status_code == 403
            assert anna.post(f"tickets/{ticket_id}/time_accountings", {"time_unit": "1"}).status_code == 403
        town.sandbox.set_setting("time_accounting", True)
        assert anna.post(f"tickets/{ticket_id}/time_accountings", {}).status_code == 422
        anna.post("ticket_articles", spent)
        anna.post(f"tickets/{ticket_id}/time_accountings", {"time_unit": "1.5"})
        assert anna.get("time_accounting/log/by_ticket/2026/11").status_code == 403
        (row,) = admin.get("time_accounting/log/by_ticket/2026/11").json()
        assert (row["ticket"]["id"], row["time_unit"], row["agent"]) == (ticket_id, "4.0", "Anna Erste")
        assert admin.get("time_accounting/log/by_ticket/2026/10").json() == []
        assert town.sandbox.world.tickets[ticket_id].time_unit == 4
        statuses.append(admin.get("time_accountings").status_code)
    assert statuses == [404, 200]


def test_preferences_are_merged_key_by_key(town: Town) -> None:
    anna = town.person("anna")
    before = anna.get("users/me").json()["preferences"]
    assert anna.put("users/preferences", {"locale": "de-de"}).json() == {"message": "ok"}
    assert anna.get("users/me").json()["preferences"] == {**before, "locale": "de-de"}


def test_who_switches_off_a_notice_gets_none(town: Town) -> None:
    ben = town.person("ben")
    config = ben.get("users/me").json()["preferences"]["notification_config"]
    config["matrix"]["create"]["criteria"] = dict.fromkeys(config["matrix"]["create"]["criteria"], False)
    ben.put("users/preferences", {"notification_config": config})
    town.person("anna").opens_ticket()
    assert notified(town) == {"chief"}


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        pytest.param([], True, id="no choice"),
        pytest.param(["-"], True, id="none of them chosen"),
        pytest.param(["2"], True, id="this group"),
        pytest.param(["3"], False, id="another group"),
    ],
)
def test_a_notice_can_be_limited_to_groups(town: Town, groups: list[str], told: bool) -> None:
    ben = town.person("ben")
    config = {**ben.get("users/me").json()["preferences"]["notification_config"], "group_ids": groups}
    ben.put("users/preferences", {"notification_config": config})
    town.person("anna").opens_ticket()
    assert ("ben" in notified(town)) is told


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({**AWAY, "out_of_office_end_at": None}, id="no end"),
        pytest.param({**AWAY, "out_of_office_start_at": None}, id="no start"),
        pytest.param({**AWAY, "out_of_office_end_at": "2026-10-01"}, id="an end before the start"),
        pytest.param(AWAY, id="nobody stands in"),
    ],
)
def test_an_absence_must_be_whole(town: Town, sent: dict[str, Any]) -> None:
    assert town.person("anna").put("users/out_of_office", sent).status_code == 422


def test_who_stands_in_is_told_what_the_owner_is_told(town: Town) -> None:
    anna, chief = town.person("anna"), town.person("chief")
    ticket_id = chief.opens_ticket(owner="anna")
    assert chief.put(f"tickets/{ticket_id}", {"priority": "3 high"}).status_code == 200
    assert "ben" not in notified(town)
    answer = anna.put("users/out_of_office", {**AWAY, "out_of_office_replacement_id": user_id(town, "ben")})
    assert answer.json() == {"message": "ok"}
    chief.put(f"tickets/{ticket_id}", {"priority": "1 low"})
    assert notified(town) == {"anna", "ben"}
    me = anna.get("users/me").json()
    assert (me["out_of_office"], me["out_of_office_end_at"], me["preferences"]["out_of_office_text"]) == (
        True, "2026-12-31", None,
    )  # fmt: skip
    anna.put("users/out_of_office", {**AWAY, "out_of_office": False, "out_of_office_replacement_id": 1})
    chief.put(f"tickets/{ticket_id}", {"priority": "2 normal"})
    assert notified(town) == {"anna"}


def test_a_stand_in_who_is_away_himself_passes_it_on(town: Town) -> None:
    anna, ben = town.person("anna"), town.person("ben")
    ticket_id = anna.opens_ticket(owner="anna")
    anna.put("users/out_of_office", {**AWAY, "out_of_office_replacement_id": user_id(town, "ben")})
    ben.put("users/out_of_office", {**AWAY, "out_of_office_replacement_id": user_id(town, "chief")})
    town.passes(seconds=5)
    town.person("steward").put(f"tickets/{ticket_id}", {"priority": "3 high"})
    assert notified(town) == {"anna", "ben", "chief"}


def test_tickets_follow_their_customer_to_another_organization(town: Town) -> None:
    anna, admin = town.person("anna"), town.person("admin")
    ticket_id = anna.opens_ticket(customer="tom@handel.example")
    made = admin.post("organizations", {"name": "New"}).json()
    town.passes(seconds=5)
    town.receiver.deliveries.clear()
    town.sandbox.engine.notices.sent.clear()
    admin.put(f"users/{user_id(town, 'tom@handel.example')}", {"organization_id": made["id"]})
    town.passes(seconds=5)
    ticket = town.sandbox.world.tickets[ticket_id]
    assert (ticket.organization_id, ticket.updated_by_id) == (made["id"], 1)
    assert [delivery.ticket_id for delivery in town.receiver.deliveries] == [ticket_id]
    assert town.sandbox.engine.notices.sent == []


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"firstname": "A", "email": "no address"}, id="no address"),
        pytest.param({"firstname": "A", "email": "anna@example.com"}, id="another's address"),
        pytest.param({"firstname": "A", "login": "ANNA"}, id="another's login"),
    ],
)
def test_a_person_has_a_name_and_an_address_of_his_own(town: Town, asked: dict[str, str]) -> None:
    admin = town.person("admin")
    assert admin.post("users", asked).status_code == 422
    if asked:
        ben = town.sandbox.world.users.where(login="ben")[0].id
        assert admin.put(f"users/{ben}", asked).status_code == 422
    assert admin.post("users", {"firstname": "Only"}).status_code == 201


def test_ids_nobody_has_are_given_to_nobody(town: Town) -> None:
    admin = town.person("admin")
    assert admin.post("roles", {"name": "odd", "permission_ids": [99999]}).status_code == 422
    assert admin.put("roles/2", {"permission_ids": ["x"]}).status_code == 422
    assert admin.post("users", {"firstname": "A", "role_ids": [99999]}).status_code == 422
    assert town.person("anna").get("users/me").status_code == 200
