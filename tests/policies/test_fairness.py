"""The person complained about neither owns, assesses, reviews nor closes; his duty passes to the supervisor."""

from __future__ import annotations

import pytest

from plugin.model.clocks import ClockState
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
