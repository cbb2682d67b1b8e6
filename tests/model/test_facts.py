"""A timeline answers from its newest facts, and works nothing out twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugin.model.facts import Fact, FactKind, Timeline, once

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def fact(number: int, kind: FactKind, **data: object) -> Fact:
    at = NOON + timedelta(minutes=number)
    return Fact(key=f"history:{number}", kind=kind, at=at, seen_at=at, data=data)


def test_the_newest_observation_of_a_name_is_the_one_that_counts() -> None:
    earlier, later = (fact(number, FactKind.OBSERVED, what="vip", value=bool(number)) for number in range(2))
    timeline = Timeline(1, [later, fact(2, FactKind.OBSERVED, what="deleted", value=True), earlier])
    assert timeline.observed("vip") is later
    assert timeline.observed("related") is None


def test_changes_of_an_attribute_are_told_in_their_order() -> None:
    facts = [fact(number, FactKind.CHANGED, attribute=name) for number, name in enumerate(("state", "owner", "state"))]
    timeline = Timeline(1, reversed(facts))
    assert timeline.changes_of("state") == (facts[0], facts[2])
    assert timeline.changes_of("group") == ()


def test_what_was_asked_with_the_same_thing_is_not_worked_out_again() -> None:
    asked: list[list[str]] = []

    @once
    def reading(timeline: Timeline, names: list[str]) -> int:
        asked.append(names)
        return len(timeline) + len(names)

    timeline, names = Timeline(1, []), ["a", "b"]
    assert [reading(timeline, names), reading(timeline, names), reading(timeline, ["c"])] == [2, 2, 1]
    assert asked == [["a", "b"], ["c"]]
