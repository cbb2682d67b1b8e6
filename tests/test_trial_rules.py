"""Rules on trial beside rules that write: what they conclude is recorded, and those that write never see it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from plugin.engine import decide
from plugin.model.decision import Decision, Mode
from plugin.model.durations import Duration
from plugin.model.facts import Timeline
from plugin.model.pack import Pack, Rule
from plugin.policies import classification
from tests.policies.story import Story, shipped
from tests.test_engine import ACTS

CLOCK_FIELDS = {"steward_next_due", "steward_next_due_at", "steward_breached"}
QUICK = Rule(
    name="quicker",
    policy="classification",
    mode=Mode.OBSERVE,
    options=classification.Options(confirm_after=Duration.parse("1 h")),
)
"""Takes a suspicion for a complaint after an hour, on trial."""


def with_modes(*observed: str, pack: Pack | None = None) -> Pack:
    """The shipped pack with these rules on trial."""
    whole = pack or shipped()
    rules = (replace(rule, mode=Mode.OBSERVE) if rule.name in observed else rule for rule in whole.rules)
    return replace(whole, rules=tuple(rules))


def with_trial(*observed: str) -> Pack:
    pack = with_modes(*observed)
    return replace(pack, rules=(*pack.rules, QUICK))


def written(decision: Decision) -> dict[str, object]:
    """What a decision asks for that is not only recorded."""
    kinds = ("fields", "tags", "words", "clocks", "notes", "tasks", "messages", "ticket")
    return {kind: tuple(p for p in getattr(decision, kind) if p.mode == Mode.ENFORCE) for kind in kinds} | {
        "next_step": decision.next_step,
        "in_force": decision.in_force,
        "because": decision.because,
    }


def test_a_rule_that_writes_does_not_see_what_a_rule_on_trial_concludes() -> None:
    story = Story(pack=with_trial()).customer_writes_in("I complain.")
    told = story.decided(after=3)
    kinds = {field.mode: field.value for field in told.decision.fields if field.name == "steward_kind"}
    assert kinds == {Mode.ENFORCE: "request", Mode.OBSERVE: "complaint"}
    assert not told.has_clock("assessment")
    assert "steward:suspected" in told.tags
    assert told.decision.finding("kind") == replace(told.decision.findings[0], rule="", mode=Mode.ENFORCE)
    assert {(f.rule, f.value) for f in told.decision.findings if f.name == "kind" and f.rule} == {
        ("quicker", "complaint")
    }


def test_rules_on_trial_see_what_both_conclude() -> None:
    told = Story(pack=with_trial("deadlines", "tiered_escalation")).customer_writes_in("I complain.").decided(after=3)
    assert told.clock("assessment").mode == Mode.OBSERVE
    assert told.fields["kind"] == "request"


def test_a_clock_on_trial_stands_beside_the_one_that_counts() -> None:
    short = replace(shipped().clocks["first_response"], limit=Duration.parse("2 h"), instead=())
    plain = with_modes()
    trial = replace(next(rule for rule in plain.rules if rule.name == "deadlines"), name="again", mode=Mode.OBSERVE)
    pack = replace(plain, clocks={**plain.clocks, "first_response": short}, rules=(*plain.rules, trial))
    told = Story(pack=pack).customer_writes_in().decided(after=3)
    assert [clock.mode for clock in told.decision.clocks if clock.name == "first_response"] == [Mode.ENFORCE]
    assert [clock.mode for clock in told.decision.trial_clocks] == [Mode.OBSERVE]
    assert told.fields["breached"] == "first_response"


def test_where_every_rule_observes_all_of_them_see_each_other() -> None:
    every = with_modes(*(rule.name for rule in shipped().rules))
    story = Story(pack=every).customer_writes_in("I complain.")
    told, enforced = story.decided(after=30), replace(story, pack=shipped()).decided(after=30)
    assert told.fields == enforced.fields
    assert {clock.mode for clock in told.decision.clocks} == {Mode.OBSERVE}


@pytest.mark.parametrize("seed", range(40))
def test_trials_change_nothing_that_is_written(seed: int) -> None:
    chance = random.Random(seed)
    story = Story().customer_writes_in(chance.choice(["Where is my order?", "I complain.", "Fire!"]))
    for hours in sorted(chance.uniform(0, 200) for _ in range(8)):
        chance.choice(ACTS)(chance, story, hours)
    names = [rule.name for rule in shipped().rules]
    observed = set(chance.sample(names, chance.randrange(1, len(names))))
    mixed = with_trial(*observed)
    plain = replace(mixed, rules=tuple(rule for rule in mixed.rules if rule.mode is Mode.ENFORCE))
    now, timeline = story.at(chance.uniform(0, 300)), Timeline(1, story.facts)
    alone, beside = decide(timeline, pack=plain, now=now), decide(timeline, pack=mixed, now=now)
    if "deadlines" in observed:  # nobody counts then: what rules on trial count is recorded only
        alone = replace(alone, fields=tuple(f for f in alone.fields if f.name not in CLOCK_FIELDS))
        beside = replace(beside, fields=tuple(f for f in beside.fields if f.name not in CLOCK_FIELDS))
    assert written(beside) == written(alone)
