"""The selector answers as PostgreSQL would, each version in its way (contract 3.3, 4.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.sandbox import conditions
from plugin.sandbox.conditions import Occasion, matches
from plugin.sandbox.events import Changes
from plugin.sandbox.manners import Like
from tests.sandbox.conftest import START, MakeTown, Town

OLDER: Like = "6.1"
NEWER: Like = "6.5"


def holds(town: Town, ticket_id: int, condition: dict[str, Any], occasion: Occasion | None = None) -> bool:
    world = town.sandbox.world
    return matches(world, condition, world.tickets[ticket_id], occasion or Occasion(now=world.now()))


def leaf(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {name: {"operator": operator, "value": value, **more}}


@pytest.fixture
def ticket_id(town: Town) -> int:
    """A ticket of Mei's with two tags, a filled and an empty field, nobody's."""
    chief = town.person("chief")
    made = chief.opens_ticket("No heating since 100% rain", tags="cold,urgent", steward_breached="assessment")
    assert town.person("steward").put(f"tickets/{made}", {"steward_retention": None}).status_code == 200
    town.passes(seconds=5)
    return made


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(leaf("ticket.title", "is", "No heating since 100% rain"), True, id="is: the whole text"),
        pytest.param(leaf("ticket.title", "is", "no heating since 100% rain"), False, id="is: its case counts"),
        pytest.param(leaf("ticket.title", "is not", ["x", "y"]), True, id="is not: none of a list"),
        pytest.param(leaf("ticket.title", "contains", "HEATING"), True, id="contains: whatever case"),
        pytest.param(leaf("ticket.title", "contains not", "snow"), True, id="contains not"),
        pytest.param(leaf("ticket.title", "starts with one of", ["Yes", "No"]), True, id="starts with one of"),
        pytest.param(leaf("ticket.title", "ends with", "RAIN"), True, id="ends with"),
        pytest.param(leaf("ticket.title", "matches regex", "^no h.*\\d+% rain$"), True, id="regex"),
        pytest.param(leaf("ticket.title", "does not match regex", "snow"), True, id="no regex"),
        pytest.param(leaf("ticket.title", "is any of", ["a", "No heating since 100% rain"]), True, id="any of"),
        pytest.param(leaf("ticket.title", "is none of", ["a", "b"]), True, id="none of"),
        pytest.param(leaf("ticket.steward_retention", "is", ["", "x"]), True, id="is: an empty one among them"),
        pytest.param(leaf("ticket.steward_retention", "is not", "x"), True, id="is not: nothing is not x"),
        pytest.param(leaf("ticket.steward_retention", "is none of", ["x"]), False, id="none of: NULL is unknown"),
        pytest.param(leaf("ticket.steward_retention", "does not match regex", "x"), False, id="no regex of NULL"),
        pytest.param(leaf("ticket.steward_retention", "is", None), True, id="is nothing"),
        pytest.param(leaf("ticket.owner_id", "is", [], pre_condition="not_set"), True, id="owner 1 is not set"),
        pytest.param(leaf("ticket.owner_id", "is not", [], pre_condition="not_set"), False, id="nobody owns it"),
        pytest.param(leaf("ticket.pending_time", "is", "", pre_condition="not_set"), True, id="no time is set"),
        pytest.param(leaf("ticket.state_id", "is", ["1", 2]), True, id="ids as texts and numbers"),
        pytest.param(leaf("ticket.steward_hold", "is", "false"), True, id="a boolean by word"),
        pytest.param(leaf("ticket.tags", "contains all", "urgent, cold"), True, id="all tags"),
        pytest.param(leaf("ticket.tags", "contains all", "urgent, late"), False, id="not all tags"),
        pytest.param(leaf("ticket.tags", "contains one", "late, cold"), True, id="one tag"),
        pytest.param(leaf("ticket.tags", "contains one not", "late, lost"), True, id="none of the tags"),
        pytest.param(leaf("ticket.tags", "contains one", "Cold"), False, id="tags know their case"),
        pytest.param(leaf("customer.vip", "is", True), True, id="the customer's field"),
        pytest.param(leaf("organization.name", "is not", "ACME"), True, id="no organization is not ACME"),
        pytest.param(leaf("organization.name", "is", "ACME"), False, id="no organization"),
        pytest.param(leaf("ticket.created_at", "within last (relative)", "10", range="minute"), True, id="last 10 min"),
        pytest.param(leaf("ticket.created_at", "before (relative)", "1", range="hour"), False, id="before an hour"),
        pytest.param(leaf("ticket.created_at", "till (relative)", "1", range="day"), True, id="till tomorrow"),
        pytest.param(leaf("ticket.created_at", "from (relative)", "1", range="month"), True, id="since a month"),
        pytest.param(leaf("ticket.created_at", "after (relative)", "1", range="week"), False, id="in a week"),
        pytest.param(leaf("ticket.created_at", "today"), True, id="today"),
        pytest.param(leaf("ticket.pending_time", "before (absolute)", "2030-01-01"), False, id="no time is not before"),
        pytest.param(leaf("ticket.title", "is", []), False, id="a list without values is fulfilled by none"),
        pytest.param(leaf("ticket.title", "is not", []), False, id="nor is its opposite"),
        pytest.param(leaf("ticket.title", "contains", ""), False, id="nor a part of no letters"),
        pytest.param({"ticket.title": {"operator": "is"}}, False, id="nor an operator alone"),
        pytest.param(leaf("ticket_state.name", "is", "new"), True, id="a state by its name"),
    ],
)
def test_an_operator_answers_as_the_database(
    town: Town, ticket_id: int, condition: dict[str, Any], expected: bool
) -> None:
    assert holds(town, ticket_id, condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(leaf("ticket.title", "contains", "1__% r"), {OLDER: True, NEWER: False}, id="wildcards"),
        pytest.param(leaf("ticket.steward_retention", "contains not", "x"), {OLDER: False, NEWER: True}, id="NULL"),
        pytest.param(leaf("ticket.tags", "contains all not", "cold,late"), {OLDER: False, NEWER: True}, id="not all"),
        pytest.param(leaf("ticket.mention_user_ids", "is not", ["3"]), {OLDER: False, NEWER: True}, id="no mention"),
    ],
)
def test_versions_differ_in(make_town: MakeTown, condition: dict[str, Any], expected: dict[Like, bool]) -> None:
    for like in expected:
        town = make_town(like)
        made = town.person("chief").opens_ticket("No heating since 100% rain", tags="cold,urgent")
        town.sandbox.world.tickets.put(made, steward_retention=None)
        assert holds(town, made, condition) is expected[like], like


@pytest.mark.parametrize(
    ("operator", "parts", "expected"),
    [
        pytest.param("AND", ("heating", "snow"), False, id="AND"),
        pytest.param("OR", ("heating", "snow"), True, id="OR"),
        pytest.param("NOT", ("heating", "snow"), True, id="NOT denies that all hold"),
        pytest.param("NOT", ("heating", "rain"), False, id="NOT of two that hold"),
    ],
)
def test_blocks_join_conditions(
    town: Town, ticket_id: int, operator: str, parts: tuple[str, ...], expected: bool
) -> None:
    said = [{"name": "ticket.title", "operator": "contains", "value": part} for part in parts]
    outer = {"operator": "AND", "conditions": [{"operator": operator, "conditions": said}]}
    assert holds(town, ticket_id, outer) is expected


def test_nothing_is_known_of_what_is_empty_nor_of_its_opposite(town: Town, ticket_id: int) -> None:
    early = {"name": "ticket.pending_time", "operator": "before (absolute)", "value": "2030-01-01T00:00:00Z"}
    assert not holds(town, ticket_id, {"operator": "AND", "conditions": [early]})
    assert not holds(town, ticket_id, {"operator": "NOT", "conditions": [early]})


def test_a_search_wants_one_article_that_fulfils_all_that_is_said_of_articles(town: Town, ticket_id: int) -> None:
    town.person("chief").post("ticket_articles", {"ticket_id": ticket_id, "body": "We come.", "type": "phone"})
    phoned = leaf("article.type_id", "is", "5")
    assert holds(town, ticket_id, {**phoned, **leaf("article.body", "contains", "come")})
    assert not holds(town, ticket_id, {**phoned, **leaf("article.body", "contains", "cold")})


EVENT = {"priority_id": (2, 3)}


@pytest.mark.parametrize(
    ("condition", "action", "changes", "selective", "expected"),
    [
        pytest.param(leaf("ticket.priority_id", "has changed"), "update", EVENT, True, True, id="changed"),
        pytest.param(leaf("ticket.state_id", "has changed"), "update", EVENT, True, False, id="another changed"),
        pytest.param(leaf("ticket.priority_id", "has changed"), "create", EVENT, True, False, id="created"),
        pytest.param(leaf("ticket.state_id", "is", "1"), "update", EVENT, True, False, id="selective: not mentioned"),
        pytest.param(leaf("ticket.state_id", "is", "1"), "update", EVENT, False, True, id="always"),
        pytest.param(leaf("ticket.state_id", "is", "1"), "create", {}, True, True, id="selective, but created"),
        pytest.param(leaf("ticket.action", "is", "update"), "update", EVENT, False, True, id="action"),
        pytest.param(leaf("ticket.action", "is not", "create"), "update", EVENT, False, True, id="action is not"),
        pytest.param(
            leaf("ticket.action", "is", "update.merged_into"), "update.merged_into", {}, True, True, id="merge"
        ),
        pytest.param(leaf("article.action", "is", "create"), "update", EVENT, False, False, id="no article"),
        pytest.param(leaf("article.action", "is not", "create"), "update", EVENT, False, True, id="no article is fine"),
        pytest.param(leaf("article.body", "contains not", "x"), "update", EVENT, False, False, id="no article at all"),
        pytest.param(leaf("ticket.escalation_at", "has reached"), "escalation", {}, False, True, id="escalated"),
        pytest.param(leaf("ticket.escalation_at", "has reached"), "escalation_warning", {}, False, False, id="warned"),
        pytest.param(
            leaf("ticket.escalation_at", "has reached warning"), "escalation_warning", {}, False, True, id="a warning"
        ),
        pytest.param(leaf("ticket.pending_time", "has reached"), "reminder_reached", {}, False, True, id="reminded"),
    ],
)
def test_an_event_fulfils_a_condition(
    town: Town,
    ticket_id: int,
    condition: dict[str, Any],
    action: str,
    changes: Changes,
    selective: bool,
    expected: bool,
) -> None:
    occasion = Occasion(now=START, action=action, changes=changes, must_mention=selective)
    assert holds(town, ticket_id, condition, occasion) is expected


def test_any_new_article_satisfies_selective_mode_but_no_demand_for_a_change(town: Town, ticket_id: int) -> None:
    article = town.sandbox.world.articles_of(ticket_id)[0]
    occasion = Occasion(now=START, action="update", changes={}, must_mention=True, article=article)
    assert holds(town, ticket_id, leaf("ticket.state_id", "is", "1"), occasion)
    assert not holds(town, ticket_id, leaf("ticket.state_id", "has changed"), occasion)


def test_working_time_is_that_of_a_calendar(town: Town, ticket_id: int) -> None:
    world = town.sandbox.world
    hours = {day: {"active": day != "sun", "timeframes": [["09:00", "17:00"]]} for day in DAYS}
    calendar = world.calendars.insert(
        {"name": "Office", "timezone": "Europe/Berlin", "business_hours": hours, "public_holidays": {}}
    )
    now = Occasion(now=START, action="update", changes={})
    working = leaf("execution_time.calendar_id", "is in working time", str(calendar.id))
    assert holds(town, ticket_id, working, now)
    assert not holds(town, ticket_id, working, replace(now, now=START + timedelta(hours=12)))
    assert not holds(town, ticket_id, leaf("execution_time.calendar_id", "is not in working time", calendar.id), now)


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        pytest.param(leaf("ticket.nonsense", "is", "1"), 422, id="an unknown attribute"),
        pytest.param(leaf("ticket.title", "resembles", "1"), 500, id="an unknown operator"),
        pytest.param(leaf("ticket.title", "is set"), 500, id="an operator of other attributes"),
        pytest.param(leaf("ticket.created_at", "before (relative)", "1", range="fortnight"), 500, id="no such range"),
        pytest.param(leaf("execution_time.calendar_id", "is in working time", "1"), 500, id="no trigger"),
    ],
)
def test_a_search_refuses_what_it_cannot_read(
    town: Town, ticket_id: int, condition: dict[str, Any], status: int
) -> None:
    del ticket_id
    assert town.person("chief").post("tickets/search", {"condition": condition}).status_code == status


def test_a_condition_that_says_too_little_limits_no_search_and_makes_no_trigger(town: Town, ticket_id: int) -> None:
    condition = leaf("ticket.title", "contains", "")
    found = town.person("chief").post("tickets/search", {"condition": condition, "expand": True}).json()
    assert [row["id"] for row in found] == [ticket_id]
    refused = town.person("admin").post("triggers", {"name": "t", "condition": condition, "perform": {}})
    assert refused.status_code == 422


def test_attributes_are_named_at_any_depth() -> None:
    inner = {"operator": "OR", "conditions": [{"name": "article.body", "operator": "is", "value": "x"}]}
    outer = {"operator": "AND", "conditions": [inner, {"name": "ticket.id", "operator": "is", "value": 1}]}
    assert conditions.attributes(outer) == {"article.body", "ticket.id"}
