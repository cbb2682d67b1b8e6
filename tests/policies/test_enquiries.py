"""Enquiries before a sale: recorded, and passed to those who sell where the pack names them (D3.1)."""

from __future__ import annotations

import pytest

from plugin.model.people import Actor, Role
from tests.policies.story import ANNA, Story, shipped, with_people

SAM = Actor(11, "sam", Role.AGENT)
ENQUIRY = "How much is the blue bicycle? I would like to buy one."


def asked(words: str = ENQUIRY, *, sales: tuple[str, ...] = ("sam",)) -> Story:
    return Story(pack=with_people(shipped(), sales=sales)).customer_writes_in(words)


def test_an_enquiry_is_a_task_of_those_who_sell() -> None:
    story = asked()
    task = story.decided(after=1).tasks["enquiry"]
    assert (task.wanted, task.assignee, task.due_at) == (True, "sam", story.at(24))


def test_where_nobody_is_named_it_is_recorded_and_no_more() -> None:
    outcome = asked(sales=()).decided(after=1)
    assert "enquiry" not in outcome.tasks
    found = outcome.decision.finding("enquiry")
    assert found is not None
    assert found.value is True


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "owned"])
def test_it_is_passed_on_once_somebody_who_sells_has_it(answered: bool) -> None:
    story = asked()
    if answered:
        story.answers(SAM, after=1)
    else:
        story.gives(SAM, by=ANNA, after=1)
    assert not story.decided(after=2).tasks["enquiry"].wanted


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("Ich möchte ein Angebot für zehn Stück.", id="German"),
        pytest.param("请问怎么购买?", id="Chinese"),
    ],
)
def test_it_is_understood_in_other_languages(words: str) -> None:
    assert asked(words).decided(after=1).tasks["enquiry"].wanted


def test_a_question_about_an_order_is_no_enquiry() -> None:
    assert "enquiry" not in asked("Where is my order?").decided(after=1).tasks


def test_what_turns_out_a_complaint_is_no_enquiry() -> None:
    story = asked()
    story.says("complaint", after=2)
    assert not story.decided(after=3).tasks["enquiry"].wanted
