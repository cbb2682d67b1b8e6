"""The first person asked stays responsible."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.model.facts import FactKind
from plugin.model.people import SYSTEM, Actor
from tests.policies.story import ANNA, BEN, CHIEF, Story, shipped, with_people

DAY = 24


def story() -> Story:
    return Story().customer_writes_in()


def supervised() -> Story:
    return Story(pack=with_people(shipped(), supervisors=("chief",))).customer_writes_in()


def asked(told: Story, *, after: float) -> str | None:
    return told.decided(after=after).fields["first_responder"]  # type: ignore[return-value]


# -- first asked ------------------------------------------------------------------------------------------------------


def test_nobody_is_accountable_before_anybody_was_asked() -> None:
    assert asked(story(), after=1) is None


def test_the_first_agent_to_answer_is_the_first_responder() -> None:
    told = story()
    told.answers(ANNA, after=1)
    told.answers(BEN, after=2)
    assert asked(told, after=3) == "anna"


def test_who_takes_the_ownership_himself_is_the_first_responder() -> None:
    told = story()
    told.gives(ANNA, by=ANNA, after=1)
    assert asked(told, after=2) == "anna"


def test_who_takes_the_call_is_the_first_responder() -> None:
    told = Story().begin(by=ANNA)
    told.takes_call(ANNA)
    assert asked(told, after=1) == "anna"


def test_being_assigned_by_somebody_else_is_not_yet_being_asked() -> None:
    told = story()
    told.gives(ANNA, by=BEN, after=1)
    assert asked(told, after=2) is None
    told.answers(ANNA, after=3)
    assert asked(told, after=4) == "anna"


def test_an_internal_note_is_not_being_asked() -> None:
    told = story()
    told.notes(ANNA, after=1)
    assert asked(told, after=2) is None


def test_a_supervisors_assignment_is_dispatch() -> None:
    told = supervised()
    told.gives(BEN, by=CHIEF, after=1)
    assert asked(told, after=2) == "ben"


# -- hand-overs -------------------------------------------------------------------------------------------------------


def handed_over() -> Story:
    told = story()
    told.gives(ANNA, by=ANNA, after=1)
    told.gives(BEN, by=ANNA, after=2)
    return told


def test_the_giver_stays_accountable_until_the_taker_acts() -> None:
    told = handed_over()
    assert asked(told, after=3) == "anna"
    assert "steward:hand-over" in told.decided(after=3).tags
    told.notes(BEN, after=4)
    assert asked(told, after=5) == "ben"
    assert "steward:hand-over" not in told.decided(after=5).tags


def test_on_a_serious_matter_only_the_word_accepts() -> None:
    told = handed_over()
    told.facts.clear()
    told.customer_writes_in("I complain.")
    told.says("serious", after=0.5)
    told.gives(ANNA, by=ANNA, after=1)
    told.gives(BEN, by=ANNA, after=2)
    told.notes(BEN, after=3)
    assert asked(told, after=4) == "anna"
    assert told.decided(after=4).notes["first_responder.hand_over"].tell == ("ben",)
    told.says("accept", BEN, after=5)
    assert asked(told, after=6) == "ben"


def test_a_declined_hand_over_stays_with_the_giver_and_the_supervisor_is_told() -> None:
    told = supervised()
    told.gives(ANNA, by=ANNA, after=1)
    told.gives(BEN, by=ANNA, after=2)
    told.says("decline", BEN, after=3)
    assert asked(told, after=4) == "anna"
    assert told.decided(after=4).notes["first_responder.declined"].tell == ("chief",)


def test_a_hand_over_without_a_sign_lapses_after_one_working_day() -> None:
    told = handed_over()
    assert "first_responder.lapsed" not in told.decided(after=2 + DAY - 0.1).notes
    later = told.decided(after=2 + DAY)
    assert later.fields["first_responder"] == "anna"
    assert later.notes["first_responder.lapsed"].tell == ("anna",)
    assert "steward:hand-over" not in later.tags


def test_passing_it_on_counts_as_accepting() -> None:
    told = handed_over()
    told.gives(CHIEF, by=BEN, after=3)
    assert asked(told, after=4) == "ben"


def test_giving_it_back_is_no_hand_over_to_anybody() -> None:
    told = handed_over()
    told.gives(ANNA, by=BEN, after=3)
    assert asked(told, after=4) == "anna"
    assert "steward:hand-over" not in told.decided(after=4).tags


def test_taken_back_by_the_giver_a_lapsed_hand_over_is_over() -> None:
    told = handed_over()
    told.gives(ANNA, by=ANNA, after=2 + DAY + 1)
    assert "first_responder.lapsed" not in told.decided(after=2 + DAY + 2).notes
    told.notes(BEN, after=2 + DAY + 3)
    assert asked(told, after=2 + DAY + 4) == "anna"


def test_a_late_sign_still_accepts_what_nobody_took_back() -> None:
    told = handed_over()
    told.notes(BEN, after=2 + DAY + 1)
    assert asked(told, after=2 + DAY + 2) == "ben"


def of_a_vip(text: str = "Where is my order?") -> Story:
    """Of tier serious from the moment it is a complaint."""
    told = Story().customer_writes_in(text, vip=True)
    told.gives(ANNA, by=ANNA, after=0.1)
    return told


def test_becoming_a_complaint_gives_no_request_back_to_who_handed_it_over() -> None:
    told = of_a_vip()
    told.gives(BEN, by=BEN, after=2)
    told.says("major", after=5)
    later = told.decided(after=6)
    assert later.fields["first_responder"] == "ben"
    assert "steward:hand-over" not in later.tags
    assert "first_responder.hand_over" not in later.notes


@pytest.mark.parametrize(
    ("words", "before"),
    [
        pytest.param("I complain.", (), id="by itself, after a working day"),
        pytest.param("Where is my order?", ("complaint",), id="by a word"),
        pytest.param("Where is my order?", ("request", "complaint"), id="by the second of two words"),
    ],
)
def test_a_complaint_already_is_not_taken_over_without_the_word(words: str, before: tuple[str, ...]) -> None:
    told = of_a_vip(words)
    for hours, word in enumerate(before, start=1):
        told.says(word, after=hours)
    told.gives(BEN, by=BEN, after=DAY + 1)
    told.says("serious", after=DAY + 2)
    assert asked(told, after=DAY + 3) == "anna"


def test_a_customers_later_words_of_danger_hand_nothing_over_in_hindsight() -> None:
    told = of_a_vip()
    told.says("complaint", after=1)
    told.gives(BEN, by=ANNA, after=2)
    told.notes(BEN, after=3)
    assert asked(told, after=4) == "anna"
    told.customer_writes("The device caught fire.", after=5)
    assert asked(told, after=6) == "anna"


def test_called_a_request_it_was_taken_over_as_one() -> None:
    told = of_a_vip()
    told.says("complaint", after=1)
    told.says("request", after=2)
    told.gives(BEN, by=BEN, after=3)
    told.says("serious", after=4)
    assert asked(told, after=5) == "ben"


def test_a_merged_complaint_makes_no_earlier_one_younger() -> None:
    told = of_a_vip("I complain.")
    told.gives(BEN, by=BEN, after=DAY + 1)
    told.tell(
        FactKind.RECEIVED_MERGE, after=DAY + 2, by=BEN, source_id=9, kind="complaint", tier="general",
        voiced_tier=None, voiced_at=None, accepted_at=None, first_asked=None, accountable=None,
    )  # fmt: skip
    assert asked(told, after=DAY + 3) == "anna"


@pytest.mark.parametrize("by", [ANNA, SYSTEM], ids=["by herself", "by Zammad"])
def test_a_change_to_nobody_is_no_hand_over(by: Actor) -> None:
    told = story()
    told.gives(ANNA, by=ANNA, after=1)
    told.gives(None, by=by, after=2)
    assert asked(told, after=3) == "anna"
    assert told.decided(after=3).tags == set()


def test_a_merge_brings_the_earliest_first_responder() -> None:
    told = story()
    earlier = told.started_at - timedelta(hours=3)
    told.tell(
        FactKind.RECEIVED_MERGE, after=1, by=BEN, source_id=9, kind="request", tier=None, accepted_at=None,
        first_asked={"login": "anna", "at": earlier.isoformat()}, accountable="anna",
    )  # fmt: skip
    told.answers(BEN, after=2)
    assert asked(told, after=3) == "anna"


# -- ping-pong --------------------------------------------------------------------------------------------------------


def test_three_hand_overs_without_an_answer_are_ping_pong() -> None:
    told = story()
    told.gives(ANNA, by=ANNA, after=1)
    for hours, to, by in ((2, BEN, ANNA), (3, CHIEF, BEN), (4, ANNA, CHIEF)):
        told.gives(to, by=by, after=hours)
        told.notes(to, after=hours + 0.5)
    assert "steward:ping-pong" in told.decided(after=5).tags
    told.answers(ANNA, after=6)
    assert "steward:ping-pong" not in told.decided(after=7).tags


def test_two_hand_overs_are_not_ping_pong() -> None:
    told = handed_over()
    told.notes(BEN, after=3)
    told.gives(ANNA, by=BEN, after=4)
    told.notes(ANNA, after=5)
    assert "steward:ping-pong" not in told.decided(after=6).tags


# -- silence and orphans ----------------------------------------------------------------------------------------------


def test_three_silent_working_days_are_told() -> None:
    told = story()
    told.gives(ANNA, by=ANNA, after=0.1)
    assert "first_responder.silence" not in told.decided(after=3 * DAY - 1).notes
    assert told.decided(after=3 * DAY).notes["first_responder.silence"].tell == ("anna",)
    told.notes(ANNA, after=3 * DAY + 1)
    assert "first_responder.silence" not in told.decided(after=3 * DAY + 2).notes


def test_while_we_wait_for_the_customer_nobody_has_to_write() -> None:
    told = Story().customer_writes_in("I want to complain.")
    told.says("complaint", after=1)
    told.gives(ANNA, by=ANNA, after=1)
    told.answers(ANNA, after=2)
    told.state("pending reminder", after=2)
    told.customer_writes("Here is the number.", after=5 * DAY)
    assert "first_responder.silence" not in told.decided(after=5 * DAY + 1).notes
    # five days on is a Saturday: three silent working days from then end on Wednesday evening
    assert "first_responder.silence" in told.decided(after=10 * DAY).notes


def test_an_answered_request_may_be_silent() -> None:
    told = story()
    told.answers(ANNA, after=1)
    assert "first_responder.silence" not in told.decided(after=20 * DAY).notes


@pytest.mark.parametrize(
    ("dropped", "hours"),
    [
        # Monday 9:00 in Berlin, open until 17:00: eight working hours end the day.
        pytest.param(False, 8, id="never owned: 8 working hours"),
        pytest.param(True, 6, id="dropped at 11:00: 4 working hours"),
    ],
)
def test_a_ticket_without_an_owner_becomes_an_orphan(*, dropped: bool, hours: float) -> None:
    told = supervised()
    if dropped:
        told.gives(ANNA, by=ANNA, after=1)
        told.gives(None, by=SYSTEM, after=2)
    assert "steward:orphan" not in told.decided(after=hours - 0.01).tags
    late = told.decided(after=hours)
    assert "steward:orphan" in late.tags
    assert late.notes["first_responder.orphan"].tell == ("chief",)
    told.gives(BEN, by=BEN, after=hours + 1)
    assert "steward:orphan" not in told.decided(after=hours + 2).tags


def test_an_owner_who_lost_the_group_leaves_an_orphan() -> None:
    told = supervised()
    told.gives(ANNA, by=ANNA, after=1)
    told.observe("owner_can_act", value=False, login="anna", after=2)
    assert "steward:orphan" in told.decided(after=6).tags


def test_an_owner_zammad_drops_later_was_lost_when_he_could_act_no_more() -> None:
    told = supervised()
    told.gives(ANNA, by=ANNA, after=1)
    told.observe("owner_can_act", value=False, login="anna", after=2)
    dropped = told.gives(None, by=SYSTEM, after=6)
    told.facts[-1] = replace(dropped, data={**dropped.data, "login_from": "anna"})
    assert "steward:orphan" in told.decided(after=6.1).tags


def test_a_closed_ticket_is_nobodys_orphan() -> None:
    told = story()
    told.closes(after=1)
    assert told.decided(after=100).tags == set()
