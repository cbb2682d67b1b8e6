"""What follows from what Steward does: a mail that went out stands on the ticket, a task is done by who was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.model.calendars import Calendar
from plugin.model.decision import Task
from plugin.model.effects import Effect
from plugin.model.facts import Fact, FactKind
from plugin.model.people import Actor, Role
from plugin.plan import AddItem, Call, MakeTask, SendMessage, VoidItem, VoidTask

STEWARD = Actor(0, "steward", Role.STEWARD)
SENT_AFTER = timedelta(seconds=1)
WITHOUT_DUE = timedelta(hours=4)
"""A task without a time of its own is taken to be done so soon."""

Asked = Mapping[tuple[str, str], Task]
"""The tasks of a decision, by rule and epoch of the effect that makes them."""


def asked(tasks: tuple[Task, ...]) -> Asked:
    """See ``Asked``."""
    return {(task.rule, f"task-{task.key}-{task.epoch}"): task for task in tasks}


@dataclass(slots=True)
class Answers:
    """Facts that are to come. ``tasks_done``: whoever is asked does his task, halfway to its time, in office hours."""

    office: Calendar
    tasks_done: bool
    coming: dict[str, Fact] = field(default_factory=dict)
    """By the effect they follow from."""

    def hear(self, call: Call, tasks: Asked, *, now: datetime) -> None:
        """Something was done."""
        for effect in call.effects:
            if isinstance(call, SendMessage):
                self.coming[effect.op_key] = _mail(effect, at=now + SENT_AFTER)
            elif isinstance(call, AddItem | MakeTask) and self.tasks_done:
                self.coming[effect.op_key] = self._done(effect, tasks.get((effect.rule, effect.epoch)), now=now)
            elif isinstance(call, VoidItem | VoidTask):
                self.coming.pop(str(effect.request.get("voids")), None)

    def due(self, now: datetime) -> tuple[Fact, ...]:
        """Those whose time has come; they are not said again."""
        found = {key: fact for key, fact in self.coming.items() if fact.at <= now}
        for key in found:
            del self.coming[key]
        return tuple(found.values())

    @property
    def next_at(self) -> datetime | None:
        """When the first of them comes."""
        return min((fact.at for fact in self.coming.values()), default=None)

    def _done(self, effect: Effect, task: Task | None, *, now: datetime) -> Fact:
        due_at = task.due_at if task is not None else None
        at = now + (due_at - now) / 2 if due_at is not None and due_at > now else now + WITHOUT_DUE
        at = self.office.next_open(at)
        by = Actor(0, (task.assignee if task is not None else None) or "somebody", Role.AGENT)
        # with all it takes to count: an article or a reply that says what came of it
        data = {"task": effect.request.get("task"), "op_key": effect.op_key, "proved": True}
        return Fact(f"simulated:{effect.op_key}", FactKind.TASK_DONE, at, at, by, data)


def _mail(effect: Effect, *, at: datetime) -> Fact:
    data = {
        "id": 0,
        "type": "email",
        "sender": "System",
        "internal": False,
        "communication": True,
        "to_customer": True,
        "automatic": False,
        "failed": False,
        "ours": [effect.op_key],
        "macro": False,
    }
    return Fact(f"simulated:{effect.op_key}", FactKind.ARTICLE, at, at, STEWARD, data, {"subject": "", "body": ""})
