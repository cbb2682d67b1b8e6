"""Waiting for the customer, and the one extension (A2.1; standard.md 9, "waiting for the customer", "extension")."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.scenarios.helpdesk import Helpdesk, Ticket


def answered_complaint(helpdesk: Helpdesk) -> Ticket:
    """A complaint that is answered, assessed and formally noticed; result and resolution run."""
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.anna, "complaint")
    ticket.said(helpdesk.anna, "assessed")
    ticket.answered(helpdesk.anna, "Which serial number does it have?")
    helpdesk.works()
    return ticket


def reminder(helpdesk: Helpdesk, *, days: int) -> str:
    return (helpdesk.now + timedelta(days=days)).isoformat()


def limit_of(ticket: Ticket, name: str) -> datetime:
    return ticket.clock(name).limit_at


def test_a_pending_reminder_after_our_answer_waits_for_the_customer(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    ticket.put(helpdesk.anna, state="pending reminder", pending_time=reminder(helpdesk, days=5))
    helpdesk.works()
    assert ticket.ours == {"waiting"}
    helpdesk.passes(days=4)
    assert ticket.field("breached") is None
    assert ticket.notes == []
    helpdesk.mails("It is 4711.", to=ticket)
    helpdesk.works()
    assert ticket.ours == set()
    assert ticket.field("next_due") == "result"
    assert timedelta(hours=43) < ticket.field("next_due_at") - helpdesk.now < timedelta(hours=48)


def test_an_answer_with_the_reminder_in_one_save_waits_too(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    ticket.answered(helpdesk.anna, "Which number?", state="pending reminder", pending_time=reminder(helpdesk, days=5))
    helpdesk.works()
    assert ticket.ours == {"waiting"}


def test_a_promised_moment_that_passes_is_a_broken_promise(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    told = {"state": "pending reminder", "pending_time": reminder(helpdesk, days=2)}
    ticket.answered(helpdesk.anna, "We call you on Thursday.", **told)
    helpdesk.works()
    assert ticket.clock("promised").state == "running"
    helpdesk.passes(days=2, hours=1)
    assert "promised" not in (ticket.field("breached") or "")
    helpdesk.passes(hours=2)
    assert "promised" in ticket.field("breached")
    ticket.answered(helpdesk.anna, "Here I am.")
    helpdesk.works()
    assert ticket.field("next_due") != "promised"


def test_the_first_answer_is_owed_though_somebody_waits(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    ticket.said(helpdesk.anna, "waiting")
    helpdesk.works()
    helpdesk.passes(hours=25)
    assert "first_response" in ticket.field("breached")


def test_a_reminder_while_the_last_word_is_the_customers_is_no_waiting(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    helpdesk.mails("It is 4711.", to=ticket)
    helpdesk.works()
    ticket.put(helpdesk.anna, state="pending reminder", pending_time=reminder(helpdesk, days=5))
    helpdesk.works()
    assert "waiting" not in ticket.ours


def test_a_word_waits_and_a_word_resumes(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    before = limit_of(ticket, "resolution")
    ticket.said(helpdesk.anna, "waiting")
    helpdesk.works()
    assert ticket.ours == {"waiting"}
    helpdesk.passes(days=3)
    ticket.said(helpdesk.anna, "resume")
    helpdesk.works()
    assert ticket.ours == set()
    assert timedelta(days=3) <= limit_of(ticket, "resolution") - before < timedelta(days=3, minutes=5)


def test_waiting_ends_by_itself_after_fourteen_days(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    ticket.said(helpdesk.anna, "waiting")
    helpdesk.works()
    helpdesk.passes(days=13, hours=23)
    assert ticket.ours == {"waiting"}
    helpdesk.passes(hours=2)
    assert "waiting" not in ticket.ours


def test_an_automatic_reply_resumes_nothing(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    ticket.said(helpdesk.anna, "waiting")
    helpdesk.works()
    helpdesk.mails("I am away until Monday.", to=ticket, Auto_Submitted="auto-replied")
    helpdesk.works()
    assert "waiting" in ticket.ours


# -- the one extension ------------------------------------------------------------------------------------------------


def test_an_extension_with_a_reason_told_to_the_customer_gives_sixty_days(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    before = limit_of(ticket, "resolution")
    ticket.noted(helpdesk.anna, "The part comes from overseas.")
    ticket.said(helpdesk.anna, "extend")
    helpdesk.works()
    assert limit_of(ticket, "resolution") == before
    ticket.answered(helpdesk.anna, "It takes until May: the part comes from overseas.")
    helpdesk.works()
    assert limit_of(ticket, "resolution") == before + timedelta(days=30)
    assert ticket.notes == []


def test_an_extension_without_a_reason_is_refused_at_once(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    before = limit_of(ticket, "resolution")
    ticket.said(helpdesk.anna, "extend")
    helpdesk.works()
    assert len(ticket.notes) == 1
    assert "A reason is missing" in ticket.notes[0]
    ticket.answered(helpdesk.anna, "It takes longer.")
    helpdesk.works()
    assert limit_of(ticket, "resolution") == before


def test_a_second_extension_is_refused(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    for _ in range(2):
        ticket.noted(helpdesk.anna, "The part comes from overseas.")
        ticket.said(helpdesk.anna, "extend")
        ticket.answered(helpdesk.anna, "It takes longer.")
        helpdesk.works()
        helpdesk.passes(minutes=20)
    assert len(ticket.notes) == 1
    assert "extended once already" in ticket.notes[0]


def test_a_reason_of_somebody_else_is_none(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    ticket.noted(helpdesk.ben, "The part comes from overseas.")
    ticket.said(helpdesk.anna, "extend")
    helpdesk.works()
    assert len(ticket.notes) == 1
    assert "A reason is missing" in ticket.notes[0]


def test_an_extension_after_the_limit_is_refused(helpdesk: Helpdesk) -> None:
    ticket = answered_complaint(helpdesk)
    helpdesk.passes(days=31)
    ticket.noted(helpdesk.anna, "The part comes from overseas.")
    ticket.said(helpdesk.anna, "extend")
    helpdesk.works()
    assert "had passed" in ticket.notes[-1]
