"""Values of a kind nobody thought of end as in Zammad: 500 in JSON, nothing kept, the next request is fine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Town


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("tickets/search", {"condition": {"operator": "AND", "conditions": ["x"]}}, id="no condition"),
        pytest.param("tickets/search", {"condition": {"ticket.title": {"operator": ["is"]}}}, id="operators"),
        pytest.param("tickets/selector", {"condition": "x"}, id="a text for a condition"),
        pytest.param("tickets/mass_update", {"ticket_ids": 7, "attributes": {}}, id="an id for ids"),
        pytest.param("roles", {"name": "x", "permission_ids": 7}, id="an id for a list"),
        pytest.param("core_workflows/perform", {"params": "x"}, id="a text for params"),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_in_json(town: Town, path: str, body: dict[str, Any]) -> None:
    admin = town.person("admin")
    answer = admin.post(path, body)
    assert (answer.status_code, list(answer.json())) == (500, ["error"])
    assert admin.get("users/me").status_code == 200


def test_whoever_is_no_admin_sees_only_an_error_id(town: Town) -> None:
    answer = town.person("anna").post("tickets/search", {"condition": {"operator": "AND", "conditions": ["x"]}})
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("Error ID ")


def test_nothing_of_a_broken_request_is_kept(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    before = town.sandbox.world.tickets[ticket_id]
    answer = anna.put(f"tickets/{ticket_id}", {"title": "other", "article": {"body": "x", "attachments": 7}})
    assert answer.status_code == 500
    assert town.sandbox.world.tickets[ticket_id] == before


@pytest.mark.parametrize("amount", ["soon", "", None, "2 days"])
def test_a_relative_time_is_read_as_ruby_reads_numbers(town: Town, amount: str | None) -> None:
    condition = {"ticket.created_at": {"operator": "before (relative)", "range": "day", "value": amount}}
    assert town.person("anna").post("tickets/search", {"condition": condition}).status_code == 200
