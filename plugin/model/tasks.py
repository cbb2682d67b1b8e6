"""Whether a task was done by a person, and when: a task reopened is not done."""

from __future__ import annotations

from datetime import datetime

from plugin.model.facts import Fact, FactKind, Timeline


def done(timeline: Timeline, task: str, *, since: datetime) -> Fact | None:
    """The fact that the task of that key was done, at or after ``since``; None where it was not, or was reopened."""
    found: dict[object, Fact] = {}
    for fact in timeline.of(FactKind.TASK_DONE, FactKind.TASK_REOPENED):
        if fact["task"] == task and fact.kind is FactKind.TASK_DONE and fact.at >= since:
            found.setdefault(fact["op_key"], fact)
        elif fact["task"] == task and fact.kind is FactKind.TASK_REOPENED:
            found.pop(fact["op_key"], None)
    return min(found.values(), key=lambda fact: fact.at, default=None)


def done_at(timeline: Timeline, task: str, *, since: datetime) -> datetime | None:
    """When it was done."""
    fact = done(timeline, task, since=since)
    return fact.at if fact is not None else None
