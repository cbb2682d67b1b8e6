"""Webhooks of the sandbox: when they fire, how they are signed, how they are tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from plugin.sandbox import Reply
from tests.sandbox.conftest import Town


def bodies(town: Town) -> list[dict[str, Any]]:
    return [json.loads(delivery.body) for delivery in town.receiver.deliveries]


def test_a_new_ticket_is_told_of_once_at_the_workers_next_poll(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    assert town.receiver.deliveries == []
    town.passes(seconds=4.5)
    (body,) = bodies(town)
    assert body["ticket"]["id"] == ticket_id
    assert body["ticket"]["customer"]["vip"] is True
    assert body["article"]["body"] == "It is cold."


def test_the_signature_is_over_the_raw_bytes_with_the_secret_as_utf8(town: Town) -> None:
    town.person("anna").opens_ticket("Ärger <b> & 投诉")
    town.passes(seconds=4.5)
    (delivery,) = town.receiver.deliveries
    digest = hmac.new("secret-ü".encode(), delivery.body, hashlib.sha1).hexdigest()
    assert dict(delivery.headers)["X-Hub-Signature"] == f"sha1={digest}"
    assert b"\\u003cb\\u003e \\u0026" in delivery.body


def test_what_steward_writes_does_not_come_back(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    town.passes(seconds=5)
    town.person("steward").put(f"tickets/{ticket_id}", {"steward_tier": "major"})
    town.passes(seconds=5)
    assert len(town.receiver.deliveries) == 1


def test_tags_links_and_no_ops_tell_nobody(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    town.passes(seconds=5)
    anna.post("tags/add", {"object": "Ticket", "o_id": ticket_id, "item": "vip"})
    anna.put(f"tickets/{ticket_id}", {"title": "No heating"})
    town.passes(seconds=5)
    assert len(town.receiver.deliveries) == 1


def test_five_quick_changes_arrive_as_five_deliveries_of_one_version(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    town.passes(seconds=5)
    for number in range(5):
        anna.put(f"tickets/{ticket_id}", {"title": f"change {number}"})
    town.passes(seconds=5)
    later = bodies(town)[1:]
    assert [body["ticket"]["title"] for body in later] == ["change 4"] * 5
    assert len({body["ticket"]["updated_at"] for body in later}) == 1


def test_a_merge_fires_three_times_source_target_source(town: Town) -> None:
    anna = town.person("anna")
    source, target = anna.opens_ticket(), anna.opens_ticket()
    town.passes(seconds=5)
    anna.put(f"ticket_merge/{source}/{town.sandbox.world.tickets[target].number}")
    town.passes(seconds=5)
    passes = [(body["ticket"]["id"], bool(body["article"])) for body in bodies(town)[2:]]
    assert passes == [(source, True), (target, False), (source, False)]


def test_a_refused_put_with_an_article_leaves_a_phantom_for_the_next_request(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    town.passes(seconds=5)
    sent = {"steward_tier": "major", "article": {"body": "x", "type": "pigeon"}}
    assert town.person("steward").put(f"tickets/{ticket_id}", sent).status_code == 422
    town.passes(seconds=5)
    assert len(town.receiver.deliveries) == 1
    town.person("ben").get("users/me")
    town.passes(seconds=5)
    phantom = bodies(town)[-1]
    assert len(town.receiver.deliveries) == 2
    assert (phantom["article"], phantom["ticket"]["steward_tier"]) == ({}, "")


def test_a_refusal_of_the_ticket_itself_leaves_no_phantom(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    town.passes(seconds=5)
    town.person("steward").put(f"tickets/{ticket_id}", {"state": "merged"})
    town.person("ben").get("users/me")
    town.passes(seconds=5)
    assert len(town.receiver.deliveries) == 1


@pytest.mark.parametrize("answer", [500, 404, 410, 429, None, Reply(202, seconds=35)], ids=str)
def test_every_failure_is_tried_five_times_under_one_id(town: Town, answer: int | Reply | None) -> None:
    town.receiver.answer = answer
    town.person("anna").opens_ticket()
    town.passes(minutes=5)
    attempts = town.receiver.deliveries
    assert [delivery.attempt for delivery in attempts] == [1, 2, 3, 4, 5]
    assert len({delivery.delivery_id for delivery in attempts}) == 1


def test_a_retry_that_waits_delays_nobody_else(town: Town) -> None:
    anna = town.person("anna")
    town.receiver.answer = 503
    anna.opens_ticket()
    town.passes(seconds=20)
    tried = len(town.receiver.deliveries)
    anna.opens_ticket("No light")
    town.passes(seconds=5)
    assert [body["ticket"]["title"] for body in bodies(town)[tried:]] == ["No light"]


def test_a_retry_carries_the_ticket_as_it_is_by_then(town: Town) -> None:
    anna = town.person("anna")
    town.receiver.answer = 503
    ticket_id = anna.opens_ticket()
    town.passes(seconds=5)
    town.receiver.answer = 202
    anna.put(f"tickets/{ticket_id}", {"title": "still no heating"})
    town.passes(seconds=5)
    town.passes(seconds=15)
    titles = [body["ticket"]["title"] for body in bodies(town)]
    ids = [delivery.delivery_id for delivery in town.receiver.deliveries]
    assert titles == ["No heating", "still no heating", "still no heating"]
    assert ids[0] == ids[2] != ids[1]


def test_a_ticket_deleted_at_once_is_told_of_to_nobody(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    town.person("admin").delete(f"tickets/{ticket_id}")
    town.passes(seconds=5)
    assert town.receiver.deliveries == []


def test_a_trigger_changes_the_ticket_as_nobody_and_starts_no_other(town: Town) -> None:
    town.person("admin").post(
        "triggers",
        {
            "name": "aaa raise",
            "activator": "action",
            "execution_condition_mode": "always",
            "condition": {"ticket.title": {"operator": "contains", "value": "urgent"}},
            "perform": {"ticket.priority_id": {"value": "3"}},
            "active": True,
        },
    )
    town.person("anna").opens_ticket("urgent")
    town.passes(seconds=5)
    (body,) = bodies(town)
    assert (body["ticket"]["priority"]["name"], body["ticket"]["updated_by_id"]) == ("3 high", 1)


def test_stopped_workers_deliver_when_they_are_started_again(town: Town) -> None:
    town.sandbox.stop_workers()
    town.person("anna").opens_ticket()
    town.passes(minutes=1)
    assert town.receiver.deliveries == []
    town.sandbox.start_workers(1)
    town.passes(seconds=5)
    assert len(town.receiver.deliveries) == 1
