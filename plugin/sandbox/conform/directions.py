"""Stage directions: what happened to a recorded server without a request, and how a story may be compared.

``directions.json`` lies in the folder above the stories, keyed by server and story; the README beside it says
what each key means. A story without an entry has no directions and is compared in full.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from plugin.sandbox.conform.stories import Story, StoryError

FILE = "directions.json"
UNWATCHED = "deliveries were left out"
SAYING = ("note", "text")
"""Where an entry says in words what the recorder did."""

UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Direction:
    """One thing done to the server between two steps; ``detail`` is the line of the file."""

    after_step: int
    before_step: int
    do: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """All that ``directions.json`` says of one story; step numbers are indexes from 0."""

    directions: tuple[Direction, ...] = ()
    projected: frozenset[int] = frozenset()
    parallel: tuple[frozenset[int], ...] = ()
    foreign: frozenset[int] = frozenset()
    unwatched: bool = False
    """Whether the recorder says that it left out this story's deliveries."""

    def before(self, index: int) -> list[Direction]:
        """The directions to carry out just before a step (the number of steps = after the last one)."""
        return [direction for direction in self.directions if direction.before_step == index]

    def group_of(self, index: int) -> frozenset[int]:
        """The steps that were sent together with this one; empty where it was sent alone."""
        return next((group for group in self.parallel if index in group), frozenset())


def script_of(story: Story, *, elsewhere: Path | None = None) -> Script:
    """The stage directions of a story, from the folder above it or, where that has none, above ``elsewhere``.

    Raises:
        StoryError: there is a ``directions.json`` above the story, but it cannot be read.

    """
    folders = [story.folder.parent, *([elsewhere.parent] if elsewhere else ())]
    path = next((folder / FILE for folder in folders if (folder / FILE).exists()), None)
    if path is None:
        return Script()
    try:
        entry = json.loads(path.read_text(encoding="utf-8")).get(story.server, {}).get(story.name)
    except (OSError, ValueError) as problem:
        raise StoryError(f"{path}: not stage directions: {problem}") from problem
    return _script(entry) if entry else Script()


def moment(text: str, *, now: datetime) -> datetime:
    """The instant a direction names: ISO 8601, ``now`` or ``now-25 h``.

    >>> moment("now+10 min", now=datetime(2026, 11, 21, 7)).minute
    10
    """
    if not text.startswith("now"):
        return datetime.fromisoformat(text)
    return now + length(text.removeprefix("now")) if text != "now" else now


def length(text: str) -> timedelta:
    """The span a direction names, such as ``-50 min`` or ``+25 h``.

    >>> length("-50 min").total_seconds()
    -3000.0
    """
    number, unit = text.split()
    return timedelta(**{UNITS[unit]: float(number)})


def _script(entry: Mapping[str, Any]) -> Script:
    return Script(
        directions=tuple(
            Direction(after_step=line["after_step"], before_step=line["before_step"], do=line["do"], detail=line)
            for line in entry["directions"]
        ),
        projected=frozenset(entry["projected_steps"]),
        parallel=tuple(frozenset(group) for group in entry["parallel_steps"]),
        foreign=frozenset(entry.get("foreign_steps", ())),
        unwatched=any(UNWATCHED in str(said.get(key)) for said in (entry, *entry["directions"]) for key in SAYING),
    )
