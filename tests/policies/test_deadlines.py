"""The clocks: what starts, pauses, extends and ends each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.model.clocks import ClockState
from plugin.model.facts import FactKind
from plugin.model.people import SYSTEM
from tests.policies.story import ANNA, BEN, MEI, Story

DAY = 24


def complaint() -> Story:
    story = Story().customer_writes_in("I want to complain.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says("complaint", after=0.5)
    return story


# -- first response ---------------------------------------------------------------------------------------------------


def test_an_answer_in_time_stops_the_clock() -> None:
    story = Story().customer_writes_in()
    story.answers(after=3)
    clock = story.decided(after=100).clock("first_response")
    assert (clock.state, clock.ended_at) == (ClockState.MET, story.at(3))


@pytest.mark.parametrize(
    ("hours", "state", "tags"),
    [
        pytest.param(17.99, ClockState.RUNNING, set(), id="before the warning"),
        pytest.param(18, ClockState.RUNNING, {"steward:warned"}, id="75 %: warned"),
        pytest.param(23.99, ClockState.RUNNING, {"steward:warned"}, id="just before the limit"),
        pytest.param(24, ClockState.BREACHED, {"steward:breached"}, id="the limit: broken"),
    ],
)
def test_first_response_warns_then_breaks(hours: float, state: ClockState, tags: set[str]) -> None:
    story = Story().customer_writes_in()
    story.gives(ANNA, by=ANNA, after=0.1)
    told = story.decided(after=hours)
    assert told.clock("first_response").state is state
    assert told.tags == tags


def test_an_answer_at_the_very_limit_is_in_time() -> None:
    story = Story().customer_writes_in()
    story.answers(after=24)
    assert story.decided(after=30).clock("first_response").state is ClockState.MET


def test_a_late_answer_leaves_the_clock_broken_until_the_matter_closes() -> None:
    story = Story().customer_writes_in()
    story.gives(ANNA, by=ANNA, after=0.1)
    story.answers(after=26)
    told = story.decided(after=27)
    assert (told.fields["breached"], told.tags) == ("first_response", {"steward:breached"})
    story.closes(after=28)
    told = story.decided(after=29)
    assert (told.fields["breached"], told.tags) == ("first_response", set())


@pytest.mark.parametrize(
    "article",
    [
        pytest.param({"internal": True}, id="internal"),
        pytest.param({"type": "note", "communication": False}, id="a note is no message"),
        pytest.param({"to_customer": False}, id="to somebody else"),
        pytest.param({"failed": True}, id="known to have failed"),
        pytest.param({"automatic": True}, id="automatic"),
        pytest.param({"by": SYSTEM, "sender": "System"}, id="by a trigger"),
    ],
)
def test_what_is_no_answer(article: dict[str, object]) -> None:
    story = Story().customer_writes_in()
    said = {"by": ANNA, "sender": "Agent", "type": "email", "to_customer": True} | article
    story.article("…", after=1, **said)  # type: ignore[arg-type]
    assert story.decided(after=2).clock("first_response").is_open


def test_a_call_an_agent_took_is_answered_when_it_is_recorded() -> None:
    story = Story().begin(by=ANNA)
    story.takes_call(ANNA)
    assert story.decided(after=1).clock("first_response").state is ClockState.MET


def test_closing_without_an_answer_is_a_deviation() -> None:
    story = Story().customer_writes_in()
    story.closes(after=2)
    assert story.decided(after=30).clock("first_response").state is ClockState.CLOSED_UNANSWERED


def test_closing_with_an_answer_in_one_act_answers() -> None:
    story = Story().customer_writes_in()
    story.closes(after=2)
    story.answers(after=2 + 0.005 / 3600)  # Zammad records the state first, the article some milliseconds after it
    assert story.decided(after=30).clock("first_response").state is ClockState.MET


def test_answering_and_closing_in_one_put_is_an_answer() -> None:
    story = Story().customer_writes_in()
    story.closes(after=2)
    story.answers(after=2 + 0.1 / 3600)
    clock = story.decided(after=30).clock("first_response")
    assert clock.state is ClockState.MET


def test_an_automatic_reply_of_the_customer_changes_nothing() -> None:
    story = Story().customer_writes_in()
    before = story.decided(after=5).decision.fields
    story.customer_writes("Out of office", after=4, automatic=True)
    assert story.decided(after=5).decision.fields == before


# -- the clocks of a complaint ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("first_response", timedelta(hours=24)),
        ("assessment", timedelta(hours=48)),
        ("notice", timedelta(hours=48)),
        ("result", timedelta(hours=48)),
    ],
)
def test_a_complaints_clocks_run_from_acceptance(name: str, limit: timedelta) -> None:
    story = complaint()
    clock = story.decided(after=1).clock(name)
    assert (clock.starts_at, clock.limit_at) == (story.started_at, story.started_at + limit)


def test_a_request_has_the_first_response_only() -> None:
    told = Story().customer_writes_in().decided(after=1)
    assert [c.name for c in told.decision.clocks] == ["first_response"]


@pytest.mark.parametrize("word", ["assessed", "not-ours", "outside-help", "serious"])
def test_words_that_end_the_assessment(word: str) -> None:
    story = complaint()
    story.says(word, after=5)
    assert story.decided(after=6).clock("assessment").ended_at == story.at(5)


def test_a_nature_alone_is_no_assessment() -> None:
    story = complaint()
    story.sets("steward_nature", "service", after=5)
    assert story.decided(after=6).clock("assessment").is_open


def test_outside_help_starts_the_coordination_and_its_task_ends_it() -> None:
    story = complaint()
    story.says("outside-help", after=5)
    told = story.decided(after=6)
    assert told.clock("coordination").limit_at == story.at(29)
    assert "coordinate" in told.tasks
    story.task_done("coordinate", after=7)
    assert story.decided(after=8).clock("coordination").state is ClockState.MET


def test_the_notice_is_an_answer_after_the_assessment() -> None:
    story = complaint()
    story.answers(after=1)
    story.says("assessed", after=5)
    assert story.decided(after=6).clock("notice").is_open
    story.answers(after=7)
    assert story.decided(after=8).clock("notice").ended_at == story.at(7)


def test_the_result_is_told_by_word() -> None:
    story = complaint()
    story.says("result-told", after=9)
    assert story.decided(after=10).clock("result").ended_at == story.at(9)


def test_the_result_is_told_by_closing_after_an_answer() -> None:
    story = complaint()
    story.answers(after=9)
    story.closes(after=9)
    assert story.decided(after=10).clock("result").state is ClockState.MET


def test_not_ours_ends_the_clocks_once_the_customer_is_told() -> None:
    story = complaint()
    story.says("not-ours", after=2)
    assert story.decided(after=3).clock("result").is_open
    story.answers(after=4)
    told = story.decided(after=100)
    assert {c.state for c in told.decision.clocks if c.name in ("result", "resolution")} == {ClockState.CANCELLED}
    assert told.fields["next_due"] is None


def test_progress_is_owed_on_major_matters_every_three_working_days() -> None:
    story = complaint()
    assert not story.decided(after=1).has_clock("progress")
    story.says("major", after=1)
    story.answers(after=2)
    clock = story.decided(after=3).clock("progress")
    assert (clock.starts_at, clock.limit_at) == (story.at(2), story.at(2 + 3 * DAY))


# -- waiting for the customer -----------------------------------------------------------------------------------------


def waiting() -> Story:
    story = complaint()
    story.answers(after=10)
    story.state("pending reminder", after=10)
    return story


def test_a_reminder_after_our_word_pauses_result_and_resolution() -> None:
    told = waiting().decided(after=40)
    assert told.clock("result").state is ClockState.PAUSED
    assert told.tags == {"steward:waiting"}
    assert told.clock("assessment").state is ClockState.RUNNING


def test_the_customers_next_message_ends_the_waiting_and_the_clock_is_that_much_later() -> None:
    story = waiting()
    story.customer_writes(after=40)
    told = story.decided(after=41)
    assert told.clock("result").limit_at == story.at(48 + 30)
    assert "steward:waiting" not in told.tags


def test_a_reminder_while_the_customer_waits_for_us_is_no_waiting() -> None:
    story = complaint()
    story.state("pending reminder", after=10)
    assert story.decided(after=20).clock("result").state is ClockState.RUNNING


def test_waiting_never_pauses_the_first_response() -> None:
    story = Story().customer_writes_in()
    story.says("waiting", after=1)
    assert story.decided(after=2).clock("first_response").state is ClockState.RUNNING


def test_waiting_ends_after_fourteen_days() -> None:
    story = waiting()
    assert story.decided(after=10 + 14 * DAY - 1).clock("result").state is ClockState.PAUSED
    assert story.decided(after=10 + 14 * DAY + 1).clock("result").state is ClockState.RUNNING


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda s: s.says("resume", after=20), id="resume"),
        pytest.param(lambda s: s.state("open", after=20, was="pending reminder"), id="the reminder is taken off"),
    ],
)
def test_agents_end_the_waiting(end: object) -> None:
    story = waiting()
    end(story)  # type: ignore[operator]
    assert story.decided(after=21).clock("result").limit_at == story.at(48 + 10)


def test_an_automatic_reply_does_not_resume() -> None:
    story = waiting()
    story.customer_writes("Out of office", after=20, automatic=True)
    assert story.decided(after=21).clock("result").state is ClockState.PAUSED


# -- resolution -------------------------------------------------------------------------------------------------------


def test_resolution_ends_at_the_closing() -> None:
    story = complaint()
    story.closes(after=50)
    assert story.decided(after=60).clock("resolution").ended_at == story.at(50)


def test_a_reopening_within_fourteen_days_continues_without_the_closed_time() -> None:
    story = complaint()
    story.answers(after=10)
    story.closes(after=10)
    story.reopens(BEN, after=10 + 5 * DAY)
    plain = complaint().decided(after=1).clock("resolution").limit_at
    assert story.decided(after=11 + 5 * DAY).clock("resolution").limit_at == plain + timedelta(days=5)


@pytest.mark.parametrize(
    ("hours", "epoch"),
    [
        pytest.param(14 * DAY, "m1", id="the fourteenth day to the minute: the same matter"),
        pytest.param(14 * DAY + 0.01, "m2", id="later: a new one"),
    ],
)
def test_the_fourteen_days_of_a_reopening_are_whole_days(hours: float, epoch: str) -> None:
    story = Story().customer_writes_in()
    story.answers(after=10)
    story.closes(after=10)
    story.reopens(BEN, after=10 + hours)
    assert story.decided(after=11 + hours).decision.clocks[0].epoch == epoch


def test_after_a_mail_on_a_closed_ticket_the_clocks_wait_for_an_agent() -> None:
    story = complaint()
    story.answers(after=10)
    story.closes(after=10)
    story.customer_writes("Thank you!", after=30)
    story.reopens(MEI, after=30)
    assert story.decided(after=31).clock("resolution").ended_at == story.at(10)
    story.notes(after=33)
    told = story.decided(after=34)
    assert told.clock("resolution").is_open
    assert told.clock("resolution").pauses[0].until == story.at(33)


def test_closing_again_after_a_thank_you_was_never_a_reopening() -> None:
    story = complaint()
    story.answers(after=10)
    story.closes(after=10)
    story.customer_writes("Thank you!", after=30)
    story.reopens(MEI, after=30)
    story.closes(after=33)
    assert story.decided(after=40).clock("resolution").ended_at == story.at(10)


def test_a_mail_on_a_closed_ticket_nobody_touches_reopens_after_one_working_day() -> None:
    story = complaint()
    story.answers(after=10)
    story.closes(after=10)
    story.customer_writes("It is broken again.", after=30)
    story.reopens(MEI, after=30)
    assert not story.decided(after=30 + 23).clock("resolution").is_open
    assert story.decided(after=30 + 25).clock("resolution").is_open


# -- the extension ----------------------------------------------------------------------------------------------------


def extended(*, reason: bool = True, told: bool = True) -> Story:
    story = complaint()
    if reason:
        story.notes(after=100, text="The part comes from overseas.")
    story.says("extend", after=100.1)
    if told:
        story.answers(after=101)
    return story


def test_an_extension_with_reason_and_message_gives_sixty_days() -> None:
    story = extended()
    clock = story.decided(after=102).clock("resolution")
    assert abs(clock.limit_at - story.started_at - timedelta(days=60)) <= timedelta(hours=1)  # summer time begins
    assert clock.extended_from is not None
    assert story.decided(after=500).clock("resolution").limit_at == clock.limit_at


def test_an_extension_without_a_reason_is_refused_at_once() -> None:
    told = extended(reason=False).decided(after=102)
    assert told.clock("resolution").extended_from is None
    note = told.notes["deadlines.refused.extend"]
    assert note.asked
    assert "reason" in str(note.because)


def test_an_extension_the_customer_was_not_told_of_does_not_count() -> None:
    assert extended(told=False).decided(after=102).clock("resolution").extended_from is None


@pytest.mark.parametrize(
    ("noted", "is_reason"),
    [
        pytest.param(100 - 9 / 60, True, id="nine minutes before the word"),
        pytest.param(100 - 11 / 60, False, id="eleven minutes before"),
        pytest.param(100 + 1 / 60, False, id="a minute after"),
    ],
)
def test_a_reason_is_a_note_of_the_ten_minutes_before_the_word(noted: float, is_reason: bool) -> None:
    story = complaint()
    story.notes(after=noted, text="The part comes from overseas.")
    story.says("extend", after=100)
    story.answers(after=101)
    told = story.decided(after=102)
    assert (told.clock("resolution").extended_from is not None) is is_reason
    assert ("deadlines.refused.extend" in told.notes) is not is_reason


def test_an_extension_the_customer_hears_of_after_the_limit_does_not_count() -> None:
    story = complaint()
    story.notes(after=29 * DAY, text="The part comes from overseas.")
    story.says("extend", after=29 * DAY + 0.1)
    story.answers(after=31 * DAY)
    assert story.decided(after=31 * DAY + 1).clock("resolution").extended_from is None


def test_a_second_extension_is_refused() -> None:
    story = extended()
    story.notes(after=200)
    story.says("extend", after=200.1)
    story.answers(after=201)
    assert "once already" in str(story.decided(after=202).notes["deadlines.refused.extend"].because)


def test_an_extension_after_the_limit_is_refused() -> None:
    story = complaint()
    story.notes(after=31 * DAY)
    story.says("extend", after=31 * DAY + 0.1)
    assert "passed" in str(story.decided(after=31 * DAY + 1).notes["deadlines.refused.extend"].because)


# -- what comes next --------------------------------------------------------------------------------------------------


def test_the_next_due_field_names_the_earliest_unmet_limit() -> None:
    story = complaint()
    told = story.decided(after=1)
    assert (told.fields["next_due"], told.fields["next_due_at"]) == ("first_response", story.at(24))
    story.answers(after=2)
    assert story.decided(after=3).fields["next_due_at"] == story.at(48)


def test_a_past_limit_stays_the_next_due_until_it_is_met() -> None:
    story = Story().customer_writes_in()
    assert story.decided(after=500).fields["next_due_at"] == story.at(24)


def test_every_moment_at_which_something_changes_is_looked_at() -> None:
    story = Story().customer_writes_in()
    story.gives(ANNA, by=ANNA, after=0.1)
    seen = set()
    hours = 1.0
    for _ in range(4):
        look = story.decided(after=hours).decision.next_look
        assert look is not None
        hours = (look.at - story.started_at) / timedelta(hours=1)
        seen.add(round(hours, 2))
    assert {18, 24} <= seen


def test_a_request_that_becomes_a_complaint_keeps_what_it_had_broken() -> None:
    story = Story().customer_writes_in("Where is my order?")
    later = story.customer_writes("Now I complain!", after=30)
    story.says("complaint", after=31)
    told = story.decided(after=32)
    assert told.fields["breached"] == "first_response"
    assert told.clock("first_response", epoch="m1-complaint").starts_at == later.at


def test_the_clock_of_a_request_keeps_its_epoch_when_a_complaint_comes_of_it() -> None:
    story = Story().customer_writes_in()
    before = story.decided(after=1).clock("first_response")
    story.customer_writes("I complain.", after=5)
    story.says("complaint", after=6)
    told = story.decided(after=7)
    assert told.clock("first_response", epoch=before.epoch).limit_at == before.limit_at
    assert told.clock("first_response").limit_at == story.at(29)


@pytest.mark.parametrize(
    ("merged_after", "breached"),
    [(20, None), (30, "first_response")],
    ids=["in time", "late"],
)
def test_a_merge_with_an_earlier_acceptance_ends_what_the_ticket_owed_itself(
    merged_after: float, breached: str | None
) -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.takes_call(after=-2)
    earlier = story.at(-2).isoformat()
    story.tell(
        FactKind.RECEIVED_MERGE, after=merged_after, by=ANNA, source_id=9, kind="complaint", tier="general",
        accepted_at=earlier, first_asked=None, accountable=None,
    )  # fmt: skip
    told = story.decided(after=merged_after + 1)
    assert told.fields["breached"] == breached
    assert told.clock("first_response", epoch="m1").starts_at == story.at(-2)


def test_what_was_late_before_a_merge_is_not_told_again() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.takes_call(after=-2)
    story.tell(
        FactKind.RECEIVED_MERGE, after=30, by=ANNA, source_id=9, kind="complaint", tier="general",
        accepted_at=story.at(-2).isoformat(), first_asked=None, accountable=None,
    )  # fmt: skip
    assert story.decided(after=31).clock("first_response", epoch="m1-own").ended_at == story.at(30)


def test_what_broke_while_it_was_major_stays_broken_in_a_lower_tier() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("major", after=1)
    story.answers(after=2)
    assert "progress" in str(story.decided(after=4 * 24).fields["breached"])
    story.says("serious", after=4 * 24 + 1)
    told = story.decided(after=4 * 24 + 2)
    assert "progress" in str(told.fields["breached"])
    assert not told.clock("progress").is_open


def test_what_was_kept_while_it_was_major_leaves_nothing_in_a_lower_tier() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("major", after=1)
    story.answers(after=2)
    story.says("serious", after=24)
    assert not story.decided(after=10 * 24).has_clock("progress")


def test_a_clock_tells_all_that_stopped_it_and_what_its_limit_was_before() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.answers(after=1)
    story.says("waiting", after=2)
    story.says("resume", after=12)
    story.closes(after=20)
    story.reopens(ANNA, after=50)
    story.notes(after=60, text="The part comes next month.")
    story.says("extend", after=60.1)
    story.answers(after=61)
    clock = story.decided(after=100).clock("resolution")
    assert [(pause.since, pause.until) for pause in clock.pauses] == [
        (story.at(2), story.at(12)),
        (story.at(20), story.at(50)),
    ]
    assert clock.extended_from is not None
    assert clock.limit_at - clock.extended_from == timedelta(days=30)


# -- the promised moment ----------------------------------------------------------------------------------------------


def promised() -> Story:
    """ "We call you on Thursday", said on Tuesday at nine."""
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.promises(after=24, due=72)
    return story


def test_an_answer_with_a_reminder_is_a_promise_with_a_clock_of_its_own() -> None:
    story = promised()
    clock = story.decided(after=30).clock("promised")
    assert (clock.starts_at, clock.target_at, clock.limit_at) == (story.at(24 + 0.1 / 3600), story.at(72), story.at(74))
    assert (clock.state, clock.clause) == (ClockState.RUNNING, "D5.1")


@pytest.mark.parametrize(
    ("called_after", "state"),
    [
        pytest.param(71, None, id="called before it"),
        pytest.param(73.9, None, id="called within the grace"),
        pytest.param(75, ClockState.BREACHED, id="called too late"),
        pytest.param(None, ClockState.BREACHED, id="never called"),
    ],
)
def test_a_promise_is_kept_by_the_next_word_to_the_customer(called_after: float | None, state: str | None) -> None:
    story = promised()
    if called_after is not None:
        story.article("Called her.", after=called_after, by=ANNA, sender="Agent", type="phone", to_customer=True)
    told = story.decided(after=80)
    assert told.has_clock("promised") is (state is not None)
    if state is not None:
        assert told.clock("promised").state == state


def test_a_reminder_moved_in_silence_releases_nobody_from_a_promise() -> None:
    story = promised()
    later = f"{story.at(200):%Y-%m-%d %H:%M:%S} UTC"
    story.tell(FactKind.CHANGED, after=70, by=ANNA, attribute="pending_time", to=later)
    assert story.decided(after=75).clock("promised").breached_at == story.at(74)


def test_a_promise_made_anew_before_its_moment_takes_the_place_of_the_old_one() -> None:
    story = promised()
    story.promises(after=70, due=100)
    clocks = [c for c in story.decided(after=75).decision.clocks if c.name == "promised"]
    assert [c.target_at for c in clocks] == [story.at(100)]


def test_a_reminder_of_ones_own_promises_nothing() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.answers(after=1)
    story.state("pending reminder", after=2)
    moment = f"{story.at(72):%Y-%m-%d %H:%M:%S} UTC"
    story.tell(FactKind.CHANGED, after=2, by=ANNA, attribute="pending_time", to=moment)
    assert not story.decided(after=80).has_clock("promised")


def test_a_question_with_a_reminder_waits_and_promises_nothing() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.promises(after=5, due=72, text="Which serial number does it have?")
    told = story.decided(after=80)
    assert not told.has_clock("promised")
    assert "steward:waiting" in story.decided(after=6).tags


def test_a_closing_settles_what_was_promised_for_good() -> None:
    story = promised()
    story.closes(after=60)
    story.reopens(ANNA, after=90)
    assert not story.decided(after=100).has_clock("promised")


def test_of_a_promised_moment_zammad_reminds_and_steward_only_says_that_it_was_missed() -> None:
    story = promised()
    assert not any("promised" in rule for rule in story.decided(after=73).notes)
    assert "tiered_escalation.breach.promised" in story.decided(after=75).notes
