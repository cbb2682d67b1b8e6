"""Tasks: items where there are checklists, else child tickets; made once, withdrawn when no longer needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.model.decision import NextStep, Task, TaskForm
from plugin.model.effects import EffectKind, EffectState
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.features import Features
from plugin.model.ticket import StateType
from plugin.model.words import text
from plugin.plan import AddItem, MakeTask, NameChecklist, Person, Plan, Standing, Terms, VoidTask, withdraw
from plugin.plan.tasks import item_mark, letters
from tests.plan.givens import (
    ANNA,
    MONDAY,
    WHY,
    checklist,
    decision,
    done,
    hours,
    kinds,
    left,
    planned,
    task,
    terms,
    ticket,
)

NO_CHECKLISTS = terms(features=Features())
WITH_LIST = ticket(checklist_id=3)
STEP = NextStep(text("Answer by noon"), "C3.1", WHY)


def test_the_first_task_makes_the_checklist_and_the_rest_join_it() -> None:
    plan = planned(decision(tasks=(task("talk"), task("investigate"))))
    assert kinds(plan) == ["MakeChecklist", "AddItem", "AddItem"]


def test_an_item_says_what_who_and_by_when_and_ends_with_its_short_key() -> None:
    (item,) = [call for call in planned(decision(tasks=(task(),))).calls if isinstance(call, AddItem)]
    assert item.text.startswith("Investigate what happened – anna, by 2026-03-04 09:00 UTC [s:")
    assert item.text.endswith(item_mark(item.effects[0].op_key))


def test_tasks_are_appended_to_a_teams_own_checklist() -> None:
    plan = planned(decision(tasks=(task(),)), on=WITH_LIST, checklist=checklist("Ours", made_by=9))
    assert kinds(plan) == ["AddItem"]


def test_a_full_checklist_sends_the_task_into_a_ticket() -> None:
    plan = planned(decision(tasks=(task(),)), on=WITH_LIST, checklist=checklist(*["item"] * 100))
    assert kinds(plan) == ["MakeTask"]


def test_a_task_that_stands_is_not_made_again_whatever_became_of_its_item() -> None:
    made = done(planned(decision(tasks=(task(),))).calls, item_id=1, checklist_id=3)
    assert planned(decision(tasks=(task(),)), on=WITH_LIST, applied=made).is_empty
    assert planned(decision(tasks=(task(),)), under=NO_CHECKLISTS, applied=made).is_empty


@pytest.mark.parametrize(
    ("wanted", "under"),
    [
        pytest.param(task(), NO_CHECKLISTS, id="this Zammad has no checklists"),
        pytest.param(task(form=TaskForm.TICKET), terms(), id="it must not hold up the closing"),
    ],
)
def test_otherwise_a_task_is_a_child_ticket(wanted: Task, under: Terms) -> None:
    plan = planned(decision(tasks=(wanted,)), under=under)
    assert kinds(plan) == ["MakeTask"]


def make(**people: Person) -> MakeTask:
    under = terms(features=Features(), people=people)
    (call,) = planned(decision(tasks=(task(),)), under=under).calls
    assert isinstance(call, MakeTask)
    return call


def test_a_task_ticket_carries_a_number_of_its_own_and_a_reminder() -> None:
    made = make()
    assert made.number == f"81007T1-{letters(made.effects[0].op_key)}"
    assert made.pending_until == MONDAY + timedelta(days=2)
    assert made.group_id == 2


def test_only_who_has_full_access_becomes_its_owner() -> None:
    assert make(anna=Person(7, "anna", "Anna", may_read=True, may_own=True)).owner_id == 7
    assert make(anna=Person(7, "anna", "Anna", may_read=True, may_own=False)).owner_id is None
    assert make().owner_id is None


def test_task_tickets_are_numbered_one_after_another() -> None:
    plan = planned(decision(tasks=(task("talk"), task("team"))), under=NO_CHECKLISTS)
    assert [call.number[:7] for call in plan.calls if isinstance(call, MakeTask)] == ["81007T1", "81007T2"]


def test_a_task_ticket_tried_again_keeps_its_number() -> None:
    first = make()
    unknown = left(first.effects[0], EffectState.UNKNOWN, retry_not_before=hours(1))
    (again,) = planned(decision(tasks=(task(),)), under=NO_CHECKLISTS, applied=(unknown,)).calls
    assert isinstance(again, MakeTask)
    assert again.number == first.number


def test_a_long_number_is_cut_where_it_does_no_harm() -> None:
    plan = planned(decision(tasks=(task(),)), on=ticket(number="9" * 60), under=NO_CHECKLISTS)
    (call,) = plan.calls
    assert isinstance(call, MakeTask)
    assert len(call.number) == 60
    assert call.number.endswith(letters(call.effects[0].op_key))


def test_a_task_done_on_a_ticket_that_was_merged_in_is_not_asked_for_again() -> None:
    merge = Fact("history:9", FactKind.RECEIVED_MERGE, hours(1), hours(1), ANNA, {"tasks_done": ["talk"]})
    plan = planned(decision(tasks=(task("talk"), task("team"))), facts=(merge,), under=NO_CHECKLISTS)
    assert [effect.request["task"] for call in plan.calls for effect in call.effects] == ["team"]


# -- withdrawing ------------------------------------------------------------------------------------------------------


def test_a_task_no_longer_needed_is_withdrawn() -> None:
    as_item = done(planned(decision(tasks=(task(),))).calls, item_id=1, checklist_id=3)
    as_ticket = done(planned(decision(tasks=(task(),)), under=NO_CHECKLISTS).calls, ticket_id=70)
    unwanted = decision(tasks=(task(wanted=False),))
    assert kinds(planned(unwanted, on=WITH_LIST, applied=as_item)) == ["VoidItem"]
    assert kinds(planned(unwanted, applied=as_ticket)) == ["VoidTask"]


@pytest.mark.parametrize("under", [terms(), NO_CHECKLISTS], ids=["item", "ticket"])
def test_a_task_withdrawn_and_wanted_again_is_another_one(under: Terms) -> None:
    asked = decision(tasks=(task(),))
    made = done(planned(asked, under=under).calls, item_id=1, checklist_id=3, ticket_id=70)
    withdrawn = (replace(made[-1], state=EffectState.VOID),)
    again = done(planned(asked, on=WITH_LIST, under=under, applied=withdrawn).calls, item_id=2, ticket_id=71)
    assert [effect.op_key for effect in again] != [made[-1].op_key]
    assert planned(asked, on=WITH_LIST, under=under, applied=(*withdrawn, *again)).is_empty


def test_a_task_that_was_done_is_left_as_it_is() -> None:
    made = done(planned(decision(tasks=(task(),)), under=NO_CHECKLISTS).calls, ticket_id=70)
    data = {"task": "investigate", "op_key": made[0].op_key}
    ticked = Fact("task:70:1", FactKind.TASK_DONE, hours(2), hours(2), ANNA, data)
    assert planned(decision(tasks=(task(wanted=False),)), facts=(ticked,), applied=made).is_empty


def test_a_ticket_that_was_merged_away_has_its_task_tickets_closed_and_is_left_alone() -> None:
    made = done(planned(decision(tasks=(task(),)), under=NO_CHECKLISTS).calls, ticket_id=70)
    standing = Standing(ticket(state_type=StateType.MERGED), frozenset(), Timeline(7, ()))
    plan = withdraw(standing, made, terms())
    assert [call.ticket_id for call in plan.calls if isinstance(call, VoidTask)] == [70]
    assert len(plan.calls) == 1


# -- the checklist's name ---------------------------------------------------------------------------------------------


def names(plan: Plan) -> list[str]:
    return [call.name for call in plan.calls if isinstance(call, NameChecklist)]


MADE = done(planned(decision(tasks=(task(),), next_step=STEP)).calls, item_id=1, checklist_id=3)


def test_the_checklist_we_make_says_the_next_step() -> None:
    assert names(planned(decision(tasks=(task(),), next_step=STEP))) == ["Answer by noon"]


def test_a_name_that_is_right_is_not_written_again() -> None:
    assert planned(decision(next_step=STEP), on=WITH_LIST, applied=MADE).is_empty


def test_the_name_follows_the_next_step() -> None:
    later = NextStep(text("Settle it"), "A2.1", WHY)
    plan = planned(decision(next_step=later), on=WITH_LIST, applied=MADE)
    assert names(plan) == ["Settle it"]


def test_a_name_a_person_gave_it_stays() -> None:
    later = NextStep(text("Settle it"), "A2.1", WHY)
    renamed = checklist("item", name="Our list")
    assert planned(decision(next_step=later), on=WITH_LIST, applied=MADE, checklist=renamed).is_empty


def test_a_teams_own_checklist_keeps_its_name() -> None:
    assert planned(decision(next_step=STEP), on=WITH_LIST).is_empty


def test_no_checklist_is_made_only_to_say_the_next_step() -> None:
    assert planned(decision(next_step=STEP)).is_empty


def test_effects_of_one_task_have_one_key_in_either_form() -> None:
    item = planned(decision(tasks=(task(),))).calls[1].effects[0]
    child = planned(decision(tasks=(task(),)), under=NO_CHECKLISTS).calls[0].effects[0]
    assert (item.kind, child.kind) == (EffectKind.ITEM, EffectKind.TASK)
    assert item.op_key == child.op_key
