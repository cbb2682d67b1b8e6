"""Finding tickets in the sandbox: conditions, words, pages, both versions' shapes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


def found(town: Town, condition: dict[str, Any]) -> list[str]:
    body = {"condition": condition, "expand": True, "sort_by": "id", "order_by": "asc"}
    answer = town.person("steward").post("tickets/search", body)
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()]


@pytest.fixture
def three(town: Town) -> Town:
    """A town with three tickets an hour apart."""
    anna = town.person("anna")
    first = anna.opens_ticket("alpha", tags="red,green")
    town.passes(hours=1)
    anna.opens_ticket("beta", priority="3 high")
    town.passes(hours=1)
    anna.opens_ticket("gamma", owner="ben", state="open")
    anna.post("ticket_articles", {"ticket_id": first, "body": "needle", "internal": True})
    return town


@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        pytest.param({"ticket.title": {"operator": "contains", "value": "ET"}}, ["beta"], id="part of a title"),
        pytest.param(
            {"ticket.created_at": {"operator": "after (absolute)", "value": "2026-11-23T10:00:00Z"}},
            ["beta", "gamma"],
            id="after a moment, the edge included",
        ),
        pytest.param(
            {"ticket.created_at": {"operator": "within last (relative)", "value": "90", "range": "minute"}},
            ["beta", "gamma"],
            id="the last ninety minutes",
        ),
        pytest.param({"ticket.tags": {"operator": "contains all", "value": "red, green"}}, ["alpha"], id="tags"),
        pytest.param(
            {"ticket.owner_id": {"operator": "is", "pre_condition": "not_set", "value": []}},
            ["alpha", "beta"],
            id="nobody's",
        ),
        pytest.param({"article.body": {"operator": "contains", "value": "needle"}}, ["alpha"], id="an article"),
        pytest.param({"customer.vip": {"operator": "is", "value": True}}, ["alpha", "beta", "gamma"], id="a VIP's"),
        pytest.param(
            {
                "operator": "OR",
                "conditions": [
                    {"name": "ticket.priority_id", "operator": "is", "value": ["3"]},
                    {"name": "ticket.state_id", "operator": "is", "value": ["2"]},
                ],
            },
            ["beta", "gamma"],
            id="one of two",
        ),
    ],
)
def test_a_condition_finds(three: Town, condition: dict[str, Any], titles: list[str]) -> None:
    assert found(three, condition) == titles


def test_what_changed_while_the_clock_stood_still_changed_lately(town: Town) -> None:
    for _ in range(5):
        town.person("anna").opens_ticket("alpha")
    lately = {"ticket.updated_at": {"operator": "within last (relative)", "value": "1", "range": "minute"}}
    assert found(town, lately) == ["alpha"] * 5


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        pytest.param({"ticket.nonsense": {"operator": "is", "value": 1}}, 422, id="an unknown attribute"),
        pytest.param({"ticket.state_id": {"operator": "almost", "value": 1}}, 500, id="an unknown operator"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(three: Town, condition: dict[str, Any], status: int) -> None:
    assert three.person("steward").post("tickets/search", {"condition": condition}).status_code == status


def test_only_newer_versions_find_words_in_other_letters(three: Town) -> None:
    steward = three.person("steward")
    newer = three.sandbox.world.manners.version != "6.1"
    assert len(steward.get("tickets/search?query=needle&expand=true").json()) == 1
    assert len(steward.get("tickets/search?query=Needle&expand=true").json()) == int(newer)


def test_the_answers_shape_depends_on_the_version(make_town: MakeTown) -> None:
    body = {"condition": {"ticket.state_id": {"operator": "is", "value": ["1"]}}}
    shapes = []
    for town in (make_town("6.1"), make_town("6.5")):
        town.person("anna").opens_ticket()
        shapes.append(town.person("steward").post("tickets/search", body).json())
    assert (shapes[0]["tickets"], shapes[0]["tickets_count"]) == ([1], 1)
    assert [row["id"] for row in shapes[1]] == [1]


def test_pages_are_cut_at_two_hundred(town: Town) -> None:
    anna = town.person("anna")
    for number in range(205):
        anna.opens_ticket(f"t{number}")
    steward = town.person("steward")
    assert len(steward.get("tickets?per_page=500").json()) == 100
    condition = {"ticket.state_id": {"operator": "is", "value": ["1"]}}
    rows = steward.post("tickets/search", {"condition": condition, "per_page": 500, "expand": True}).json()
    assert len(rows) == 200
