"""The scorecard: a rule's word before an agent's, by the first thing he says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from plugin.model.decision import Mode
from plugin.model.facts import FactKind
from plugin.model.pack import Kind, Pack
from plugin.simulate.judging import Score, scores
from plugin.simulate.outcome import Judged
from plugin.simulate.tally import Tally, Window, score_rows
from tests.policies.story import ANNA, MEI, Story, shipped
from tests.simulate.played import played

COMPLAINS, ASKS = "I complain: it is broken.", "Where is my order?"


def judged(claimed: str, said: str) -> Judged:
    return Judged("classification", "steward_kind", claimed, said, Story().at(1), "anna")


@pytest.mark.parametrize(
    ("claimed", "said", "found"),
    [
        ("complaint", "complaint", (Score.HIT,)),
        ("request", "request", (Score.HIT,)),
        ("request", "complaint", (Score.MISS,)),
        ("complaint", "request", (Score.EXTRA,)),
        ("serious", "major", (Score.MISS, Score.EXTRA)),
        ("", "major", (Score.MISS,)),
        ("general", "", (Score.HIT,)),
        ("steward:repeat", "", (Score.EXTRA,)),
        ("none", "complaint", (Score.MISS, Score.EXTRA)),
    ],
    ids=lambda value: str(value) or "nothing",
)
def test_agreement_is_a_hit_and_the_rest_a_miss_an_extra_or_both(
    claimed: str, said: str, found: tuple[Score, ...]
) -> None:
    assert scores(judged(claimed, said)) == found


def said_of_kind(story: Story) -> list[tuple[str, str, str]]:
    outcome = played(story, until=99)
    return [(one.rule, one.claimed, one.said) for one in outcome.judged if one.subject == "steward_kind"]


def test_a_suspicion_the_agent_confirms_is_a_hit() -> None:
    story = Story().customer_writes_in(COMPLAINS)
    story.says("complaint", after=1)
    assert said_of_kind(story) == [("classification", "complaint", "complaint")]


def test_a_suspicion_the_agent_denies_is_an_extra() -> None:
    story = Story().customer_writes_in(COMPLAINS)
    story.says("request", after=1)
    assert said_of_kind(story) == [("classification", "complaint", "request")]


def test_what_words_did_not_show_is_a_miss() -> None:
    story = Story().customer_writes_in(ASKS)
    story.says("complaint", after=1)
    assert said_of_kind(story) == [("classification", "request", "complaint")]


def test_only_the_first_word_counts() -> None:
    story = Story().customer_writes_in(ASKS)
    story.says("complaint", after=1)
    story.says("request", after=2)
    assert len(said_of_kind(story)) == 1


def test_a_value_an_agent_sets_by_hand_is_a_word_too() -> None:
    story = Story().customer_writes_in("I complain about the device, it is broken.")
    story.sets("steward_nature", "service", by=ANNA, after=1)
    outcome = played(story, until=99)
    assert [(one.claimed, one.said) for one in outcome.judged] == [("product", "service")]


def test_a_customers_value_is_no_word() -> None:
    story = Story().customer_writes_in(ASKS)
    story.sets("steward_kind", "complaint", by=MEI, after=1)
    assert said_of_kind(story) == []


def test_a_group_for_complaints_is_a_word_of_whoever_moves_it_there() -> None:
    story = Story(pack=replace(shipped(), group_kinds={"Complaints": Kind.COMPLAINT})).customer_writes_in(ASKS)
    story.moves("Complaints", after=1)
    assert said_of_kind(story) == [("classification", "request", "complaint")]


def test_a_tag_an_agent_takes_off_is_an_extra() -> None:
    story = Story().customer_writes_in(ASKS)
    story.tell(FactKind.TAG_REMOVED, after=20, by=ANNA, tag="steward:orphan")
    outcome = played(story, until=99)
    assert [(one.rule, one.claimed, one.said) for one in outcome.judged] == [
        ("first_responder", "steward:orphan", ""),
    ]


def test_a_rule_on_trial_is_judged_like_one_that_writes() -> None:
    rules = tuple(replace(one, mode=Mode.OBSERVE) if one.policy == "classification" else one for one in shipped().rules)
    story = Story(pack=replace(shipped(), rules=rules)).customer_writes_in(COMPLAINS)
    story.says("complaint", after=1)
    assert said_of_kind(story) == [("classification", "complaint", "complaint")]


def beside_a_trial(policy: str, **options: Any) -> Pack:
    """The shipped pack with the policy's rule once more, on trial, with other options."""
    rule = next(one for one in shipped().rules if one.policy == policy)
    trial = replace(rule, name="trial", mode=Mode.OBSERVE, options=replace(cast(Any, rule.options), **options))
    return replace(shipped(), rules=(*shipped().rules, trial))


def test_a_rule_on_trial_that_agrees_with_the_one_that_writes_has_its_hit_too() -> None:
    story = Story(pack=beside_a_trial("classification")).customer_writes_in(COMPLAINS)
    story.says("complaint", after=1)
    assert sorted(said_of_kind(story)) == [
        ("classification", "complaint", "complaint"),
        ("trial", "complaint", "complaint"),
    ]
    assert {one for judged_one in played(story, until=99).judged for one in scores(judged_one)} == {Score.HIT}


def test_where_the_two_disagree_only_one_of_them_was_right() -> None:
    """A serious word weighs nothing on trial; the agent finds it serious."""
    pack = beside_a_trial("classification", weight_serious_words=0, weight_mood=0)
    story = Story(pack=pack).customer_writes_in("I complain: I go to my lawyer.")
    story.says("complaint", after=1)
    story.says("serious", after=2)
    found = [
        (one.rule, one.claimed, scores(one)) for one in played(story, until=99).judged if one.subject == "steward_tier"
    ]
    assert sorted(found) == [
        ("classification", "serious", (Score.HIT,)),
        ("trial", "general", (Score.MISS,)),
    ]


def test_a_tag_both_would_put_there_is_the_view_of_both() -> None:
    story = Story(pack=beside_a_trial("first_responder")).customer_writes_in(ASKS)
    story.tell(FactKind.TAG_REMOVED, after=20, by=ANNA, tag="steward:orphan")
    found = [(one.rule, one.claimed, scores(one)) for one in played(story, until=99).judged]
    assert sorted(found) == [
        ("first_responder", "steward:orphan", (Score.EXTRA,)),
        ("trial", "steward:orphan", (Score.EXTRA,)),
    ]


def test_what_nobody_ever_spoke_of_is_unjudged() -> None:
    outcome = played(Story().customer_writes_in(COMPLAINS), until=99)
    assert ("classification", "steward_kind") in {(rule, subject) for rule, subject, _ in outcome.unjudged}


def test_scores_add_up_by_rule_and_week() -> None:
    tally, window = Tally(), Window("Europe/Berlin")
    for word in ("complaint", "complaint", "request"):
        story = Story().customer_writes_in(COMPLAINS)
        story.says(word, after=1)
        tally.add(played(story, until=99), window)
    rows = [row for row in score_rows(tally) if row[1] == "steward_kind"]
    assert [(week is None, counts) for _, _, week, counts in rows] == [
        (True, {Score.HIT: 2, Score.EXTRA: 1}),
        (False, {Score.HIT: 2, Score.EXTRA: 1}),
    ]
