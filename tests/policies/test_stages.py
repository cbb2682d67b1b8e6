"""The stage a matter is in, the way it took, the plan, and the review of the result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.model.clocks import ClockState
from plugin.model.decision import TaskForm
from plugin.model.facts import FactKind
from plugin.model.pack import Pack, Tier
from plugin.model.stages import Step
from plugin.packs import load
from plugin.policies.stages import Options
from tests.policies.story import ANNA, BEN, CHIEF, MEI, STEWARD, Outcome, Story, shipped, with_people

PLAN = "Measures: exchange the pump\nPerson: ben\nDate: Friday"


def with_options(pack: Pack, options: Options) -> Pack:
    rules = tuple(replace(rule, options=options) if rule.policy == "stages" else rule for rule in pack.rules)
    return replace(pack, rules=rules)


def stage(story: Story, *, after: float) -> object:
    return story.decided(after=after).fields["stage"]


def way(told: Outcome) -> list[tuple[str, str | None]]:
    """The stages it took and who brought it there."""
    found = told.decision.finding("stages")
    assert found is not None
    assert isinstance(found.value, tuple)
    assert all(isinstance(step, Step) for step in found.value)
    return [(step.stage.value, step.by) for step in found.value]


def complaint(*words: str, **people: tuple[str, ...]) -> Story:
    """A complaint anna owns and said these words of."""
    story = Story(pack=with_people(shipped(), **people)).customer_writes_in("I complain.")
    story.gives(ANNA, by=ANNA, after=0.1)
    for word in ("complaint", *words):
        story.says(word, after=0.5)
    return story


def settled(story: Story, *, after: float = 3) -> Story:
    story.says("assessed", after=after - 1)
    story.answers(after=after)
    story.closes(after=after)
    return story


# -- stages -----------------------------------------------------------------------------------------------------------


def test_a_complaint_walks_through_the_five_steps() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    assert stage(story, after=1) == "accept"
    story.gives(ANNA, by=ANNA, after=2)
    assert stage(story, after=3) == "assess"
    story.says("assessed", after=4)
    assert stage(story, after=5) == "handle"
    story.answers(after=6)
    story.says("result-told", after=6)
    assert stage(story, after=7) == "feed_back"
    story.closes(after=8)
    assert stage(story, after=9) == "follow_up"
    story.says("satisfied", after=10)
    assert stage(story, after=11) == "done"


def test_the_way_is_kept_with_times_and_persons() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.gives(ANNA, by=ANNA, after=2)
    story.says("assessed", BEN, after=4)
    story.says("result-told", after=6)
    story.closes(CHIEF, after=8)
    story.says("satisfied", after=10)
    told = story.decided(after=11)
    assert way(told) == [
        ("accept", None), ("assess", "anna"), ("handle", "ben"), ("feed_back", "anna"), ("follow_up", "chief"),
        ("done", "anna"),
    ]  # fmt: skip
    found = told.decision.finding("stages")
    assert found is not None
    assert isinstance(found.value, tuple)
    assert [step.since for step in found.value] == [story.at(hours) for hours in (0, 2, 4, 6, 8, 10)]
    assert [step.until for step in found.value] == [*(story.at(hours) for hours in (2, 4, 6, 8, 10)), None]


def test_a_reopening_goes_back_and_is_kept() -> None:
    story = settled(complaint())
    story.reopens(ANNA, after=5)
    assert [name for name, _ in way(story.decided(after=6))][-2:] == ["follow_up", "feed_back"]


def test_a_request_is_handled_once_it_is_answered() -> None:
    story = Story().customer_writes_in()
    assert stage(story, after=1) == "accept"
    story.gives(ANNA, by=ANNA, after=2)
    assert stage(story, after=3) == "assess"
    story.answers(after=4)
    assert stage(story, after=5) == "handle"
    story.closes(after=6)
    assert stage(story, after=7) == "done"


def test_a_thank_you_on_a_closed_ticket_does_not_go_back() -> None:
    story = Story().customer_writes_in()
    story.answers(after=1)
    story.closes(after=2)
    story.customer_writes("Thanks", after=30)
    story.reopens(MEI, after=30)
    story.closes(after=31)
    assert stage(story, after=32) == "done"


def test_a_call_taken_is_answered_and_accepted_in_one() -> None:
    story = Story()
    story.begin(by=ANNA)
    story.takes_call()
    assert stage(story, after=1) == "handle"


def test_a_matter_dropped_by_its_owner_was_accepted_all_the_same() -> None:
    story = Story().customer_writes_in()
    story.gives(ANNA, by=ANNA, after=1)
    story.gives(None, by=ANNA, after=2)
    assert stage(story, after=3) == "assess"


def test_a_new_matter_begins_at_the_first_step() -> None:
    story = settled(complaint())
    story.customer_writes("Another thing.", after=20 * 24)
    story.reopens(MEI, after=20 * 24)
    story.gives(None, by=CHIEF, after=20 * 24 + 0.5)
    assert way(story.decided(after=20 * 24 + 1))[0] == ("accept", None)


def test_each_step_knows_by_when_it_is_to_be_done() -> None:
    story = complaint()
    found = story.decided(after=1).decision.finding("stage_until")
    assert found is not None
    assert found.value == story.decided(after=1).clock("assessment").limit_at


# -- steps passed over ------------------------------------------------------------------------------------------------


def passed_over(story: Story, *, after: float) -> list[str]:
    found = story.decided(after=after).decision.finding("passed_over")
    assert found is not None
    assert isinstance(found.value, tuple)
    return [str(one) for one in found.value]


def test_a_complaint_that_took_every_step_passed_over_none() -> None:
    assert passed_over(settled(complaint()), after=4) == []


def test_a_result_before_the_assessment_is_named() -> None:
    story = complaint()
    story.says("result-told", after=1)
    assert passed_over(story, after=2) == ["the result was told before it was assessed"]
    assert story.decided(after=2).notes == {}


def test_a_closing_without_assessment_or_result_is_named() -> None:
    story = complaint()
    story.closes(after=2)
    assert passed_over(story, after=3) == [
        "it was closed without being assessed",
        "it was closed without telling the customer a result",
    ]
    assert story.decided(after=3).notes == {}


def test_what_is_not_ours_need_not_take_every_step() -> None:
    story = complaint("not-ours")
    story.answers(after=1)
    story.closes(after=2)
    assert passed_over(story, after=3) == []


# -- tasks of the steps -----------------------------------------------------------------------------------------------


def test_steps_are_tasks_where_the_pack_asks_for_it() -> None:
    story = complaint("serious")
    story.pack = with_options(story.pack, Options(tasks_from=Tier.SERIOUS))
    tasks = story.decided(after=1).tasks
    steps = {key: (task.wanted, task.settled) for key, task in tasks.items() if key.startswith("step_")}
    assert steps == {
        "step_accept": (False, True),
        "step_assess": (False, True),
        "step_handle": (True, False),
        "step_feed_back": (False, False),
    }
    assert tasks["step_handle"].assignee == "anna"
    assert tasks["step_handle"].due_at == story.decided(after=1).clock("result").limit_at


def test_steps_are_no_tasks_by_default() -> None:
    assert set(complaint("major").decided(after=1).tasks) == {
        "management", "team", "investigate", "talk", "put_right", "plan",
    }  # fmt: skip


# -- the plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["serious", "major", "outside-help"])
def test_a_complex_complaint_has_a_plan_to_be_made(word: str) -> None:
    story = complaint(word)
    plan = story.decided(after=1).tasks["plan"]
    assert plan.wanted
    assert plan.assignee == "anna"
    assert plan.due_at == story.at(24.5)


def test_a_general_complaint_needs_no_plan() -> None:
    assert not complaint("general").decided(after=1).tasks["plan"].wanted


def test_a_pack_may_do_without_plans_and_reviews() -> None:
    story = settled(complaint("major", "outside-help"))
    story.pack = with_options(story.pack, Options(plan_from=None, review_from=None))
    assert not {"plan", "review"} & set(story.decided(after=1).tasks)
    assert not {"plan", "review"} & set(story.decided(after=4).tasks)


@pytest.mark.parametrize("name", ["fca-disp", "asic-rg271"])
def test_packs_of_other_standards_do(name: str) -> None:
    rule = next(rule for rule in load(name).rules if rule.policy == "stages")
    assert rule.options == Options(plan_from=None, review_from=None)


def test_plan_ready_settles_it_once_the_plan_is_named() -> None:
    story = complaint("serious")
    story.notes(after=1, text=PLAN)
    story.says("plan-ready", after=1.1)
    told = story.decided(after=2)
    assert (told.tasks["plan"].wanted, told.tasks["plan"].settled) == (False, True)
    assert told.notes == {}


def test_plan_ready_without_a_plan_is_refused_with_what_to_write() -> None:
    story = complaint("serious")
    story.notes(after=1, text="Measures: exchange the pump")
    story.says("plan-ready", after=1.1)
    told = story.decided(after=2)
    assert told.tasks["plan"].wanted
    note = told.notes["stages.refused.plan-ready"]
    assert note.asked
    assert str(note.lines[0]) == "The plan is not complete. Write in an internal note: “Person: …”, “Date: …”"


def test_the_lines_may_follow_the_word() -> None:
    story = complaint("serious")
    story.says("plan-ready", after=1)
    story.notes(after=2, text=PLAN)
    assert story.decided(after=1.5).tasks["plan"].wanted
    assert not story.decided(after=3).tasks["plan"].wanted


def test_a_complaint_that_is_grave_no_more_needs_no_plan() -> None:
    story = complaint("serious")
    story.says("general", after=1)
    assert not story.decided(after=2).tasks["plan"].wanted
    story.says("serious", after=3)
    again = story.decided(after=4).tasks["plan"]
    assert again.wanted
    assert again.epoch == "m1-2"


def test_in_need_of_outside_help_it_keeps_its_plan() -> None:
    story = complaint("serious", "outside-help")
    story.says("general", after=1)
    assert story.decided(after=2).tasks["plan"].wanted


def test_what_turns_out_to_be_a_request_needs_no_plan() -> None:
    story = complaint("serious")
    story.says("request", after=1)
    assert not story.decided(after=2).tasks["plan"].wanted


def test_a_dissatisfied_customers_new_plan_takes_the_place_of_the_first() -> None:
    story = settled(complaint("serious"))
    story.says("dissatisfied", after=5)
    story.reopens(STEWARD, after=5.1)
    tasks = story.decided(after=6).tasks
    assert (tasks["plan"].wanted, tasks["plan1"].wanted) == (False, True)


def test_plan_ready_settles_the_new_plan_too() -> None:
    story = complaint("serious")
    story.notes(after=1, text=PLAN)
    story.says("plan-ready", after=1.1)
    settled(story)
    story.says("dissatisfied", after=5)
    story.reopens(STEWARD, after=5.1)
    story.says("plan-ready", after=6)
    told = story.decided(after=7)
    assert told.tasks["plan1"].wanted, "the old plan is not the new one"
    assert told.notes["stages.refused.plan-ready"].asked
    story.notes(after=8, text=PLAN)
    told = story.decided(after=9)
    assert (told.tasks["plan1"].wanted, told.tasks["plan1"].settled) == (False, True)


# -- the review -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["serious", "major"])
def test_a_grave_complaint_is_reviewed_by_somebody_else_after_its_closing(tier: str) -> None:
    story = settled(complaint(tier, supervisors=("anna", "chief")))
    review = story.decided(after=4).tasks["review"]
    assert review.form is TaskForm.TICKET
    assert review.assignee == "chief"
    assert review.due_at == story.at(3 + 7 * 24)


def test_a_general_complaint_is_not_reviewed() -> None:
    assert not settled(complaint()).decided(after=4).tasks["review"].wanted


def test_what_is_called_grave_after_the_closing_is_reviewed_too() -> None:
    story = settled(complaint(supervisors=("chief",)))
    story.says("serious", after=24)
    review = story.decided(after=25).tasks["review"]
    assert (review.wanted, review.assignee, review.due_at) == (True, "chief", story.at(24 + 7 * 24))
    story.says("general", after=26)
    assert not story.decided(after=27).tasks["review"].wanted


def test_who_is_dissatisfied_after_the_closing_has_it_reopened_not_reviewed() -> None:
    story = settled(complaint(supervisors=("chief",)))
    story.says("dissatisfied", after=20)
    assert not story.decided(after=21).tasks["review"].wanted


def test_the_person_complained_about_does_not_review() -> None:
    story = complaint("serious", supervisors=("chief",), quality=("ben",))
    story.notes(after=1, text="About: chief")
    assert settled(story).decided(after=4).tasks["review"].assignee == "ben"


def test_where_everybody_handled_it_nobody_is_named() -> None:
    assert settled(complaint("serious", supervisors=("anna",))).decided(after=4).tasks["review"].assignee is None


def test_a_review_by_who_handled_it_does_not_count() -> None:
    story = settled(complaint("serious"))
    story.task_done("review", by=ANNA, after=5)
    told = story.decided(after=6)
    assert told.tasks["review2"].wanted
    reviewed = told.decision.finding("reviewed_by")
    assert reviewed is not None
    assert reviewed.value is None
    story.task_done("review2", by=BEN, after=7)
    reviewed = story.decided(after=8).decision.finding("reviewed_by")
    assert reviewed is not None
    assert reviewed.value == "ben"


def test_a_reopened_complaint_is_reviewed_after_its_last_closing() -> None:
    story = settled(complaint("serious"))
    first = story.decided(after=4).tasks["review"].epoch
    story.reopens(ANNA, after=5)
    assert not story.decided(after=6).tasks["review"].wanted
    story.closes(after=7)
    review = next(task for task in story.decided(after=8).decision.tasks if task.key == "review" and task.wanted)
    assert review.epoch != first


def test_who_is_dissatisfied_with_a_closing_has_it_reopened_not_reviewed() -> None:
    story = settled(complaint())
    story.says("dissatisfied", after=4)
    told = story.decided(after=4.1)
    assert told.fields["tier"] == "serious"
    assert "review" not in {task.key for task in told.decision.tasks if task.wanted}


def test_the_reviewer_learns_what_was_passed_over() -> None:
    story = complaint("serious")
    story.closes(after=2)
    because = str(story.decided(after=3).tasks["review"].because)
    assert because.endswith("to look at: it was closed without telling the customer a result.")


def test_the_review_does_not_hold_up_the_end() -> None:
    story = settled(complaint("serious"))
    story.tell(FactKind.TAG_ADDED, after=5, by=ANNA, tag="steward:say:satisfied")
    told = story.decided(after=6)
    assert told.fields["stage"] == "done"
    assert told.clock("follow_up_visit").state is ClockState.MET
    assert told.tasks["review"].wanted
