"""Recorded stories: what a real Zammad was asked, answered and sent, as values that can be replayed.

A story is one JSON file (or the same compressed, ``.json.xz``) in the folder of its server; the folder above
holds ``directions.json``. The recorder wrote ``recorded_at`` when the story was over (the creation times inside
every story show it), so a story starts at ``received_at - t`` of its first webhook; where it has none, what its
first POST made tells it, or else ``recorded_at`` less its own length.
"""

import json
import lzma
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from plugin.sandbox.conform.moments import TIME, time_of
from plugin.sandbox.manners import Like

SET_UP = frozenset({"setup_people", "setup_attributes", "setup_automation"})
"""Stories before which the recorder did not flush phantoms."""


class StoryError(Exception):
    """A file that is no recorded story; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a story; ``seconds`` counts from the start of the story, ``lasts`` is in seconds too."""

    index: int
    kind: str
    seconds: float
    lasts: float
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the recorder called the step."""
        return str(self.record.get("name", self.kind))

    @property
    def ends(self) -> float:
        """Seconds from the start of the story to the last byte of the answer."""
        return self.seconds + self.lasts


@dataclass(frozen=True, slots=True)
class Story:
    """A recorded story of one server (``zammad-6.1`` or ``zammad-6.5``) with its moment in real time."""

    name: str
    server: str
    folder: Path
    recorded_at: datetime
    starts_at: datetime
    steps: tuple[Step, ...]

    @property
    def like(self) -> Like:
        """The version a sandbox must be like."""
        return "6.1" if self.server == "zammad-6.1" else "6.5"

    @property
    def ends_at(self) -> datetime:
        """The moment of its last answer."""
        return self.at(max((step.ends for step in self.steps), default=0.0))

    def at(self, seconds: float) -> datetime:
        """The moment ``seconds`` after the start."""
        return self.starts_at + timedelta(seconds=seconds)


def read_story(path: Path) -> Story:
    """Read one story file.

    Raises:
        StoryError: the file cannot be read, is not JSON or lacks what a story must have.

    """
    try:
        content = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        record = json.loads(content)
        steps = tuple(_step(index, line) for index, line in enumerate(record["steps"]))
        recorded_at = datetime.fromisoformat(record["recorded_at"]).astimezone(UTC)
        return Story(
            name=record["story"],
            server="zammad-" + str(record["zammad"]).removesuffix(".x"),
            folder=path.parent,
            recorded_at=recorded_at,
            starts_at=_start(recorded_at, steps),
            steps=steps,
        )
    except (OSError, lzma.LZMAError, ValueError, KeyError, TypeError) as problem:
        raise StoryError(f"{path}: not a recorded story: {type(problem).__name__}: {problem}") from problem


def stories_in(folder: Path) -> dict[str, Path]:
    """The story files of a folder by story name; a plain file is taken before its compressed copy."""
    compressed = {path.name.removesuffix(".json.xz"): path for path in folder.glob("*.json.xz")}
    plain = {path.stem: path for path in folder.glob("*.json")}
    return {**compressed, **plain}


def in_order(stories: Iterable[Story]) -> list[Story]:
    """Stories as they happened, each once: what was recorded at one moment is one story, whatever its file's name."""
    once = {story.recorded_at: story for story in stories}
    return [once[moment] for moment in sorted(once)]


def earlier_stories(given: Sequence[Story], *, folder: Path) -> list[Story]:
    """The stories of ``folder`` that came before the last of the given ones, without these themselves."""
    names, moments = {story.name for story in given}, {story.recorded_at for story in given}
    last = in_order(given)[-1]
    others = (read_story(path) for name, path in stories_in(folder).items() if name not in names)
    earlier = (story for story in others if story.server == last.server and story.recorded_at <= last.recorded_at)
    return [story for story in earlier if story.recorded_at not in moments]


def _step(index: int, line: Mapping[str, Any]) -> Step:
    milliseconds = line.get("ms") or 0.0
    return Step(index=index, kind=line["kind"], seconds=line["t"], lasts=milliseconds / 1000, record=line)


def _start(recorded_at: datetime, steps: Sequence[Step]) -> datetime:
    for step in steps:
        if step.kind == "webhook":
            received_at = datetime.fromisoformat(step.record["received_at"]).astimezone(UTC)
            return received_at - timedelta(seconds=step.seconds)
    length = max((step.ends for step in steps), default=0.0)
    latest = recorded_at - timedelta(seconds=length)
    for step in steps:
        made_at = _made_at(step)
        if made_at is not None:
            return min(made_at - timedelta(seconds=step.seconds + step.lasts / 2), latest)
    return latest


def _made_at(step: Step) -> datetime | None:
    """When a request made something, where its answer says so."""
    if step.kind != "rest" or step.record["request"]["method"] != "POST" or step.record["response"]["status"] != 201:
        return None
    body = step.record["response"]["body"]
    text = body.get("created_at") if isinstance(body, dict) else None
    return time_of(text) if isinstance(text, str) and TIME.fullmatch(text) else None
