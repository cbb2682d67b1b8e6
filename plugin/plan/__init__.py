"""should − does → the fewest and quietest calls (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plugin.model.case import UNHEARD, Complained
from plugin.model.decision import Decision, Mode, Ticketed
from plugin.model.effects import Effect, EffectKind
from plugin.model.ticket import CLOSED_TYPES, StateType
from plugin.plan import fields, messages, notes, tags, tasks
from plugin.plan.ledger import Ledger
from plugin.plan.making import LIMIT, Making
from plugin.plan.parts import (
    AddItem,
    Brake,
    Call,
    Held,
    MakeChecklist,
    MakeTask,
    NameChecklist,
    NoteText,
    Person,
    Plan,
    Put,
    Render,
    SendMessage,
    Standing,
    TagAdd,
    TagRemove,
    Terms,
    VoidItem,
    VoidTask,
)

__all__ = [
    "LIMIT",
    "AddItem",
    "Brake",
    "Call",
    "Held",
    "MakeChecklist",
    "MakeTask",
    "NameChecklist",
    "NoteText",
    "Person",
    "Plan",
    "Put",
    "Render",
    "SendMessage",
    "Standing",
    "TagAdd",
    "TagRemove",
    "Terms",
    "VoidItem",
    "VoidTask",
    "plan",
    "withdraw",
]


def plan(decision: Decision, standing: Standing, applied: Iterable[Effect], terms: Terms) -> Plan:
    """What to do about ``decision``, given what does hold and what was done before.

    Tags, tasks and the checklist's name come first and the PUT after them, so that its answer shows the ticket with all
    of it and no further look is needed. A PUT that carries a note comes before the tasks: who must act hears of it
    whatever becomes of them. Nothing is planned where nothing differs.
    """
    if not decision.in_force or standing.ticket.is_merged:
        return Plan()
    making = Making(standing, Ledger(applied, now=terms.now, insist=terms.insist), terms, unheard=_unheard(decision))
    calls: list[Call] = [*tags.calls(decision.tags, decision.words, making)]
    put = [*_put(decision, making)]
    task_calls = _tasks(decision, making)
    tells = any(call.note for call in put)
    calls += [*put, *task_calls] if tells else [*task_calls, *put]
    calls += messages.calls(decision.messages, making)
    return _plan(calls, making, missing=fields.missing(decision.fields, making))


def _unheard(decision: Decision) -> Complained | None:
    """Who is complained about, by a rule that is not on trial."""
    found = decision.finding(UNHEARD)
    if found is None or found.mode is not Mode.ENFORCE or not isinstance(found.value, Complained):
        return None
    return found.value


def withdraw(standing: Standing, applied: Iterable[Effect], terms: Terms) -> Plan:
    """What to do about a ticket that went into another one: its open task tickets are closed, itself is left alone."""
    making = Making(standing, Ledger(applied, now=terms.now, insist=terms.insist), terms)
    return _plan([*tasks.withdrawals(making)], making, missing=())


def _plan(calls: list[Call], making: Making, *, missing: tuple[str, ...]) -> Plan:
    return Plan(
        calls=tuple(calls),
        held=tuple(making.held),
        observed=tuple(making.observed),
        missing=missing,
        alarms=tuple(dict.fromkeys(making.alarms)),
    )


def _tasks(decision: Decision, making: Making) -> list[Call]:
    wanted = [*tasks.calls(decision.tasks, making)]
    makes_one = any(isinstance(call, MakeChecklist) for call in wanted)
    return [*wanted, *tasks.name(decision.next_step, making, makes_one=makes_one)]


def _put(decision: Decision, making: Making) -> Iterator[Put]:
    blocked_by = _still_empty(making)
    written = [] if blocked_by else [*fields.writes(decision.fields, making)]
    state = None if blocked_by else next(_state(decision.ticket, making), None)
    note = notes.write(decision.notes, making)
    effects = [write.effect for write in written]
    effects += [state[0]] if state else []
    effects += note.effects if note else ()
    if effects:
        values = {name: value for write in written for name, value in write.values.items()}
        yield Put(tuple(effects), values, state[1] if state else None, note.text if note else None, blocked_by)


def _still_empty(making: Making) -> tuple[str, ...]:
    """Mandatory fields that refused our last PUT and are empty as before: another try would end the same way."""
    blockers = making.ledger.blocked_by
    if not blockers:
        return ()
    ticket = making.standing.ticket
    values = {**ticket.extra, **ticket.fields, "pending_time": ticket.pending_time}
    return blockers if all(values.get(name) in (None, "", [], {}) for name in blockers) else ()


def _state(wanted: Iterable[Ticketed], making: Making) -> Iterator[tuple[Effect, StateType]]:
    """The ticket's own state, once a cause: an agent who changes it back is right."""
    for part in wanted:
        if making.standing.ticket.state_type not in CLOSED_TYPES:
            continue
        effect = making.effect(
            EffectKind.STATE,
            rule=part.rule,
            epoch=part.epoch,
            clause=part.clause,
            because=part.because,
            request={"state": part.state_type},
        )
        if making.may_go(effect, part.mode):
            yield effect, StateType(part.state_type)
