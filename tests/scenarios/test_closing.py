"""After closing: confirmation and visit, not satisfied, thanks, new matters, retention (C2.3, C3.3, D5.3, E4.4)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.scenarios.helpdesk import Helpdesk, Ticket


def closed_complaint(helpdesk: Helpdesk) -> Ticket:
    """A complaint anna owned, settled and closed after her answer."""
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.anna, "complaint")
    ticket.said(helpdesk.anna, "assessed")
    helpdesk.works()
    helpdesk.passes(hours=1)
    ticket.answered(helpdesk.anna, "A new one is on its way.", state="closed")
    helpdesk.works()
    return ticket


# -- following up -----------------------------------------------------------------------------------------------------


def test_an_answered_request_is_done_when_it_is_closed(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    assert ticket.field("stage") == "done"
    assert ticket.field("next_due") is None
    assert ticket.field("erase_after") == date(2026, 9, 3)
    assert ticket.tasks == []
    assert ticket.notes == []
    assert helpdesk.told == []


def test_a_closed_complaint_has_one_follow_up_task_ticket(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    assert ticket.state == "closed"
    assert ticket.field("stage") == "follow_up"
    assert ticket.field("next_due") in ("confirmation", "follow_up_visit")
    assert ticket.field("retention") == "complaint"
    [task] = ticket.tasks
    assert task.tags == {"steward:task"}
    assert task.customer.login == "steward"
    assert task.row.owner_id == helpdesk.user_id("anna")
    assert task.fields == {}
    assert ticket.items == []
    assert helpdesk.told == []
    helpdesk.passes(hours=2)
    assert len(ticket.tasks) == 1


def test_closing_the_task_is_done(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.tasks[0].put(helpdesk.anna, state="closed", article={"body": "She is happy: 5 5 4 5 5", "internal": True})
    helpdesk.works()
    assert ticket.field("stage") == "done"
    assert ticket.field("next_due") is None
    assert ticket.clock("survey").state == "met"
    assert ticket.clock("follow_up_visit").state == "met"
    assert ticket.state == "closed"


def test_a_visit_that_nothing_shows_counts_once_it_is_written_down(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.tasks[0].closed(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("stage") == "follow_up"
    assert "Write down what the customer said" in ticket.notes[-1]
    ticket.noted(helpdesk.anna, "She is happy.")
    helpdesk.passes(minutes=15)
    assert ticket.field("stage") == "done"
    assert len(ticket.notes) == 1


def test_a_task_reopened_is_not_done(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.tasks[0].noted(helpdesk.anna)
    ticket.tasks[0].closed(helpdesk.anna)
    helpdesk.works()
    ticket.tasks[0].put(helpdesk.anna, state="open")
    helpdesk.works()
    assert ticket.field("stage") == "follow_up"


def test_a_word_of_the_customers_view_is_the_visit(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.said(helpdesk.anna, "satisfied")
    helpdesk.works()
    assert ticket.field("stage") == "done"
    assert [task.state for task in ticket.tasks] == ["closed"]


def test_a_complaint_open_again_keeps_no_task_of_its_closing(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.put(helpdesk.anna, state="open")
    helpdesk.works()
    assert [task.state for task in ticket.tasks] == ["closed"]
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    assert [task.state for task in ticket.tasks] == ["closed", "pending reminder"]
    assert ticket.field("stage") == "follow_up"


def test_a_visit_that_is_not_made_is_a_breach(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    helpdesk.passes(hours=25)
    assert set(ticket.field("breached").split(",")) == {"confirmation", "follow_up_visit"}
    assert ticket.ours == set()  # the tag goes with the closing, the record stays


def test_not_ours_ends_the_clocks_once_the_customer_is_told(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    ticket.said(helpdesk.anna, "not-ours")
    helpdesk.works()
    assert ticket.field("next_due") == "first_response"
    ticket.answered(helpdesk.anna, "Please write to the manufacturer.")
    helpdesk.works()
    assert ticket.field("next_due") is None
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    assert ticket.tasks == []


# -- not satisfied ----------------------------------------------------------------------------------------------------


def test_a_dissatisfied_customer_reopens_it_one_tier_up_with_a_new_plan(staffed: Helpdesk) -> None:
    ticket = closed_complaint(staffed)
    ticket.said(staffed.anna, "dissatisfied")
    staffed.works()
    assert ticket.state == "open"
    assert ticket.field("tier") == "serious"
    assert ticket.ours == {"serious"}
    assert len(ticket.notes) == 1
    assert any("new plan" in text for text in ticket.todo)
    assert ticket.field("erase_after") is None
    assert ticket.field("stage") in ("handle", "feed_back")


def test_after_three_rounds_management_gives_the_final_answer(staffed: Helpdesk) -> None:
    ticket = closed_complaint(staffed)
    for _ in range(3):
        ticket.said(staffed.anna, "dissatisfied")
        staffed.works()
        assert ticket.state == "open"
        staffed.passes(minutes=20)
        ticket.answered(staffed.anna, "Another way.", state="closed")
        staffed.works()
    assert ticket.field("tier") == "major"
    ticket.said(staffed.anna, "dissatisfied")
    staffed.works()
    assert ticket.state == "closed"
    assert any("final answer" in text for text in ticket.todo)
    assert "final answer" in ticket.notes[-1]
    assert "dora" in staffed.told


def test_not_satisfied_again_one_new_plan_is_open(staffed: Helpdesk) -> None:
    ticket = closed_complaint(staffed)
    for _ in range(2):
        ticket.said(staffed.anna, "dissatisfied")
        staffed.works()
        staffed.passes(minutes=20)
        ticket.answered(staffed.anna, "Another way.", state="closed")
        staffed.works()
    items = [text for text in ticket.items if "No longer needed" not in text]
    titles = [str(task.row.title) for task in ticket.tasks if task.state != "closed"]
    assert sum("new plan" in text for text in (*items, *titles)) == 1


def test_dissatisfied_while_it_is_open_goes_up_too(staffed: Helpdesk) -> None:
    ticket = staffed.complains()
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "dissatisfied")
    staffed.works()
    assert ticket.field("tier") == "serious"


def test_dissatisfied_about_a_request_says_what_to_say(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.answered(staffed.anna, state="closed")
    ticket.said(staffed.anna, "dissatisfied")
    staffed.works()
    assert ticket.state == "closed"
    assert "Say “complaint” too" in ticket.notes[0]
    ticket.said(staffed.anna, "complaint")
    staffed.works()
    assert ticket.state == "open"
    assert ticket.field("tier") == "serious"


# -- writing again ----------------------------------------------------------------------------------------------------


def test_thanks_on_a_closed_ticket_change_nothing(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    helpdesk.passes(hours=2)
    helpdesk.mails("Thank you!", to=ticket)
    helpdesk.works()
    assert ticket.state == "open"  # Zammad does that
    assert ticket.field("next_due") is None
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("stage") == "done"
    assert ticket.field("breached") is None
    assert ticket.notes == []


def test_an_agent_who_acts_on_the_mail_reopens_the_clocks(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    before = ticket.clock("resolution").limit_at
    helpdesk.passes(days=2)
    helpdesk.mails("It is broken again.", to=ticket)
    helpdesk.works()
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert ticket.clock("resolution").is_open
    assert ticket.clock("resolution").limit_at > before  # without the time it was closed


def test_a_mail_nobody_acts_on_reopens_them_after_a_working_day(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    helpdesk.mails("It is broken again.", to=ticket)
    helpdesk.passes(hours=23)
    assert not ticket.clock("resolution").is_open
    helpdesk.passes(hours=2)
    assert ticket.clock("resolution").is_open


def test_writing_after_fourteen_days_is_a_new_matter(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.tasks[0].closed(helpdesk.anna)
    helpdesk.works()
    helpdesk.passes(days=20)
    wrote = helpdesk.now
    helpdesk.mails("Another thing: where is the invoice?", to=ticket)
    helpdesk.works()
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("next_due") == "first_response"
    assert (ticket.field("next_due_at") - wrote).total_seconds() == pytest.approx(24 * 3600, abs=60)


def test_what_is_written_after_a_year_is_owed_an_answer_from_its_first_hour(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.tasks[0].noted(helpdesk.anna, "All is well.")
    ticket.tasks[0].closed(helpdesk.anna)
    helpdesk.passes(days=365)
    wrote = helpdesk.now
    helpdesk.mails("It is broken again. Where do I send it?", to=ticket)
    helpdesk.works()
    assert ticket.field("kind") == "request"
    assert ticket.field("next_due") == "first_response"
    assert (ticket.field("next_due_at") - wrote).total_seconds() == pytest.approx(24 * 3600, abs=60)
    helpdesk.passes(hours=19)
    assert ticket.ours == {"warned"}


def test_thanks_after_weeks_and_closing_again_leave_nothing_behind(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.tasks[0].noted(helpdesk.anna, "All is well.")
    ticket.tasks[0].closed(helpdesk.anna)
    helpdesk.passes(days=20)
    before = ticket.fields
    helpdesk.mails("Thank you!", to=ticket)
    helpdesk.passes(hours=19)
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    after = ticket.fields
    assert after.pop("erase_after") > before.pop("erase_after")
    assert (after, ticket.ours) == (before, set())


def test_a_record_is_kept_from_its_last_closing_though_nothing_was_reopened(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    helpdesk.passes(days=12)
    kept = ticket.field("erase_after")
    helpdesk.mails("Thank you!", to=ticket)
    helpdesk.works()
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    assert (ticket.field("erase_after") - kept).days in (12, 13)


def test_an_automatic_reply_to_the_closing_reopens_nothing(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    helpdesk.mails("I am away.", to=ticket, Auto_Submitted="auto-replied")
    helpdesk.works()
    helpdesk.passes(days=3)
    assert ticket.field("next_due") is None
    assert ticket.field("breached") is None
    assert ticket.notes == []


# -- keeping ----------------------------------------------------------------------------------------------------------


def test_a_hold_empties_the_erasure_date_and_only_an_operator_releases_it(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    assert ticket.field("erase_after") == date(2026, 9, 3)
    ticket.put(helpdesk.admin, steward_hold=True)
    helpdesk.works()
    assert ticket.field("erase_after") is None
    ticket.put(helpdesk.admin, steward_hold=False)
    helpdesk.works()
    assert ticket.field("hold") is True
    assert ticket.field("erase_after") is None


def test_reopening_empties_the_erasure_date_and_closing_sets_a_later_one(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    helpdesk.passes(days=1)
    ticket.put(helpdesk.anna, state="open")
    helpdesk.works()
    assert ticket.field("erase_after") is None
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("erase_after") == date(2026, 9, 4)


def test_what_turns_out_to_be_a_request_keeps_no_task_of_its_closing(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    ticket.said(helpdesk.anna, "request")
    helpdesk.works()
    assert ticket.field("stage") == "done"
    assert [task.state for task in ticket.tasks] == ["closed"]
