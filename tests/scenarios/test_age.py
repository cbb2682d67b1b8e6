"""Times moved in Zammad afterwards: the story goes on from the new ones."""

from __future__ import annotations

from tests.scenarios.helpdesk import Helpdesk


def test_an_aged_ticket_is_late_at_the_next_look_and_no_older_than_the_switch(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.aged(hours=25)
    helpdesk.passes(minutes=11)
    assert "breached" in ticket.ours
    assert ticket.field("breached") == "first_response"
    assert ticket.field("next_due_at") == ticket.row.created_at.replace(day=ticket.row.created_at.day + 1)


def test_the_customers_words_are_still_known_after_their_times_moved(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain.")
    helpdesk.works()
    ticket.said(helpdesk.anna, "complaint")
    helpdesk.works()
    ticket.aged(hours=49)
    helpdesk.passes(minutes=11)
    assert ticket.field("kind") == "complaint"
    assert set(ticket.field("breached").split(",")) == {"first_response", "assessment", "result"}
