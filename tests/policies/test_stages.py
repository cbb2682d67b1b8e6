"""The stage a matter is in."""

from __future__ import annotations

from tests.policies.story import ANNA, MEI, Story


def stage(story: Story, *, after: float) -> object:
    return story.decided(after=after).fields["stage"]


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
    story.task_done("follow_up", after=10)
    assert stage(story, after=11) == "done"


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
