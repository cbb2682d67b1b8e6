"""Stories need no others than the set-up: whatever lies between is told apart from what the sandbox does wrong."""

from __future__ import annotations

import io
import json
import lzma
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from plugin.sandbox.conform import conform
from plugin.sandbox.conform.directions import script_of
from plugin.sandbox.conform.replay import Replay
from plugin.sandbox.conform.report import Report
from plugin.sandbox.conform.sandbox_bench import SandboxBench
from plugin.sandbox.conform.stories import SET_UP, Story, in_order, read_story, stories_in

RECORDINGS = Path(__file__).parents[1] / "recordings"
SEED = 11
RESTS_ON_OTHERS = frozenset({"data_privacy", "reads_ticket", "search", "agent_tools", "errors_auth"})
"""Stories that list what others made, or rest on rights others gave."""


def replayed(stories: list[Story], *, counted: list[Story]) -> Report:
    """The report on some stories, after others."""
    scripts = {story.name: script_of(story) for story in stories}
    replay = Replay(SandboxBench(like=stories[0].like, start=stories[0].starts_at), stories=stories, scripts=scripts)
    report = Report()
    for story in stories:
        replay.play(story, scripts[story.name], report=report if story in counted else Report())
    return report


@pytest.mark.parametrize("server", ["zammad-6.1", "zammad-6.5"])
def test_a_story_by_itself_has_no_differences(server: str) -> None:
    told = in_order(read_story(path) for path in stories_in(RECORDINGS / server).values())
    set_up = [story for story in told if story.name in SET_UP]
    others = [story for story in told if story.name not in SET_UP | RESTS_ON_OTHERS]
    picked = random.Random(SEED).sample(others, 8)
    print(server, SEED, [story.name for story in picked])
    for story in picked:
        report = replayed(in_order([*set_up, story]), counted=[story])
        assert [difference.line() for difference in report.differences] == [], story.name


def unpacked(name: str, folder: Path, *, changed: Any = None) -> Path:
    """A recorded story of 6.5 as a plain file in a folder of its own."""
    content = json.loads(lzma.decompress((RECORDINGS / "zammad-6.5" / f"{name}.json.xz").read_bytes()))
    path = folder / "zammad-6.5" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(changed(content) if changed else content), encoding="utf-8")
    return path


def told(*files: Path, json_too: bool = False) -> list[str]:
    """What the command prints of files, the stories before them taken from the recordings."""
    out = io.StringIO()
    conform(files, recordings=RECORDINGS, json=json_too, out=out)
    return out.getvalue().splitlines()


def test_a_story_can_lie_anywhere_under_any_name_and_be_given_twice(tmp_path: Path) -> None:
    plain = unpacked("no_op_put", tmp_path)
    renamed = plain.with_name("another.json")
    shutil.copy(plain, renamed)
    summary = told(plain)[-1]
    assert ", 0 differences," in summary
    assert told(renamed)[-1] == summary
    assert told(plain, renamed)[-1] == summary


def test_directions_come_from_the_recordings_where_a_story_has_none_above_it(tmp_path: Path) -> None:
    assert ", 0 differences," in told(unpacked("trigger_kinds", tmp_path))[-1]


def test_a_direction_that_is_not_understood_is_a_difference(tmp_path: Path) -> None:
    story = unpacked("no_op_put", tmp_path)
    strange = {"after_step": 1, "before_step": 2, "do": "check", "name": "phase of the moon"}
    entry = {"directions": [strange], "projected_steps": [], "parallel_steps": []}
    (tmp_path / "directions.json").write_text(json.dumps({"zammad-6.5": {"no_op_put": entry}}), encoding="utf-8")
    lines = told(story)
    assert any("not understood" in line for line in lines)
    assert ", 1 differences," in lines[-1]


def test_a_webhook_about_a_stranger_s_ticket_has_no_cause_and_says_so(tmp_path: Path) -> None:
    def with_a_stranger(content: dict[str, Any]) -> dict[str, Any]:
        index, hook = next((place, step) for place, step in enumerate(content["steps"]) if step["kind"] == "webhook")
        body = json.loads(hook["request"]["body_raw"])
        body["ticket"]["id"], body["article"] = 99999, {}
        request = {**hook["request"], "body_raw": json.dumps(body)}
        request["headers"] = [[name, "0f0f0f0f-0000-4000-8000-00000000ffff" if name == "X-Zammad-Delivery" else value]
                              for name, value in request["headers"]]  # fmt: skip
        content["steps"].insert(index + 1, {**hook, "request": request})
        return content

    lines = told(unpacked("no_op_put", tmp_path, changed=with_a_stranger))
    assert any("no cause (about a ticket that no recorded step made)" in line for line in lines)
    assert ", 0 differences," in lines[-1]


def test_a_request_without_an_answer_and_without_words_is_left_out(tmp_path: Path) -> None:
    def unanswered(content: dict[str, Any]) -> dict[str, Any]:
        reads = [step for step in content["steps"] if step["kind"] == "rest" and step["request"]["method"] == "GET"]
        reads[0]["response"] = {"status": None, "headers": None, "body": None}
        return content

    assert ", 0 differences," in told(unpacked("no_op_put", tmp_path, changed=unanswered))[-1]


def test_a_step_that_breaks_the_replay_is_a_difference_and_the_run_goes_on(tmp_path: Path) -> None:
    def oddly_answered(content: dict[str, Any]) -> dict[str, Any]:
        first = next(step for step in content["steps"] if step["kind"] == "rest")
        first["response"]["headers"] = ["none"]
        return content

    lines = told(unpacked("state_life", tmp_path, changed=oddly_answered))
    assert any("broke: " in line for line in lines)
    assert lines[-1].startswith("conform: ")


def test_each_value_without_a_cause_says_why_in_json(tmp_path: Path) -> None:
    def signed_by_nobody(content: dict[str, Any]) -> dict[str, Any]:
        for step in content["steps"]:
            if step["kind"] == "webhook":
                body = json.loads(step["request"]["body_raw"])
                body["ticket"]["group"] |= {"note": "meanwhile", "updated_at": "2026-11-21T07:22:00.000Z"}
                step["request"]["body_raw"] = json.dumps(body)
        return content

    (line,) = told(unpacked("create_by_phone", tmp_path, changed=signed_by_nobody), json_too=True)
    report = json.loads(line)
    reasons = {row["path"].rpartition(".")[2]: row["no_cause"] for row in report["no_cause"]}
    assert reasons["note"] == "done by others in a pause between two stories"
    assert all(reasons.values())
    assert report["differences"] == []
