"""The first person asked owns the matter to its end: hand-overs, ping-pong, silence, orphans (C1.4, E2.1, E2.2)."""

from __future__ import annotations

import pytest

from tests.scenarios.helpdesk import Helpdesk, Ticket


def owned_complaint(helpdesk: Helpdesk, *, word: str = "complaint") -> Ticket:
    """A complaint anna owns, assessed and answered."""
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    ticket.owned(helpdesk.anna)
    ticket.said(helpdesk.anna, word)
    ticket.answered(helpdesk.anna)
    ticket.said(helpdesk.anna, "assessed")
    ticket.answered(helpdesk.anna, "We will send a new one.")
    helpdesk.works()
    return ticket


# -- who was asked first ----------------------------------------------------------------------------------------------


def test_whoever_takes_the_ticket_is_the_first_responder(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    assert ticket.field("first_responder") is None
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("first_responder") == "anna"
    assert ticket.field("stage") == "assess"
    assert helpdesk.told == []


def test_whoever_answers_is_the_first_responder_though_he_does_not_own_it(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.ben)
    helpdesk.works()
    assert ticket.field("first_responder") == "ben"


def test_being_given_a_ticket_is_not_being_asked(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna, helpdesk.ben)
    helpdesk.works()
    assert ticket.field("first_responder") is None
    ticket.answered(helpdesk.ben)
    helpdesk.works()
    assert ticket.field("first_responder") == "ben"


def test_a_supervisor_dispatches_and_accountability_moves_at_once(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.chief, staffed.ben)
    staffed.works()
    assert ticket.field("first_responder") == "ben"
    assert "hand-over" not in ticket.ours


# -- hand-overs -------------------------------------------------------------------------------------------------------


def test_a_serious_matter_is_handed_over_when_the_taker_accepts(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.anna, staffed.ben)
    staffed.works()
    assert ticket.field("first_responder") == "anna"
    assert "hand-over" in ticket.ours
    assert "Ben" in ticket.notes[-1] or "ben" in ticket.notes[-1]
    assert "ben" in staffed.told
    ticket.noted(staffed.ben)
    staffed.works()
    assert ticket.field("first_responder") == "anna"
    ticket.said(staffed.ben, "accept")
    staffed.works()
    assert ticket.field("first_responder") == "ben"
    assert "hand-over" not in ticket.ours


def test_a_plain_matter_is_handed_over_with_the_takers_first_act(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed)
    ticket.owned(staffed.anna, staffed.ben)
    staffed.works()
    assert ticket.field("first_responder") == "anna"
    assert "hand-over" in ticket.ours
    ticket.noted(staffed.ben)
    staffed.works()
    assert ticket.field("first_responder") == "ben"
    assert ticket.ours == set()
    assert ticket.notes == []


def test_a_declined_hand_over_stays_with_the_giver_and_the_supervisor_hears_of_it(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.anna, staffed.ben)
    staffed.works()
    ticket.said(staffed.ben, "decline")
    staffed.works()
    assert ticket.field("first_responder") == "anna"
    assert "hand-over" not in ticket.ours
    assert "declined" in ticket.notes[-1]
    assert "chief" in staffed.told
    assert ticket.row.owner_id == staffed.user_id("ben")  # Steward never writes the owner


def test_a_hand_over_without_a_sign_lapses_after_a_working_day(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.anna, staffed.ben)
    staffed.works()
    staffed.passes(hours=23)
    assert "hand-over" in ticket.ours
    staffed.passes(hours=2)
    assert "hand-over" not in ticket.ours
    assert ticket.field("first_responder") == "anna"
    assert "gave no sign" in ticket.notes[-1]
    assert staffed.told.count("chief") == 1


def test_taking_a_lapsed_hand_over_up_late_still_counts(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.anna, staffed.ben)
    staffed.passes(hours=26)
    ticket.said(staffed.ben, "accept")
    staffed.works()
    assert ticket.field("first_responder") == "ben"


def test_passing_it_on_counts_as_accepting(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.anna, staffed.ben)
    staffed.works()
    ticket.put(staffed.ben, owner_id=staffed.user_id("chief"))
    staffed.works()
    assert ticket.field("first_responder") == "ben"
    assert "hand-over" in ticket.ours


def test_taking_it_back_ends_the_hand_over(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed, word="serious")
    ticket.owned(staffed.anna, staffed.ben)
    staffed.works()
    ticket.owned(staffed.anna)
    staffed.works()
    assert ticket.field("first_responder") == "anna"
    assert "hand-over" not in ticket.ours


def test_giving_it_to_nobody_is_no_hand_over(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed)
    ticket.put(staffed.anna, owner_id=1)
    staffed.works()
    assert ticket.field("first_responder") == "anna"
    assert "hand-over" not in ticket.ours


def test_three_hand_overs_without_an_answer_are_ping_pong(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    staffed.works()
    for giver, taker in ((staffed.anna, staffed.ben), (staffed.ben, staffed.anna), (staffed.anna, staffed.ben)):
        staffed.passes(minutes=30)
        ticket.owned(giver, taker)
        staffed.works()
        ticket.noted(taker)
        staffed.works()
    assert "ping-pong" in ticket.ours
    assert len(ticket.notes) == 1
    assert staffed.told.count("chief") == 1
    ticket.answered(staffed.ben)
    staffed.works()
    assert "ping-pong" not in ticket.ours


# -- silence and orphans ----------------------------------------------------------------------------------------------


def test_three_silent_working_days_are_told(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed)
    ticket.said(staffed.anna, "result-told")
    staffed.works()
    staffed.passes(days=2, hours=23)
    assert ticket.notes == []
    staffed.passes(hours=2)
    assert len(ticket.notes) == 1
    assert "nobody has written since" in ticket.notes[0]
    assert {"anna", "chief"} <= set(staffed.told)


def test_an_internal_note_breaks_the_silence(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed)
    ticket.said(staffed.anna, "result-told")
    staffed.works()
    staffed.passes(days=2)
    ticket.noted(staffed.anna)
    staffed.passes(days=2)
    assert ticket.notes == []


def test_waiting_for_the_customer_is_no_silence(staffed: Helpdesk) -> None:
    ticket = owned_complaint(staffed)
    ticket.said(staffed.anna, "result-told")
    ticket.said(staffed.anna, "waiting")
    staffed.works()
    staffed.passes(days=10)
    assert ticket.notes == []


def test_a_ticket_nobody_ever_owned_is_an_orphan_after_eight_working_hours(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.answered(staffed.ben)
    staffed.passes(hours=7, minutes=50)
    assert "orphan" not in ticket.ours
    staffed.passes(hours=17)  # the next working morning
    assert "orphan" in ticket.ours
    assert len(ticket.notes) == 1
    ticket.owned(staffed.ben)
    staffed.works()
    assert "orphan" not in ticket.ours


def test_a_dropped_ticket_is_an_orphan_after_four_working_hours(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    ticket.answered(staffed.anna)
    staffed.works()
    ticket.put(staffed.anna, owner_id=1)
    staffed.passes(hours=3, minutes=50)
    assert "orphan" not in ticket.ours
    staffed.passes(minutes=15)
    assert "orphan" in ticket.ours
    assert "chief" in staffed.told


def test_a_ticket_zammad_took_from_its_owner_is_dropped_too(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    ticket.answered(staffed.anna)
    staffed.works()
    staffed.sandbox.world.groups.put(ticket.row.group_id, assignment_timeout=10)
    staffed.passes(minutes=30)
    staffed.sandbox.check("auto_unassign")
    staffed.passes(hours=3, minutes=50)
    assert ticket.row.owner_id == 1
    assert "orphan" not in ticket.ours
    staffed.passes(minutes=20)
    assert "orphan" in ticket.ours
    assert ticket.field("first_responder") == "anna"


def test_a_deactivated_owner_leaves_an_orphan(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    ticket.answered(staffed.anna)
    staffed.works()
    staffed.admin.call("PUT", f"/users/{staffed.user_id('anna')}", {"active": False})
    staffed.passes(minutes=25)  # no event tells of it: a sweep finds it
    staffed.passes(hours=6)
    assert "orphan" in ticket.ours
    assert ticket.field("first_responder") == "anna"


def test_an_owner_who_lost_the_group_leaves_an_orphan(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    ticket.answered(staffed.anna)
    staffed.works()
    ticket.put(staffed.chief, group="Second line")
    staffed.passes(hours=5)
    assert "orphan" in ticket.ours


def complained_about(staffed: Helpdesk, written: str) -> Ticket:
    """Of Anna's, on which Ben writes whom it is about."""
    ticket = staffed.complains()
    ticket.owned(staffed.anna)
    ticket.noted(staffed.ben, f"About: {written}")
    staffed.works()
    return ticket


@pytest.mark.parametrize(
    "written",
    ["Anna Erste", "anna ERSTE", "@Anna Erste", "Anna Erste (first line)", "Anna@Example.com", "ANNA"],
    ids=["full name", "any case", "mention", "with her team", "mail address", "login"],
)
def test_the_person_complained_about_is_known_by_any_name_zammad_has(staffed: Helpdesk, written: str) -> None:
    ticket = complained_about(staffed, written)
    assert ticket.field("first_responder") == "chief"
    assert "Give this ticket to somebody else than anna" in ticket.notes[-1]
    assert "names nobody" not in "".join(ticket.notes)


def test_who_writes_a_name_nobody_has_is_told_once_what_is_allowed(staffed: Helpdesk) -> None:
    ticket = complained_about(staffed, "Anna Ertse")
    assert ticket.field("first_responder") == "anna"
    expected = "“About: …” names nobody who works here. Write a login, a mail address or a full name."
    assert expected in ticket.notes[-1]
    assert "Ertse" not in ticket.notes[-1]  # what people write may hold anything, and is not repeated
    ticket.noted(staffed.chief)
    staffed.works()
    staffed.passes(hours=1)
    assert sum("names nobody" in note for note in ticket.notes) == 1
    ticket.noted(staffed.ben, "About: Anna Erste")
    staffed.works()
    assert ticket.field("first_responder") == "chief"


def test_of_two_agents_with_one_name_neither_is_taken(staffed: Helpdesk) -> None:
    groups = {staffed.sandbox.world.groups.where(name="First line")[0].id: ["full"]}
    other = {"login": "anna2", "firstname": "Anna", "lastname": "Erste", "role_ids": [2], "group_ids": groups}
    made = staffed.admin.call("POST", "/users", {**other, "email": "anna2@example.com"})
    ticket = complained_about(staffed, "Anna Erste")
    assert ticket.field("first_responder") == "anna"
    expected = "“About: …” names more than one: anna, anna2. Write a login or a mail address."
    assert expected in ticket.notes[-1]
    staffed.admin.call("PUT", f"/users/{made['id']}", {"active": False})
    staffed.restarts()
    ticket.noted(staffed.ben, "About: Anna Erste")
    staffed.works()
    assert ticket.field("first_responder") == "chief"


def test_a_name_nobody_has_leaves_the_one_named_before(staffed: Helpdesk) -> None:
    ticket = complained_about(staffed, "anna")
    ticket.noted(staffed.ben, "About: olga@customer.example")
    staffed.works()
    assert ticket.field("first_responder") == "chief"
    assert "names nobody who works here" in ticket.notes[-1]


def test_on_what_is_no_complaint_a_line_about_something_names_nobody_and_nobody_hears(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.noted(staffed.ben, "About: the printer on the third floor")
    staffed.works()
    assert ticket.notes == []


def test_what_the_person_complained_about_closes_is_opened_again(staffed: Helpdesk) -> None:
    ticket = complained_about(staffed, "anna")
    assert ticket.field("first_responder") == "chief"
    assert "Give this ticket to somebody else" in ticket.notes[-1]
    ticket.answered(staffed.ben)
    ticket.closed(staffed.anna)
    staffed.works()
    assert ticket.state == "open"
    ticket.closed(staffed.ben)
    staffed.works()
    assert ticket.state == "closed"
