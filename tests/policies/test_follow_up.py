"""After closing: confirmation, visit, and the loop for a customer who is not satisfied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugin.model.clocks import ClockState
from plugin.model.decision import TaskForm
from plugin.model.facts import FactKind
from plugin.policies import follow_up
from tests.policies.story import ANNA, MEI, STEWARD, Story, shipped, with_people


def closed(**people: tuple[str, ...]) -> Story:
    story = Story(pack=with_people(shipped(), **people)).customer_writes_in("I complain.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says("complaint", after=0.5)
    story.answers(after=1)
    story.closes(after=2)
    return story


def test_a_closed_complaint_owes_confirmation_and_visit_in_one_task_ticket() -> None:
    story = closed()
    told = story.decided(after=3)
    assert told.clock("confirmation").limit_at == story.at(26)
    assert told.clock("follow_up_visit").limit_at == story.at(26)
    wanted = [(t.key, t.form, t.assignee) for t in told.tasks.values() if t.wanted]
    assert wanted == [("follow_up", TaskForm.TICKET, "anna")]


def test_the_task_done_settles_both() -> None:
    story = closed()
    story.task_done("follow_up", after=5)
    told = story.decided(after=6)
    assert {told.clock(n).state for n in ("confirmation", "follow_up_visit")} == {ClockState.MET}
    assert told.fields["stage"] == "done"


def test_requests_are_not_followed_up() -> None:
    story = Story().customer_writes_in()
    story.answers(after=1)
    story.closes(after=2)
    told = story.decided(after=3)
    assert told.tasks == {}
    assert told.fields["stage"] == "done"


def test_the_survey_has_seven_days_and_is_asked_with_the_visit() -> None:
    story = closed()
    told = story.decided(after=3)
    assert told.clock("survey").limit_at == story.at(2 + 7 * 24)
    assert "from 1 (very bad) to 5 (very good)" in str(told.tasks["follow_up"].lines[0])
    story.task_done("follow_up", after=5)
    assert story.decided(after=6).clock("survey").state is ClockState.MET


@pytest.mark.parametrize(
    ("days_before", "asked"),
    [
        pytest.param(29, False, id="surveyed less than a month ago"),
        pytest.param(31, True, id="surveyed longer ago"),
    ],
)
def test_a_customer_is_surveyed_once_in_thirty_days(days_before: int, asked: bool) -> None:
    story = closed()
    story.observe("surveyed", after=2.1, at=story.at(-24 * days_before).isoformat())
    told = story.decided(after=3)
    assert told.has_clock("survey") is asked
    assert bool(told.tasks["follow_up"].lines) is asked


def test_a_ticket_closed_again_is_not_surveyed_again() -> None:
    story = closed()
    story.article("It is done.", after=3, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"])
    story.reopens(ANNA, after=30)
    story.closes(after=40)
    told = story.decided(after=41, customer_mail=True)
    assert not told.has_clock("survey")
    assert [m.template for m in told.decision.messages] == ["confirmation"]


def test_what_steward_told_while_the_ticket_was_open_was_no_survey() -> None:
    story = closed()
    told = "We know of the interruption."
    story.article(told, after=0.7, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"])
    assert story.decided(after=3).has_clock("survey")


def test_with_the_switch_on_one_message_confirms_asks_and_surveys() -> None:
    story = closed()
    assert story.decided(after=2.9, customer_mail=True).decision.messages == ()
    told = story.decided(after=3, customer_mail=True)
    assert [m.template for m in told.decision.messages] == ["closing"]
    assert [t.key for t in told.tasks.values() if t.wanted] == []
    story.article("It is done.", after=4, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"])
    settled = story.decided(after=5, customer_mail=True)
    assert {settled.clock(n).state for n in ("confirmation", "follow_up_visit", "survey")} == {ClockState.MET}
    assert settled.fields["stage"] == "done"


def test_a_serious_matter_is_asked_about_by_phone_beside_the_message() -> None:
    story = closed()
    story.says("serious", after=1.5)
    told = story.decided(after=3, customer_mail=True)
    assert [m.template for m in told.decision.messages] == ["closing"]
    assert "by phone" in str(told.tasks["follow_up"].title)
    story.article("It is done.", after=4, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"])
    waiting = story.decided(after=5, customer_mail=True)
    assert waiting.clock("confirmation").state is ClockState.MET
    assert waiting.clock("follow_up_visit").is_open
    assert waiting.tasks["follow_up"].wanted


def test_a_message_that_is_too_late_is_for_a_person() -> None:
    story = closed()
    told = story.decided(after=26 + 25, customer_mail=True)
    assert told.decision.messages == ()
    assert told.tasks["follow_up"].wanted
    assert "confirm in writing" in str(told.tasks["follow_up"].title)


def test_the_visit_ends_at_the_attempt_and_the_task_waits_for_its_outcome() -> None:
    story = closed()
    story.article("Nobody picks up.", after=20, by=ANNA, sender="Agent", type="phone", to_customer=True)
    told = story.decided(after=30)
    assert told.clock("follow_up_visit").state is ClockState.MET
    assert told.clock("confirmation").state is ClockState.BREACHED
    assert told.tasks["follow_up"].wanted
    assert told.fields["stage"] == "follow_up"


def test_two_tries_that_reach_nobody_are_an_outcome() -> None:
    story = closed()
    for hours in (5, 5.1, 25):
        story.article("Nobody picks up.", after=hours, by=ANNA, sender="Agent", type="phone", to_customer=True)
    once = story.decided(after=24)
    assert once.tasks["follow_up"].wanted
    twice = story.decided(after=26)
    assert not twice.tasks["follow_up"].wanted
    assert (finding := twice.decision.finding("visit_outcome")) is not None
    assert finding.value == "unreachable"
    assert twice.fields["stage"] == "done"


def test_the_answer_that_closes_is_no_visit() -> None:
    story = closed()
    story.answers(after=2 + 0.2 / 3600)
    assert story.decided(after=3).clock("follow_up_visit").is_open


def test_a_visit_that_nothing_shows_does_not_count() -> None:
    story = closed()
    story.task_done("follow_up", after=5, proved=False)
    told = story.decided(after=6)
    assert told.clock("follow_up_visit").is_open
    note = told.notes["follow_up.unproven"]
    assert (note.asked, note.tell) == (True, ("anna",))
    story.notes(after=7, text="She is happy.")
    later = story.decided(after=8)
    assert later.clock("follow_up_visit").ended_at == story.at(7)
    assert "follow_up.unproven" not in later.notes


def test_the_quality_department_visits_rather_than_the_handler() -> None:
    story = closed(quality=("anna", "quinn"))
    assert story.decided(after=3).tasks["follow_up"].assignee == "quinn"


def test_what_broke_after_a_closing_stays_broken_when_it_is_reopened() -> None:
    story = closed()
    story.reopens(ANNA, after=30)
    told = story.decided(after=31)
    assert told.fields["breached"] == "confirmation,follow_up_visit"
    assert not told.clock("confirmation").is_open


def test_what_was_reopened_in_time_owed_no_confirmation() -> None:
    story = closed()
    story.reopens(ANNA, after=20)
    assert not story.decided(after=60).has_clock("confirmation")


def test_an_acknowledgement_names_the_next_promised_moment() -> None:
    rules = tuple(
        replace(rule, options=follow_up.Options(acknowledge=True)) if rule.policy == "follow_up" else rule
        for rule in shipped().rules
    )
    story = Story(pack=replace(shipped(), rules=rules)).customer_writes_in()
    told = story.decided(after=0.1, customer_mail=True)
    assert [(m.template, str(dict(m.values)["answer_by"])) for m in told.decision.messages] == [
        ("acknowledgement", "2026-03-03 08:00 UTC")
    ]
    assert story.decided(after=0.1).decision.messages == ()
    story.answers(after=1)
    assert story.decided(after=2, customer_mail=True).decision.messages == ()


def test_what_was_not_ours_has_no_visit() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.says("not-ours", after=1)
    story.answers(after=1.5)
    story.closes(after=2)
    assert not any(task.wanted for task in story.decided(after=3).tasks.values())


def test_what_was_not_ours_owed_no_visit_when_the_customer_writes_again() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.says("not-ours", after=1)
    story.answers(after=1.5)
    story.closes(after=2)
    story.customer_writes("Thank you, that is all.", after=30)
    story.reopens(by=MEI, after=30)
    assert not story.decided(after=31).has_clock("confirmation")


def test_what_was_late_after_a_closing_stays_late_though_it_turns_out_not_ours() -> None:
    story = closed()
    story.reopens(by=ANNA, after=60)
    story.says("not-ours", after=61)
    assert story.decided(after=62).clock("confirmation").was_broken


def test_a_dissatisfied_customer_reopens_one_tier_up_with_a_new_plan() -> None:
    story = closed()
    story.says("dissatisfied", after=3)
    told = story.decided(after=3.1)
    assert [t.state_type for t in told.decision.ticket] == ["open"]
    assert told.fields["tier"] == "serious"
    assert "plan1" in told.tasks
    assert told.notes["follow_up.dissatisfied"].asked


def test_a_newer_plan_takes_the_place_of_one_nobody_made() -> None:
    story = closed()
    for hours in (3, 5, 7):
        story.says("dissatisfied", after=hours)
        story.reopens(STEWARD, after=hours + 0.1)
        story.closes(after=hours + 1)
    told = story.decided(after=8.1)
    plans = {key: task.wanted for key, task in told.tasks.items() if key.startswith("plan")}
    assert plans == {"plan1": False, "plan2": False, "plan3": True}


def test_managements_final_answer_leaves_the_last_plan_standing() -> None:
    story = closed()
    for hours in (3, 4, 5, 6):
        story.says("dissatisfied", after=hours)
    told = story.decided(after=7)
    assert [key for key, task in told.tasks.items() if task.wanted] == ["plan3", "final_answer"]


def test_reopened_by_steward_the_clocks_go_on_at_once() -> None:
    story = closed()
    story.says("dissatisfied", after=3)
    story.reopens(STEWARD, after=3.1)
    told = story.decided(after=3.2)
    assert told.clock("resolution").is_open
    assert told.decision.ticket == ()
    assert told.fields["stage"] == "feed_back"


def test_after_three_rounds_managements_final_answer_ends_it() -> None:
    story = closed(management=("boss",))
    hours = 3.0
    for _ in range(3):
        story.says("dissatisfied", after=hours)
        story.reopens(STEWARD, after=hours + 0.1)
        story.answers(after=hours + 0.2)
        story.closes(after=hours + 0.3)
        hours += 1
    story.says("dissatisfied", after=hours)
    told = story.decided(after=hours + 0.1)
    assert told.decision.ticket == ()
    assert told.notes["follow_up.final_answer"].tell == ("boss",)
    assert told.tasks["final_answer"].assignee == "boss"
    assert told.tasks["final_answer"].form is TaskForm.TICKET


def test_a_task_reopened_is_not_done() -> None:
    story = closed()
    values: dict[str, Any] = {"task": "follow_up", "op_key": "one", "proved": True}
    story.tell(FactKind.TASK_DONE, after=5, by=ANNA, **values)
    assert story.decided(after=6).clock("follow_up_visit").state == "met"
    story.tell(FactKind.TASK_REOPENED, after=7, by=ANNA, **values)
    assert story.decided(after=8).clock("follow_up_visit").is_open


def test_dissatisfied_about_a_request_is_answered_with_what_to_say() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.says("dissatisfied", after=1)
    assert story.decided(after=2).notes["follow_up.refused.dissatisfied"].asked
    story.says("complaint", after=3)
    assert "follow_up.refused.dissatisfied" not in story.decided(after=4).notes


def test_what_is_called_grave_after_the_closing_is_asked_about_by_phone() -> None:
    story = closed()
    story.says("serious", after=2.5)
    told = story.decided(after=3, customer_mail=True)
    assert told.tasks["follow_up"].wanted
    assert "by phone" in str(told.tasks["follow_up"].title)
    assert [m.template for m in told.decision.messages] == ["closing"]


def test_a_visit_that_was_settled_before_is_not_made_again_by_phone() -> None:
    story = closed()
    story.article("It is done.", after=3, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"])
    story.says("serious", after=5)
    told = story.decided(after=6, customer_mail=True)
    assert not told.tasks["follow_up"].wanted
    assert told.fields["stage"] == "done"


@pytest.mark.parametrize(
    ("tier", "ends"), [("serious", "open again, one tier up."), ("major", "the matter is open again.")]
)
def test_the_note_says_one_tier_up_only_where_there_is_one(tier: str, ends: str) -> None:
    story = closed()
    story.says(tier, after=2.5)
    story.says("dissatisfied", after=3)
    assert str(story.decided(after=3.1).notes["follow_up.dissatisfied"].lines[0]).endswith(ends)
