"""Changes of several tickets at once: all or none, one event each (contract 3.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Town


def in_second_line(town: Town) -> int:
    return town.person("chief").opens_ticket("elsewhere", group="Second line")


def paths(town: Town) -> list[int]:
    """The tickets told of since the last look."""
    town.passes(seconds=5)
    told = [delivery.ticket_id for delivery in town.receiver.deliveries]
    town.receiver.deliveries.clear()
    return told


@pytest.fixture
def pair(town: Town) -> list[int]:
    """Two tickets in First line, whose creation was told."""
    made = [town.person("anna").opens_ticket(title) for title in ("one", "two")]
    assert sorted(paths(town)) == made
    return made


def test_one_event_tells_of_each_ticket(town: Town, pair: list[int]) -> None:
    sent = {"ticket_ids": pair, "attributes": {"priority_id": 3}, "article": {"body": "both", "internal": True}}
    answer = town.person("anna").post("tickets/mass_update", sent)
    assert (answer.status_code, answer.json()["ticket_ids"]) == (200, pair)
    assert {town.sandbox.world.tickets[ticket_id].priority_id for ticket_id in pair} == {3}
    assert [len(town.sandbox.world.articles_of(ticket_id)) for ticket_id in pair] == [2, 2]
    assert sorted(paths(town)) == pair


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"title": ""}, id="an empty text"),
        pytest.param({"priority_id": None}, id="nothing"),
        pytest.param({"steward_hold": False}, id="no"),
        pytest.param({}, id="none at all"),
    ],
)
def test_blank_values_are_dropped(town: Town, pair: list[int], attributes: dict[str, Any]) -> None:
    sent = {"ticket_ids": pair, "attributes": attributes}
    assert town.person("anna").post("tickets/mass_update", sent).status_code == 200
    assert town.sandbox.world.tickets[pair[0]].title == "one"
    assert paths(town) == []


def test_a_ticket_out_of_reach_is_named_and_nothing_happens(town: Town, pair: list[int]) -> None:
    other = in_second_line(town)
    paths(town)
    sent = {"ticket_ids": [*pair, other], "attributes": {"priority_id": 3}}
    answer = town.person("anna").post("tickets/mass_update", sent)
    assert (answer.status_code, answer.json()) == (422, {"error": True, "ticket_id": other})
    assert {town.sandbox.world.tickets[ticket_id].priority_id for ticket_id in pair} == {2}
    assert paths(town) == []


def test_the_first_refused_ticket_takes_all_back(town: Town, pair: list[int]) -> None:
    sent = {"ticket_ids": pair, "attributes": {"state": "pending reminder"}}
    answer = town.person("anna").post("tickets/mass_update", sent)
    assert (answer.status_code, answer.json()) == (422, {"error": True, "ticket_id": pair[0]})
    assert paths(town) == []


def test_what_was_taken_back_is_told_all_the_same(town: Town, pair: list[int]) -> None:
    anna = town.person("anna")
    for number, ticket_id in enumerate(pair):
        anna.put(f"tickets/{ticket_id}", {"state": ("open", "pending reminder")[number], "pending_time": LATER})
    town.sandbox.world.tickets.put(pair[1], pending_time=None)
    paths(town)
    answer = anna.post("tickets/mass_update", {"ticket_ids": pair, "attributes": {"priority_id": 3}})
    assert answer.json() == {"error": True, "ticket_id": pair[1]}
    assert town.sandbox.world.tickets[pair[0]].priority_id == 2
    assert paths(town) == [pair[0]]


LATER = "2026-12-01T10:00:00Z"


def test_a_macro_for_other_groups_is_refused_for_all(town: Town, pair: list[int]) -> None:
    groups = {group.name: group.id for group in town.sandbox.world.groups}
    macro = town.person("admin").post(
        "macros",
        {"name": "m", "perform": {"ticket.priority_id": {"value": "3"}}, "group_ids": [groups["Second line"]]},
    )
    sent = {"ticket_ids": pair, "macro_id": macro.json()["id"]}
    answer = town.person("ben").post("tickets/mass_macro", sent)
    assert (answer.status_code, answer.json()["blocking_tickets"]) == (422, pair)


def test_a_macro_tells_of_each_ticket_once(town: Town, pair: list[int]) -> None:
    perform = {"ticket.priority_id": {"value": "3"}, "ticket.tags": {"operator": "add", "value": "seen"}}
    perform["article.note"] = {"body": "by macro", "internal": "true", "subject": "m"}
    macro = town.person("admin").post("macros", {"name": "m", "perform": perform})
    answer = town.person("anna").post("tickets/mass_macro", {"ticket_ids": pair, "macro_id": macro.json()["id"]})
    assert (answer.status_code, answer.json()["ticket_ids"]) == (200, pair)
    assert sorted(paths(town)) == pair
    rows = town.person("anna").get(f"ticket_history/{pair[0]}").json()["history"]
    tagged = next(row for row in rows if row.get("attribute") == "tag")
    assert tagged["created_by_id"] == town.sandbox.world.users.where(login="anna")[0].id
