"""Tasks: items of the ticket's checklist where Zammad has checklists, else child tickets (promises 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import escape

from plugin.model.decision import Mode, NextStep, Task, TaskForm
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import FactKind, Timeline
from plugin.model.words import Text, text
from plugin.plan.making import Making
from plugin.plan.parts import AddItem, Call, MakeChecklist, MakeTask, NameChecklist, VoidItem, VoidTask

MOST_ITEMS = 100
"""Items of a checklist at most; the next one is refused (contract 4.9)."""
LONGEST_NUMBER = 60
CHECKLIST_RULE = "checklist"


def calls(wanted: Iterable[Task], making: Making) -> Iterator[Call]:
    """What makes the tasks that lack, and withdraws those no longer needed."""
    items: list[AddItem] = []
    tickets = making.ledger.tasks_ever()
    for task in (_newest(task, making) for task in wanted):
        if not task.wanted:
            yield from _void(task, making)
        elif _came_done(task, making):
            continue
        elif _as_item(task, making, already=len(items)):
            items.extend(_item(task, making))
        else:
            for made in _ticket(task, making, position=tickets + 1):
                tickets += 1
                yield made
    if items and making.standing.ticket.checklist_id is None:
        yield MakeChecklist((_checklist_effect(making),))
    yield from items


def name(next_step: NextStep | None, making: Making, *, makes_one: bool) -> Iterator[NameChecklist]:
    """The checklist we made says the next step; a name a person gave it stays."""
    ticket, ledger = making.standing.ticket, making.ledger
    if not making.terms.features.checklists:
        return  # switched off meanwhile
    is_ours = ticket.checklist_id is not None and ticket.checklist_id == ledger.own_checklist_id
    if next_step is None or not (is_ours or makes_one) or _is_renamed_by_a_person(making):
        return
    shown = making.terms.render(next_step.text)
    if shown == ledger.checklist_name and not makes_one:
        return
    number = sum(1 for e in ledger.applied(EffectKind.CHECKLIST) if "name" in e.request) + 1
    effect = making.effect(
        EffectKind.CHECKLIST,
        rule=CHECKLIST_RULE,
        epoch=f"name-{number}",
        clause=next_step.clause,
        because=next_step.because,
        request={"name": shown, "checklist_id": ticket.checklist_id},
    )
    if making.may_go(effect, Mode.ENFORCE):
        yield NameChecklist((effect,), shown, ticket.checklist_id)


def withdrawals(making: Making) -> Iterator[Call]:
    """Task tickets of a ticket that was merged away are closed; the merged ticket itself is never written to."""
    for made in making.ledger.applied(EffectKind.TASK):
        if not is_done(made, making.standing.timeline):
            yield from _void_ticket(made, text("The ticket was merged into another one."), making)


def is_done(made: Effect, timeline: Timeline) -> bool:
    """Whether a person has done the task, by his tick or by closing its ticket."""
    said = [f for f in timeline.of(FactKind.TASK_DONE, FactKind.TASK_REOPENED) if f["op_key"] == made.op_key]
    return bool(said) and said[-1].kind is FactKind.TASK_DONE


def item_mark(op_key: str) -> str:
    """The short key at the end of an item's text, by which we know it again whatever an agent makes of the rest."""
    return f"[s:{letters(op_key)}]"


def letters(op_key: str) -> str:
    """Five letters that stand for an op_key; letters, so that mail matching does not read on into a number."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in op_key[:5])


def _newest(task: Task, making: Making) -> Task:
    """The task itself; where that was made and withdrawn before, another: what is struck out stays so."""
    newest, number = task, 1
    while _was_withdrawn(making.ledger.get(_key(newest, making))):
        number += 1
        newest = replace(task, epoch=f"{task.epoch}-again{number}")
    return newest


def _was_withdrawn(made: Effect | None) -> bool:
    return made is not None and made.state is EffectState.VOID and bool(made.outcome)


# -- making -----------------------------------------------------------------------------------------------------------


def _came_done(task: Task, making: Making) -> bool:
    """It was done on a ticket that was merged into this one, and never stood here."""
    merges = making.standing.timeline.of(FactKind.RECEIVED_MERGE)
    done = any(task.key in (merge["tasks_done"] or ()) for merge in merges)
    return done and making.ledger.get(_key(task, making)) is None


def _as_item(task: Task, making: Making, *, already: int) -> bool:
    if task.form is TaskForm.TICKET or not making.terms.features.checklists:
        return False
    known = making.ledger.get(_key(task, making))
    if known is not None and known.kind is EffectKind.TASK:
        return False  # it began as a ticket
    checklist = making.standing.checklist
    return (len(checklist.items) if checklist else 0) + already < MOST_ITEMS


def _item(task: Task, making: Making) -> Iterator[AddItem]:
    shown = f"{making.terms.render(_wording(task))} {item_mark(_key(task, making))}"
    effect = _effect(task, EffectKind.ITEM, making, {"task": task.key, "text": shown})
    if making.may_go(effect, task.mode):
        yield AddItem((effect,), shown, making.standing.ticket.checklist_id)


def _ticket(task: Task, making: Making, *, position: int) -> Iterator[MakeTask]:
    key = _key(task, making)
    known = making.ledger.get(key)
    if known is not None and known.kind is EffectKind.ITEM:
        return  # it stands as an item
    number = str(known.request["number"]) if known and known.request.get("number") else _number(key, position, making)
    person = making.terms.people.get(task.assignee or "")
    owner_id = person.id if person and person.may_own else None
    title = making.terms.render(task.title)
    request = {"task": task.key, "number": number, "title": title, "owner_id": owner_id}
    effect = _effect(task, EffectKind.TASK, making, request)
    if not making.may_go(effect, task.mode):
        return
    is_ahead = task.due_at is not None and task.due_at > making.terms.now
    yield MakeTask(
        (effect,),
        number=number,
        title=title,
        note_html=_task_note(task, making),
        group_id=making.standing.ticket.group_id,
        owner_id=owner_id,
        pending_until=task.due_at if is_ahead else None,
    )


def _number(key: str, position: int, making: Making) -> str:
    """``<parent>T<n>-<5 letters>``: Zammad keeps numbers unique, so the ticket is made once (contract 4.6)."""
    parent = making.standing.ticket.number
    end = f"T{position}-{letters(key)}"
    return f"{parent[: LONGEST_NUMBER - len(end)]}{end}"


def _wording(task: Task) -> Text:
    if task.due_at is not None and task.assignee:
        return text("{task} – {login}, by {due}", task=task.title, login=task.assignee, due=task.due_at)
    if task.due_at is not None:
        return text("{task} – by {due}", task=task.title, due=task.due_at)
    return task.title


def _task_note(task: Task, making: Making) -> str:
    render, number = making.terms.render, making.standing.ticket.number
    lines = [render(_wording(task)), render(text("{clause}: {because}", clause=task.clause, because=task.because))]
    lines += [render(line) for line in task.lines]
    lines.append(render(text("A task of ticket {number}: close this one when it is done.", number=number)))
    return f"<p>{'<br>'.join(escape(line) for line in lines)}</p>"


def _effect(task: Task, kind: EffectKind, making: Making, request: Mapping[str, object]) -> Effect:
    return making.effect(
        kind, rule=task.rule, epoch=_epoch(task), clause=task.clause, because=task.because, request=request
    )


def _epoch(task: Task) -> str:
    return f"task-{task.key}-{task.epoch}"


def _key(task: Task, making: Making) -> str:
    return making.key(rule=task.rule, epoch=_epoch(task))


def _checklist_effect(making: Making) -> Effect:
    return making.effect(
        EffectKind.CHECKLIST,
        rule=CHECKLIST_RULE,
        # a checklist somebody removed may be made anew
        epoch=f"make-{making.ledger.count(EffectKind.CHECKLIST, make=True) + 1}",
        clause="C2.3",
        because=text("Tasks stand on the ticket's checklist."),
        request={"make": True},
    )


# -- withdrawing ------------------------------------------------------------------------------------------------------


def _void(task: Task, making: Making) -> Iterator[Call]:
    made = making.ledger.get(_key(task, making))
    standing = {e.op_key for e in making.ledger.standing_tasks()}
    if made is None or made.op_key not in standing or is_done(made, making.standing.timeline):
        return
    if made.kind is EffectKind.TASK:
        yield from _void_ticket(made, task.because, making)
    else:
        yield from _void_item(made, task.because, making, settled=task.settled)


def _void_ticket(made: Effect, because: Text, making: Making) -> Iterator[VoidTask]:
    ticket_id = int(made.outcome.get("ticket_id") or 0)
    effect = making.effect(
        EffectKind.TASK_VOID,
        rule=made.rule,
        epoch=f"void-{made.op_key}",
        clause=made.clause,
        because=because,
        request={"task": made.request.get("task"), "ticket_id": ticket_id, "voids": made.op_key},
    )
    if ticket_id and making.may_go(effect, Mode.ENFORCE):
        yield VoidTask((effect,), ticket_id)


def _void_item(made: Effect, because: Text, making: Making, *, settled: bool) -> Iterator[VoidItem]:
    item_id, named = int(made.outcome.get("item_id") or 0), str(made.request.get("text") or "")
    shown = making.terms.render(text("Done: {task}" if settled else "No longer needed: {task}", task=named))
    effect = making.effect(
        EffectKind.ITEM_VOID,
        rule=made.rule,
        epoch=f"void-{made.op_key}",
        clause=made.clause,
        because=because,
        request={"task": made.request.get("task"), "item_id": item_id, "voids": made.op_key},
    )
    if item_id and making.may_go(effect, Mode.ENFORCE):
        yield VoidItem((effect,), item_id, shown)


def _is_renamed_by_a_person(making: Making) -> bool:
    checklist = making.standing.checklist
    return checklist is not None and checklist.name not in ("", making.ledger.checklist_name)
