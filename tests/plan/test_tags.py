"""Tags: added once a cause, taken off only when we added them; words always."""

from __future__ import annotations

import pytest

from plugin.model.decision import Mode, WordDone
from plugin.model.facts import FactKind
from plugin.model.people import Actor
from plugin.plan import TagAdd, TagRemove
from plugin.plan.parts import Plan
from tests.plan.givens import ANNA, MACHINE, STEWARD, WHY, decision, done, hours, kinds, note, planned, tag, tagged

BREACHED = decision(tags=(tag("breached"),))
NOTHING = decision()
ADDED = done(planned(BREACHED).calls, at=hours(1))


def names(plan: Plan) -> list[str]:
    """What is done to tags: ``+`` added, ``-`` taken off."""
    signs = {TagAdd: "+", TagRemove: "-"}
    return [f"{signs[type(c)]}{c.tag}" for c in plan.calls if isinstance(c, TagAdd | TagRemove)]


def test_a_tag_that_lacks_is_added() -> None:
    assert names(planned(BREACHED)) == ["+steward:breached"]


def test_a_tag_that_is_there_costs_nothing() -> None:
    assert planned(BREACHED, tags=["steward:breached"], applied=ADDED).is_empty


def test_a_tag_of_ours_that_no_longer_holds_is_taken_off() -> None:
    assert names(planned(NOTHING, tags=["steward:breached", "vip"], applied=ADDED)) == ["-steward:breached"]


def test_a_tag_somebody_else_added_stays() -> None:
    assert planned(NOTHING, tags=["steward:breached"]).is_empty
    again = [tagged(FactKind.TAG_ADDED, "steward:breached", by=ANNA, at=hours(2))]
    assert planned(NOTHING, tags=["steward:breached"], facts=again, applied=ADDED).is_empty


@pytest.mark.parametrize(
    ("by", "found"),
    [
        pytest.param(ANNA, [], id="an agent: not for the same cause"),
        pytest.param(MACHINE, ["+steward:breached"], id="a job: again"),
    ],
)
def test_a_tag_that_was_taken_off_comes_back_or_not(by: Actor, found: list[str]) -> None:
    facts = [tagged(FactKind.TAG_REMOVED, "steward:breached", by=by, at=hours(2))]
    assert names(planned(BREACHED, facts=facts, applied=ADDED)) == found


def test_a_tag_an_agent_took_off_comes_back_for_a_new_cause() -> None:
    facts = [tagged(FactKind.TAG_REMOVED, "steward:breached", by=ANNA, at=hours(2))]
    other = decision(tags=(tag("breached", cause="c2"),))
    assert names(planned(other, facts=facts, applied=ADDED)) == ["+steward:breached"]


def test_a_tag_we_took_off_ourselves_may_come_back_for_the_same_cause() -> None:
    off = done(planned(NOTHING, tags=["steward:breached"], applied=ADDED).calls, at=hours(2))
    facts = [tagged(FactKind.TAG_REMOVED, "steward:breached", by=STEWARD, at=hours(2))]
    plan = planned(BREACHED, facts=facts, applied=(*ADDED, *off))
    assert names(plan) == ["+steward:breached"]
    assert plan.calls[0].effects[0].op_key != ADDED[0].op_key


def test_words_are_taken_off_whoever_added_them_and_only_once() -> None:
    word = WordDone("steward:say:accept", WHY, rule="words")
    plan = planned(decision(words=(word, word)), tags=["steward:say:accept"])
    assert names(plan) == ["-steward:say:accept"]
    assert planned(decision(words=(word,))).is_empty


def test_a_rule_that_observes_leaves_tags_alone() -> None:
    plan = planned(decision(tags=(tag("breached", mode=Mode.OBSERVE),)), tags=["vip"])
    assert plan.is_empty
    assert [effect.request["tag"] for effect in plan.observed] == ["steward:breached"]


def test_tags_come_before_the_put_so_that_its_answer_shows_both() -> None:
    plan = planned(decision(tags=(tag("breached"),), notes=(note(),)))
    assert kinds(plan) == ["TagAdd", "Put"]
