"""How pack versions follow each other: who put which in force when, and which one decides a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RunningCases(StrEnum):
    """What becomes of cases that are under way when another version is put in force."""

    MOVE = "move"
    """They are decided by the new version from now on."""
    KEEP = "keep"
    """They end under the version that decided them; what begins later is the new one's."""


@dataclass(frozen=True, slots=True)
class Activation:
    """A version was put in force. ``number`` counts them; ``source`` is the name or file it was read from.

    ``author`` is empty where nobody activated it: a store that follows ``STEWARD_PACK`` took it up at a start.
    """

    number: int
    at: datetime
    name: str
    version: str
    source: str
    author: str = ""
    reason: str = ""
    approver: str = ""
    running: RunningCases = RunningCases.MOVE

    @property
    def is_by_setting(self) -> bool:
        return not self.author


def what_becomes(running: RunningCases, kept_rules: Sequence[str]) -> str:
    """What becomes of cases under way, as the end of a sentence; ``kept_rules`` of the pack that is put in force."""
    if running is RunningCases.KEEP:
        return "keep the version that decided them"
    return f"move to it, but keep as they were: {', '.join(kept_rules)}" if kept_rules else "move to it"


def version_for(decided_by: str | None, history: Sequence[Activation]) -> str | None:
    """The version that decides a case now which ``decided_by`` decided last (None: nobody yet), None without a history.

    ``history`` is in order. Every later activation that moves running cases takes it along, one that keeps them passes
    it by.
    """
    if not history:
        return decided_by
    if decided_by is None:
        return history[-1].version
    moved = [step.version for step in _after(decided_by, history) if step.running is RunningCases.MOVE]
    return moved[-1] if moved else decided_by


def _after(version: str, history: Sequence[Activation]) -> Iterator[Activation]:
    """What was put in force since ``version`` last was; all of it where it never was."""
    last = max((place for place, step in enumerate(history) if step.version == version), default=-1)
    yield from history[last + 1 :]
