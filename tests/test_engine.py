"""Rules put to work: scope, switches, modes, slots for tags."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from plugin.engine import decide
from plugin.model.decision import Mode
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import Pack
from plugin.model.said import WORDS
from tests.policies.story import ANNA, BEN, CHIEF, STEWARD, Story, shipped, with_people

ACTS: tuple[Callable[[random.Random, Story, float], Fact], ...] = (
    lambda chance, story, at: story.customer_writes(chance.choice(["Any news?", "I complain.", "Fire!"]), after=at),
    lambda chance, story, at: story.answers(chance.choice([ANNA, BEN]), after=at),
    lambda chance, story, at: story.says(chance.choice(sorted(WORDS)), chance.choice([ANNA, BEN]), after=at),
    lambda chance, story, at: story.gives(chance.choice([ANNA, BEN, None]), by=chance.choice([ANNA, CHIEF]), after=at),
    lambda _, story, at: story.closes(after=at),
    lambda _, story, at: story.reopens(after=at),
    lambda _, story, at: story.state("pending reminder", after=at),
    lambda _, story, at: story.observe("owner_can_act", after=at, value=False, login=ANNA.login),
)


def test_the_same_facts_give_the_same_decision_in_any_order_and_twice() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("major", after=1)
    story.answers(after=2)
    shuffled = [*reversed(story.facts), *story.facts]
    now = story.at(30)
    assert decide(Timeline(1, story.facts), pack=story.pack, now=now) == decide(
        Timeline(1, shuffled), pack=story.pack, now=now
    )


def test_a_ticket_older_than_the_switch_is_recorded_and_never_announced() -> None:
    story = Story().customer_writes_in()
    told = story.decided(after=30, switched_after=28)
    assert not told.decision.in_force
    assert (told.fields, told.tags, told.notes) == ({}, set(), {})
    assert told.clock("first_response").was_broken


def test_a_ticket_made_older_afterwards_stays_in_force() -> None:
    story = Story().customer_writes_in()
    story.observe("adopted", created_at=story.at(2).isoformat(), older=False)
    assert story.decided(after=30, switched_after=1).tags == {"steward:breached", "steward:orphan"}


def test_an_agents_word_brings_an_older_ticket_in_without_announcing_what_was_late() -> None:
    story = Story().customer_writes_in()
    story.gives(ANNA, by=ANNA, after=0.1)
    story.observe("adopted", after=30, created_at=story.started_at.isoformat(), older=True)
    story.says("complaint", after=31)
    told = story.decided(after=32, switched_after=28)
    assert told.decision.in_force
    assert told.fields["kind"] == "complaint"
    assert told.fields["breached"] is None
    assert told.clock("first_response").was_broken


def test_a_rule_in_observe_marks_everything_it_asks_for() -> None:
    rules = tuple(replace(rule, mode=Mode.OBSERVE) for rule in shipped().rules)
    told = Story(pack=replace(shipped(), rules=rules)).customer_writes_in().decided(after=30)
    assert {f.mode for f in told.decision.fields} == {Mode.OBSERVE}
    assert {t.mode for t in told.decision.tags} == {Mode.OBSERVE}


def test_groups_outside_the_scope_are_left_alone() -> None:
    pack = replace(shipped(), scope=replace(shipped().scope, groups=("Second line",)))
    assert not Story(pack=pack).customer_writes_in().decided(after=30).decision.in_force


def test_a_merged_ticket_is_left_alone() -> None:
    story = Story().customer_writes_in()
    story.state("merged", after=1)
    assert not story.decided(after=30).decision.in_force


def test_of_several_tags_of_one_slot_the_first_in_order_holds() -> None:
    story = Story().customer_writes_in("I complain: the charger caught fire.")
    told = story.decided(after=20)
    assert told.tags == {"steward:suspected", "steward:warned", "steward:orphan"}


def test_unknown_words_are_taken_off_too() -> None:
    story = Story().customer_writes_in()
    story.says("abracadabra", after=1)
    told = story.decided(after=2).decision
    assert [(w.tag, str(w.because)) for w in told.words] == [
        ("steward:say:abracadabra", "Steward does not know this word.")
    ]


def test_every_part_carries_clause_and_reason() -> None:
    story = Story().customer_writes_in("I complain.", vip=True)
    story.says("major", after=1)
    told = story.decided(after=30).decision
    cited: list[tuple[str, object]] = [(f.clause, f.because) for f in told.fields]
    cited += [(t.clause, t.because) for t in told.tags]
    cited += [(n.clause, n.because) for n in told.notes]
    cited += [(t.clause, t.because) for t in told.tasks]
    cited += [(c.clause, c.because) for c in told.clocks]
    assert len(cited) > 20
    assert all(clause and str(because) for clause, because in cited)


def test_an_unknown_word_is_answered() -> None:
    story = Story().customer_writes_in()
    story.says("abracadabra", after=1)
    note = story.decided(after=2).notes["words.unknown"]
    assert str(note.lines[0]) == "Steward does not know the word “abracadabra”."
    assert note.asked


def test_what_turns_out_to_be_none_of_ours_is_cleaned_up_only_where_we_wrote() -> None:
    story = Story().customer_writes_in()
    story.says("waiting", after=2)
    story.tell(FactKind.TAG_ADDED, after=3, by=ANNA, tag="spam")
    assert not story.decided(after=3).decision.in_force
    story.tell(FactKind.CHANGED, after=1, by=STEWARD, attribute="steward_kind", to="request")
    told = story.decided(after=3)
    assert told.decision.in_force
    assert told.fields["kind"] == "none"
    assert told.fields["next_due"] is None


def test_what_was_late_before_the_switch_is_recorded_for_a_complaint_voiced_after_it_too() -> None:
    story = Story().customer_writes_in()
    story.observe("adopted", created_at=story.started_at.isoformat(), older=False)
    story.customer_writes("I complain.", after=50)
    story.says("complaint", after=51)
    told = story.decided(after=52, switched_after=40)
    assert told.decision.in_force
    assert told.clock("first_response", epoch="m1").was_broken
    assert told.fields["breached"] is None


def test_a_ticket_that_is_none_of_ours_is_emptied_though_its_classification_came_later() -> None:
    pack = replace(shipped(), scope=replace(shipped().scope, exclude_tags=("spam",)))
    story = Story(pack=pack).customer_writes_in()
    story.sets("steward_stage", "accept", by=STEWARD, after=1)
    story.says("waiting", after=2)
    story.tell(FactKind.TAG_ADDED, after=3, by=ANNA, tag="spam")
    switches = {rule.name: story.at(5 if rule.policy == "classification" else -1) for rule in pack.rules}
    told = decide(Timeline(1, story.facts), pack=pack, now=story.at(6), switches=switches)
    fields = {field.name: field.value for field in told.fields}
    assert fields["steward_stage"] is None
    assert "steward_kind" not in fields


def test_what_should_hold_is_another_thing_at_every_look_that_is_certain() -> None:
    """So that nobody need decide in advance to find out: stories by chance, from one seed."""
    chance, certain, uncertain = random.Random(7), 0, 0
    packs = (shipped(), with_people(shipped(), supervisors=("chief",)))
    for _ in range(200):
        story = by_chance(chance, pack=chance.choice(packs))
        told = decide(Timeline(1, story.facts), pack=story.pack, now=story.facts[-1].at)
        while (look := told.next_look) is not None:
            then = decide(Timeline(1, story.facts), pack=story.pack, now=look.at)
            assert not look.certain or then.calls_for_otherwise_than(told), (look, story.facts)
            certain, uncertain = certain + look.certain, uncertain + (not look.certain)
            told = then
    print(f"{certain} looks were certain, {uncertain} were not")
    assert certain > 200


def by_chance(chance: random.Random, *, pack: Pack) -> Story:
    """Up to six acts in the order they happened."""
    story, hours = Story(pack=pack).customer_writes_in(chance.choice(["Where is it?", "I complain."])), 0.0
    for act in chance.choices(ACTS, k=chance.randrange(7)):
        hours += chance.choice((0.1, 1, 5, 20, 50, 400))
        act(chance, story, hours)
    return story
