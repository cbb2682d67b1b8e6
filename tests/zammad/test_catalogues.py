"""Names, types and people behind ids, with what the least role may see."""

from __future__ import annotations

import pytest
import responses

from plugin.model.errors import Refused, Unavailable
from plugin.model.people import SYSTEM, Role
from plugin.model.ticket import StateType
from plugin.zammad.catalogues import LIFETIME
from plugin.zammad.client import Call
from plugin.zammad.people import REFUSED_PAUSE, USER_LIFETIME
from plugin.zammad.room import Zammad
from tests.zammad.conftest import API, Body


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("name", "state_type"),
    [
        ("new", StateType.NEW),
        ("open", StateType.OPEN),
        ("pending reminder", StateType.PENDING_REMINDER),
        ("pending close", StateType.PENDING_ACTION),
        ("closed", StateType.CLOSED),
        ("merged", StateType.MERGED),
    ],
)
def test_states_are_told_by_type(zammad: Zammad, body: Body, name: str, state_type: StateType) -> None:
    state_id = next(raw["id"] for raw in body("states") if raw["name"] == name)
    assert zammad.catalogues.state_type(state_id) is state_type
    assert zammad.catalogues.state_name(state_id) == name


def test_renamed_states_keep_their_type(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.get(
        f"{API}/ticket_states",
        json=[
            {"id": 11, "name": "neu", "state_type_id": 1, "active": True},
            {"id": 12, "name": "in Arbeit", "state_type_id": 2, "active": True},
            {"id": 13, "name": "offen", "state_type": "open", "active": True, "default_follow_up": True},
            {"id": 14, "name": "fertig", "state_type": {"name": "closed"}, "active": True},
            {"id": 15, "name": "alt", "state_type_id": 5, "active": False},
        ],
    )
    types = [zammad.catalogues.state_type(state_id) for state_id in (11, 12, 13, 14)]
    assert types == [StateType.NEW, StateType.OPEN, StateType.OPEN, StateType.CLOSED]
    assert zammad.catalogues.state_of(StateType.OPEN).id == 13
    assert zammad.catalogues.state_of(StateType.CLOSED).id == 14
    with pytest.raises(Refused, match="merged"):
        zammad.catalogues.state_of(StateType.MERGED)


def test_a_state_nobody_explains_goes_by_its_name_or_is_open(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.get(f"{API}/ticket_states", json=[])
    assert zammad.catalogues.state_type(99, "closed") is StateType.CLOSED
    assert zammad.catalogues.state_type(99, "wartet") is StateType.OPEN


@pytest.mark.usefixtures("server")
def test_groups_have_names_even_where_they_may_not_be_listed(zammad: Zammad) -> None:
    assert zammad.catalogues.group_name(2) == "First line"
    assert zammad.catalogues.groups()[4] == "Complaints"


@pytest.mark.usefixtures("server")
def test_a_catalogue_is_asked_for_once_in_its_lifetime(zammad: Zammad, calls: list[Call], seconds: list[float]) -> None:
    for _ in range(5):
        zammad.catalogues.state_name(2)
    assert len(calls) == 1
    seconds[0] += LIFETIME + 1
    zammad.catalogues.state_name(2)
    assert len(calls) == 2


@pytest.mark.usefixtures("server")
def test_an_unknown_id_refreshes_the_catalogue_but_not_each_time(
    zammad: Zammad, calls: list[Call], seconds: list[float]
) -> None:
    zammad.catalogues.state_name(2)
    seconds[0] += 60
    for _ in range(5):
        assert zammad.catalogues.state_name(99) == ""
    assert len(calls) == 2


def test_what_is_old_serves_while_zammad_is_away(
    wire: responses.RequestsMock, zammad: Zammad, body: Body, seconds: list[float]
) -> None:
    wire.get(f"{API}/ticket_states", json=body("states"))
    assert zammad.catalogues.state_name(2) == "open"
    wire.replace("GET", f"{API}/ticket_states", status=502)
    seconds[0] += LIFETIME + 1
    assert zammad.catalogues.state_name(2) == "open"


def test_nothing_at_all_is_known_while_zammad_is_away(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.get(f"{API}/ticket_states", status=502)
    with pytest.raises(Unavailable):
        zammad.catalogues.state_name(2)


@pytest.mark.usefixtures("server")
def test_who_did_it_is_told_with_his_role(zammad: Zammad, body: Body) -> None:
    _, users = zammad.reader.history(body("ticket")["id"])
    me = zammad.people.me()
    assert zammad.people.actor(me.id).role is Role.STEWARD
    assert zammad.people.actor(7, users=users).role is Role.AGENT
    assert zammad.people.actor(7, users=users).login == "anna"
    assert zammad.people.actor(10, users=users).role is Role.CUSTOMER
    assert zammad.people.actor(1) == SYSTEM
    assert zammad.people.actor(7, source="Trigger", users=users) == SYSTEM


def test_a_user_who_is_gone_is_an_agent_only_if_he_wrote_as_one(server: responses.RequestsMock, zammad: Zammad) -> None:
    server.get(f"{API}/users/77", status=404, json={"error": "Couldn't find User with 'id'=77"})
    assert zammad.people.actor(77).role is Role.CUSTOMER
    assert zammad.people.actor(77, wrote_as_agent=True).role is Role.AGENT


def test_a_user_who_was_refused_is_asked_for_again_soon(
    server: responses.RequestsMock, zammad: Zammad, seconds: list[float]
) -> None:
    server.get(f"{API}/users/70", status=403, json={"error": "Not authorized"})
    assert zammad.people.actor(70).role is Role.CUSTOMER
    server.replace("GET", f"{API}/users/70", json={"id": 70, "roles": ["Agent"]})
    seconds[0] += REFUSED_PAUSE - 1
    assert zammad.people.actor(70).role is Role.CUSTOMER
    seconds[0] += 2
    assert zammad.people.actor(70).role is Role.AGENT


def test_roles_that_came_along_are_not_taken_for_all_of_them(
    wire: responses.RequestsMock, zammad: Zammad, seconds: list[float]
) -> None:
    zammad.people.learn({"assets": {"Role": {"3": {"id": 3, "name": "Customer", "permissions": ["ticket.customer"]}}}})
    wire.get(f"{API}/roles", status=502)
    wire.get(f"{API}/users/70", json={"id": 70, "role_ids": [9]})
    with pytest.raises(Unavailable):
        zammad.people.user(70)
    wire.replace("GET", f"{API}/roles", json=[{"id": 9, "name": "Beschwerden", "permissions": ["ticket.agent"]}])
    seconds[0] += 1
    user = zammad.people.user(70)
    assert user is not None
    assert zammad.people.is_agent(user)


AGENTS = [
    pytest.param({"id": 70, "group_ids": {"2": ["read"]}}, True, id="access of his own"),
    pytest.param({"id": 70, "group_ids": {"2": []}}, False, id="access to nothing"),
    pytest.param({"id": 70, "roles": ["Agent"]}, True, id="Zammad's own role"),
    pytest.param({"id": 70, "roles": ["Customer"]}, False, id="customer"),
    pytest.param({"id": 70, "roles": ["Kundendienst"]}, True, id="a role that gives groups"),
    pytest.param({"id": 70, "roles": ["Admin"]}, False, id="an admin who is no agent"),
    pytest.param({"id": 70}, False, id="nothing known"),
    pytest.param({"id": 1, "roles": ["Agent"]}, False, id="nobody"),
]


@pytest.mark.parametrize(("raw", "agent"), AGENTS)
def test_agents_have_a_role_or_a_group(
    server: responses.RequestsMock, zammad: Zammad, raw: dict[str, object], agent: bool
) -> None:
    role = {"id": 9, "name": "Kundendienst", "group_ids": {"3": ["full"]}}
    zammad.people.learn({"assets": {"Role": {"9": role}}})
    server.get(f"{API}/users/{raw['id']}", json=raw)
    user = zammad.people.user(int(str(raw["id"])))
    assert user is not None
    assert zammad.people.is_agent(user) is agent


def test_a_login_is_found_exactly(server: responses.RequestsMock, zammad: Zammad) -> None:
    found = [{"id": 8, "login": "ben.b", "email": ""}, {"id": 9, "login": "ben", "email": "ben@example.com"}]
    server.get(f"{API}/users/search", json=found)
    chosen = zammad.people.user_by_login("Ben@example.com")
    assert chosen is not None
    assert chosen.id == 9
    assert zammad.people.user_by_login("be") is None


AGENT = {"roles": ["Agent"], "role_ids": [2], "active": True}
FOUND = [
    {"id": 7, "login": "anna", "email": "a@example.com", "firstname": "Anna", "lastname": "Erste", **AGENT},
    {"id": 8, "login": "gone", "firstname": "Anna", "lastname": "Erste", **AGENT, "active": False},
    {"id": 9, "login": "olga", "firstname": "Olga", "lastname": "Weiß", "roles": ["Customer"], "active": True},
    {"id": 10, "login": "tom1", "firstname": "Tom", "lastname": "van  Weiß", **AGENT},
    {"id": 11, "login": "tom2", "firstname": "TOM", "lastname": "van Weiß", **AGENT},
]


@pytest.mark.parametrize(
    ("written", "logins"),
    [
        pytest.param("ANNA", {"anna"}, id="a login in any case"),
        pytest.param("a@Example.com", {"anna"}, id="a mail address"),
        pytest.param("anna  erste", {"anna"}, id="the full name, of whom is active"),
        pytest.param("gone", {"gone"}, id="the login of an agent who left"),
        pytest.param("Erste", set(), id="a part of a name"),
        pytest.param("Olga Weiß", set(), id="a customer's name"),
        pytest.param("olga", set(), id="a customer's login"),
        pytest.param("tom van weiß", {"tom1", "tom2"}, id="two of one name"),
        pytest.param("   ", set(), id="nothing"),
    ],
)
def test_an_agent_answers_to_login_address_and_full_name(
    server: responses.RequestsMock, zammad: Zammad, written: str, logins: set[str]
) -> None:
    server.get(f"{API}/users/search", json=FOUND)
    assert {user.login for user in zammad.people.answering_to(written)} == logins


def test_only_full_access_makes_an_owner(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.get(f"{API}/roles", status=403, json={"error": "Not authorized"})
    wire.post(f"{API}/core_workflows/perform", json={"restrict_values": {"owner_id": ["", "1", "12"]}})
    for user_id, rights in ((11, ["full"]), (12, []), (13, ["read", "change"])):
        wire.get(f"{API}/users/{user_id}", json={"id": user_id, "active": True, "group_ids": {"2": rights}})
    wire.get(f"{API}/users/14", json={"id": 14, "active": False, "group_ids": {"2": ["full"]}})
    assert [zammad.people.can_own(user_id, 2) for user_id in (11, 12, 13, 14)] == [True, True, False, False]


def test_a_vip_organization_is_known_where_the_server_marks_it(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.get(f"{API}/organizations/1", json={"id": 1, "vip": True})
    wire.get(f"{API}/organizations/2", json={"id": 2})
    wire.get(f"{API}/organizations/3", status=403, json={"error": "Not authorized"})
    assert [zammad.people.organization_is_vip(one) for one in (1, 2, 3)] == [True, False, False]


def test_a_role_nobody_has_heard_of_is_asked_for_at_once(
    wire: responses.RequestsMock, zammad: Zammad, seconds: list[float]
) -> None:
    agents = {"id": 2, "name": "Agent", "permissions": ["ticket.agent"]}
    wire.get(f"{API}/roles", json=[agents])
    wire.get(f"{API}/users/70", json={"id": 70, "role_ids": [9]})
    assert zammad.people.user(70) is not None
    wire.replace(
        "GET", f"{API}/roles", json=[agents, {"id": 9, "name": "Beschwerden", "permissions": ["ticket.agent"]}]
    )
    seconds[0] += USER_LIFETIME + 1
    user = zammad.people.user(70)
    assert user is not None
    assert zammad.people.is_agent(user)


def test_people_and_organizations_that_come_along_are_not_asked_for(zammad: Zammad, calls: list[Call]) -> None:
    zammad.people.learn({"assets": {"Role": {"2": {"id": 2, "name": "Agent"}}}})
    calls.clear()
    people = {"70": {"id": 70, "login": "anna", "active": True, "group_ids": {"2": ["full"]}}}
    zammad.people.learn({"assets": {"User": people, "Organization": {"3": {"id": 3, "vip": True}, "4": {"id": 4}}}})
    asked = [call.route for call in calls]
    assert zammad.people.can_own(70, 2)
    assert zammad.people.organization_is_vip(3)
    assert [call.route for call in calls] == asked
