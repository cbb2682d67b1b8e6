"""The story: who does what to which ticket, and when; one TOML file a ticket, read into steps."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
"""The files' moments are on this wall clock, which is also the shipped pack's."""
BEGINS_AT = datetime(2026, 11, 2, 8, 50, tzinfo=ZONE).astimezone(UTC)
ENDS_AT = datetime(2026, 11, 11, 17, 0, tzinfo=ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Mail:
    """A customer writes: the raw message; ``{number}`` in it stands for the ticket's number."""

    raw: str

    @property
    def subject(self) -> str:
        """The subject as a person reads it."""
        message = BytesParser(policy=policy.default).parsebytes(self.raw.encode(), headersonly=True)
        return str(message["Subject"])


@dataclass(frozen=True, slots=True)
class Call:
    """An agent takes a call of ``customer`` and records it as a ticket; ``changes`` as in Write."""

    customer: str
    title: str
    text: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A customer asks through the portal."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Write:
    """An agent answers by mail, or notes something internally, or only changes the ticket: one PUT.

    ``changes`` are Zammad's names: ``owner`` and ``state`` by name, ``pending_time`` in UTC.
    """

    answer: str = ""
    note: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """An agent clicks the macro *Steward: word*."""

    word: str


@dataclass(frozen=True, slots=True)
class Merge:
    """An agent merges the ticket into another one of the story."""

    into: str


@dataclass(frozen=True, slots=True)
class Finish:
    """An agent does a task of the ticket: ticks the checklist's item, or closes the task's own ticket."""

    task: str


Act = Mail | Call | Form | Write | Say | Merge | Finish


@dataclass(frozen=True, slots=True)
class Step:
    """At ``at`` (UTC), ``who`` (a login or an address) does ``act`` to ``ticket`` (its file's name)."""

    at: datetime
    ticket: str
    who: str
    act: Act


def read() -> tuple[Step, ...]:
    """Every step of every ticket, in the order of time. Raises ValueError naming file and step that make no sense."""
    folder = resources.files("plugin.demo") / "story"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    steps = [step for file in files for step in of_text(file.name, file.read_text(encoding="utf-8"))]
    return tuple(sorted(steps, key=lambda step: step.at))


def of_text(name: str, text: str) -> Iterator[Step]:
    """The steps of one file."""
    for number, row in enumerate(tomllib.loads(text)["step"], start=1):
        try:
            yield _step(name.removesuffix(".toml"), dict(row))
        except (KeyError, TypeError, ValueError) as mistake:
            raise ValueError(f"{name}: step {number}: {mistake}") from mistake


def _step(ticket: str, row: dict[str, Any]) -> Step:
    at, who = _moment(row.pop("at")), str(row.pop("who"))
    changes = {name: _moment(v) if isinstance(v, datetime) else v for name, v in row.pop("set", {}).items()}
    what = next(iter(row), "set")
    if len(row) > 1 or what not in _ACTS:
        raise ValueError(f"found {', '.join(row)}, allowed is one of {', '.join(_ACTS)}")
    return Step(at=at, ticket=ticket, who=who, act=_ACTS[what](row.get(what), changes))


def _moment(wall: datetime) -> datetime:
    return wall.replace(tzinfo=ZONE).astimezone(UTC)


_ACTS: Mapping[str, Callable[[Any, Mapping[str, Any]], Act]] = {
    "mail": lambda raw, _: Mail(raw=raw),
    "call": lambda call, changes: Call(**call, changes=changes),
    "web": lambda form, _: Form(**form),
    "answer": lambda text, changes: Write(answer=text, changes=changes),
    "note": lambda text, changes: Write(note=text, changes=changes),
    "set": lambda _, changes: Write(changes=changes),
    "say": lambda word, _: Say(word=word),
    "merge_into": lambda ticket, _: Merge(into=ticket),
    "finish": lambda task, _: Finish(task=task),
}
