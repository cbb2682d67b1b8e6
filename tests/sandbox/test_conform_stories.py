"""Stories and stage directions are read as they were recorded."""

import itertools
import json
import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.sandbox.conform.directions import Direction, Script, length, moment, script_of
from plugin.sandbox.conform.stories import Story, StoryError, in_order, read_story, stories_in
from plugin.sandbox.conform.timeline import events

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORDINGS = Path(__file__).parents[1] / "recordings"


def rest(t: float, *, ms: float = 100.0, method: str = "PUT", body: Any = None) -> dict[str, Any]:
    request = {"method": method, "path": "/api/v1/tickets/7", "headers": {}, "body": {}}
    response = {"status": 200, "headers": {}, "body": body}
    return {"t": t, "kind": "rest", "name": "x", "as": "agent", "request": request, "response": response, "ms": ms}


def webhook(t: float, *, updated_at: str = "2026-11-21T11:00:00.000Z") -> dict[str, Any]:
    body = {"ticket": {"id": 7, "updated_at": updated_at}, "article": {}}
    request = {"method": "POST", "path": "/observe", "headers": [], "body_raw": json.dumps(body)}
    return {
        "t": t,
        "kind": "webhook",
        "name": "w",
        "request": request,
        "replied": 202,
        "received_at": f"2026-11-21T11:58:{t:06.3f}Z",
    }


def story_file(folder: Path, *steps: dict[str, Any], name: str = "tale") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    story = {"story": name, "zammad": "6.1.x", "recorded_at": "2026-11-21T12:00:00Z", "steps": list(steps)}
    path.write_text(json.dumps(story))
    return path


def story(tmp_path: Path, *steps: dict[str, Any]) -> Story:
    return read_story(story_file(tmp_path / "zammad-6.1", *steps))


def test_a_story_ends_when_it_was_recorded(tmp_path: Path) -> None:
    read = story(tmp_path, rest(0.0), rest(9.9))
    assert (NOON - read.starts_at).total_seconds() == pytest.approx(10.0)
    assert (read.server, read.like) == ("zammad-6.1", "6.1")


def test_a_webhook_tells_the_start_exactly(tmp_path: Path) -> None:
    assert story(tmp_path, rest(0.0), webhook(3.25)).starts_at == datetime(2026, 11, 21, 11, 58, tzinfo=UTC)


def test_a_compressed_story_is_the_same(tmp_path: Path) -> None:
    plain = story_file(tmp_path / "a", rest(0.0))
    (tmp_path / "b").mkdir()
    packed = tmp_path / "b" / "tale.json.xz"
    packed.write_bytes(lzma.compress(plain.read_bytes()))
    assert read_story(packed).steps == read_story(plain).steps
    assert stories_in(tmp_path / "b") == {"tale": packed}


@pytest.mark.parametrize("content", ["", "{}", '{"story": 1, "steps": [{}]}', "[]"])
def test_what_is_no_story_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(StoryError, match=r"x\.json: not a recorded story"):
        read_story(path)


def test_stories_go_in_the_order_of_their_recording() -> None:
    read = [read_story(path) for path in stories_in(RECORDINGS / "zammad-6.5").values()]
    names = [one.name for one in in_order(read)]
    assert names[:4] == ["setup_people", "setup_attributes", "setup_automation", "setup_reads"]
    assert names[-1] == "tags_and_links"


@pytest.mark.parametrize("server", ["zammad-6.1", "zammad-6.5"])
def test_every_step_lies_in_the_time_of_its_story(server: str) -> None:
    stories = in_order(read_story(path) for path in stories_in(RECORDINGS / server).values())
    for before, after in itertools.pairwise(stories):
        assert before.starts_at < after.starts_at, (before.name, after.name)
    assert len(stories) == 56


def test_a_direction_goes_between_its_steps(tmp_path: Path) -> None:
    read = story(tmp_path, rest(0.0), rest(1.0), webhook(5.0))
    script = Script(directions=(Direction(after_step=0, before_step=2, do="check", detail={"name": "pending"}),))
    order = [event.step.index if event.step is not None else "check" for event in events(read, script)]
    assert order == [0, 1, "check", 2]


def test_a_body_tells_the_moment_of_a_direction(tmp_path: Path) -> None:
    read = story(tmp_path, rest(0.0), webhook(9.0, updated_at="2026-11-21T11:58:05.500Z"))
    script = Script(directions=(Direction(0, 1, "shift", {"id": 7, "object": "ticket"}),))
    assert [event.seconds for event in events(read, script) if event.direction] == [5.5]


def test_a_request_takes_effect_when_its_answer_was_saved(tmp_path: Path) -> None:
    slow = rest(1.0, ms=4000, body={"id": 7, "updated_at": "2026-11-21T11:58:04.000Z"})
    read = story(tmp_path, webhook(0.5), slow, webhook(3.0))
    assert [event.step.index for event in events(read, Script()) if event.step] == [0, 2, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOON),
        ("now-1 min", NOON.replace(hour=11, minute=59)),
        ("now+10 min", NOON.replace(minute=10)),
        ("now-25 h", NOON.replace(day=20, hour=11)),
        ("2026-10-23T14:00:00Z", datetime(2026, 10, 23, 14, tzinfo=UTC)),
    ],
)
def test_moments_of_directions(text: str, expected: datetime) -> None:
    assert moment(text, now=NOON) == expected


def test_amounts_of_directions() -> None:
    assert length("-230 min").total_seconds() == -230 * 60


def test_directions_are_found_above_the_story(tmp_path: Path) -> None:
    read = story(tmp_path, rest(0.0))
    assert script_of(read) == Script()
    entry = {
        "directions": [{"after_step": -1, "before_step": 0, "do": "setting", "name": "x", "value": 1}],
        "projected_steps": [0],
        "parallel_steps": [[0, 1]],
        "foreign_rows": True,
        "foreign_steps": [0],
    }
    (tmp_path / "directions.json").write_text(json.dumps({"zammad-6.1": {"tale": entry}}))
    script = script_of(read)
    assert script.projected == {0}
    assert script.group_of(1) == {0, 1}
    assert [direction.do for direction in script.before(0)] == ["setting"]
    (tmp_path / "directions.json").write_text("{")
    with pytest.raises(StoryError, match="not stage directions"):
        script_of(read)
