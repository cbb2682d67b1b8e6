"""After closing: confirmation, visit, and the loop for a customer who is not satisfied."""

from __future__ import annotations

from plugin.model.clocks import ClockState
from plugin.model.decision import TaskForm
from plugin.model.facts import FactKind
from tests.policies.story import ANNA, STEWARD, Story, shipped, with_people


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
    assert [(t.key, t.form, t.assignee) for t in told.tasks.values()] == [("follow_up", TaskForm.TICKET, "anna")]


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


def test_with_the_switch_on_the_confirmation_is_a_message_and_the_visit_a_task() -> None:
    story = closed()
    told = story.decided(after=3, customer_mail=True)
    assert [m.template for m in told.decision.messages] == ["confirmation"]
    story.article("It is done.", after=4, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"])
    assert story.decided(after=5, customer_mail=True).clock("confirmation").state is ClockState.MET


def test_what_was_not_ours_has_no_visit() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("complaint", after=0.5)
    story.says("not-ours", after=1)
    story.answers(after=1.5)
    story.closes(after=2)
    assert story.decided(after=3).tasks == {}


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


def test_a_task_reopened_is_not_done() -> None:
    story = closed()
    values = {"task": "follow_up", "op_key": "one"}
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
