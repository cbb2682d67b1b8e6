"""A story without a moved clock: a ticket is made, first looked at, then aged in Zammad (issue: POST /sandbox/age)."""

from __future__ import annotations

import pytest

from tests.scenarios.helpdesk import Helpdesk


@pytest.mark.parametrize(
    ("hours", "tag", "breached"),
    [(17, None, None), (19, "warned", None), (25, "breached", "first_response")],
    ids=["in time", "near", "late"],
)
def test_an_aged_ticket_stands_where_its_times_say(
    helpdesk: Helpdesk, hours: float, tag: str | None, breached: str | None
) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.aged(hours=hours)
    helpdesk.passes(minutes=11)
    assert ticket.field("breached") == breached
    assert (tag in ticket.ours) is (tag is not None)
    assert (helpdesk.now - ticket.clock("first_response").starts_at).total_seconds() > hours * 3600


def test_a_ticket_aged_before_the_first_look_is_older_than_the_switch(helpdesk: Helpdesk) -> None:
    helpdesk.passes(hours=1)
    helpdesk.deaf = True
    ticket = helpdesk.mails("Where is my order?")
    ticket.aged(hours=25)
    helpdesk.deaf = False
    helpdesk.passes(minutes=11)
    assert ticket.is_untouched()
    assert ticket.clock("first_response").was_broken


def test_an_aged_complaint_climbs_the_ladder(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "complaint")
    staffed.works()
    ticket.aged(hours=25)
    staffed.passes(minutes=11)
    staffed.works()
    assert "breached" in ticket.ours
    assert len(ticket.notes) == 1
    assert {"anna", "chief"} <= set(staffed.told)
    assert ticket.field("kind") == "complaint"


def test_an_aged_ticket_that_was_answered_in_time_stays_answered(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    ticket.aged(hours=100)
    helpdesk.passes(minutes=11)
    assert ticket.field("breached") is None
    assert ticket.clock("first_response").state == "met"
