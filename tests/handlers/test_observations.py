"""States without a row in Zammad: said when they change, and never again until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.handlers import observations
from plugin.model.facts import FactKind, Timeline
from tests.handlers.looks import MONDAY, NOW, PEOPLE, Known, look, observed, ticket, updated


def people(number: int, **changes: Any) -> Known:
    return Known(people=PEOPLE | {number: replace(PEOPLE[number], **changes)})


def test_a_plain_ticket_is_adopted_and_nothing_more() -> None:
    assert observed(look()) == {"adopted": True}


@pytest.mark.parametrize(
    ("who", "on"),
    [
        pytest.param(people(10, vip=True), ticket(), id="the customer"),
        pytest.param(Known(vip_organizations=frozenset({3})), ticket(organization_id=3), id="his organization"),
    ],
)
def test_a_vip_is_seen(who: Known, on: Any) -> None:
    assert observed(look(who=who, on=on))["vip"] is True


def test_what_is_seen_is_said_again_only_when_it_changes() -> None:
    first = look(who=people(10, vip=True))
    assert "vip" not in observed(look(who=people(10, vip=True), known=first))
    assert observed(look(known=first))["vip"] is False


def test_a_customer_who_works_here_is_seen() -> None:
    assert observed(look(on=ticket(customer_id=7)))["customer_is_agent"] is True


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"active": False}, id="inactive"),
        pytest.param({"groups": {3: frozenset({"full"})}}, id="moved away"),
    ],
)
def test_an_owner_who_can_do_nothing_is_seen_and_seen_to_recover(changes: dict[str, Any]) -> None:
    first = look(who=people(8, **changes))
    (seen,) = [f for f in first if f["what"] == "owner_can_act"]
    assert (seen["login"], seen["value"], seen.at) == ("ben@example.com", False, NOW)
    assert observed(look(known=first))["owner_can_act"] is True


def test_nobodys_ticket_has_no_owner_to_look_at() -> None:
    assert "owner_can_act" not in observed(look(on=ticket(owner_id=1)))


@pytest.mark.parametrize(
    ("hours", "older"),
    [pytest.param(-1, False, id="younger than the switch"), pytest.param(1, True, id="older than it")],
)
def test_the_baseline_is_decided_at_the_first_look(hours: float, older: bool) -> None:
    switches = {"a": MONDAY + timedelta(hours=hours), "b": MONDAY + timedelta(days=9)}
    first = look(switches=switches)
    (adopted,) = [f for f in first if f["what"] == "adopted"]
    assert (adopted["created_at"], adopted["older"]) == (MONDAY.isoformat(), older)
    assert "adopted" not in observed(look(known=first, switches={"a": MONDAY + timedelta(days=90)}))


@pytest.mark.parametrize(
    ("by", "shown", "payload"),
    [
        pytest.param(10, None, {"value": "major"}, id="a customer's: no code"),
        pytest.param(7, "major", None, id="an agent's"),
    ],
)
def test_a_value_our_field_was_born_with_is_its_makers(by: int, shown: str | None, payload: object) -> None:
    facts = look(on=ticket(created_by_id=by, fields={"steward_tier": "major", "steward_kind": None}))
    (born,) = [f for f in facts if f["what"] == "field_at_creation"]
    assert (born["name"], born["value"], born.payload, born.at, born.by.id) == (
        "steward_tier", shown, payload, MONDAY, by,
    )  # fmt: skip


def test_a_value_set_later_is_no_value_at_creation() -> None:
    set_later = updated(2, "steward_tier", "", "major")
    facts = look(set_later, on=ticket(fields={"steward_tier": "major"}))
    assert [f for f in facts if f["what"] == "field_at_creation"] == []


def test_going_out_of_sight_and_coming_back_are_seen() -> None:
    first = look()
    hidden = tuple(observations.sight(Timeline(7, first), visible=False, now=NOW))
    assert [f["what"] for f in hidden] == ["out_of_sight"]
    assert list(observations.sight(Timeline(7, (*first, *hidden)), visible=False, now=NOW)) == []
    back = [f for f in look(known=(*first, *hidden)) if f.kind is FactKind.OBSERVED]
    assert [f["what"] for f in back] == ["in_sight"]
