"""Who hears of it: tiers, the major response, the ladder."""

from __future__ import annotations

import pytest

from tests.policies.story import ANNA, CHIEF, Story, shipped, with_people

DAY = 24


def complaint(word: str = "complaint", **people: tuple[str, ...]) -> Story:
    story = Story(pack=with_people(shipped(), **people)).customer_writes_in("I complain.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says(word, after=0.5)
    return story


def test_a_major_complaint_brings_in_management_and_the_three_part_response() -> None:
    told = complaint("major", management=("boss",), legal=("law",)).decided(after=1)
    assert {"management", "team", "investigate", "talk", "put_right", "plan"} == set(told.tasks)
    assert told.notes["tiered_escalation.major"].tell == ("boss", "law")


def test_where_the_pack_names_nobody_first_responder_and_owner_are_told() -> None:
    told = complaint("major").decided(after=1)
    assert told.notes["tiered_escalation.major"].tell == ("anna",)


@pytest.mark.parametrize("word", ["general", "serious"])
def test_lesser_tiers_have_no_major_response(word: str) -> None:
    told = complaint(word).decided(after=1)
    assert {key for key, task in told.tasks.items() if task.rule.startswith("tiered_escalation")} == set()
    assert told.notes == {}


def test_the_ladder_goes_up_owner_supervisor_management() -> None:
    story = complaint(supervisors=("chief",), management=("boss",))
    warned = story.decided(after=18).notes["tiered_escalation.warning.first_response"]
    late = story.decided(after=24).notes["tiered_escalation.breach.first_response"]
    higher = story.decided(after=24 + DAY).notes["tiered_escalation.management.first_response"]
    assert (warned.tell, late.tell, higher.tell) == (("anna",), ("chief", "anna"), ("boss",))
    assert (warned.moment, late.moment) == (story.at(18), story.at(24))


def test_a_step_stands_alone_the_higher_replaces_the_lower() -> None:
    notes = complaint().decided(after=24).notes
    assert "tiered_escalation.warning.first_response" not in notes


def test_a_met_clock_tells_nobody() -> None:
    story = Story().customer_writes_in()
    story.gives(ANNA, by=ANNA, after=0.1)
    story.answers(after=1)
    assert story.decided(after=30).notes == {}


def test_a_paused_clock_tells_nobody() -> None:
    story = complaint()
    story.answers(after=1)
    story.says("assessed", after=1)
    story.answers(after=2)
    story.says("waiting", after=3)
    assert story.decided(after=47).notes == {}


def test_a_note_says_what_to_do_by_when_and_why() -> None:
    note = complaint().decided(after=20).notes["tiered_escalation.warning.first_response"]
    assert str(note.lines[0]) == "Answer the customer by 2026-03-03 08:00 UTC – first response 24 h, C3.1"
    assert str(note.ends_with) == "a public answer to the customer"


def test_the_next_step_names_the_nearest_promise() -> None:
    step = complaint().decided(after=1).decision.next_step
    assert step is not None
    assert str(step.text) == "Answer the customer by 2026-03-03 08:00 UTC"


@pytest.mark.parametrize("word", ["general", "request", "none"])
def test_tasks_of_a_complaint_no_longer_major_are_withdrawn(word: str) -> None:
    story = complaint("major")
    story.says(word, after=1)
    withdrawn = {task.key for task in story.decided(after=2).decision.tasks if not task.wanted}
    assert withdrawn - {"plan"} == {"management", "team", "investigate", "talk", "put_right"}


def test_tasks_of_a_complaint_major_again_are_others() -> None:
    story = complaint("major")
    first = story.decided(after=1).tasks["talk"].epoch
    story.says("general", after=2)
    story.says("major", after=3)
    again = story.decided(after=4).tasks["talk"]
    assert again.wanted
    assert again.epoch != first


@pytest.mark.parametrize("words", ["A lawyer will hear of it.", "The device caught fire."])
def test_what_the_customer_writes_later_tells_of_a_major_complaint_no_second_time(words: str) -> None:
    story = complaint("major", management=("boss",))
    first = story.decided(after=1)
    story.customer_writes(words, after=2)
    again = story.decided(after=3)
    assert again.notes["tiered_escalation.major"].epoch == first.notes["tiered_escalation.major"].epoch
    assert again.tasks["talk"].epoch == first.tasks["talk"].epoch
    assert again.tasks["talk"].due_at == first.tasks["talk"].due_at


def test_tasks_of_a_complaint_that_becomes_major_late_are_due_from_then_on() -> None:
    story = Story().customer_writes_in("I complain.")
    story.gives(ANNA, by=ANNA, after=0.5)
    story.says("complaint", after=1)
    story.says("major", by=CHIEF, after=30)
    tasks = story.decided(after=31).tasks
    assert tasks["talk"].due_at == story.at(30 + 24)  # the limit of the first response had passed
    assert tasks["investigate"].due_at == story.at(48)  # that of the assessment has not
    assert tasks["put_right"].due_at == story.at(48)


def test_tasks_of_a_complaint_that_is_major_in_time_are_due_with_its_promises() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("major", by=CHIEF, after=23)
    assert story.decided(after=23.5).tasks["talk"].due_at == story.at(24)


def test_what_is_called_major_after_the_closing_is_told_and_its_response_begins_when_it_is_opened_again() -> None:
    story = complaint(management=("dora",))
    story.answers(after=1)
    story.closes(after=2)
    assert "tiered_escalation.major_late" not in story.decided(after=3).notes
    story.says("major", after=4)
    told = story.decided(after=5)
    note = told.notes["tiered_escalation.major_late"]
    assert (note.tell, note.clause, note.moment) == (("dora",), "A2.1", story.at(4))
    assert "investigate" not in told.tasks
    story.reopens(ANNA, after=6)
    assert {"investigate", "talk", "put_right"} <= set(story.decided(after=7).tasks)


def test_what_was_major_before_the_closing_is_told_no_more_after_it() -> None:
    story = complaint("major", management=("dora",))
    story.answers(after=1)
    story.closes(after=2)
    story.says("major", after=4)
    assert "tiered_escalation.major_late" not in story.decided(after=5).notes


def test_whom_nobody_ever_answered_did_not_hear_from_us() -> None:
    story = complaint("major")
    waits = str(story.decided(after=1).clock("progress").because)
    assert waits.startswith("The customer has waited to hear from us since ")
    story.answers(after=2)
    assert str(story.decided(after=3).clock("progress").because).startswith("The customer last heard from us on ")
