"""Interruptions: told, reported, news until restored, then reviewed and verified (E4.1, E4.3)."""

from __future__ import annotations

from plugin.model.clocks import ClockState
from plugin.model.decision import TaskForm
from tests.policies.story import ANNA, BEN, Story, shipped, with_people


def interrupted(**people: tuple[str, ...]) -> Story:
    """Customers write that the shop is down; an hour later Anna says it is an interruption."""
    story = Story(pack=with_people(shipped(), **people)).customer_writes_in("The shop is down.")
    story.gives(ANNA, by=ANNA, after=0.5)
    story.says("interruption", after=1)
    return story


def test_a_first_answer_and_a_report_are_owed_from_the_word_on() -> None:
    told = interrupted().decided(after=2)
    limits = {name: told.clock(name).limit_at for name in ("interruption_answer", "interruption_report")}
    story = interrupted()
    assert limits == {"interruption_answer": story.at(25), "interruption_report": story.at(49)}
    assert {"interruption_answer", "interruption_report"} == {t.key for t in told.tasks.values() if t.wanted}


def test_who_leads_hears_of_it_once_in_answer_to_the_word() -> None:
    note = interrupted(supervisors=("chief",)).decided(after=2).notes["interruptions.opened"]
    assert (note.tell, note.asked, note.clause) == (("chief", "anna"), True, "E4.3")


def test_a_public_answer_tells_the_customers_and_begins_the_next_interval() -> None:
    story = interrupted()
    story.answers(after=3)
    told = story.decided(after=4)
    assert told.clock("interruption_answer").state is ClockState.MET
    assert told.clock("interruption_update").limit_at == story.at(27)
    assert not told.tasks["interruption_answer"].wanted


def test_the_task_for_all_customers_being_ticked_tells_them_too() -> None:
    story = interrupted()
    story.task_done("interruption_answer", after=3)
    assert story.decided(after=4).clock("interruption_update").starts_at == story.at(3)


def test_news_are_owed_at_every_interval_until_it_is_restored() -> None:
    story = interrupted()
    story.answers(after=3)
    story.answers(after=20)
    assert story.decided(after=30).clock("interruption_update").limit_at == story.at(44)
    late = story.decided(after=50)
    assert "interruption_update" in str(late.fields["breached"])
    story.says("restored", after=51)
    restored = story.decided(after=200)
    assert [c.ended_at for c in restored.decision.clocks if c.name == "interruption_update"] == [story.at(51)]


def test_restored_in_time_nothing_more_is_told() -> None:
    story = interrupted()
    story.answers(after=3)
    story.says("restored", after=10)
    assert not story.decided(after=100).has_clock("interruption_update")


def test_after_it_is_restored_it_is_reviewed_and_the_effect_verified() -> None:
    story = interrupted(supervisors=("chief",), quality=("quinn",))
    story.says("restored", after=10)
    tasks = story.decided(after=11).tasks
    made = {key: (task.form, task.assignee) for key, task in tasks.items() if key.endswith(("review", "verify"))}
    assert made == {
        "interruption_review": (TaskForm.TICKET, "quinn"),
        "interruption_verify": (TaskForm.TICKET, "chief"),
    }


def test_what_is_restored_is_still_to_be_reported() -> None:
    story = interrupted()
    story.says("restored", after=10)
    assert story.decided(after=60).clock("interruption_report").state is ClockState.BREACHED
    story.task_done("interruption_report", after=61)
    assert story.decided(after=62).clock("interruption_report").ended_at == story.at(61)


def test_customers_of_linked_tickets_are_told_once() -> None:
    story = interrupted()
    story.observe("linked", after=1.5, tickets=[8, 9], untold=[9])
    assert story.decided(after=2).tasks["interruption_linked"].wanted
    story.observe("linked", after=3, tickets=[8, 9], untold=[])
    assert not story.decided(after=4).tasks["interruption_linked"].wanted


def test_said_again_after_it_was_restored_it_is_another_one() -> None:
    story = interrupted()
    story.answers(after=3)
    story.says("restored", after=10)
    story.says("interruption", by=BEN, after=100)
    told = story.decided(after=101)
    assert told.clock("interruption_answer").limit_at == story.at(124)
    assert told.tasks["interruption_answer2"].wanted


def test_restored_where_nothing_was_interrupted_is_answered() -> None:
    story = Story().customer_writes_in("The shop is down.")
    story.says("restored", after=1)
    assert story.decided(after=2).notes["interruptions.refused.restored"].asked
