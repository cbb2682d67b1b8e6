"""A ticket, its past and the terms of writing, as the planning tests need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from plugin.model.calendars import Calendar
from plugin.model.decision import (
    STEWARD_FIELDS,
    Decision,
    Field,
    FieldValue,
    Mode,
    Note,
    Slot,
    Tag,
    Task,
    TaskForm,
    Urgency,
)
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.features import Features
from plugin.model.people import Actor, Role
from plugin.model.ticket import Checklist, ChecklistItem, StateType, Ticket
from plugin.model.words import Text, text
from plugin.plan import Plan, Standing, Terms, plan
from plugin.plan.parts import Call

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN_ID = 6
SECRET = b"secret"
ANNA = Actor(7, "anna", Role.AGENT)
MEI = Actor(10, "mei@customer.example", Role.CUSTOMER)
STEWARD = Actor(OWN_ID, "steward", Role.STEWARD)
MACHINE = Actor(1, "-", Role.SYSTEM)
WEEKDAYS = ((time(9), time(17)),)
OFFICE = Calendar(name="office", zone="UTC", hours=(*[WEEKDAYS] * 5, (), ()))
WHY = text("Because.")


def ticket(**changes: Any) -> Ticket:
    """An open ticket of group 2 without an owner; every field of ours exists and is empty."""
    plain = Ticket(
        id=7, number="81007", title="Where is it?", version="v1", group_id=2, group="First line", owner_id=1,
        customer_id=10, organization_id=None, state="open", state_type=StateType.OPEN, priority_id=2,
        created_at=MONDAY, updated_at=MONDAY, created_by_id=10, updated_by_id=10, article_ids=(1,),
        fields=dict.fromkeys(STEWARD_FIELDS),
    )  # fmt: skip
    return replace(plain, **changes)


def holding(**fields: Any) -> Ticket:
    """The ticket with values in our fields, named without ``steward_``."""
    values = {name: fields.get(name.removeprefix("steward_")) for name in STEWARD_FIELDS}
    return ticket(fields=values)


def shown(sentence: Text, at: datetime | None = None, /) -> str:  # noqa: ARG001
    """Sentences in English, times in UTC."""
    return str(sentence)


def terms(**changes: Any) -> Terms:
    """Everything allowed, on Monday at noon."""
    plain = Terms(
        now=MONDAY + timedelta(hours=3),
        secret=SECRET,
        own_id=OWN_ID,
        mode=Mode.ENFORCE,
        features=Features(checklists=True, fields=frozenset(STEWARD_FIELDS)),
        office=OFFICE,
        render=shown,
    )
    return replace(plain, **changes)


def decision(**parts: Any) -> Decision:
    return Decision(now=MONDAY, in_force=True, because=WHY, **parts)


def wants(name: str, value: FieldValue, *, rule: str = "deadlines", mode: Mode = Mode.ENFORCE) -> Field:
    return Field(f"steward_{name}", value, "C3.1", WHY, rule=rule, mode=mode)


def tag(name: str, *, cause: str = "c1", mode: Mode = Mode.ENFORCE) -> Tag:
    return Tag(f"steward:{name}", Slot.DUE, cause, "C3.1", WHY, rule="deadlines", mode=mode)


def note(rule: str = "tiered_escalation.breach", *, line: Text | None = None, **changes: Any) -> Note:
    plain = Note(
        rule=rule,
        epoch="m1",
        lines=(line or text("Answer the customer."),),
        clause="C3.1",
        because=text("No answer yet."),
        moment=MONDAY,
        ends_with=text("an answer"),
        tell=("anna",),
        urgency=Urgency.TELL,
    )
    return replace(plain, **changes)


def task(key: str = "investigate", **changes: Any) -> Task:
    plain = Task(
        rule="tiered_escalation.task",
        epoch="m1",
        key=key,
        title=text("Investigate what happened"),
        clause="C2.3",
        because=text("Its tier is major."),
        due_at=MONDAY + timedelta(days=2),
        assignee="anna",
        form=TaskForm.ITEM,
    )
    return replace(plain, **changes)


def planned(
    wanted: Decision,
    *,
    on: Ticket | None = None,
    tags: Iterable[str] = (),
    facts: Iterable[Fact] = (),
    applied: Iterable[Effect] = (),
    checklist: Checklist | None = None,
    under: Terms | None = None,
) -> Plan:
    """What is planned for ``wanted``, the same however often: a visit plans anew only where it got to know more."""
    standing, before = Standing(on or ticket(), frozenset(tags), Timeline(7, facts), checklist), tuple(applied)
    found = plan(wanted, standing, before, under or terms())
    assert plan(wanted, standing, before, under or terms()) == found
    return found


def done(calls: Iterable[Call], *, at: datetime = MONDAY, **outcome: Any) -> tuple[Effect, ...]:
    """The effects of calls, applied at ``at``."""
    effects = (effect for call in calls for effect in call.effects)
    return tuple(replace(e, state=EffectState.APPLIED, settled_at=at, created_at=at, outcome=outcome) for e in effects)


def left(effect: Effect, state: EffectState, **changes: Any) -> Effect:
    """An effect that did not go through."""
    return replace(effect, state=state, **changes)


def changed(name: str, to: str, *, by: Actor, at: datetime, was: str = "") -> Fact:
    data = {"attribute": f"steward_{name}", "from": was, "to": to}
    return Fact(f"history:{int(at.timestamp())}", FactKind.CHANGED, at, at, by, data)


def tagged(kind: FactKind, name: str, *, by: Actor, at: datetime) -> Fact:
    return Fact(f"history:{int(at.timestamp())}", kind, at, at, by, {"tag": name})


def checklist(*texts: str, name: str = "", made_by: int = OWN_ID) -> Checklist:
    items = tuple(ChecklistItem(id=number, text=one, checked=False) for number, one in enumerate(texts, start=1))
    return Checklist(id=3, name=name, items=items, created_by_id=made_by)


def kinds(plan: Plan) -> list[str]:
    return [type(call).__name__ for call in plan.calls]


def hours(count: float) -> datetime:
    return MONDAY + timedelta(hours=count)


def requests_of(plan: Plan, kind: EffectKind) -> list[Mapping[str, Any]]:
    return [effect.request for call in plan.calls for effect in call.effects if effect.kind is kind]
