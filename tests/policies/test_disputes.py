"""A dispute goes step by step: talk, third party, mediation, arbitration, court."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.model.clocks import ClockState
from plugin.model.decision import TaskForm
from plugin.model.pack import ClockSettings
from plugin.policies.disputes import Options
from tests.policies.story import ANNA, Outcome, Story, shipped


def complaint(*, answered: bool = True, word: str = "complaint") -> Story:
    story = Story().customer_writes_in("I complain.")
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says(word, after=0.5)
    if answered:
        story.answers(after=1)
    return story


def with_options(story: Story, options: Options) -> Story:
    rules = tuple(replace(rule, options=options) if rule.policy == "disputes" else rule for rule in story.pack.rules)
    story.pack = replace(story.pack, rules=rules)
    return story


def step(told: Outcome) -> object:
    found = told.decision.finding("dispute")
    return found.value if found else None


def test_a_complaint_is_no_dispute_until_somebody_says_so() -> None:
    told = complaint().decided(after=2)
    assert step(told) is None
    assert not told.has_clock("mediation")


def test_a_dispute_goes_from_step_to_step() -> None:
    story = complaint()
    for hours, word in enumerate(("third-party", "mediation", "arbitration", "court"), start=2):
        story.says(word, after=hours)
        told = story.decided(after=hours + 0.5)
        assert step(told) == word
        assert told.notes == {}
    story.says("settled", after=10)
    assert step(story.decided(after=11)) == "settled"


def test_mediation_has_thirty_days() -> None:
    story = complaint()
    story.says("mediation", after=2)
    clock = story.decided(after=3).clock("mediation")
    assert clock.limit_at.date() == (story.at(2) + timedelta(days=30)).date()
    assert clock.is_open


@pytest.mark.parametrize("word", ["settled", "arbitration"])
def test_mediation_ends_with_its_outcome(word: str) -> None:
    story = complaint()
    story.says("mediation", after=2)
    story.says(word, after=48)
    clock = story.decided(after=50).clock("mediation")
    assert (clock.state, clock.ended_at) == (ClockState.MET, story.at(48))


def test_mediation_ends_with_an_agreement_on_record() -> None:
    story = complaint()
    story.says("mediation", after=2)
    story.notes(after=24, text="Agreement: both signed on Tuesday")
    assert story.decided(after=30).clock("mediation").ended_at == story.at(24)


def test_closing_the_ticket_does_not_end_a_mediation() -> None:
    story = complaint()
    story.says("mediation", after=2)
    story.closes(after=3)
    assert story.decided(after=4).clock("mediation").is_open


def test_other_steps_run_where_the_pack_has_a_clock_for_them() -> None:
    story = complaint()
    story.says("third-party", after=2)
    assert not story.decided(after=3).has_clock("third_party")
    mediation = story.pack.clocks["mediation"]
    third_party = ClockSettings(name="third_party", clause="A6.1", limit=mediation.limit, calendar=mediation.calendar)
    story.pack = replace(story.pack, clocks={**story.pack.clocks, "third_party": third_party})
    assert story.decided(after=3).clock("third_party").is_open


# -- out of turn ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["arbitration", "court"])
def test_a_small_dispute_is_mediated_first(word: str) -> None:
    story = complaint()
    story.says(word, after=2)
    told = story.decided(after=3)
    assert step(told) is None
    note = told.notes[f"disputes.refused.{word}"]
    assert note.asked
    assert note.clause == "A6.1"
    assert str(note.lines[0]).startswith("First comes mediation.")


def test_nobody_goes_to_others_before_talking_with_the_customer() -> None:
    story = complaint(answered=False)
    story.says("mediation", after=2)
    told = story.decided(after=3)
    assert "talking with the customer" in str(told.notes["disputes.refused.mediation"].lines[0])
    story.answers(after=4)
    story.says("mediation", after=5)
    assert step(story.decided(after=6)) == "mediation"


@pytest.mark.parametrize("written", ["Amount: 25,000 EUR", "Amount: 25.000,00 €", "Amount: 25000"])
def test_a_large_one_may_go_straight_to_court(written: str) -> None:
    story = complaint()
    story.notes(after=1.5, text=written)
    story.says("court", after=4)
    assert step(story.decided(after=5)) == "court"


@pytest.mark.parametrize("written", ["Amount: 9,999.99 EUR", "Amount: 10000 EUR", "Amount: unknown"])
def test_one_below_the_amount_may_not(written: str) -> None:
    story = complaint()
    story.notes(after=1.5, text=written)
    story.says("court", after=4)
    assert step(story.decided(after=5)) is None


@pytest.mark.parametrize("word", ["major", "outside-help"])
def test_a_major_or_complex_one_may_go_straight_to_court(word: str) -> None:
    story = complaint()
    story.says(word, after=1.5)
    story.says("court", after=4)
    assert step(story.decided(after=5)) == "court"


def test_a_step_is_passed_over_with_a_reason_and_that_is_kept() -> None:
    story = complaint()
    story.notes(after=3.9, text="The customer has sued us already.")
    story.says("court", after=4)
    told = story.decided(after=5)
    assert step(told) == "court"
    found = told.decision.finding("dispute_steps")
    assert found is not None
    assert isinstance(found.value, tuple)
    assert found.value[0].passed_over == ("mediation",)


def test_an_amount_written_later_does_not_change_what_was_refused() -> None:
    story = complaint()
    story.says("court", after=2)
    story.notes(after=3, text="Amount: 25000 EUR")
    assert step(story.decided(after=4)) is None
    story.says("court", after=5)
    assert step(story.decided(after=6)) == "court"


def test_nothing_is_settled_where_nothing_is_in_dispute() -> None:
    story = complaint()
    story.says("settled", after=2)
    assert story.decided(after=3).notes["disputes.refused.settled"].asked


def test_requests_do_not_become_disputes() -> None:
    story = Story().customer_writes_in()
    story.answers(after=1)
    story.says("mediation", after=2)
    told = story.decided(after=3)
    assert told.notes["disputes.refused.mediation"].asked
    assert not told.has_clock("mediation")


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_a_dispute_has_its_evidence_collected() -> None:
    story = complaint()
    story.says("mediation", after=2)
    task = story.decided(after=3).tasks["evidence"]
    assert task.wanted
    assert task.assignee == "anna"
    story.notes(after=4, text="Evidence: contract, three pictures")
    task = story.decided(after=5).tasks["evidence"]
    assert (task.wanted, task.settled) == (False, True)


def test_both_sides_sign_what_was_agreed() -> None:
    story = complaint()
    story.says("mediation", after=2)
    assert "agreement" not in story.decided(after=3).tasks
    story.says("settled", after=4)
    assert story.decided(after=5).tasks["agreement"].wanted
    story.notes(after=6, text="Agreement: signed; we pay 200 EUR and exchange the pump")
    assert not story.decided(after=7).tasks["agreement"].wanted


def test_what_the_consumer_objects_is_answered() -> None:
    story = complaint()
    story.says("mediation", after=2)
    story.notes(after=3, text="Objection: he does not accept the expert")
    assert story.decided(after=4).tasks["objection"].wanted


def test_after_the_closing_tasks_are_tickets() -> None:
    story = complaint()
    story.says("mediation", after=2)
    story.closes(after=3)
    story.says("settled", after=4)
    assert story.decided(after=5).tasks["agreement"].form is TaskForm.TICKET


def test_what_turns_out_to_be_a_request_has_no_dispute() -> None:
    story = complaint()
    story.says("mediation", after=2)
    story.says("request", after=3)
    told = story.decided(after=4)
    assert not told.tasks["evidence"].wanted
    assert not told.has_clock("mediation")


def test_the_tag_is_an_option() -> None:
    story = complaint()
    story.says("mediation", after=2)
    assert "steward:dispute" not in story.decided(after=3).tags
    with_options(story, Options(tag=True))
    assert "steward:dispute" in story.decided(after=3).tags
    story.says("settled", after=4)
    assert "steward:dispute" not in story.decided(after=5).tags


def test_steps_it_cannot_mean_are_refused() -> None:
    with pytest.raises(ValueError, match="small_first: found court"):
        Options(small_first=("court",))


@pytest.mark.parametrize(("amounts", "found"), [(("much",), "found much"), ((), "found nothing")])
def test_amounts_it_cannot_mean_are_refused(amounts: tuple[str, ...], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        Options(small_up_to=amounts)


def test_its_options_have_the_packs_values() -> None:
    rule = next(rule for rule in shipped().rules if rule.policy == "disputes")
    assert rule.options == Options()
