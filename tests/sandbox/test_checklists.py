"""Checklists of a sandbox like 6.5."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import MakeTown, Person, Town


@pytest.fixture
def newer(make_town: MakeTown) -> Town:
    """A town like 6.5."""
    return make_town("6.5")


def start(town: Town) -> tuple[Person, int, int]:
    ticket_id = town.person("anna").opens_ticket()
    steward = town.person("steward")
    answer = steward.post("checklists", {"ticket_id": ticket_id})
    assert answer.status_code == 201
    return steward, ticket_id, int(answer.json()["id"])


def test_a_ticket_has_one_checklist(newer: Town) -> None:
    steward, ticket_id, checklist_id = start(newer)
    assert steward.post("checklists", {"ticket_id": ticket_id}).status_code == 422
    assert steward.get(f"tickets/{ticket_id}").json()["checklist_id"] == checklist_id


def test_a_tick_tells_only_when_somebody_else_wrote_last(newer: Town) -> None:
    steward, _, checklist_id = start(newer)
    item = steward.post("checklist_items", {"checklist_id": checklist_id, "text": "Answer", "checked": True}).json()
    newer.passes(seconds=5)
    heard = len(newer.receiver.deliveries)
    anna = newer.person("anna")
    for checked in (True, False):
        anna.put(f"checklist_items/{item['id']}", {"checked": checked})
        newer.passes(seconds=5)
    assert item["checked"] is False
    assert len(newer.receiver.deliveries) == heard + 1


def test_an_item_follows_the_ticket_it_names(newer: Town) -> None:
    steward, _, checklist_id = start(newer)
    anna = newer.person("anna")
    other = anna.opens_ticket("task")
    number = newer.sandbox.world.tickets[other].number
    item = steward.post("checklist_items", {"checklist_id": checklist_id, "text": f"Ticket#{number}"}).json()
    anna.put(f"tickets/{other}", {"state": "closed"})
    assert steward.get(f"checklist_items/{item['id']}").json()["checked"] is True
    anna.put(f"tickets/{other}", {"state": "open"})
    assert steward.get(f"checklist_items/{item['id']}").json()["checked"] is False


def test_the_hundred_and_first_item_is_refused(newer: Town) -> None:
    steward, _, checklist_id = start(newer)
    body = {"checklist_id": checklist_id, "text": "again"}
    statuses = [steward.post("checklist_items", body).status_code for _ in range(100)]
    assert statuses == [201] * 99 + [422]


def test_an_item_that_is_gone_is_forbidden_not_missing(newer: Town) -> None:
    steward, _, checklist_id = start(newer)
    item = steward.post("checklist_items", {"checklist_id": checklist_id, "text": "x"}).json()["id"]
    assert steward.delete(f"checklist_items/{item}").status_code == 200
    assert steward.get(f"checklist_items/{item}").status_code == 403
