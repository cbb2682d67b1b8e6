"""Words only make a complaint suspected; a click confirms or clears it, a working day takes it (C3.1, C3.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.scenarios.helpdesk import Helpdesk


def test_one_click_confirms_a_suspicion(helpdesk: Helpdesk) -> None:
    began = helpdesk.now
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("kind") == "request"
    assert ticket.field("tier") is None
    helpdesk.passes(hours=3)
    ticket.said(helpdesk.anna, "complaint")
    helpdesk.works()
    assert ticket.ours == set()
    assert ticket.field("kind") == "complaint"
    assert ticket.field("tier") == "general"
    assert ticket.field("retention") == "complaint"
    # accepted with the message that voiced it, not with the click
    assert abs(ticket.clock("resolution").starts_at - began) < timedelta(seconds=1)
    assert ticket.notes == []
    assert helpdesk.told == []


@pytest.mark.parametrize("word", ["request", "none"])
def test_one_click_clears_a_suspicion(helpdesk: Helpdesk, word: str) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.works()
    ticket.said(helpdesk.anna, word)
    helpdesk.works()
    helpdesk.passes(days=3)
    assert "suspected" not in ticket.ours
    assert ticket.field("kind") == word


def test_what_an_agent_calls_none_of_ours_is_taken_out_of_our_fields(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.works()
    ticket.said(helpdesk.anna, "none")
    helpdesk.works()
    assert ticket.fields == {"kind": "none"}
    helpdesk.passes(days=40)
    assert ticket.fields == {"kind": "none"}
    assert ticket.notes == []


def test_a_suspicion_nobody_clears_is_a_complaint_after_a_working_day(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.passes(hours=23)
    assert "suspected" in ticket.ours
    helpdesk.passes(hours=2)
    assert "suspected" not in ticket.ours
    assert ticket.field("kind") == "complaint"


def test_a_weekend_is_no_working_day(helpdesk: Helpdesk) -> None:
    helpdesk.passes(days=4, hours=6)  # Friday, three in the afternoon
    ticket = helpdesk.mails("I want to complain: the device is broken.")
    helpdesk.passes(days=2, hours=23)
    assert "suspected" in ticket.ours
    helpdesk.passes(hours=2)
    assert ticket.field("kind") == "complaint"


def test_a_request_that_becomes_a_complaint_counts_from_the_message_that_voices_it(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.passes(hours=5)
    ticket.answered(helpdesk.anna)
    helpdesk.passes(hours=5)
    voiced = helpdesk.now
    helpdesk.mails("That is no answer. I want to complain.", to=ticket)
    helpdesk.works()
    ticket.said(helpdesk.anna, "complaint")
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert abs(ticket.clock("resolution").starts_at - voiced) < timedelta(seconds=5)
    assert ticket.clock("first_response").is_open


def test_danger_to_persons_is_told_at_once_even_at_night(staffed: Helpdesk) -> None:
    staffed.passes(hours=14)  # eleven at night
    ticket = staffed.mails("The charger exploded and my child is injured!")
    staffed.works()
    assert ticket.ours == {"suspected"}
    assert ticket.field("tier") is None
    assert len(ticket.notes) == 1
    assert "danger" in ticket.notes[0]
    assert "chief" in staffed.told
    ticket.said(staffed.chief, "complaint")
    staffed.works()
    assert ticket.field("tier") == "major"
    assert ticket.ours == {"major"}


def test_a_tier_word_confirms_the_complaint_too(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("The device is broken.")
    helpdesk.works()
    ticket.said(helpdesk.anna, "serious")
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert ticket.field("tier") == "serious"
    assert ticket.ours == {"serious"}


def test_an_agents_tier_holds_against_words(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    ticket.said(helpdesk.anna, "general")
    helpdesk.works()
    helpdesk.mails("My lawyer will write to you.", to=ticket)
    helpdesk.works()
    assert ticket.field("tier") == "general"


def test_a_supervisor_sets_kind_and_tier_in_the_fields(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("The device is broken.")
    helpdesk.works()
    ticket.put(helpdesk.admin, steward_kind="complaint", steward_tier="serious", steward_nature="system")
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    assert ticket.field("tier") == "serious"
    assert ticket.field("nature") == "system"
    assert ticket.ours == {"serious"}


def test_words_are_taken_off_and_the_newest_wins(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("The device is broken.")
    helpdesk.works()
    for word in ("complaint", "request"):
        ticket.said(helpdesk.anna, word)
        helpdesk.works()
        assert ticket.field("kind") == word
    assert ticket.ours == set()


def test_a_word_nobody_knows_is_taken_off_and_answered(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("The device is broken.")
    helpdesk.works()
    ticket.said(helpdesk.anna, "abracadabra")
    helpdesk.works()
    assert ticket.ours == set()
    assert len(ticket.notes) == 1
    assert "abracadabra" in ticket.notes[0]
