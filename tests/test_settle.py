"""Settling: what happens once happens once, whatever becomes of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.model.effects import EffectKind, EffectState
from plugin.model.errors import Unavailable
from plugin.model.work import Claim, Lock, Wake, WakeReason
from plugin.sandbox.faults import Fault
from plugin.store import cases, effects
from plugin.visit import Means, Visitor
from tests.scenarios.helpdesk import TASKS_OF_A_MAJOR, Helpdesk, Ticket, open_helpdesk

STEWARD = "zammad-steward"
T_Q = timedelta(seconds=180)


@pytest.fixture(params=["6.1", "6.5"])
def helpdesk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Helpdesk]:
    helpdesk = open_helpdesk(like=str(request.param), store_url=f"sqlite:///{tmp_path / 'steward.db'}")
    yield helpdesk
    helpdesk.service.close()


def fails(helpdesk: Helpdesk, kind: str, method: str, path: str, **more: object) -> None:
    """One call of Steward's goes wrong."""
    fault = Fault(kind=kind, method=method, path=path, count=1, user_agent=STEWARD, **more)  # type: ignore[arg-type]
    helpdesk.sandbox.faults.add(fault, now=helpdesk.now)


def a_major_complaint(helpdesk: Helpdesk) -> Ticket:
    """A ticket Steward knows, and a word that makes it write a note, tags, fields and tasks."""
    ticket = helpdesk.mails("The machine is broken.", sender="juergen@handel.example")
    helpdesk.works()
    ticket.tagged(helpdesk.anna, "steward:say:major")
    ticket.put(helpdesk.anna, article={"body": "Steward: major", "internal": True, "type": "note"})
    return ticket


def states(helpdesk: Helpdesk, ticket: Ticket, *kinds: EffectKind) -> set[EffectState]:
    return {effect.state for effect in helpdesk.effects_of(ticket) if effect.kind in kinds}


def task_count(ticket: Ticket) -> int:
    return len([text for text in ticket.items if text]) + len(ticket.tasks)


# -- unknown outcomes -------------------------------------------------------------------------------------------------

PUT = r"/tickets/\d+$"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        pytest.param("status", {"status": 500}, id="500, nothing done"),
        pytest.param("status", {"status": 502, "after": True}, id="502, but done"),
        pytest.param("cut_after", {}, id="cut after it was done"),
        pytest.param("half_body", {}, id="half an answer"),
        pytest.param("login_page", {}, id="a login page with status 200"),
    ],
)
def test_a_note_whose_answer_is_lost_is_written_once(helpdesk: Helpdesk, kind: str, more: dict[str, object]) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, kind, "PUT", PUT, **more)
    helpdesk.works()
    helpdesk.passes(minutes=10)
    assert len(ticket.notes) == 1
    assert ticket.field("tier") == "major"
    assert states(helpdesk, ticket, EffectKind.NOTE, EffectKind.FIELDS) == {EffectState.APPLIED}


def test_an_unknown_note_rests_before_it_is_tried_again(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "status", "PUT", PUT, status=500)
    helpdesk.works()
    helpdesk.passes(seconds=T_Q.total_seconds() - 60)
    assert ticket.notes == []
    helpdesk.passes(seconds=70)
    assert len(ticket.notes) == 1


def test_fields_do_not_wait_for_an_unknown_note(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "status", "PUT", PUT, status=500)
    helpdesk.works()
    helpdesk.passes(seconds=30)
    assert ticket.field("tier") == "major"


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
def test_tasks_whose_answers_are_lost_are_made_once(helpdesk: Helpdesk, after: bool) -> None:
    ticket = a_major_complaint(helpdesk)
    for path in (r"/tickets$", r"/checklists$", r"/checklist_items$"):
        fails(helpdesk, "status", "POST", path, status=500, after=after)
    helpdesk.works()
    helpdesk.passes(minutes=30)
    assert task_count(ticket) == TASKS_OF_A_MAJOR


def test_a_task_written_late_into_the_checklists_first_item_overwrites_no_other(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "late", "PUT", r"/checklist_items/\d+$", seconds=100)
    helpdesk.works()
    ticket.noted(helpdesk.anna)  # a reason for another look before it lands
    helpdesk.works()
    helpdesk.passes(minutes=30)
    assert task_count(ticket) == TASKS_OF_A_MAJOR


def test_a_tag_whose_answer_is_lost_is_there_once(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "cut_after", "POST", "/tags/add")
    helpdesk.works()
    helpdesk.passes(minutes=1)
    world = helpdesk.sandbox.world
    assert world.tags_of(ticket.id).count("steward:major") == 1
    assert "steward:say:major" not in ticket.tags


def test_the_same_500_again_with_nothing_there_is_a_refusal_and_named(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    for _ in range(4):
        fails(helpdesk, "status", "POST", r"/tags/add$", status=500)
    helpdesk.works()
    helpdesk.passes(seconds=40)
    refused = [e for e in helpdesk.effects_of(ticket) if e.state is EffectState.REFUSED]
    assert [(e.kind, e.retry_not_before is not None) for e in refused] == [(EffectKind.TAG_ADD, True)]
    assert "500" in refused[0].error
    helpdesk.passes(minutes=20)
    assert "steward:major" in ticket.tags


def test_a_note_the_same_500_hid_the_second_time_is_not_written_a_third(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "status", "PUT", PUT, status=500)
    helpdesk.works()
    helpdesk.passes(seconds=T_Q.total_seconds() - 60)
    assert ticket.notes == []
    fails(helpdesk, "status", "PUT", PUT, status=500, after=True)
    helpdesk.passes(minutes=30)
    assert len(ticket.notes) == 1
    assert states(helpdesk, ticket, EffectKind.NOTE) == {EffectState.APPLIED}


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_passing_422_gets_one_look_and_one_more_try(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "status", "PUT", PUT, status=422)
    helpdesk.works()
    assert len(ticket.notes) == 1
    assert ticket.field("tier") == "major"


def test_a_field_that_cannot_be_written_does_not_keep_the_note_back(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    for _ in range(2):
        fails(helpdesk, "status", "PUT", PUT, status=422)
    helpdesk.works()
    assert len(ticket.notes) == 1
    helpdesk.passes(minutes=1)
    assert ticket.field("tier") == "major"
    assert len(ticket.notes) == 1


def test_too_many_calls_are_waited_out_and_count_against_nobody(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "rate_limit", "PUT", PUT, retry_after=30)
    helpdesk.asks_by_the_storys_clock(rate=1000, burst=2000)
    helpdesk.works()
    helpdesk.passes(minutes=2)
    assert len(ticket.notes) == 1
    assert states(helpdesk, ticket, EffectKind.NOTE) == {EffectState.APPLIED}


def test_what_was_refused_and_is_wanted_no_more_wakes_nobody(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    for _ in range(2):
        fails(helpdesk, "status", "POST", r"/(checklist_items|tickets)$", status=422)
    helpdesk.passes(seconds=8)
    assert EffectState.REFUSED in states(helpdesk, ticket, EffectKind.ITEM, EffectKind.TASK)
    helpdesk.deaf = True  # step by step from here: a case that is always due would never let time go by
    ticket.said(helpdesk.anna, "general")
    helpdesk.passes(seconds=40)
    worker = helpdesk.service.worker
    assert worker is not None
    assert [worker.run_once() for _ in range(10)][-1] == 0


def test_what_is_unknown_and_wanted_no_more_is_void_once_it_rested(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    fails(helpdesk, "status", "PUT", PUT, status=500)
    helpdesk.works()
    assert states(helpdesk, ticket, EffectKind.NOTE) == {EffectState.UNKNOWN}
    ticket.said(helpdesk.anna, "none")
    helpdesk.passes(seconds=30)
    assert states(helpdesk, ticket, EffectKind.NOTE) == {EffectState.UNKNOWN}
    helpdesk.passes(minutes=30)
    assert states(helpdesk, ticket, EffectKind.NOTE) == {EffectState.VOID}
    assert ticket.notes == []


# -- a process that died ----------------------------------------------------------------------------------------------


def forget_outcomes(helpdesk: Helpdesk, ticket: Ticket) -> None:
    """As if the process had died right after every call of the ticket: intents without outcomes."""
    with helpdesk.service.store.write() as connection:
        for effect in effects.of_case(connection, ticket.id):
            effects.withdraw(connection, effect.op_key, now=helpdesk.now, outcome={})
            effects.intend(connection, [effect], now=helpdesk.now)


def test_intents_found_after_a_crash_are_found_out_about_and_not_repeated(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    helpdesk.works()
    before = (len(ticket.notes), sorted(ticket.tags), task_count(ticket))
    forget_outcomes(helpdesk, ticket)
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    helpdesk.passes(minutes=10)
    assert (len(ticket.notes), sorted(ticket.tags), task_count(ticket)) == before
    assert EffectState.INTENDED not in states(helpdesk, ticket, *EffectKind)
    assert EffectState.UNKNOWN not in states(helpdesk, ticket, *EffectKind)


# -- Zammad's own hindrances ------------------------------------------------------------------------------------------


def make_mandatory(helpdesk: Helpdesk, name: str) -> None:
    """A field of the team's that nobody has filled yet and everybody must."""
    helpdesk.admin.call(
        "POST",
        "/object_manager_attributes",
        {
            "name": name,
            "object": "Ticket",
            "display": name,
            "data_type": "input",
            "data_option": {"type": "text", "maxlength": 100, "null": True, "default": ""},
            "active": True,
            "position": 1000,
            "screens": {"edit": {"ticket.agent": {"shown": True, "required": False}}},
        },
    )
    helpdesk.admin.call("POST", "/object_manager_attributes_execute_migrations")
    helpdesk.admin.call(
        "POST",
        "/core_workflows",
        {
            "name": "Everybody says the cost centre",
            "object": "Ticket",
            "preferences": {"screen": ["edit"]},
            "condition_saved": {},
            "condition_selected": {},
            "perform": {f"ticket.{name}": {"operator": "set_mandatory", "set_mandatory": "true"}},
            "active": True,
            "stop_after_match": False,
            "priority": 100,
            "changeable": True,
        },
    )


def test_a_mandatory_field_that_blocks_every_change_leaves_note_and_tags_and_is_named(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    make_mandatory(helpdesk, "cost_centre")
    helpdesk.works()
    assert len(ticket.notes) == 1
    assert "steward:major" in ticket.tags
    assert ticket.field("tier") is None
    blocked = [e.error for e in helpdesk.effects_of(ticket) if e.kind is EffectKind.FIELDS and e.error]
    assert blocked
    assert all("cost_centre" in error for error in blocked)
    assert helpdesk.alarms("mandatory_field") == 1
    helpdesk.passes(hours=1)
    assert helpdesk.alarms("mandatory_field") == 1
    ticket.put(helpdesk.anna, cost_centre="4711")
    helpdesk.works()
    assert ticket.field("tier") == "major"
    assert len(ticket.notes) == 1


def test_a_lock_that_fell_stops_every_write(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    with pytest.raises(Unavailable, match="lock fell"):
        visit_under(helpdesk, ticket, lock=Fallen())
    assert ticket.notes == []
    assert ticket.field("tier") is None


def test_what_was_applied_before_the_lock_fell_is_known(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    with pytest.raises(Unavailable, match="lock fell"):
        visit_under(helpdesk, ticket, lock=FallsWith(ticket, tag="steward:major"))
    assert EffectState.APPLIED in states(helpdesk, ticket, EffectKind.TAG_ADD)
    assert EffectState.INTENDED not in {effect.state for effect in helpdesk.effects_of(ticket)}
    assert ticket.notes == []


def visit_under(helpdesk: Helpdesk, ticket: Ticket, *, lock: Lock) -> None:
    """One visit, with another lock than the worker's."""
    service = helpdesk.service
    means = Means(
        store=service.store,
        zammad=service.zammad,
        rollout=service.rollout,
        clock=service.clock,
        metrics=service.metrics,
        alarms=service.alarms,
        customer_mail=False,
        unknown_wait=T_Q,
        note_brake=60,
    )
    with service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    claim = Claim(case=case, wake=Wake(at=helpdesk.now, reason=WakeReason.OPERATOR), lock=lock)
    Visitor(means).visit(claim)


@dataclass(frozen=True)
class Fallen:
    """A lock whose session is gone."""

    def still_held(self) -> bool:
        return False


@dataclass(frozen=True)
class FallsWith:
    """A lock that falls once the ticket has this tag."""

    ticket: Ticket
    tag: str

    def still_held(self) -> bool:
        return self.tag not in self.ticket.tags
