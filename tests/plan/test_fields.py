"""Fields: should, does, and what we and others wrote before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from plugin.model.case import UNHEARD, Complained
from plugin.model.decision import FieldValue, Finding, Mode
from plugin.model.effects import EffectState
from plugin.model.facts import Fact
from plugin.model.features import Features
from plugin.model.people import Actor
from plugin.model.ticket import StateType
from plugin.plan import Put, Terms
from plugin.plan.fields import as_text
from tests.plan.givens import (
    ANNA,
    MACHINE,
    MEI,
    STEWARD,
    WHY,
    changed,
    decision,
    done,
    holding,
    hours,
    kinds,
    left,
    planned,
    terms,
    ticket,
    wants,
)

SERIOUS = decision(fields=(wants("tier", "serious"),))
GENERAL = decision(fields=(wants("tier", "general"),))


def test_what_differs_is_sent_in_one_put_and_nothing_else() -> None:
    plan = planned(
        decision(fields=(wants("tier", "serious"), wants("kind", "complaint"))), on=holding(kind="complaint")
    )
    assert kinds(plan) == ["Put"]
    assert isinstance(plan.calls[0], Put)
    assert plan.calls[0].fields == {"steward_tier": "serious"}


def test_nothing_is_planned_where_nothing_differs() -> None:
    assert planned(SERIOUS, on=holding(tier="serious")).is_empty


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        pytest.param("next_due_at", datetime(2026, 3, 3, 9, 0, 0, 23456, UTC), "2026-03-03T09:00:00.023Z", id="moment"),
        pytest.param("erase_after", date(2026, 9, 3), "2026-09-03", id="day"),
        pytest.param("hold", False, None, id="false is nothing"),
        pytest.param("hold", True, True, id="true"),
        pytest.param("first_responder", None, "", id="nothing is empty"),
    ],
)
def test_a_value_is_the_same_however_it_is_written(name: str, value: FieldValue, shown: object) -> None:
    wanted = decision(fields=(wants(name, value),))
    assert planned(wanted, on=holding(**{name: shown})).is_empty


def test_history_and_looks_write_a_moment_alike() -> None:
    assert as_text("steward_next_due_at", "2026-12-01 09:30:15 UTC") == "2026-12-01T09:30:15Z"
    assert as_text("steward_next_due_at", "no moment") == "no moment"


def test_fields_the_server_lacks_are_skipped_and_named() -> None:
    plan = planned(SERIOUS, under=terms(features=Features()))
    assert plan.is_empty
    assert plan.missing == ("steward_tier",)


WRITTEN = done(planned(SERIOUS).calls, at=hours(1))
"""We wrote "serious" at ten."""
BEFORE = done(planned(GENERAL).calls, at=hours(0.5))
"""And "general" half an hour before it."""


@pytest.mark.parametrize(
    ("by", "plans"),
    [
        pytest.param(ANNA, [], id="an agent's value stays"),
        pytest.param(MEI, ["Put"], id="a customer's is reset at once"),
        pytest.param(MACHINE, ["Put"], id="a trigger or job is nobody"),
        pytest.param(STEWARD, ["Put"], id="our own is not in the way"),
    ],
)
def test_who_changed_the_value_decides_whether_it_is_ours_to_set(by: Actor, plans: list[str]) -> None:
    facts = [changed("tier", "major", by=by, at=hours(2))]
    plan = planned(SERIOUS, on=holding(tier="major"), facts=facts, applied=WRITTEN)
    assert kinds(plan) == plans


@pytest.mark.parametrize(
    ("since", "mode", "plans"),
    [
        pytest.param(1, Mode.ENFORCE, ["Put"], id="whose word counts for nothing"),
        pytest.param(3, Mode.ENFORCE, [], id="named only afterwards"),
        pytest.param(1, Mode.OBSERVE, [], id="as a rule on trial would have it"),
    ],
)
def test_a_value_of_the_person_complained_about_is_reset(since: float, mode: Mode, plans: list[str]) -> None:
    found = Finding(UNHEARD, Complained("anna", hours(since)), "A6.2", WHY, mode=mode)
    facts = [changed("tier", "major", by=ANNA, at=hours(2))]
    wanted = replace(SERIOUS, findings=(found,))
    assert kinds(planned(wanted, on=holding(tier="major"), facts=facts, applied=WRITTEN)) == plans


def test_an_agents_value_stays_only_until_its_cause_changes() -> None:
    facts = [changed("tier", "major", by=ANNA, at=hours(2))]
    plan = planned(GENERAL, on=holding(tier="major"), facts=facts, applied=WRITTEN)
    assert kinds(plan) == ["Put"]


def test_an_old_form_that_brings_our_earlier_value_back_is_set_right_once() -> None:
    ours = (*BEFORE, *done(planned(SERIOUS, applied=BEFORE).calls, at=hours(1)))
    stale = [changed("tier", "general", by=ANNA, at=hours(2))]
    first = planned(SERIOUS, on=holding(tier="general"), facts=stale, applied=ours)
    assert kinds(first) == ["Put"]
    again = [*stale, changed("tier", "general", by=ANNA, at=hours(2.5))]
    ours = (*ours, *done(first.calls, at=hours(2.2)))
    assert planned(SERIOUS, on=holding(tier="general"), facts=again, applied=ours).is_empty


def test_an_emptied_field_is_no_stale_form() -> None:
    ours = (*BEFORE, *done(planned(SERIOUS, applied=BEFORE).calls, at=hours(1)))
    facts: list[Fact] = [changed("tier", "", by=ANNA, at=hours(2))]
    assert planned(SERIOUS, on=holding(), facts=facts, applied=ours).is_empty


def test_a_value_of_before_may_be_written_again_for_a_new_reason() -> None:
    second = done(planned(SERIOUS, applied=BEFORE).calls, at=hours(1))
    third = planned(GENERAL, on=holding(tier="serious"), applied=(*BEFORE, *second))
    keys = {e.op_key for call in third.calls for e in call.effects}
    assert kinds(third) == ["Put"]
    assert not keys & {e.op_key for e in (*BEFORE, *second)}


def test_an_interrupted_write_is_planned_again_under_its_key() -> None:
    first = planned(SERIOUS).calls[0].effects[0]
    again = planned(SERIOUS, applied=(left(first, EffectState.INTENDED),))
    assert again.calls[0].effects[0].op_key == first.op_key


def test_a_refused_write_waits_for_its_moment_and_is_not_forgotten() -> None:
    first = planned(SERIOUS).calls[0].effects[0]
    refused = left(first, EffectState.REFUSED, retry_not_before=hours(5))
    plan = planned(SERIOUS, applied=(refused,))
    assert plan.is_empty
    assert plan.wakes_at == hours(5)
    assert kinds(planned(SERIOUS, applied=(refused,), under=terms(now=hours(5)))) == ["Put"]


def test_what_was_given_up_rests_until_an_operator_insists() -> None:
    first = planned(SERIOUS).calls[0].effects[0]
    given_up = left(first, EffectState.REFUSED, outcome={"gave_up": True})
    assert planned(SERIOUS, applied=(given_up,)).is_empty
    assert kinds(planned(SERIOUS, applied=(given_up,), under=terms(insist=True))) == ["Put"]


@pytest.mark.parametrize(
    ("under", "mode", "why"),
    [
        pytest.param(terms(mode=Mode.OBSERVE), Mode.ENFORCE, "observe", id="the server observes"),
        pytest.param(terms(), Mode.OBSERVE, "observe", id="the rule observes"),
        pytest.param(terms(paused=True), Mode.ENFORCE, "paused", id="writes are paused"),
        pytest.param(
            terms(exhausted=frozenset({"deadlines"})), Mode.ENFORCE, "limit", id="the rule's limit is reached"
        ),
    ],
)
def test_what_may_not_be_written_is_recorded_instead(under: Terms, mode: Mode, why: str) -> None:
    wanted = decision(fields=(wants("tier", "serious", mode=mode),))
    plan = planned(wanted, under=under)
    assert plan.is_empty
    assert [(e.state, e.error) for e in plan.observed] == [(EffectState.OBSERVED, why)]


def test_a_field_that_blocks_every_put_stops_the_fields_until_it_is_filled() -> None:
    first = planned(SERIOUS).calls[0].effects[0]
    blocked = left(first, EffectState.REFUSED, settled_at=hours(1), outcome={"blocked_by": ["cost_centre"]})
    empty = holding()
    assert planned(SERIOUS, on=empty, applied=(blocked,)).is_empty
    filled = replace(empty, extra={"cost_centre": "4711"})
    assert kinds(planned(SERIOUS, on=filled, applied=(blocked,))) == ["Put"]


def test_a_merged_ticket_is_never_written_to() -> None:
    assert planned(SERIOUS, on=ticket(state_type=StateType.MERGED)).is_empty
