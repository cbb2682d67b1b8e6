"""Whether a task was done by a person, and when: a task reopened is not done."""

from __future__ import annotations

from datetime import datetime

from plugin.model.facts import FactKind, Timeline


def done_at(timeline: Timeline, task: str, *, since: datetime) -> datetime | None:
    """When the task of that key was done, at or after ``since``; None where it was not, or was reopened."""
    done: dict[object, datetime] = {}
    for fact in timeline.of(FactKind.TASK_DONE, FactKind.TASK_REOPENED):
        if fact["task"] == task and fact.kind is FactKind.TASK_DONE and fact.at >= since:
            done.setdefault(fact["op_key"], fact.at)
        elif fact["task"] == task and fact.kind is FactKind.TASK_REOPENED:
            done.pop(fact["op_key"], None)
    return min(done.values(), default=None)
