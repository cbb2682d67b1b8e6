"""Writes into the air: the worker's own plan over what a simulated ticket would carry by now, done at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

from plugin.model.decision import STEWARD_FIELDS, Decision, Mode
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import FactKind, Timeline
from plugin.model.features import Features
from plugin.model.life import state_type_now
from plugin.model.pack import MessageText, Pack
from plugin.model.people import NOBODY_ID
from plugin.model.ticket import StateType, Ticket
from plugin.model.words import Text
from plugin.plan import Call, MakeChecklist, MakeTask, Person, Plan, Put, Standing, Terms, plan
from plugin.simulate.answering import Answers, Asked, asked
from plugin.simulate.limits import Writes, limited, names_of
from plugin.simulate.outcome import Doing, Done

SECRET = b"simulation"
OWN_ID = 0
"""No user of Zammad's has it."""
CHECKLIST_ID = 1
EVERYTHING = Features(checklists=True, fields=frozenset(STEWARD_FIELDS))
"""A Zammad that has been set up for Steward whole."""


@dataclass(slots=True)
class Desk:
    """One ticket under one pack: what Steward would have put on it so far."""

    pack: Pack
    ticket_id: int
    customer_mail: bool
    answers: Answers
    applied: list[Effect] = field(default_factory=list)
    observed: set[str] = field(default_factory=set)
    has_checklist: bool = False
    wakes_at: datetime | None = None
    wanted: tuple[Any, ...] = (False, (), (), (), ())
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    writes: Writes = field(init=False)

    def __post_init__(self) -> None:
        self.writes = Writes(names_of(limited(self.pack)))

    def settle(self, decision: Decision, timeline: Timeline) -> Iterator[Done]:
        """What Steward would do now that anybody notices; the same as before is not looked at twice."""
        self.writes.quietly(decision, timeline)
        waited = self.wakes_at is not None and self.wakes_at <= decision.now
        wanted = (decision.in_force, decision.notes, decision.tasks, decision.messages, decision.ticket)
        if wanted == self.wanted and not waited:
            return
        self.wanted = wanted
        planned = self._plan(decision, timeline)
        self.wakes_at = planned.wakes_at
        owner, group = whose(timeline)
        told = _Told(decision.now, owner, group, asked(decision.tasks), reminds=not self.answers.tasks_done)
        for call in planned.calls:
            yield from told.by(call)
            self.writes.loudly(call, decision.now)
            self._apply(call, decision.now)
            self.answers.hear(call, told.asked, now=decision.now)
        yield from self._observed(planned, told)

    def _plan(self, decision: Decision, timeline: Timeline) -> Plan:
        """The worker's plan, without fields and tags: they are quiet, and nothing else hangs on them."""
        loud = replace(decision, fields=(), tags=(), words=(), next_step=None)
        standing = Standing(self._ticket(timeline, decision.now), frozenset(), timeline)
        return plan(loud, standing, self.applied, self._terms(decision))

    def _terms(self, decision: Decision) -> Terms:
        return Terms(
            now=decision.now,
            secret=SECRET,
            own_id=OWN_ID,
            mode=Mode.ENFORCE,
            features=EVERYTHING,
            office=self.pack.office_calendar,
            render=_plainly,
            people=_people(decision),
            messages=_messages(self.pack) if self.customer_mail else {},
        )

    def _ticket(self, timeline: Timeline, now: datetime) -> Ticket:
        created = timeline.of(FactKind.CREATED)[0]
        return Ticket(
            id=self.ticket_id,
            number=str(created["number"] or self.ticket_id),
            title="",
            version="",
            group="",
            group_id=0,
            owner_id=NOBODY_ID,
            customer_id=int(created["customer_id"] or 0),
            organization_id=None,
            state="",
            state_type=StateType(state_type_now(timeline)),
            priority_id=None,
            created_at=created.at,
            updated_at=now,
            created_by_id=created.by.id,
            updated_by_id=created.by.id,
            article_ids=(),
            checklist_id=CHECKLIST_ID if self.has_checklist else None,
        )

    def _apply(self, call: Call, now: datetime) -> None:
        number = next(self.numbers)
        outcome = {"article_id": number, "ticket_id": number, "item_id": number, "checklist_id": CHECKLIST_ID}
        for effect in call.effects:
            self.applied.append(replace(effect, state=EffectState.APPLIED, settled_at=now, outcome=outcome))
        if isinstance(call, MakeChecklist):
            self.has_checklist = True

    def _observed(self, planned: Plan, told: _Told) -> Iterator[Done]:
        """What rules that only observe would have done, each thing once."""
        for effect in planned.observed:
            doing = _DOINGS.get(effect.kind)
            if doing is not None and effect.error == "observe" and effect.op_key not in self.observed:
                self.observed.add(effect.op_key)
                yield replace(told.of(effect, doing), only_observed=True)


def whose(timeline: Timeline) -> tuple[str | None, str]:
    """Login of the owner (None for nobody) and name of the group, after the last fact."""
    created = timeline.of(FactKind.CREATED)
    owner = str(created[0]["owner"] or "-") if created else "-"
    group = str(created[0]["group"] or "") if created else ""
    for change in timeline.of(FactKind.CHANGED):
        if change["attribute"] == "owner":
            owner = str(change["login_to"] or "-")
        elif change["attribute"] == "group":
            group = str(change["to"] or "")
    return (None if owner == "-" else owner), group


@dataclass(frozen=True, slots=True)
class _Told:
    """Who notices a call, at ``now``, on a ticket of ``owner`` (None for nobody) in ``group``."""

    now: datetime
    owner: str | None
    group: str
    asked: Asked
    reminds: bool
    """Zammad reminds of a task when it is due, and nobody has done it."""

    def by(self, call: Call) -> Iterator[Done]:
        for effect in call.effects:
            doing = _DOINGS.get(effect.kind)
            if doing is not None:
                yield self.of(effect, doing)
        if isinstance(call, Put):
            yield from self._by_put(call)
        elif isinstance(call, MakeTask) and call.pending_until is not None and self.reminds:
            yield self._notice(call.effects[0], self._asked(call.effects[0]), at=call.pending_until)

    def of(self, effect: Effect, doing: Doing) -> Done:
        person = self._asked(effect) if doing is Doing.TASK else self._everyone_concerned
        return Done(doing, self.now, person, effect.rule, _what(effect), effect.clause, effect.because)

    def _by_put(self, put: Put) -> Iterator[Done]:
        """A quiet note is heard by nobody, a loud one by the owner and who is named; the state is a visible field."""
        notes = [effect for effect in put.effects if effect.kind is EffectKind.NOTE]
        if put.note is not None and put.note.notify:
            for person in dict.fromkeys([self._everyone_concerned, *(name for _, name in put.note.tell)]):
                yield self._notice(notes[0], person, at=self.now)
        elif put.state is not None:
            yield self._notice(put.effects[0], self._everyone_concerned, at=self.now)

    def _notice(self, effect: Effect, person: str, *, at: datetime) -> Done:
        return Done(Doing.NOTICE, at, person, effect.rule, _what(effect), effect.clause, effect.because)

    def _asked(self, effect: Effect) -> str:
        task = self.asked.get((effect.rule, effect.epoch))
        return (task.assignee if task is not None else None) or self._everyone_concerned

    @property
    def _everyone_concerned(self) -> str:
        """While nobody owns the ticket, Zammad tells every agent of its group (promises 11)."""
        return self.owner or f"all of {self.group}"


_DOINGS: Mapping[EffectKind, Doing] = {
    EffectKind.NOTE: Doing.NOTE,
    EffectKind.ITEM: Doing.TASK,
    EffectKind.TASK: Doing.TASK,
    EffectKind.MESSAGE: Doing.MESSAGE,
}


def _what(effect: Effect) -> str:
    """The effect in a word or two: what a note is about, a task's key, a message's template."""
    match effect.kind:
        case EffectKind.NOTE:
            return str(effect.request.get("about") or "note")
        case EffectKind.ITEM | EffectKind.TASK:
            return str(effect.request.get("task") or "task")
        case EffectKind.MESSAGE:
            return str(effect.request.get("template") or "message")
    return "reopened" if effect.kind is EffectKind.STATE else effect.kind.value


def _people(decision: Decision) -> Mapping[str, Person]:
    """Whoever a decision names is there, and may read and own: a history does not tell who could not."""
    logins = {login for note in decision.notes for login in note.tell}
    logins |= {task.assignee for task in decision.tasks if task.assignee}
    return {login: Person(id=0, login=login, name=login, may_read=True, may_own=True) for login in logins}


def _plainly(sentence: Text, at: datetime | None = None, /) -> str:  # noqa: ARG001
    return str(sentence)


def _messages(pack: Pack) -> Mapping[str, MessageText]:
    return {name: found for name in pack.messages if (found := pack.message(name)) is not None}
