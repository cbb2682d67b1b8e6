"""The person complained about neither owns, assesses, reviews nor closes; his duty passes to the supervisor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.model.clocks import ClockState
from plugin.model.decision import Mode
from plugin.model.people import Actor
from tests.policies.story import ANNA, BEN, CHIEF, Story, shipped, with_people


def about_anna(*, supervisors: tuple[str, ...] = ("chief",), by: Actor = BEN) -> Story:
    """Anna was asked first and owns it; an hour later she is named as the person complained about."""
    story = Story(pack=with_people(shipped(), supervisors=supervisors)).customer_writes_in("I complain about Anna.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says("complaint", by=BEN, after=0.5)
    story.notes(by, after=1, text="About: anna")
    return story


def test_her_duty_passes_to_the_supervisor() -> None:
    story = about_anna()
    assert story.decided(after=0.9).fields["first_responder"] == "anna"
    assert story.decided(after=1.1).fields["first_responder"] == "chief"


def test_where_no_supervisor_is_named_nobody_has_it() -> None:
    assert about_anna(supervisors=()).decided(after=1.1).fields["first_responder"] is None


def test_the_supervisor_hears_that_she_owns_it_until_she_does_not() -> None:
    story = about_anna()
    note = story.decided(after=1.1).notes["fairness.owner"]
    assert (note.tell, note.asked, note.clause) == (("chief",), True, "A6.2")
    story.gives(BEN, by=CHIEF, after=2)
    assert "fairness.owner" not in story.decided(after=2.1).notes


def test_where_no_supervisor_is_named_who_named_her_hears_of_it() -> None:
    assert about_anna(supervisors=()).decided(after=1.1).notes["fairness.owner"].tell == ("ben",)


@pytest.mark.parametrize("word", ["assessed", "not-ours", "outside-help"])
def test_her_assessment_does_not_count(word: str) -> None:
    story = about_anna()
    story.says(word, by=ANNA, after=2)
    told = story.decided(after=3)
    assert told.clock("assessment").is_open
    assert "fairness.word" in told.notes
    story.says("assessed", by=BEN, after=4)
    assert story.decided(after=5).clock("assessment").ended_at == story.at(4)


def test_what_she_judged_before_she_was_named_stands() -> None:
    story = Story().customer_writes_in("I complain about Anna.")
    story.says("complaint", by=BEN, after=0.5)
    story.says("assessed", by=ANNA, after=0.7)
    story.notes(BEN, after=1, text="About: anna")
    assert story.decided(after=2).clock("assessment").state is ClockState.MET


def test_a_closing_of_hers_does_not_stand() -> None:
    story = about_anna()
    story.answers(BEN, after=2)
    story.closes(ANNA, after=3)
    told = story.decided(after=3.1)
    assert [t.state_type for t in told.decision.ticket] == ["open"]
    assert told.notes["fairness.closing"].tell == ("chief",)
    finding = told.decision.finding("result_told_at")
    assert finding is not None
    assert finding.value is None


def test_a_closing_of_somebody_else_stands() -> None:
    story = about_anna()
    story.answers(BEN, after=2)
    story.closes(BEN, after=3)
    assert story.decided(after=3.1).decision.ticket == ()


def test_a_supervisor_complained_about_is_told_nothing_of_it() -> None:
    story = Story(pack=with_people(shipped(), supervisors=("chief",), management=("dora",)))
    story.customer_writes_in("I complain about your chief.")
    story.says("complaint", by=BEN, after=0.5)
    story.notes(BEN, after=1, text="About: @Chief")
    told = story.decided(after=30)
    assert told.notes["tiered_escalation.breach.first_response"].tell == ("dora",)


@pytest.mark.parametrize("line", ["Betrifft: anna", "被投诉人：anna", "about: ANNA (first line)"])
def test_she_is_named_in_any_language_of_the_pack(line: str) -> None:
    story = Story(pack=with_people(shipped(), supervisors=("chief",))).customer_writes_in("I complain.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says("complaint", by=BEN, after=0.5)
    story.notes(BEN, after=1, text=line)
    assert story.decided(after=1.1).fields["first_responder"] == "chief"


@pytest.mark.parametrize(
    "line", ["About: @", "About: @ @", "About: ,", "About: ;."], ids=["at", "twice", "comma", "dots"]
)
def test_signs_alone_name_nobody(line: str) -> None:
    story = Story().customer_writes_in("I complain about Anna.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says("complaint", by=BEN, after=0.5)
    story.notes(BEN, after=1, text=line)
    told = story.decided(after=2)
    assert told.fields["first_responder"] == "anna"
    assert told.notes == {}


@pytest.mark.parametrize("word", ["general", "major"])
def test_what_she_says_of_its_tier_does_not_move_it(word: str) -> None:
    story = about_anna()
    story.says("serious", by=BEN, after=1.5)
    story.says(word, by=ANNA, after=2)
    story.sets("steward_tier", word, by=ANNA, after=2.5)
    told = story.decided(after=3)
    assert told.fields["tier"] == "serious"
    assert told.found("tiers")[-1] == (story.at(1.5), "serious")
    assert told.notes["fairness.word"].tell == ("chief",)


@pytest.mark.parametrize("word", ["request", "none"])
def test_she_does_not_end_the_complaint_by_calling_it_something_else(word: str) -> None:
    story = about_anna()
    story.says(word, by=ANNA, after=2)
    story.sets("steward_kind", word, by=ANNA, after=2.5)
    told = story.decided(after=3)
    assert told.fields["kind"] == "complaint"
    assert told.fields["first_responder"] == "chief"


def test_what_she_said_of_its_tier_before_she_was_named_stands() -> None:
    story = Story().customer_writes_in("I complain about Anna.")
    story.says("serious", by=ANNA, after=0.5)
    story.notes(BEN, after=1, text="About: anna")
    assert story.decided(after=2).fields["tier"] == "serious"


def test_on_a_request_too_she_is_told_that_her_word_was_not_taken() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.notes(BEN, after=1, text="About: anna")
    story.says("none", by=ANNA, after=2)
    told = story.decided(after=3)
    assert told.fields["kind"] == "request"
    assert told.fields["first_responder"] == "anna"
    assert set(told.notes) == {"fairness.word"}


def test_without_the_rule_her_words_count() -> None:
    story = about_anna()
    story.pack = replace(story.pack, rules=tuple(r for r in story.pack.rules if r.policy != "fairness"))
    story.says("major", by=ANNA, after=2)
    assert story.decided(after=3).fields["tier"] == "major"


def test_on_trial_the_rule_takes_no_word_from_those_that_write() -> None:
    story = about_anna()
    rules = (replace(r, mode=Mode.OBSERVE) if r.policy == "fairness" else r for r in story.pack.rules)
    story.pack = replace(story.pack, rules=tuple(rules))
    story.says("major", by=ANNA, after=2)
    assert story.decided(after=3).fields["tier"] == "major"


def test_she_does_not_name_another_in_her_place() -> None:
    story = about_anna()
    story.notes(ANNA, after=2, text="About: ben")
    story.says("major", by=ANNA, after=3)
    told = story.decided(after=4)
    assert told.fields["tier"] == "general"
    assert told.fields["first_responder"] == "chief"
