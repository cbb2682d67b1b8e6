"""What the demo measures would show what it promises never happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from plugin.demo import measuring, story
from plugin.demo.playing import play
from plugin.demo.stage import Stage, set_up
from plugin.demo.story import Mail, Step
from plugin.demo.watching import Watch

COMPLAINT = Mail("From: olga@customer.example\nTo: support@example.com\nSubject: Heater\n\nI want to complain.\n")
STEP = Step(at=story.BEGINS_AT + timedelta(minutes=5), ticket="heater", who="olga@customer.example", act=COMPLAINT)
LATER = STEP.at + timedelta(minutes=15)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with set_up(like="6.5", zammad_port=0, steward_port=0) as stage:
        yield stage


def measure(stage: Stage) -> measuring.Measured:
    return measuring.measure(stage, Watch(stage.service), stage.sandbox.clock.now())


def test_what_was_worked_is_neither_lost_nor_doubled(stage: Stage) -> None:
    play(stage, [STEP], ends_at=LATER, before=lambda _: None, after=lambda _: None)
    measured = measure(stage)
    assert (measured.heard, measured.lost, measured.doubled) == (1, 0, 0)
    assert measured.writes["tag"] == 1


def test_a_delivery_nobody_looked_after_is_lost_and_so_is_what_it_should_have_caused(stage: Stage) -> None:
    stage.people.do(STEP)
    stage.sandbox.run_until(LATER)
    measured = measure(stage)
    assert (measured.heard, measured.lost) == (1, 2)


def test_a_tag_that_is_there_twice_is_doubled(stage: Stage) -> None:
    play(stage, [STEP], ends_at=LATER, before=lambda _: None, after=lambda _: None)
    tags = stage.sandbox.world.tags
    tags.insert({name: value for name, value in next(iter(tags)).items() if name != "id"})
    assert measure(stage).doubled == 1


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        pytest.param('who = "anna"\nsay = "complaint"', "t.toml: step 1: 'at'", id="no moment"),
        pytest.param('at = 2026-11-02 09:00:00\nwho = "anna"\nshout = "x"', "found shout, allowed", id="no such act"),
        pytest.param('at = 2026-11-02 09:00:00\nwho = "a"\nsay = "x"\nnote = "y"', "found say, note", id="two acts"),
    ],
)
def test_a_mistake_in_a_story_names_file_and_step(row: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        list(story.of_text("t.toml", f"[[step]]\n{row}\n"))
