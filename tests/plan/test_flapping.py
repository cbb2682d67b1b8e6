"""To and fro: what is undone again and again without a cause is left alone for a day, with an alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from plugin.model.decision import Mode
from plugin.model.effects import Effect
from plugin.model.facts import Fact, FactKind
from plugin.plan import Plan
from plugin.plan.flapping import TIMES, WINDOW
from tests.plan.givens import (
    ANNA,
    MACHINE,
    MEI,
    STEWARD,
    changed,
    decision,
    done,
    holding,
    hours,
    planned,
    tag,
    tagged,
    terms,
    wants,
)

STAGE = decision(fields=(wants("stage", "accept", rule="stages"),))
BREACHED = decision(tags=(tag("breached"),))


def fought_over(times: int, *, every: float = 1, other: tuple[Fact, ...] = ()) -> tuple[list[Effect], list[Fact]]:
    """We write the stage ``times`` times, an hour apart, and a machine sets it back each time."""
    applied: list[Effect] = []
    facts: list[Fact] = list(other)
    for number in range(times):
        at = hours(number * every)
        plan = planned(STAGE, on=holding(stage="done"), facts=facts, applied=applied, under=terms(now=at))
        applied += done(plan.calls, at=at)
        facts.append(changed("stage", "accept", by=STEWARD, at=at))
        facts.append(changed("stage", "done", by=MACHINE, at=at + timedelta(minutes=5)))
    return applied, facts


def stage(applied: list[Effect], facts: list[Fact], *, after: float) -> Plan:
    return planned(STAGE, on=holding(stage="done"), facts=facts, applied=applied, under=terms(now=hours(after)))


def test_a_field_a_machine_sets_back_each_time_is_left_alone_in_the_end() -> None:
    applied, facts = fought_over(TIMES + 3)
    assert len(applied) == TIMES + 1
    plan = stage(applied, facts, after=TIMES + 3)
    assert plan.is_empty
    assert plan.alarms == ("flapping",)
    assert [(effect.error, effect.rule) for effect in plan.observed] == [("flapping", "stages")]
    assert plan.wakes_at == hours(1) + WINDOW


def test_after_a_day_it_is_tried_once_more() -> None:
    applied, facts = fought_over(TIMES + 1)
    assert stage(applied, facts, after=24.9).is_empty
    assert not stage(applied, facts, after=25).is_empty


def test_what_comes_seldom_is_no_flapping() -> None:
    applied, _ = fought_over(TIMES + 4, every=5)
    assert len(applied) == TIMES + 4


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda at: changed("tier", "major", by=ANNA, at=at), id="an agent"),
        pytest.param(lambda at: tagged(FactKind.TAG_ADDED, "urgent", by=MEI, at=at), id="a customer"),
        pytest.param(lambda at: changed("tier", "major", by=MACHINE, at=at), id="a machine, to something else"),
    ],
)
def test_what_something_else_explains_is_no_flapping(act: Callable[[datetime], Fact]) -> None:
    acts = tuple(act(hours(number) + timedelta(minutes=30)) for number in range(TIMES + 4))
    applied, _ = fought_over(TIMES + 4, other=acts)
    assert len(applied) == TIMES + 4


def test_other_fields_of_the_rule_are_written_all_the_same() -> None:
    applied, facts = fought_over(TIMES + 1)
    both = decision(fields=(wants("stage", "accept", rule="stages"), wants("tier", "major", rule="stages")))
    plan = planned(both, on=holding(stage="done"), facts=facts, applied=applied, under=terms(now=hours(TIMES + 1)))
    assert [dict(call.fields) for call in plan.calls if hasattr(call, "fields")] == [{"steward_tier": "major"}]
    assert plan.alarms == ("flapping",)


def test_a_tag_a_machine_takes_off_each_time_is_left_alone_in_the_end() -> None:
    applied: list[Effect] = []
    facts: list[Fact] = []
    for number in range(TIMES + 3):
        plan = planned(BREACHED, facts=facts, applied=applied, under=terms(now=hours(number)))
        applied += done(plan.calls, at=hours(number))
        facts.append(tagged(FactKind.TAG_REMOVED, "steward:breached", by=MACHINE, at=hours(number + 0.5)))
    assert len(applied) == TIMES + 1
    assert plan.alarms == ("flapping",)


def test_a_rule_that_only_observes_does_not_flap() -> None:
    applied, facts = fought_over(TIMES + 1)
    observing = decision(fields=(wants("stage", "accept", rule="stages", mode=Mode.OBSERVE),))
    plan = planned(observing, on=holding(stage="done"), facts=facts, applied=applied, under=terms(now=hours(TIMES + 1)))
    assert plan.alarms == ()
