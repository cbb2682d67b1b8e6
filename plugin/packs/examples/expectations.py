"""What should hold at a moment of a story, beside what came out: both in one wording, so that they can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from plugin.model.clocks import Clock, ClockState
from plugin.model.decision import Decision, Note, Task
from plugin.packs.examples.moments import Diary, Moment

NONE = "none"
NOBODY = "nobody"
TAGS = "steward:"


class Expectation(Protocol):
    """One line of what is expected: what it is about, how it was written, and what came out in the same words."""

    @property
    def about(self) -> str: ...

    def expected(self, diary: Diary) -> str: ...

    def got(self, decision: Decision, diary: Diary) -> str: ...


# -- fields and findings ----------------------------------------------------------------------------------------------

Value = str | Moment | date | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldHolds:
    """A field of Steward's own, by its short name, has a value."""

    name: str
    value: Value

    @property
    def about(self) -> str:
        return self.name

    def expected(self, diary: Diary) -> str:
        return _written(self.value, diary)

    def got(self, decision: Decision, diary: Diary) -> str:
        field = next((f for f in decision.fields if f.name == f"steward_{self.name}"), None)
        value: object = field.value if field is not None else None
        if isinstance(self.value, tuple) and isinstance(value, str):
            value = tuple(value.split(","))
        return _written(value, diary)


@dataclass(frozen=True, slots=True)
class FindingHolds:
    """A conclusion policies build on, by its name."""

    name: str
    value: Value

    @property
    def about(self) -> str:
        return f"findings.{self.name}"

    def expected(self, diary: Diary) -> str:
        return _written(self.value, diary)

    def got(self, decision: Decision, diary: Diary) -> str:
        found = decision.finding(self.name)
        return _written(found.value if found is not None else None, diary)


@dataclass(frozen=True, slots=True)
class InForce:
    """Whether anything may be written for the ticket at all."""

    value: str

    about = "in_force"

    def expected(self, diary: Diary) -> str:  # noqa: ARG002 - every expectation is asked alike
        return self.value

    def got(self, decision: Decision, diary: Diary) -> str:
        return _written(decision.in_force, diary)


def _written(value: object, diary: Diary) -> str:
    match value:
        case None | "" | ():
            return NONE
        case bool():
            return "true" if value else "false"
        case Moment():
            return diary.words(diary.when(value))
        case datetime():
            return diary.words(value)
        case date():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case tuple() | list() | frozenset() | set():
            return ", ".join(sorted(_written(one, diary) for one in value))
        case _:
            return str(value)


# -- tags, messages, the ticket ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """All of a kind that should be there, and no others: tags, messages."""

    about: str
    names: tuple[str, ...]

    def expected(self, diary: Diary) -> str:
        return _written(self.names, diary)

    def got(self, decision: Decision, diary: Diary) -> str:
        return _written(tuple(_LISTS[self.about](decision)), diary)


def _tags(decision: Decision) -> Iterable[str]:
    return (tag.tag.removeprefix(TAGS) for tag in decision.tags)


def _messages(decision: Decision) -> Iterable[str]:
    return (message.template for message in decision.messages)


def _ticket(decision: Decision) -> Iterable[str]:
    return (ticketed.state_type for ticketed in decision.ticket)


_LISTS = {"tags": _tags, "messages": _messages, "ticket": _ticket}


# -- clocks -----------------------------------------------------------------------------------------------------------

_CLOCK_PARTS = {
    "until": "limit_at",
    "warns": "warn_at",
    "target": "target_at",
    "since": "starts_at",
    "ended": "ended_at",
}
_CLOCK_SAID = re.compile(
    rf"(?P<state>{'|'.join(s.value.replace('_', '[ _]') for s in ClockState)}|{NONE})"
    + "".join(rf"(?:,? {part} (?P<{part}>{Moment.PATTERN}))?" for part in _CLOCK_PARTS)
)
CLOCK_ALLOWED = (
    f"{', '.join(s.value.replace('_', ' ') for s in ClockState)}, or {NONE}, each with what matters of:"
    f" {', '.join(f'{part} MOMENT' for part in _CLOCK_PARTS)}, in this order"
)


@dataclass(frozen=True, slots=True)
class ClockSaid:
    """How one clock should stand; only the moments that are written are compared."""

    state: str
    moments: tuple[tuple[str, Moment], ...] = ()

    @classmethod
    def parse(cls, value: object) -> ClockSaid:
        found = _CLOCK_SAID.fullmatch(" ".join(value.split())) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"allowed {CLOCK_ALLOWED}")
        written = ((part, found[part]) for part in _CLOCK_PARTS)
        moments = tuple((part, Moment.parse(moment)) for part, moment in written if moment is not None)
        return cls(found["state"].replace("_", " "), moments)

    def expected(self, diary: Diary) -> str:
        return " ".join((self.state, *(f"{part} {diary.words(diary.when(moment))}" for part, moment in self.moments)))

    def got(self, clock: Clock, diary: Diary) -> str:
        said = [clock.state.value.replace("_", " ")]
        for part, _ in self.moments:
            moment = getattr(clock, _CLOCK_PARTS[part])
            said.append(f"{part} {diary.words(moment) if moment is not None else 'never'}")
        return " ".join(said)


@dataclass(frozen=True, slots=True)
class ClockStands:
    """The newest clock of that name stands so; with several written, all of that name in their order do."""

    name: str
    said: tuple[ClockSaid, ...]

    @property
    def about(self) -> str:
        return f"clocks.{self.name}"

    def expected(self, diary: Diary) -> str:
        return "; ".join(said.expected(diary) for said in self.said)

    def got(self, decision: Decision, diary: Diary) -> str:
        found = [clock for clock in decision.clocks if clock.name == self.name]
        compared = found[-1:] if len(self.said) == 1 else found
        last = self.said[-1]
        said = (*self.said, *(last for _ in compared[len(self.said) :]))
        return "; ".join(one.got(clock, diary) for one, clock in zip(said, compared, strict=False)) or NONE


@dataclass(frozen=True, slots=True)
class NothingOf:
    """Nothing of that kind at all: clocks, notes, tasks."""

    about: str

    def expected(self, diary: Diary) -> str:  # noqa: ARG002 - every expectation is asked alike
        return NONE

    def got(self, decision: Decision, diary: Diary) -> str:  # noqa: ARG002
        return ", ".join(_NAMES[self.about](decision)) or NONE


_NAMES = {
    "clocks": lambda decision: [clock.name for clock in decision.clocks],
    "notes": lambda decision: [note.rule for note in decision.notes],
    "tasks": lambda decision: [task.key for task in decision.tasks if task.wanted],
}


# -- notes ------------------------------------------------------------------------------------------------------------

_LOGIN = r"[A-Za-z0-9][\w.@-]*"
_NOTE_SAID = re.compile(rf"there|{NONE}|tells (?P<tells>{_LOGIN}(?:, ?{_LOGIN})*)")
NOTE_ALLOWED = f"tells anna, chief; tells {NOBODY}; there; {NONE}"


@dataclass(frozen=True, slots=True)
class NoteSaid:
    """A note by its rule, the end of it (``breach.result``), or what it is about, and whom it tells."""

    name: str
    written: str
    tells: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, name: str, value: object) -> NoteSaid:
        found = _NOTE_SAID.fullmatch(" ".join(value.split())) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"allowed {NOTE_ALLOWED}")
        tells = tuple(one.strip() for one in found["tells"].split(",")) if found["tells"] else None
        return cls(name, found[0].partition(" ")[0], tells)

    @property
    def about(self) -> str:
        return f"notes.{self.name}"

    def expected(self, diary: Diary) -> str:  # noqa: ARG002 - every expectation is asked alike
        return self.written if self.tells is None else f"tells {', '.join(sorted(self.tells))}"

    def got(self, decision: Decision, diary: Diary) -> str:  # noqa: ARG002
        found = [note for note in decision.notes if self._is(note)]
        if not found:
            return NONE
        if self.tells is None:
            return "there"
        told = {login for note in found for login in note.tell}
        return f"tells {', '.join(sorted(told)) or NOBODY}"

    def _is(self, note: Note) -> bool:
        return self.name in (note.rule, note.about) or note.rule.endswith(f".{self.name}")


# -- tasks ------------------------------------------------------------------------------------------------------------

_TASK_SAID = re.compile(
    rf"(?P<state>wanted|withdrawn|{NONE})(?:,? for (?P<who>{_LOGIN}))?(?:,? by (?P<by>{Moment.PATTERN}))?"
)
TASK_ALLOWED = f"wanted, withdrawn or {NONE}, with what matters of: for LOGIN, by MOMENT, in this order"


@dataclass(frozen=True, slots=True)
class TaskStands:
    """A task by its key: wanted, withdrawn or none, whose it is and until when."""

    key: str
    state: str
    who: str | None = None
    by: Moment | None = None

    @classmethod
    def parse(cls, key: str, value: object) -> TaskStands:
        found = _TASK_SAID.fullmatch(" ".join(value.split())) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"allowed {TASK_ALLOWED}")
        by = Moment.parse(found["by"]) if found["by"] else None
        return cls(key, found["state"], found["who"], by)

    @property
    def about(self) -> str:
        return f"tasks.{self.key}"

    def expected(self, diary: Diary) -> str:
        by = diary.words(diary.when(self.by)) if self.by else None
        return _task_in_words(self.state, self.who, by)

    def got(self, decision: Decision, diary: Diary) -> str:
        task = _task_of(decision.tasks, self.key)
        if task is None or (self.state == NONE and not task.wanted):
            return NONE
        due = diary.words(task.due_at) if task.due_at else "no day"
        state = "wanted" if task.wanted else "withdrawn"
        return _task_in_words(state, self.who and (task.assignee or NOBODY), due if self.by else None)


def _task_of(tasks: Sequence[Task], key: str) -> Task | None:
    """The one that is wanted, else the last that was."""
    found = [task for task in tasks if task.key == key]
    return next((task for task in found if task.wanted), found[-1] if found else None)


def _task_in_words(state: str, who: str | None, by: str | None) -> str:
    return state + (f" for {who}" if who else "") + (f" by {by}" if by else "")
