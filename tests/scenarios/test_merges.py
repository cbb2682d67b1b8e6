"""A merge carries responsibility, acceptance and open tasks to the target (C1.4; standard.md 9, "acceptance")."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.helpdesk import Helpdesk, Ticket


def written_by_steward(helpdesk: Helpdesk, ticket: Ticket) -> int:
    steward = helpdesk.user_id("steward")
    return sum(1 for row in ticket.history if row.created_by_id == steward)


def test_the_earlier_complaint_keeps_its_acceptance_on_the_target(staffed: Helpdesk) -> None:
    began = staffed.now
    source = staffed.complains()
    source.owned(staffed.anna)
    staffed.works()
    staffed.passes(hours=5)
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    assert target.field("kind") == "request"
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(minutes=11)
    assert target.field("kind") == "complaint"
    assert target.field("first_responder") == "anna"
    assert abs(target.clock("resolution").starts_at - began) < timedelta(minutes=1)
    staffed.passes(hours=20)
    assert "first_response" in target.field("breached")


def test_a_merged_source_is_never_written_to(staffed: Helpdesk) -> None:
    source = staffed.complains()
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    source.merged(staffed.ben, into=target)
    before = written_by_steward(staffed, source), source.row.updated_at
    staffed.works()
    staffed.passes(days=3)
    assert (written_by_steward(staffed, source), source.row.updated_at) == before
    assert source.state == "merged"


def test_open_tasks_are_made_anew_on_the_target_and_void_on_the_source(staffed: Helpdesk) -> None:
    source = staffed.mails("I want to complain: the device is broken.")
    source.owned(staffed.anna)
    source.said(staffed.chief, "major")
    staffed.works()
    made = source.tasks
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(minutes=11)
    assert target.field("tier") == "major"
    assert target.ours == {"major"}
    still_open = [task for task in target.tasks if task.state != "closed"]
    assert len(target.items) + len(still_open) == 6
    assert {task.state for task in made} <= {"closed"}


def test_a_request_merged_into_a_complaint_changes_nothing(staffed: Helpdesk) -> None:
    target = staffed.complains()
    target.owned(staffed.anna)
    staffed.works()
    before = target.clock("resolution").limit_at
    source = staffed.mails("And where is the invoice?")
    staffed.works()
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(minutes=11)
    assert target.clock("resolution").limit_at == before
    assert target.field("first_responder") == "anna"
    assert target.field("kind") == "complaint"


def test_a_revived_source_begins_anew(staffed: Helpdesk) -> None:
    source = staffed.mails("Where is my order?")
    source.answered(staffed.anna)
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(days=1)
    revived = staffed.now
    source.put(staffed.ben, state="open")
    staffed.works()
    assert source.field("kind") == "request"
    assert source.clock("first_response").starts_at >= revived


def test_a_merge_heard_late_is_the_same(staffed: Helpdesk) -> None:
    source = staffed.complains()
    source.owned(staffed.anna)
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    staffed.drop_deliveries = True
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(minutes=11)
    assert target.field("kind") == "complaint"
    assert target.field("first_responder") == "anna"


def test_a_suspected_complaint_stays_suspected_on_the_target(staffed: Helpdesk) -> None:
    began = staffed.now
    source = staffed.mails("I want to complain: there was a fire.")
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(minutes=11)
    assert "suspected" in target.ours
    assert target.field("kind") == "request"
    staffed.passes(hours=25)
    assert target.field("kind") == "complaint"
    assert target.field("tier") == "major"
    assert abs(target.clock("resolution").starts_at - began) < timedelta(minutes=1)


def test_a_suspicion_an_agent_cleared_does_not_come_along(staffed: Helpdesk) -> None:
    source = staffed.mails("I want to complain: the device is broken.")
    source.said(staffed.anna, "request")
    target = staffed.mails("And where is the invoice?")
    staffed.works()
    source.merged(staffed.ben, into=target)
    staffed.passes(days=2)
    assert target.field("kind") == "request"
    assert "suspected" not in target.ours


def test_a_complaint_the_customer_voiced_before_another_came_in_keeps_its_acceptance(staffed: Helpdesk) -> None:
    began = staffed.now
    target = staffed.mails("I want to complain: the device is broken.")
    staffed.passes(hours=5)
    source = staffed.mails("I want to complain about the waiting time.")
    source.said(staffed.anna, "complaint")
    staffed.works()
    source.merged(staffed.ben, into=target)
    staffed.works()
    staffed.passes(minutes=11)
    assert target.field("kind") == "complaint"
    assert abs(target.clock("resolution").starts_at - began) < timedelta(minutes=1)
