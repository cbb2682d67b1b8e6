"""What is late goes up a level, and nobody is told twice (A2.1, C1.4, E4.1; standard.md 9, "the ladder", "notes")."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin.model.effects import EffectKind, EffectState
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, write_pack


def test_owner_then_supervisor_then_management_hear_of_a_late_answer(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    staffed.passes(hours=17)
    assert ticket.ours == set()
    staffed.passes(hours=5)  # 18 h is four in the morning: the tag comes then, the note when somebody is there
    assert ticket.ours == {"warned"}
    assert ticket.notes == []
    staffed.passes(hours=1, minutes=1)
    assert len(ticket.notes) == 1
    assert staffed.told == ["anna"]
    staffed.passes(hours=1)
    assert ticket.ours == {"breached"}
    assert ticket.field("breached") == "first_response"
    assert len(ticket.notes) == 2
    assert "chief" in staffed.told
    staffed.passes(days=10)
    assert staffed.told.count("chief") == 1


def test_management_hears_of_it_a_working_day_after_the_limit(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    staffed.passes(hours=47)
    assert "chief" in staffed.told
    assert "dora" not in staffed.told
    staffed.passes(hours=2)
    assert staffed.told.count("dora") == 1
    assert ticket.row.owner_id == 1  # told, never assigned


def test_a_warning_within_office_hours_reaches_the_owner(staffed: Helpdesk) -> None:
    staffed.passes(hours=7)  # five in the afternoon
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    staffed.passes(hours=18, minutes=5)  # eleven in the morning
    assert ticket.ours == {"warned"}
    assert len(ticket.notes) == 1
    assert staffed.told == ["anna"]
    assert "first response 24 h, C3.1" in ticket.notes[0]
    assert "Answer the customer by" in ticket.notes[0]


def leaves(helpdesk: Helpdesk, who: str, *, substitute: str | None = None) -> None:
    """He enters in Zammad that he is away this week."""
    absence = {"out_of_office": True, "out_of_office_start_at": "2026-03-01", "out_of_office_end_at": "2026-03-08"}
    number = helpdesk.user_id(substitute) if substitute else None
    body = absence | {"out_of_office_replacement_id": number}
    helpdesk.admin.call("PUT", f"/users/{helpdesk.user_id(who)}", body)


def test_a_step_tells_the_substitute_of_who_is_out_of_office(staffed: Helpdesk) -> None:
    leaves(staffed, "chief", substitute="ben")
    staffed.mails("Where is my order?").owned(staffed.anna)
    staffed.passes(hours=25)
    assert "ben" in staffed.told
    assert "chief" not in staffed.told


def test_a_step_whose_people_are_all_away_tells_the_next_who_is_there(staffed: Helpdesk) -> None:
    leaves(staffed, "chief")
    leaves(staffed, "anna")
    staffed.mails("Where is my order?").owned(staffed.anna)
    staffed.passes(hours=25)
    assert "dora" in staffed.told
    assert "chief" not in staffed.told


def test_an_answer_in_time_stops_the_clock(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    staffed.passes(hours=22)
    ticket.answered(staffed.anna)
    staffed.works()
    assert ticket.ours == set()
    assert ticket.field("next_due") is None
    staffed.passes(days=2)
    assert ticket.field("breached") is None
    assert staffed.told == []


def test_an_answer_too_late_leaves_the_breach_on_record(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    staffed.passes(hours=25)
    ticket.answered(staffed.anna)
    staffed.works()
    assert ticket.field("breached") == "first_response"
    assert ticket.field("next_due") is None
    assert ticket.ours == {"breached"}
    ticket.closed(staffed.anna)
    staffed.works()
    assert ticket.field("breached") == "first_response"
    assert ticket.ours == set()


@pytest.mark.parametrize(
    ("article", "stops"),
    [
        ({"type": "email", "to": "olga@customer.example", "internal": False}, True),
        ({"type": "phone", "internal": False}, True),
        ({"type": "email", "to": "lawyer@elsewhere.example", "internal": False}, False),
        ({"type": "note", "internal": False}, False),
        ({"type": "note", "internal": True}, False),
        ({"type": "email", "to": "olga@customer.example", "internal": True}, False),
    ],
    ids=["mail", "call", "mail to somebody else", "public note", "internal note", "internal mail"],
)
def test_only_an_answer_to_the_customer_is_one(helpdesk: Helpdesk, article: dict[str, object], stops: bool) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    helpdesk.anna.call("POST", "/ticket_articles", {"ticket_id": ticket.id, "body": "Well.", "subject": "x", **article})
    helpdesk.works()
    assert (ticket.field("next_due") is None) is stops


def test_closing_without_an_answer_is_a_deviation_on_record(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.closed(helpdesk.anna)
    helpdesk.works()
    assert ticket.clock("first_response").state == "closed_unanswered"


def test_clocks_due_at_one_moment_make_one_note(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "complaint")
    ticket.answered(staffed.anna)
    staffed.works()
    # assessment, notice and result end together, 48 h after Monday morning
    staffed.passes(hours=48, minutes=5)
    breaches = [note for note in ticket.notes if "the limit was" in note]
    assert len(breaches) == 1
    assert breaches[0].count("the limit was") == 3
    assert {"assessment", "notice", "result"} == set(ticket.field("breached").split(","))


def test_a_ticket_hears_two_unasked_notes_in_its_life(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "complaint")
    staffed.works()
    staffed.passes(days=40)
    assert len(ticket.notes) == 2
    kept = [e for e in staffed.effects_of(ticket) if e.kind is EffectKind.NOTE and e.state is EffectState.OBSERVED]
    assert kept
    assert {e.error for e in kept} == {"two unasked notes already"}


def test_warnings_leave_a_note_for_what_is_broken(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket.owned(staffed.anna)
    ticket.said(staffed.anna, "complaint")
    staffed.works()
    staffed.passes(days=3)
    assert "by Tue" in ticket.notes[0]
    assert "the limit was" in ticket.notes[1]
    assert "chief" in staffed.told


def test_ladder_steps_of_a_major_matter_do_not_count(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket.owned(staffed.anna)
    ticket.said(staffed.chief, "major")
    staffed.works()
    staffed.passes(days=5)
    assert len(ticket.notes) > 3


def test_a_step_is_told_once_however_often_the_ticket_is_looked_at(staffed: Helpdesk) -> None:
    ticket = staffed.mails("I want to complain: the device is broken.")
    ticket.owned(staffed.anna)
    ticket.said(staffed.chief, "major")
    staffed.works()
    staffed.passes(hours=24, minutes=5)
    told = len(ticket.notes)
    assert "breached" in ticket.ours
    for _ in range(3):
        ticket.noted(staffed.ben)
        staffed.works()
    assert len(ticket.notes) == told


def test_a_step_at_night_waits_for_the_morning(staffed: Helpdesk) -> None:
    staffed.passes(hours=10)  # eight in the evening
    ticket = staffed.mails("Where is my order?")
    ticket.owned(staffed.anna)
    staffed.passes(hours=24, minutes=30)
    assert ticket.ours == {"breached"}
    assert len(ticket.notes) == 1  # the warning, of the afternoon
    staffed.passes(hours=12)
    assert len(ticket.notes) == 1
    staffed.passes(hours=1)
    assert len(ticket.notes) == 2


def test_where_the_pack_names_nobody_first_responder_and_owner_hear_of_it(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.passes(hours=25)
    assert len(ticket.notes) == 2
    assert helpdesk.told == ["anna", "anna"]


def test_nobodys_ticket_is_marked_and_nobodys_bell_is_rung(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.passes(days=5)
    assert {"breached", "orphan"} == ticket.ours
    assert helpdesk.told == []


def test_the_brake_on_notes_holds_the_rest_back_and_lets_them_go_later(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path), note_brake="2")
    tickets = [helpdesk.mails(f"Where is my order {number}?") for number in range(4)]
    for ticket in tickets:
        ticket.owned(helpdesk.anna)
    helpdesk.passes(hours=23, minutes=10)
    assert sum(len(ticket.notes) for ticket in tickets) == 2
    assert helpdesk.alarms("note_brake") > 0
    helpdesk.passes(minutes=50)
    assert sum(len(ticket.notes) for ticket in tickets) == 4


def test_the_limit_of_a_rule_is_kept(opens: Open, tmp_path: Path) -> None:
    rule = "  - policy: tiered_escalation\n    mode: enforce\n"
    helpdesk = opens(pack=write_pack(tmp_path, (rule, f"{rule}    limit: 1\n")))
    tickets = [helpdesk.mails(f"Where is my order {number}?") for number in range(3)]
    for ticket in tickets:
        ticket.owned(helpdesk.anna)
    helpdesk.passes(hours=25)
    assert sum(bool(ticket.notes) for ticket in tickets) == 1
    assert all(ticket.field("breached") == "first_response" for ticket in tickets)


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Dem Kunden antworten"), ("zh-CN", "客户")], ids=["de", "zh-CN"]
)
def test_notes_speak_the_packs_language(opens: Open, tmp_path: Path, language: str, words: str) -> None:
    helpdesk = opens(pack=write_pack(tmp_path, ("language: en", f"language: {language}")))
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.passes(hours=23, minutes=5)
    assert len(ticket.notes) == 1
    assert words in ticket.notes[0]
    assert "Answer" not in ticket.notes[0]


def test_a_late_request_that_becomes_a_complaint_is_told_of_anew_and_the_old_delay_is_not(staffed: Helpdesk) -> None:
    ticket = staffed.mails("Where is my order?")
    staffed.passes(hours=25)
    assert len(ticket.notes) == 1
    staffed.mails("I want to complain, nobody answers!", to=ticket)
    ticket.said(staffed.chief, "major")
    staffed.passes(hours=25)
    told = [note for note in ticket.notes if "Answer the customer: the limit was" in note]
    # the request's to the supervisor and to the management, then the complaint's own
    assert ["the limit was Wed 11:00" in note for note in told] == [False, False, True]
    assert sum("Take this ticket" in note for note in ticket.notes) == 1
