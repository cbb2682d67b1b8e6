"""Plan, record, review and dispute of a complaint, from the outside (A2.4, B3.3, C3.3, C4.2, D5.2, D5.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, Ticket, write_pack

PLAN = "Measures: exchange the pump\nPerson: ben\nDate: Friday"
RECORD = "Cause: the pump was mounted the wrong way\nDepartment: workshop\nOutcome: upheld\nRemedy: a new pump"


def serious(helpdesk: Helpdesk) -> Ticket:
    """A serious complaint anna owns."""
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.anna, "serious")
    helpdesk.works()
    return ticket


def open_todo(ticket: Ticket) -> list[str]:
    """What its open tasks ask for."""
    items = [text for text in ticket.items if text and not text.startswith(("Done: ", "No longer needed: "))]
    return [*items, *(str(task.row.title) for task in ticket.tasks if task.state != "closed")]


def test_plan_ready_settles_the_plans_task_once_the_plan_is_written(staffed: Helpdesk) -> None:
    ticket = serious(staffed)
    assert any("Make a plan" in text for text in open_todo(ticket))
    ticket.said(staffed.anna, "plan-ready")
    staffed.works()
    assert "The plan is not complete" in ticket.notes[-1]
    assert "“Measures: …”, “Person: …”, “Date: …”" in ticket.notes[-1]
    assert any("Make a plan" in text for text in open_todo(ticket))
    ticket.noted(staffed.anna, PLAN)
    staffed.works()
    assert open_todo(ticket) == []
    assert all(text.startswith("Done: ") for text in ticket.items)
    assert len(ticket.notes) == 1


def test_an_incomplete_record_is_named_once_to_whoever_closed_it(staffed: Helpdesk) -> None:
    ticket = serious(staffed)
    ticket.answered(staffed.anna, "A new one is on its way.", state="closed")
    staffed.works()
    assert "incomplete" not in ticket.ours
    before = len(ticket.notes)
    staffed.passes(hours=1)
    assert "incomplete" in ticket.ours
    assert len(ticket.notes) == before + 1
    lines = "“Cause: …”, “Department: …”, “Outcome: upheld / partly / rejected / withdrawn”, “Remedy: …”"
    assert lines in ticket.notes[-1]
    assert "anna" in staffed.told
    ticket.noted(staffed.anna, RECORD)
    staffed.works()
    assert "incomplete" not in ticket.ours
    assert len(ticket.notes) == before + 1


def test_a_closed_serious_complaint_is_reviewed_by_the_supervisor(staffed: Helpdesk) -> None:
    ticket = serious(staffed)
    ticket.noted(staffed.anna, RECORD)
    ticket.answered(staffed.anna, "A new one is on its way.", state="closed")
    staffed.works()
    review = next(task for task in ticket.tasks if "Review the result" in task.row.title)
    assert review.row.owner_id == staffed.user_id("chief")
    assert ticket.state == "closed"
    review.closed(staffed.chief)
    staffed.works()
    staffed.passes(minutes=11)
    reviewed = ticket.decided().finding("reviewed_by")
    assert reviewed is not None
    assert reviewed.value == "chief"


def test_the_way_it_took_is_kept_with_persons(staffed: Helpdesk) -> None:
    ticket = serious(staffed)
    ticket.answered(staffed.anna, "A new one is on its way.", state="closed")
    staffed.works()
    found = ticket.decided().finding("stages")
    assert found is not None
    assert isinstance(found.value, tuple)
    assert [(step.stage, step.by) for step in found.value][-1] == ("follow_up", "anna")
    assert found.value[-1].stage == ticket.field("stage")


def test_a_small_dispute_is_mediated_first_and_has_thirty_days(staffed: Helpdesk) -> None:
    ticket = staffed.complains()
    ticket.owned(staffed.anna)
    ticket.answered(staffed.anna, "We see it differently.")
    ticket.said(staffed.anna, "court")
    staffed.works()
    assert "First comes mediation" in ticket.notes[-1]
    assert open_todo(ticket) == []
    ticket.said(staffed.anna, "mediation")
    staffed.works()
    clock = ticket.clock("mediation")
    assert (clock.limit_at.date() - clock.starts_at.date()).days == 30
    assert any("Collect the evidence" in text for text in open_todo(ticket))
    ticket.noted(staffed.anna, "Evidence: the contract\nAgreement: both signed, we pay 200 EUR")
    ticket.said(staffed.anna, "settled")
    staffed.works()
    assert ticket.clock("mediation").state == "met"
    assert open_todo(ticket) == []
    assert len(ticket.notes) == 1


@pytest.mark.parametrize("like", ["6.5"])
def test_an_attribute_of_ones_own_may_hold_what_belongs_to_the_record(opens: Open, tmp_path: Path) -> None:
    line = "        zh-CN: [原因, 根本原因]\n"
    helpdesk = opens(pack=write_pack(tmp_path, (line, f"{line}      field: complaint_cause\n")))
    shown = {"ticket.agent": {"shown": True}}
    screens = {"create_middle": shown, "edit": shown}
    attribute = {
        "name": "complaint_cause",
        "object": "Ticket",
        "display": "Cause",
        "data_type": "input",
        "active": True,
    }
    options = {"type": "text", "maxlength": 120, "null": True, "default": ""}
    helpdesk.admin.call("POST", "/object_manager_attributes", {**attribute, "data_option": options, "screens": screens})
    helpdesk.admin.call("POST", "/object_manager_attributes_execute_migrations", {})
    ticket = helpdesk.calls_in(helpdesk.anna, "I want to complain.", complaint_cause="the pump")
    ticket.said(helpdesk.anna, "serious")
    ticket.noted(helpdesk.anna, "Department: workshop\nOutcome: upheld\nRemedy: a new pump")
    ticket.answered(helpdesk.anna, "A new one is on its way.", state="closed")
    helpdesk.works()
    helpdesk.passes(hours=1)
    assert "incomplete" not in ticket.ours
    ticket.put(helpdesk.anna, complaint_cause="")
    helpdesk.works()
    assert "incomplete" in ticket.ours
