"""What a server has, seen in its looks; and what the preflight finds missing."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from plugin.zammad.client import Call
from plugin.zammad.preflight import Finding, Severity, preflight
from plugin.zammad.room import Zammad
from plugin.zammad.values import FIELDS
from tests.zammad.conftest import API, Body


def ticket_with_all_fields(body: Body) -> dict[str, Any]:
    raw = {key: value for key, value in body("ticket_plain").items() if not key.startswith("steward_")}
    return raw | dict.fromkeys(FIELDS) | {"steward_hold": False, "steward_kind": ""}


def answers_search(server: responses.RequestsMock, *tickets: dict[str, Any]) -> None:
    ids = [one["id"] for one in tickets]
    assets = {"Ticket": {str(one["id"]): one for one in tickets}}
    server.post(f"{API}/tickets/search", json={"tickets": ids, "record_ids": ids, "assets": assets})
    for one in tickets:
        server.replace("GET", f"{API}/tickets/{one['id']}", json=one)


@pytest.mark.usefixtures("server")
def test_the_first_look_shows_what_the_server_has(zammad: Zammad, body: Body, like: str) -> None:
    assert not zammad.reader.features.fields
    zammad.reader.look(body("ticket")["id"])
    features = zammad.reader.features
    assert features.has("steward_tier")
    assert not features.has("steward_kind")
    assert features.checklists is (like == "6.5")
    # the recorded server had its fields installed visible
    assert not features.quiet("steward_tier")
    if like == "6.1":
        assert features.options["steward_tier"] == {"general", "serious", "major", "critical"}


def test_fields_that_agents_do_not_see_are_quiet(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    raw = ticket_with_all_fields(body)
    answers_search(server, raw)
    zammad.reader.look(raw["id"])
    assert zammad.reader.features.quiet("steward_kind")
    assert not zammad.reader.features.quiet("steward_nothing")


def test_a_field_removed_while_running_is_noticed(
    server: responses.RequestsMock, zammad: Zammad, body: Body, calls: list[Call]
) -> None:
    raw = ticket_with_all_fields(body)
    answers_search(server, raw)
    zammad.reader.look(raw["id"])
    calls.clear()
    zammad.reader.look(raw["id"])
    assert len(calls) == 1
    del raw["steward_tier"]
    answers_search(server, raw)
    zammad.reader.look(raw["id"])
    assert not zammad.reader.features.has("steward_tier")


def test_a_workflow_engine_that_fails_does_not_spoil_a_look(
    server: responses.RequestsMock, zammad: Zammad, body: Body
) -> None:
    server.replace("POST", f"{API}/core_workflows/perform", status=500)
    zammad.reader.look(body("ticket")["id"])
    assert zammad.reader.features.has("steward_tier")


def found(zammad: Zammad) -> dict[str, Finding]:
    return {finding.name: finding for finding in preflight(zammad)}


def test_a_ready_server_has_nothing_but_information(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    answers_search(server, ticket_with_all_fields(body))
    server.replace("POST", f"{API}/core_workflows/perform", json={"visibility": {"title": "show"}})
    assert {finding.severity for finding in preflight(zammad)} == {Severity.INFO}


def test_missing_fields_are_named(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    raw = ticket_with_all_fields(body)
    del raw["steward_next_due_at"]
    answers_search(server, raw)
    finding = found(zammad)["field_missing"]
    assert "steward_next_due_at" in finding.what
    assert "README" in finding.way_out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("steward_hold", "", id="text for a boolean"),
        pytest.param("steward_next_due_at", "Thursday", id="text for a moment"),
        pytest.param("steward_next_due_at", "2026-11-21", id="day for a moment"),
        pytest.param("steward_erase_after", "2026-11-21T07:00:00.000Z", id="moment for a day"),
        pytest.param("steward_kind", ["complaint"], id="list for a select"),
        pytest.param("steward_next_due", 7, id="number for a text"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(
    server: responses.RequestsMock, zammad: Zammad, body: Body, name: str, value: Any
) -> None:
    answers_search(server, ticket_with_all_fields(body) | {name: value})
    finding = found(zammad)["field_type"]
    assert name in finding.what
    assert finding.severity is Severity.ERROR


def test_visible_fields_are_a_warning(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    answers_search(server, body("ticket"))
    assert "steward_tier" in found(zammad)["field_visible"].what


RIGHTS = [
    pytest.param({"group_ids": {}}, "no_groups", id="no group"),
    pytest.param({"group_ids": {"2": ["read", "change"]}}, "rights", id="one right missing"),
    pytest.param({"group_ids": {"2": ["full"]}}, "full_access", id="full"),
    pytest.param({"roles": ["Admin", "Agent"]}, "admin_token", id="an administrator"),
]


@pytest.mark.parametrize(("change", "name"), RIGHTS)
def test_rights_are_checked_per_group(
    server: responses.RequestsMock, zammad: Zammad, body: Body, change: dict[str, Any], name: str
) -> None:
    server.replace("GET", f"{API}/users/me", json=body("me") | change)
    answers_search(server, ticket_with_all_fields(body))
    assert name in found(zammad)


def test_the_right_that_is_missing_is_named_with_its_group(
    server: responses.RequestsMock, zammad: Zammad, body: Body
) -> None:
    server.replace("GET", f"{API}/users/me", json=body("me") | {"group_ids": {"2": ["read", "change"]}})
    answers_search(server, ticket_with_all_fields(body))
    assert found(zammad)["rights"].what == "create missing in group First line"


def test_an_administrators_view_says_nothing_about_what_agents_see(
    server: responses.RequestsMock, zammad: Zammad, body: Body
) -> None:
    server.replace("GET", f"{API}/users/me", json=body("me") | {"roles": ["Admin", "Agent"]})
    answers_search(server, body("ticket"))
    assert "field_visible" not in found(zammad)


def test_a_server_without_tickets_says_so(server: responses.RequestsMock, zammad: Zammad) -> None:
    answers_search(server)
    assert found(zammad)["no_tickets"].severity is Severity.INFO


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        pytest.param({"status": 401, "json": {"error": "x"}}, "STEWARD_ZAMMAD_TOKEN", id="dead token"),
        pytest.param({"status": 301, "headers": {"Location": "https://help.test/"}}, "help.test", id="redirect"),
        pytest.param({"status": 502}, "502", id="down"),
        pytest.param({"body": "<html></html>"}, "HTML", id="a page"),
    ],
)
def test_a_zammad_that_cannot_be_used_is_one_finding(
    wire: responses.RequestsMock, zammad: Zammad, answer: dict[str, Any], word: str
) -> None:
    wire.get(f"{API}/users/me", **answer)
    wire.get(f"{API}/roles", status=403, json={"error": "x"})
    findings = preflight(zammad)
    assert [finding.name for finding in findings] == ["zammad"]
    assert word in str(findings[0])


def test_a_clock_that_runs_apart_is_an_error(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    answers_search(server, ticket_with_all_fields(body))
    me = body("me")
    server.replace("GET", f"{API}/users/me", json=me, headers={"Date": "Sat, 21 Nov 2026 09:05:00 GMT"})
    assert "+300 s" in found(zammad)["clock"].what
