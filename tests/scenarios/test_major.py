"""A major complaint brings in management and the three-part response, as tasks (A2.1, C2.3, C4.1)."""

from __future__ import annotations

import pytest

from tests.scenarios.helpdesk import TASKS_OF_A_MAJOR, Helpdesk, Ticket


def major(helpdesk: Helpdesk, *, owner: bool = True) -> Ticket:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    if owner:
        ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.chief, "major")
    helpdesk.works()
    return ticket


def open_tasks(ticket: Ticket) -> list[Ticket]:
    return [task for task in ticket.tasks if task.state not in ("closed", "merged")]


def test_a_major_complaint_has_six_tasks_and_one_note(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    assert ticket.field("tier") == "major"
    assert ticket.ours == {"major"}
    assert len(ticket.todo) == TASKS_OF_A_MAJOR
    assert len(ticket.notes) == 1
    assert "three" not in ticket.notes[0]
    assert set(staffed.told) == {"anna", "dora"}  # the owner is always told of a loud note, the management is meant
    for step in ("management", "team", "Investigate", "Talk", "Put it right", "Make a plan"):
        assert any(step in text for text in ticket.todo), step


@pytest.mark.parametrize("like", ["6.5"])
def test_with_checklists_tasks_are_its_items_and_its_name_is_the_next_step(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    assert len(ticket.items) == TASKS_OF_A_MAJOR
    assert ticket.tasks == []
    assert ticket.checklist_name.startswith("Answer the customer by ")
    ticket.answered(staffed.anna)
    staffed.works()
    assert not ticket.checklist_name.startswith("Answer the customer")
    assert not any("customer.example" in item for item in ticket.items)


@pytest.mark.parametrize("like", ["6.5"])
def test_a_list_the_team_made_is_kept_and_appended_to(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    made = staffed.anna.call("POST", "/checklists", {"ticket_id": ticket.id})
    staffed.anna.call("PUT", f"/checklists/{made['id']}", {"name": "Our own list"})
    staffed.anna.call("POST", "/checklist_items", {"checklist_id": made["id"], "text": "Ask the workshop"})
    ticket.said(staffed.chief, "major")
    staffed.works()
    assert "Ask the workshop" in ticket.items
    assert ticket.checklist_name == "Our own list"
    assert len([item for item in ticket.items if item.strip()]) == TASKS_OF_A_MAJOR + 1


@pytest.mark.parametrize("like", ["6.5"])
def test_an_item_an_agent_reworded_keeps_his_words_and_is_not_added_again(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    ticket.reworded(staffed.anna, "Talk with the customer", "Call her on Monday")
    ticket.noted(staffed.anna)
    staffed.works()
    staffed.passes(hours=1)
    assert len(ticket.items) == TASKS_OF_A_MAJOR
    assert "Call her on Monday" in ticket.items


@pytest.mark.parametrize("like", ["6.5"])
def test_what_a_person_ticked_stays_ticked_and_in_his_words(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    ticket.ticked(staffed.anna, "Put it right")
    staffed.passes(minutes=11)
    ticket.said(staffed.chief, "general")
    staffed.works()
    done = [item for item in ticket.items if "Put it right" in item]
    assert done
    assert "No longer needed" not in done[0]


@pytest.mark.parametrize("like", ["6.5"])
def test_a_checklist_somebody_deleted_is_not_forced_on_him_again(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    staffed.anna.call("DELETE", f"/checklists/{ticket.row.checklist_id}")
    ticket.noted(staffed.anna)
    staffed.works()
    staffed.passes(hours=1)
    assert ticket.items == []


@pytest.mark.parametrize("like", ["6.1"])
def test_without_checklists_tasks_are_child_tickets_no_customer_sees(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    assert len(ticket.tasks) == TASKS_OF_A_MAJOR
    for task in ticket.tasks:
        assert task.tags == {"steward:task"}
        assert task.customer.login == "steward"
        assert task.row.owner_id == staffed.user_id("anna")
        assert task.row.number.startswith(f"{ticket.row.number}T")
        assert task.state == "pending reminder"
    assert len({task.row.number for task in ticket.tasks}) == TASKS_OF_A_MAJOR
    staffed.passes(days=2)
    assert len(ticket.tasks) == TASKS_OF_A_MAJOR
    assert all(task.fields == {} for task in ticket.tasks)


@pytest.mark.parametrize("like", ["6.1"])
def test_closing_a_task_ticket_does_the_task(staffed: Helpdesk) -> None:
    ticket = staffed.complains()
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "outside-help")
    staffed.works()
    assert ticket.clock("coordination").is_open
    coordination = next(task for task in ticket.tasks if "outside" in task.row.title)
    coordination.closed(staffed.anna)
    staffed.works()
    assert ticket.clock("coordination").state == "met"
    staffed.passes(days=1)
    assert len(ticket.tasks) == 2


@pytest.mark.parametrize("like", ["6.5"])
def test_ticking_an_item_does_the_task(staffed: Helpdesk) -> None:
    ticket = staffed.complains()
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "outside-help")
    staffed.works()
    assert ticket.clock("coordination").is_open
    ticket.ticked(staffed.anna, "outside")
    staffed.works()
    staffed.passes(minutes=11)  # a tick alone makes no event: the sweep sees it
    assert ticket.clock("coordination").state == "met"


def test_a_complaint_no_longer_major_withdraws_what_is_not_done(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    ticket.said(staffed.chief, "general")
    staffed.works()
    assert ticket.ours == set()
    assert open_tasks(ticket) == []
    assert all("No longer needed" in item for item in ticket.items)


@pytest.mark.parametrize("words", [("general", "major"), ("request", "complaint"), ("none", "complaint") * 2])
def test_a_complaint_major_again_has_its_tasks_again(staffed: Helpdesk, words: tuple[str, ...]) -> None:
    ticket = major(staffed)
    for word in words:
        ticket.said(staffed.chief, word)
        staffed.works()
    staffed.passes(hours=1)
    still_open = [item for item in ticket.items if "No longer needed" not in item] or open_tasks(ticket)
    assert len(still_open) == TASKS_OF_A_MAJOR


def test_a_ticket_that_is_none_of_ours_after_all_keeps_no_tasks(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    ticket.said(staffed.chief, "none")
    staffed.works()
    assert open_tasks(ticket) == []
    assert all("No longer needed" in item for item in ticket.items)


@pytest.mark.parametrize("word", ["request", "none"])
def test_what_is_no_complaint_after_all_needs_nobody_outside(staffed: Helpdesk, word: str) -> None:
    ticket = staffed.complains()
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "outside-help")
    staffed.works()
    assert len(ticket.todo) == 2
    ticket.said(staffed.chief, word)
    staffed.works()
    assert open_tasks(ticket) == []
    assert all("No longer needed" in item for item in ticket.items)


def test_progress_is_owed_on_major_complaints_every_three_working_days(staffed: Helpdesk) -> None:
    ticket = major(staffed)
    ticket.answered(staffed.anna)
    ticket.said(staffed.anna, "assessed")
    ticket.answered(staffed.anna, "What we found.")
    ticket.said(staffed.anna, "result-told")
    staffed.works()
    assert ticket.field("next_due") == "progress"
    staffed.passes(days=2)
    ticket.answered(staffed.anna, "We are still at it.")
    staffed.works()
    assert ticket.field("next_due") == "progress"
    assert ticket.field("breached") is None


def test_danger_makes_no_second_note_when_the_complaint_is_confirmed(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I complain: there was a fire, my child is injured.")
    staffed.works()
    ticket.said(staffed.anna, "complaint")
    staffed.works()
    danger = [note for note in ticket.notes if "danger to persons" in note]
    assert len(danger) == 1
