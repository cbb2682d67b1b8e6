"""Agents put another customer on a ticket: what held for the one before must not stay behind."""

from __future__ import annotations

import pytest

from tests.scenarios.helpdesk import Helpdesk, Ticket

PLAN = "Make a plan"


def given_to(ticket: Ticket, login: str) -> None:
    """Anna puts another customer on it."""
    ticket.put(ticket.helpdesk.anna, customer_id=ticket.helpdesk.user_id(login))
    ticket.helpdesk.works()


def waiting_for_somebody(ticket: Ticket) -> list[str]:
    """What its list still asks for."""
    return [item.text for item in ticket._items if not item.checked]


@pytest.mark.parametrize("like", ["6.5"])
def test_the_plan_a_vip_was_owed_is_withdrawn_with_him(staffed: Helpdesk) -> None:
    ticket = staffed.complains(sender="mei@customer.example")
    assert ticket.field("tier") == "serious"
    assert any(PLAN in item for item in waiting_for_somebody(ticket))
    given_to(ticket, "tom@handel.example")
    assert ticket.field("tier") == "general"
    assert not any(PLAN in item for item in waiting_for_somebody(ticket))
    given_to(ticket, "mei@customer.example")
    assert sum(PLAN in item for item in waiting_for_somebody(ticket)) == 1


@pytest.mark.parametrize("like", ["6.1"])
def test_the_review_a_vip_was_owed_is_withdrawn_with_him(staffed: Helpdesk) -> None:
    ticket = staffed.complains(sender="mei@customer.example")
    ticket.answered(staffed.anna, state="closed")
    staffed.works()
    review = next(task for task in ticket.tasks if "Review" in task.row.title)
    assert review.state != "closed"
    given_to(ticket, "tom@handel.example")
    assert review.state == "closed"


@pytest.mark.parametrize("like", ["6.5"])
def test_a_colleagues_matter_keeps_no_plan(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain, my lawyer will hear of it.")
    staffed.passes(hours=26)
    assert ticket.field("kind") == "complaint"
    assert any(PLAN in item for item in waiting_for_somebody(ticket))
    given_to(ticket, "ben")
    assert ticket.field("kind") == "none"
    assert waiting_for_somebody(ticket) == []
    assert ticket.ours == set()
