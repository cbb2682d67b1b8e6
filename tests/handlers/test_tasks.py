"""Tasks as people left them: ticked items, closed task tickets, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.handlers import tasks
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.ticket import Checklist, ChecklistItem, LinkedTicket, StateType
from tests.handlers.looks import MONDAY, NOW, Known, stated

TICKED_AT = MONDAY + timedelta(hours=2)


def effect(kind: EffectKind, **outcome: object) -> Effect:
    return Effect(
        op_key="k1", ticket_id=7, kind=kind, rule="r", epoch="e", clause="C2.3", because="", state=EffectState.APPLIED,
        created_at=MONDAY, request={"task": "talk"}, outcome=outcome,
    )  # fmt: skip


ITEM = effect(EffectKind.ITEM, item_id=4)
CHILD = effect(EffectKind.TASK, ticket_id=70)


def ticks(*, checked: bool, known: tuple[Fact, ...] = (), made: Effect = ITEM) -> tuple[Fact, ...]:
    item = ChecklistItem(id=4, text="Talk [s:abcde]", checked=checked, updated_at=TICKED_AT, updated_by_id=7)
    checklist = Checklist(id=3, name="", items=(item, replace(item, id=5, checked=True)))
    return tuple(tasks.of_items(checklist, [made], Known(), known=Timeline(7, known), now=NOW))


def test_a_tick_is_the_persons_who_made_it_at_his_time() -> None:
    (done,) = ticks(checked=True)
    assert (done.kind, done["task"], done.at, done.by.login) == (
        FactKind.TASK_DONE, "talk", TICKED_AT, "anna@example.com",
    )  # fmt: skip


def test_a_tick_is_told_once_and_taken_back_when_it_is() -> None:
    done = ticks(checked=True)
    assert ticks(checked=True, known=done) == ()
    later = [replace(fact, at=TICKED_AT - timedelta(hours=1)) for fact in done]
    (undone,) = ticks(checked=False, known=tuple(later))
    assert undone.kind is FactKind.TASK_REOPENED


def test_a_withdrawn_task_is_nobodys_deed() -> None:
    assert ticks(checked=True, made=replace(ITEM, state=EffectState.VOID)) == ()


@pytest.mark.parametrize(
    ("state", "found"),
    [
        pytest.param(StateType.CLOSED, [FactKind.TASK_DONE], id="closed: done"),
        pytest.param(StateType.PENDING_REMINDER, [], id="waiting: not done"),
    ],
)
def test_closing_a_task_ticket_does_the_task(state: StateType, found: list[FactKind]) -> None:
    child = LinkedTicket(id=70, number="1T1-abcde", title="Talk", state_type=state, created_by_id=6, owner_id=8)
    histories = {70: [stated(90, 2, 4, by=8, after=3)]}
    facts = tuple(tasks.of_tickets([child], [CHILD], Known(), known=Timeline(7, ()), histories=histories, now=NOW))
    assert [fact.kind for fact in facts] == found
    assert [(fact.by.login, fact.at) for fact in facts] == [("ben@example.com", MONDAY + timedelta(hours=3))] * len(
        found
    )


def test_only_task_tickets_that_moved_are_read() -> None:
    closed = LinkedTicket(id=70, number="1T1-abcde", title="", state_type=StateType.CLOSED, created_by_id=6, owner_id=8)
    other = replace(closed, id=71)
    assert tasks.moved([closed, other], [CHILD], known=Timeline(7, ())) == (70,)
