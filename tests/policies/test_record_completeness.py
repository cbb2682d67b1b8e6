"""Whether the record of a closed complaint is whole, and what becomes of one that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.model.pack import JudgedAt, Record, Requirement
from plugin.policies.record_completeness import Options
from tests.policies.story import ANNA, MEI, Outcome, Story, shipped, with_people

RECORD = "Cause: the pump was mounted the wrong way\nDepartment: workshop\nOutcome: upheld\nRemedy: a new pump"


def closed(tier: str = "general", *, record: str = "", answered: bool = True, text: str = "I complain.") -> Story:
    """A complaint of that tier, handled by anna and closed by her at noon."""
    story = Story(pack=with_people(shipped(), supervisors=("chief",))).customer_writes_in(text)
    story.gives(ANNA, by=ANNA, after=0.1)
    story.says(tier, after=0.5)
    if record:
        story.notes(after=1, text=record)
    if answered:
        story.answers(after=2)
    story.closes(after=3)
    return story


def missing(told: Outcome) -> tuple[str, ...]:
    found = told.decision.finding("missing")
    assert found is not None
    assert isinstance(found.value, tuple)
    return found.value


def test_most_of_a_record_is_read_from_the_ticket() -> None:
    told = closed().decided(after=5)
    assert missing(told) == ()
    assert "steward:incomplete" not in told.tags


def test_a_grave_complaint_lacks_cause_department_outcome_and_remedy_until_they_are_written() -> None:
    story = closed("serious")
    told = story.decided(after=4)
    assert missing(told) == ("cause", "department", "outcome", "remedy")
    assert "steward:incomplete" in told.tags
    note = told.notes["record_completeness.missing"]
    assert note.tell == ("anna",)
    assert note.clause == "D5.2"
    assert str(note.lines[0]) == (
        "Complete the record in an internal note: “Cause: …”, “Department: …”,"
        " “Outcome: upheld / partly / rejected / withdrawn”, “Remedy: …”"
    )
    story.notes(after=5, text=RECORD)
    told = story.decided(after=6)
    assert missing(told) == ()
    assert "steward:incomplete" not in told.tags


def test_whoever_writes_it_before_he_closes_hears_nothing() -> None:
    told = closed("major", record=RECORD).decided(after=5)
    assert missing(told) == ()
    assert "record_completeness.missing" not in told.notes


def test_who_closes_first_and_writes_then_has_a_grace_time() -> None:
    story = closed("serious")
    told = story.decided(after=3.9)
    assert "steward:incomplete" not in told.tags
    assert "record_completeness.missing" not in told.notes
    assert told.decision.next_look is not None
    assert told.decision.next_look.at == story.at(4)


def test_a_general_complaint_has_the_tag_alone() -> None:
    told = closed(answered=False).decided(after=5)
    assert missing(told) == ("result",)
    assert "steward:incomplete" in told.tags
    assert "record_completeness.missing" not in told.notes


def test_it_is_named_once_a_matter() -> None:
    story = closed("serious")
    first = story.decided(after=5).notes["record_completeness.missing"].epoch
    story.reopens(ANNA, after=6)
    assert "steward:incomplete" not in story.decided(after=7).tags
    story.closes(after=8)
    assert story.decided(after=30).notes["record_completeness.missing"].epoch == first


def test_the_customers_view_is_asked_for_when_the_follow_up_is_over() -> None:
    story = closed("serious", record=RECORD)
    assert missing(story.decided(after=5)) == ()
    assert story.decided(after=5).decision.finding("followed_up_at") is not None
    story.says("satisfied", after=6)
    assert missing(story.decided(after=30)) == ()


def test_a_view_recorded_in_words_is_one() -> None:
    story = closed("serious", record=f"{RECORD}\nCustomer's view: zufrieden")
    found = story.decided(after=5).decision.finding("record_customer_view")
    assert found is not None
    assert found.value == "satisfied"


@pytest.mark.parametrize(("word", "code"), [("upheld", "upheld"), ("teilweise", "partly"), ("不成立", "rejected")])
def test_the_outcome_is_kept_as_a_code(word: str, code: str) -> None:
    story = closed("serious", record=RECORD.replace("upheld", word))
    found = story.decided(after=5).decision.finding("record_outcome")
    assert found is not None
    assert found.value == code


def test_an_outcome_nobody_knows_is_missing() -> None:
    assert missing(closed("serious", record=RECORD.replace("upheld", "who knows")).decided(after=5)) == ("outcome",)


@pytest.mark.parametrize("word", ["not-ours", "request"])
def test_what_is_not_ours_or_no_complaint_has_no_record_to_judge(word: str) -> None:
    story = closed("serious")
    story.says(word, after=3.1)
    told = story.decided(after=30)
    assert "steward:incomplete" not in told.tags
    assert "record_completeness.missing" not in told.notes


def test_only_an_agents_closing_is_judged() -> None:
    story = Story().customer_writes_in("I complain.")
    story.says("serious", after=0.5)
    story.closes(MEI, after=3)
    assert story.decided(after=5).decision.finding("missing") is None


def test_what_was_erased_is_not_missing() -> None:
    story = closed("serious", record=RECORD)
    story.facts = [replace(fact, payload=None) for fact in story.facts]
    story.says("complaint", after=3.1)
    assert "steward:incomplete" not in story.decided(after=30).tags


def test_a_pack_may_ask_for_items_of_its_own_and_of_requests() -> None:
    story = closed()
    wanted = Requirement(clause="C3.3", items=("department",), at=JudgedAt.CLOSING)
    story.pack = replace(story.pack, record=Record(story.pack.record.items, (wanted,)))
    assert missing(story.decided(after=5)) == ("department",)


def test_its_options_have_the_packs_values() -> None:
    rule = next(rule for rule in shipped().rules if rule.policy == "record_completeness")
    assert rule.options == Options()
