"""A replay finds nothing in a server that does as recorded, and finds whatever is planted in its answers."""

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plugin.sandbox.conform.bench import Answer
from plugin.sandbox.conform.credentials import Credentials
from plugin.sandbox.conform.deliveries import arrival_of
from plugin.sandbox.conform.directions import script_of
from plugin.sandbox.conform.identities import NUMBER_IN_TEXT, TOKEN_IN_TEXT, kind_of_key
from plugin.sandbox.conform.likeness import LEFT_OUT
from plugin.sandbox.conform.moments import TIME
from plugin.sandbox.conform.replay import Replay
from plugin.sandbox.conform.report import Difference, Report
from plugin.sandbox.conform.requests import Request
from plugin.sandbox.conform.stories import Step, Story, in_order, read_story, stories_in
from tests.sandbox.echo import EchoBench

RECORDINGS = Path(__file__).parents[1] / "recordings"
SEED = 7


@pytest.fixture(scope="module", params=["zammad-6.1", "zammad-6.5"])
def stories(request: pytest.FixtureRequest) -> list[Story]:
    return in_order(read_story(path) for path in stories_in(RECORDINGS / request.param).values())


def replayed(stories: list[Story], *, plant_in: tuple[str, int] | None = None, plant: Any = None) -> list[Difference]:
    """What a replay of an echo finds, with one answer of one story replaced."""
    scripts = {story.name: script_of(story) for story in stories}
    bench = EchoBench(stories[0], scripts[stories[0].name])
    replay = Replay(bench, stories=stories, scripts=scripts)
    report = Report()
    for story in stories:
        bench.turn_to(story, scripts[story.name])
        bench.plant = partial(_planted, story.name, plant_in, plant)
        replay.play(story, scripts[story.name], report=report)
    return report.differences


def _planted(story: str, plant_in: tuple[str, int] | None, plant: Any, step: Step, body: Any) -> Any:
    return plant if plant_in == (story, step.index) else body


def test_a_server_that_does_as_recorded_has_no_differences(stories: list[Story]) -> None:
    assert len(stories) > 50
    assert [difference.line() for difference in replayed(stories)] == []


def test_a_planted_value_is_found_wherever_it_is(stories: list[Story]) -> None:
    picked = random.Random(SEED)
    for number in range(25):
        story, step = _some_answer(stories, picked)
        body, path = _with_a_plant(_answer(step), picked, number)
        found = replayed([story], plant_in=(story.name, step.index), plant=body)
        assert any(difference.step == step.index for difference in found), (story.name, step.index, path)


@dataclass
class Contrary(EchoBench):
    """An echo that gives the answer of one step another status of the same hundred."""

    at: int = -1

    def call(self, request: Request) -> Answer:
        before = list(self.rest)
        answer = super().call(request)
        answered = before[: len(before) - len(self.rest)]
        return replace(answer, status=answer.status + 7) if answered and answered[-1].index == self.at else answer


def test_another_status_of_the_same_kind_is_found(stories: list[Story]) -> None:
    picked = random.Random(SEED)
    for _ in range(10):
        story, step = _some_request(stories, picked)
        script = script_of(story)
        report = Report()
        replay = Replay(Contrary(story, script, at=step.index), stories=[story], scripts={story.name: script})
        replay.play(story, script, report=report)
        found = [difference for difference in report.differences if difference.step == step.index]
        assert [difference.what for difference in found] == ["status"], (story.name, step.index)


def _some_request(stories: list[Story], picked: random.Random) -> tuple[Story, Step]:
    """A step that was answered, good or bad, and sent by itself."""
    while True:
        story = picked.choice(stories)
        step = picked.choice(story.steps)
        alone = not any(step.index in group for group in script_of(story).parallel)
        if step.kind == "rest" and alone and step.record["response"]["status"] and not Credentials.are_missing(step):
            return story, step


def _some_answer(stories: list[Story], picked: random.Random) -> tuple[Story, Step]:
    """A step whose answer, or delivery, is whole and has something to change."""
    while True:
        story = picked.choice(stories)
        script = script_of(story)
        step = picked.choice(story.steps)
        if step.kind not in ("rest", "webhook") or any(step.index in group for group in script.parallel):
            continue
        if step.kind == "rest" and not 200 <= (step.record["response"]["status"] or 0) < 300:
            continue
        if step.kind == "rest" and Credentials.are_missing(step):
            continue  # it was sent with a token of a sign-in page, and is not replayed
        if _answer(step) is not None and list(_changeable(_answer(step))):
            return story, step


def _answer(step: Step) -> Any:
    body = step.record["response"]["body"] if step.kind == "rest" else arrival_of(step).body
    return body if isinstance(body, dict) and "__shortened__" not in body else None


def _with_a_plant(body: Any, picked: random.Random, number: int) -> tuple[Any, str]:
    """The body with one value changed that no mapping may explain away."""
    changed = deepcopy(body)
    holder, key, path = picked.choice(list(_changeable(changed)))
    value = holder[key]
    holder[key] = not value if isinstance(value, bool) else f"{value or ''} planted {number}"
    return changed, path


def _changeable(value: Any, path: str = "") -> Iterator[tuple[dict[str, Any], str, str]]:
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _changeable(inner, f"{path}.{key}")
        elif isinstance(inner, bool) or inner is None or (isinstance(inner, str) and not _explained(key, inner)):
            yield value, key, f"{path}.{key}"


def _explained(key: str, text: str) -> bool:
    patterns = (TIME, LEFT_OUT, NUMBER_IN_TEXT, TOKEN_IN_TEXT)
    return kind_of_key(key) is not None or any(pattern.search(text) for pattern in patterns)
