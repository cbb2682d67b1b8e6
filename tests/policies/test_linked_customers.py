"""Customers of tickets linked to an interruption: who is told what, when, and who is left alone (E4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plugin.model.durations import Duration, Unit
from plugin.model.facts import FactKind
from plugin.model.linked import Announced, Incident, Interruption
from plugin.policies.linked_customers import Options
from tests.policies.story import ANNA, STEWARD, Story, shipped

MINUTE = 1 / 60


def linked(*, opened: float = 1, back: float | None = None, restored: float | None = None) -> Story:
    """A customer's ticket that is linked at 2:00 to an interruption that began at 1:00."""
    story = Story().customer_writes_in("I cannot order anything.")
    return hears(story, opened=opened, back=back, restored=restored)


def hears(story: Story, *, opened: float = 1, back: float | None = None, restored: float | None = None) -> Story:
    told = Interruption(
        incident_id=8,
        epoch="history:1",
        opened_at=story.at(opened),
        since=story.at(2),
        back_at=None if back is None else story.at(back),
        restored_at=None if restored is None else story.at(restored),
    )
    story.observe("interrupted", after=restored or 2, value=True, incidents=[told.as_said()])
    return story


def wrote(story: Story, *, after: float) -> None:
    story.article(
        "We know of it.", after=after, by=STEWARD, sender="System", type="email", to_customer=True, ours=["k"]
    )


def messages(story: Story, *, after: float, customer_mail: bool = True) -> list[str]:
    decision = story.decided(after=after, customer_mail=customer_mail).decision
    return [message.template for message in decision.messages]


def test_ten_minutes_after_the_link_the_customer_is_told() -> None:
    assert messages(linked(), after=2 + 9 * MINUTE) == []
    assert messages(linked(), after=2 + 10 * MINUTE) == ["interruption"]
    assert messages(linked(), after=2 + 10 * MINUTE, customer_mail=False) == []


def test_the_message_is_one_of_this_interruption() -> None:
    [message] = linked().decided(after=3, customer_mail=True).decision.messages
    assert (message.rule, message.epoch, message.clause) == ("linked_customers.interruption", "8-history:1", "E4.3")
    [over] = linked(restored=5).decided(after=6, customer_mail=True).decision.messages
    assert (over.rule, over.epoch) == ("linked_customers.restored", "8-history:1")


@pytest.mark.parametrize(
    ("back", "template"),
    [
        pytest.param(8, "interruption_until", id="still to come"),
        pytest.param(2.5, "interruption", id="gone by"),
        pytest.param(None, "interruption", id="nobody said"),
    ],
)
def test_when_it_will_be_back_is_told_where_that_is_still_to_come(back: float | None, template: str) -> None:
    assert messages(linked(back=back), after=3) == [template]


def test_more_than_a_working_day_late_it_is_left_to_a_person() -> None:
    assert messages(linked(), after=26) == ["interruption"]
    assert messages(linked(), after=27) == []


def test_whom_an_agent_answered_since_it_began_nobody_else_tells() -> None:
    story = linked()
    story.answers(after=1.5)
    assert messages(story, after=3) == []
    assert messages(hears(story, restored=5), after=6) == []


def test_an_answer_from_before_it_began_told_nothing_of_it() -> None:
    story = linked()
    story.answers(after=0.5)
    assert messages(story, after=3) == ["interruption"]


def test_who_was_told_is_told_once_more_and_no_more() -> None:
    story = linked()
    wrote(story, after=2.2)
    assert messages(story, after=3) == []
    story.answers(after=4)
    hears(story, restored=5)
    assert messages(story, after=6) == ["restored"]
    wrote(story, after=6)
    assert messages(story, after=7) == []


def test_whom_an_agent_told_that_it_is_over_nobody_else_tells() -> None:
    story = linked()
    wrote(story, after=2.2)
    hears(story, restored=5)
    story.answers(after=5.1)
    assert messages(story, after=6) == []


def test_what_was_told_on_a_ticket_that_was_merged_in_is_told() -> None:
    story = linked()
    wrote(story, after=1.8)
    assert messages(story, after=3) == ["interruption"]
    merge: dict[str, Any] = {"source_id": 9, "kind": "request", "articles": [story.facts[-1].key]}
    merge |= dict.fromkeys(("accepted_at", "voiced_at", "voiced_tier", "first_asked", "accountable", "tier"))
    story.tell(FactKind.RECEIVED_MERGE, after=1.9, by=ANNA, **merge)
    assert messages(story, after=3) == []


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(lambda story: story.closes(after=2.1), id="closed"),
        pytest.param(lambda story: story.says("none", after=2.1), id="none of ours"),
        pytest.param(lambda story: story.says("interruption", after=2.1), id="an incident itself"),
    ],
)
def test_some_are_left_alone(deed: Callable[[Story], object]) -> None:
    story = linked()
    deed(story)
    assert messages(story, after=3) == []


def test_without_a_text_for_it_nobody_is_written_to() -> None:
    story = linked()
    texts = {name: by_language for name, by_language in story.pack.messages.items() if name != "interruption"}
    story.pack = replace(story.pack, messages=texts)
    assert messages(story, after=3) == []


@pytest.mark.parametrize(
    ("note", "back"),
    [
        pytest.param("Back: 18:00", 9.0, id="a time of that day"),
        pytest.param("Back: 7:30.", 22.5, id="a time of the next"),
        pytest.param("Behoben bis: 2026-03-04 18:00", 57.0, id="a day and a time"),
        pytest.param("恢复时间：2026-03-02T18:00", 9.0, id="in Chinese"),
        pytest.param("Back: this evening", None, id="no time"),
        pytest.param("Back: 25:00", None, id="an hour there is not"),
        pytest.param("Back: 2026-02-30 18:00", None, id="a day there is not"),
    ],
)
def test_an_agent_writes_down_when_it_will_be_back(note: str, back: float | None) -> None:
    story = Story().customer_writes_in("The shop is down.")
    story.says("interruption", after=1)
    story.notes(after=1.1, text=note)
    announced = story.decided(after=2, customer_mail=True).found("announced")
    assert isinstance(announced, Announced)
    assert announced.incident == Incident(story.facts[2].key, story.at(1))
    assert announced.back_at == (None if back is None else story.at(back))


def test_what_was_said_of_an_earlier_interruption_says_nothing_of_the_next() -> None:
    story = Story().customer_writes_in("The shop is down.")
    story.says("interruption", after=1)
    story.notes(after=1.1, text="Back: 2026-03-04 18:00")
    story.says("restored", after=2)
    story.says("interruption", after=3)
    assert story.decided(after=4, customer_mail=True).found("announced").back_at is None


def test_a_wait_is_in_minutes_or_hours() -> None:
    with pytest.raises(ValueError, match="found message_after: 2 days, allowed minutes or hours"):
        Options(message_after=Duration(2, Unit.DAYS))


def test_the_shipped_pack_has_a_brake_on_it() -> None:
    [rule] = [rule for rule in shipped().rules if rule.policy == "linked_customers"]
    assert rule.limit == 100
