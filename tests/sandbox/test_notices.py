"""Agents' notices and Zammad's cost, as the sandbox counts them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town


@pytest.mark.parametrize(
    ("sent", "unowned", "owned"),
    [
        pytest.param({"priority": "3 high"}, 3, 1, id="a visible field"),
        pytest.param({"article": {"body": "note", "internal": True}}, 3, 1, id="an agent note"),
        pytest.param({"steward_tier": "major"}, 0, 0, id="a quiet field"),
        pytest.param({"preferences": {"steward": 1}}, 0, 0, id="preferences"),
        pytest.param({"article": {"body": "n", "sender": "System", "internal": True}}, 0, 0, id="a System note"),
        pytest.param(
            {"article": {"body": "n", "sender": "System", "internal": True, "preferences": {"notification": True}}},
            3,
            1,
            id="a System note that wants to be heard",
        ),
    ],
)
def test_a_write_tells_whom_zammad_tells(town: Town, sent: dict[str, Any], unowned: int, owned: int) -> None:
    counts = []
    for owner in (None, "ben"):
        # anna, ben and chief are full in First line and want notices, the admin does not
        ticket_id = town.person("chief").opens_ticket(**({} if owner is None else {"owner": owner, "state": "open"}))
        town.passes(seconds=5)
        town.sandbox.reset_cost()
        town.person("steward").put(f"tickets/{ticket_id}", sent)
        town.passes(seconds=5)
        counts.append(town.sandbox.cost().notices)
    assert counts == [unowned, owned]


def test_tags_and_checklists_tell_nobody(make_town: MakeTown) -> None:
    town = make_town("6.5")
    ticket_id = town.person("anna").opens_ticket()
    town.passes(seconds=5)
    town.sandbox.reset_cost()
    steward = town.person("steward")
    steward.post("tags/add", {"object": "Ticket", "o_id": ticket_id, "item": "steward:major"})
    checklist = steward.post("checklists", {"ticket_id": ticket_id}).json()["id"]
    steward.post("checklist_items", {"checklist_id": checklist, "text": "Answer the customer"})
    town.passes(seconds=5)
    assert town.sandbox.cost().notices == 0


def test_a_mention_tells_the_one_who_is_named(town: Town) -> None:
    ticket_id = town.person("chief").opens_ticket(owner="ben", state="open")
    town.passes(seconds=5)
    town.sandbox.reset_cost()
    anna = town.sandbox.world.users.where(login="anna")[0].id
    note = {
        "body": f'<a data-mention-user-id="{anna}">Anna</a> please',
        "content_type": "text/html",
        "sender": "System",
        "internal": True,
        "preferences": {"notification": True},
    }
    town.person("steward").put(f"tickets/{ticket_id}", {"article": note})
    town.passes(seconds=5)
    assert sorted(notice.login for notice in town.sandbox.engine.notices.sent) == ["anna", "ben"]


def test_the_table_prices_what_zammad_was_asked(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    town.sandbox.reset_cost()
    steward = town.person("steward")
    steward.get(f"tickets/{ticket_id}?expand=true")
    steward.put(f"tickets/{ticket_id}", {"steward_tier": "major"})
    steward.put(f"tickets/{ticket_id}", {"steward_tier": "major"})
    steward.put(f"tickets/{ticket_id}", {"steward_tier": "serious", "article": {"body": "n", "internal": True}})
    cost = town.sandbox.cost(login="steward")
    assert cost.zammad_ms == 27 + 125 + 108 + 153
    assert town.control("GET", "cost").json()["zammad_ms"] == cost.zammad_ms


def test_a_password_costs_more_than_a_token(town: Town) -> None:
    town.sandbox.reset_cost()
    town.person("mei@customer.example").get("users/me")
    assert town.sandbox.cost().zammad_ms == 16 + 150
