"""Triggers, time triggers and scheduler jobs: which fire, in which order, how often (contract 3.3, 3.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.conftest import START, MakeTown, Town

PRIORITY = {"ticket.priority_id": {"value": "3"}}


def priority_is(number: int) -> dict[str, Any]:
    return {"ticket.priority_id": {"operator": "is", "value": [str(number)]}}


def make(town: Town, name: str, condition: dict[str, Any], perform: dict[str, Any], **more: Any) -> int:
    """A trigger, made by the admin."""
    body = {"name": name, "condition": condition, "perform": perform, "active": True, **more}
    answer = town.person("admin").post("triggers", body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def webhook(town: Town, path: str) -> dict[str, Any]:
    """What a trigger does that tells a path."""
    made = town.person("admin").post(
        "webhooks", {"name": path, "endpoint": f"http://other.test/{path}", "active": True}
    )
    return {"notification.webhook": {"webhook_id": str(made.json()["id"])}}


def told(town: Town) -> list[str]:
    """The triggers that told somebody since the last look, in turn."""
    town.passes(seconds=5)
    names = [delivery.trigger for delivery in town.receiver.deliveries]
    town.receiver.deliveries.clear()
    return names


def test_triggers_run_by_name_whatever_its_case_and_later_changes_are_in_the_body(town: Town) -> None:
    create = {"ticket.action": {"operator": "is", "value": "create"}}
    make(town, "b tells", create, webhook(town, "b"))
    make(town, "C changes", create, {"ticket.title": {"value": "renamed"}})
    make(town, "A tells", create, webhook(town, "a"))
    town.person("anna").opens_ticket()
    town.passes(seconds=5)
    deliveries = [delivery for delivery in town.receiver.deliveries if delivery.trigger in ("A tells", "b tells")]
    assert [delivery.trigger for delivery in deliveries] == ["A tells", "b tells"]
    assert {json.loads(delivery.body)["ticket"]["title"] for delivery in deliveries} == {"renamed"}


@pytest.mark.parametrize(
    ("recursive", "title"),
    [pytest.param(False, "first", id="guarded"), pytest.param(True, "second", id="recursive")],
)
def test_a_trigger_s_change_starts_an_earlier_one_only_where_that_is_on(
    town: Town, recursive: bool, title: str
) -> None:
    town.sandbox.set_setting("ticket_trigger_recursive", recursive)
    make(
        town,
        "a waits for it",
        {"ticket.title": {"operator": "is", "value": "first"}},
        {"ticket.title": {"value": "second"}},
    )
    make(town, "b changes it", PRIORITY_CHANGED, {"ticket.title": {"value": "first"}})
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    anna.put(f"tickets/{ticket_id}", {"priority_id": 3})
    assert town.sandbox.world.tickets[ticket_id].title == title


def test_the_chain_of_recursive_triggers_ends(town: Town) -> None:
    town.sandbox.set_setting("ticket_trigger_recursive", True)
    town.sandbox.set_setting("ticket_trigger_recursive_max_loop", 3)
    for number in range(1, 8):
        make(
            town,
            f"{9 - number}",
            {"ticket.title": {"operator": "is", "value": f"t{number}"}},
            {"ticket.title": {"value": f"t{number + 1}"}},
            execution_condition_mode="always",
        )
    ticket_id = town.person("anna").opens_ticket("t1")
    assert town.sandbox.world.tickets[ticket_id].title == "t4"


def test_each_trigger_runs_once_in_a_chain(town: Town) -> None:
    town.sandbox.set_setting("ticket_trigger_recursive", True)
    always = {"ticket.title": {"operator": "contains", "value": "x"}}
    make(town, "grow", always, {"ticket.title": {"value": "x#{ticket.title}"}}, execution_condition_mode="always")
    ticket_id = town.person("anna").opens_ticket("x")
    assert town.sandbox.world.tickets[ticket_id].title == "xx"


def test_what_another_trigger_writes_never_reaches_a_webhook_as_an_event(town: Town) -> None:
    make(town, "note it", PRIORITY_CHANGED, {"article.note": {"body": "seen", "internal": "true", "subject": "s"}})
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    told(town)
    anna.put(f"tickets/{ticket_id}", {"priority_id": 3})
    assert told(town) == ["Steward: ticket changed"]
    assert town.sandbox.world.articles_of(ticket_id)[-1].body == "seen"


PRIORITY_CHANGED = {"ticket.priority_id": {"operator": "has changed"}}
"""A condition that only a change of priority fulfils."""


def test_import_mode_tells_nobody_and_keeps_no_clock(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket(state="open")
    told(town)
    town.sandbox.set_setting("import_mode", True)
    anna.put(f"tickets/{ticket_id}", {"state": "closed", "article": {"body": "x", "type": "phone"}})
    ticket = town.sandbox.world.tickets[ticket_id]
    assert (ticket.close_at, ticket.first_response_at) == (None, None)
    town.sandbox.set_setting("import_mode", False)
    assert told(town) == []
    anna.put(f"tickets/{ticket_id}", {"title": "y"})
    assert town.sandbox.world.tickets[ticket_id].close_at is not None


@pytest.fixture
def reminded(town: Town) -> int:
    """A ticket whose reminder is due, and a trigger that tells of reminders."""
    make(
        town, "reminder", {"ticket.pending_time": {"operator": "has reached"}}, webhook(town, "time"), activator="time"
    )
    made = town.person("anna").opens_ticket(state="pending reminder", pending_time="2026-11-23T09:30:00Z")
    town.passes(minutes=45)
    town.receiver.deliveries.clear()
    return made


def test_a_time_trigger_fires_once_a_day(town: Town, reminded: int) -> None:
    firings = []
    for _ in range(3):
        town.sandbox.check("pending")
        firings.append(told(town))
    town.passes(hours=24)
    town.sandbox.check("pending")
    firings.append(told(town))
    assert firings == [["reminder"], [], [], ["reminder"]]
    rows = town.sandbox.world.history.where(ticket_id=reminded, kind="time_trigger_performed")
    assert [row.sourceable_name for row in rows] == ["reminder", "reminder"]


def test_a_reminder_moved_and_reached_again_that_day_stays_silent(town: Town, reminded: int) -> None:
    town.sandbox.check("pending")
    assert told(town) == ["reminder"]
    town.person("anna").put(f"tickets/{reminded}", {"pending_time": "2026-11-23T10:00:00Z"})
    told(town)
    town.passes(minutes=30)
    town.sandbox.check("pending")
    assert told(town) == []


def test_a_time_trigger_brings_the_latest_article_that_is_not_the_systems(town: Town, reminded: int) -> None:
    anna = town.person("anna")
    anna.post("ticket_articles", {"ticket_id": reminded, "body": "internal", "internal": True})
    anna.post("ticket_articles", {"ticket_id": reminded, "body": "machine", "sender": "System", "internal": True})
    told(town)
    town.sandbox.check("pending")
    town.passes(seconds=5)
    assert json.loads(town.receiver.deliveries[-1].body)["article"]["body"] == "internal"


def test_pending_close_is_a_change_by_nobody_and_no_time_trigger(town: Town) -> None:
    make(
        town, "reminder", {"ticket.pending_time": {"operator": "has reached"}}, webhook(town, "time"), activator="time"
    )
    ticket_id = town.person("anna").opens_ticket(state="pending close", pending_time="2026-11-23T09:30:00Z")
    town.passes(minutes=45)
    town.receiver.deliveries.clear()
    town.sandbox.check("pending")
    assert told(town) == ["Steward: ticket changed"]
    ticket = town.sandbox.world.tickets[ticket_id]
    assert (town.sandbox.world.state_type(ticket.state_id), ticket.updated_by_id) == ("closed", 1)


def job(town: Town, perform: dict[str, Any]) -> int:
    """A scheduler job on every ticket called target."""
    condition = {"ticket.title": {"operator": "is", "value": "target"}}
    plan = {"days": {"Sun": True}, "hours": {"3": True}, "minutes": {"0": True}}
    rest: dict[str, Any] = {"timeplan": plan, "condition": condition, "perform": perform, "active": True}
    body = {"name": "Job 巡检", "object": "Ticket", **rest}
    answer = town.person("admin").post("jobs", body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_job_tells_under_its_own_name_without_an_article(town: Town) -> None:
    job_id = job(town, webhook(town, "job"))
    town.person("anna").opens_ticket("target")
    told(town)
    town.sandbox.run_job(job_id)
    town.passes(seconds=5)
    (delivery,) = town.receiver.deliveries
    assert (delivery.trigger, json.loads(delivery.body)["article"]) == ("Job 巡检", {})


@pytest.mark.parametrize(
    ("perform", "older", "newer"),
    [
        pytest.param(PRIORITY, 1, 1, id="a field"),
        pytest.param({"ticket.tags": {"operator": "add", "value": "swept"}}, 0, 1, id="only a tag"),
    ],
)
def test_what_a_job_changes_starts_triggers(
    make_town: MakeTown, perform: dict[str, Any], older: int, newer: int
) -> None:
    for like, expected in (("6.1", older), ("6.5", newer)):
        town = make_town("6.1" if like == "6.1" else "6.5")
        job_id = job(town, perform)
        ticket_id = town.person("anna").opens_ticket("target")
        told(town)
        town.sandbox.run_job(job_id)
        assert len(told(town)) == expected, like
        assert (town.sandbox.world.tickets[ticket_id].updated_by_id == 1) is bool(expected), like


def test_a_planned_job_waits_for_its_ten_minutes(town: Town) -> None:
    job_id = job(town, PRIORITY)
    plan = {
        "days": {f"{START:%a}": True},
        "hours": {str(START.hour): True},
        "minutes": {"30": True},
    }
    answer = town.person("admin").put(f"jobs/{job_id}", {"timeplan": plan})
    assert answer.json()["next_run_at"].startswith("2026-11-23T09:30:00")
    ticket_id = town.person("anna").opens_ticket("target")
    town.sandbox.run_job(job_id, forced=False)
    assert town.sandbox.world.tickets[ticket_id].priority_id == 2
    town.passes(minutes=32)
    town.sandbox.run_job(job_id, forced=False)
    assert town.sandbox.world.tickets[ticket_id].priority_id == 3
    second_id = town.person("anna").opens_ticket("target")
    town.passes(minutes=5)
    town.sandbox.run_job(job_id, forced=False)
    assert town.sandbox.world.tickets[second_id].priority_id == 2, "it ran within the last ten minutes"


def test_a_job_just_edited_is_left_alone(town: Town) -> None:
    job_id = job(town, PRIORITY)
    plan = {"days": {f"{START:%a}": True}, "hours": {str(START.hour): True}, "minutes": {"0": True}}
    ticket_id = town.person("anna").opens_ticket("target")
    town.person("admin").put(f"jobs/{job_id}", {"timeplan": plan})
    town.sandbox.run_job(job_id, forced=False)
    assert town.sandbox.world.tickets[ticket_id].priority_id == 2
    town.passes(minutes=2)
    town.sandbox.run_job(job_id, forced=False)
    assert town.sandbox.world.tickets[ticket_id].priority_id == 3


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(
            {"ticket.created_at": {"operator": "before (relative)", "value": "1", "range": "aeon"}}, id="range"
        ),
        pytest.param({"ticket.gone": {"operator": "is", "value": "1"}}, id="a field that is gone"),
        pytest.param({"ticket.title": {"operator": "matches regex", "value": "("}}, id="no regular expression"),
    ],
)
def test_a_broken_trigger_silences_all(town: Town, condition: dict[str, Any]) -> None:
    broken = make(town, "zz broken", priority_is(2), PRIORITY, execution_condition_mode="always")
    town.sandbox.world.triggers.put(broken, condition=condition)
    ticket_id = town.person("anna").opens_ticket()
    assert told(town) == []
    town.sandbox.world.triggers.put(broken, active=False)
    town.person("anna").put(f"tickets/{ticket_id}", {"title": "heard"})
    assert told(town) == ["Steward: ticket changed"]
