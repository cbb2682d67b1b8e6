"""Two packs over the same tickets: what comes out differently, with its reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plugin.model.durations import Duration
from plugin.model.pack import Pack
from plugin.packs import load, text_of
from plugin.simulate.changes import changes
from plugin.simulate.comparing import Comparison, Difference, differences
from tests.policies.story import ANNA, Story, shipped
from tests.simulate.played import played


def with_first_response(limit: str) -> Pack:
    """The shipped pack with another first response."""
    pack = shipped()
    clock = replace(pack.clocks["first_response"], limit=Duration.parse(limit))
    return replace(pack, clocks={**pack.clocks, "first_response": clock})


def answered(after: float) -> Story:
    story = Story().customer_writes_in("Where is my order?")
    story.gives(ANNA, by=ANNA, after=1)
    story.answers(after=after)
    return story


def compared(story: Story, other: Pack) -> list[Difference]:
    return differences(played(story, until=99), played(story, until=99, pack=other))


def test_the_same_pack_changes_nothing() -> None:
    assert compared(answered(30), shipped()) == []


def test_a_stricter_limit_breaks_a_promise_and_says_why() -> None:
    found = {one.what: one for one in compared(answered(6), with_first_response("4 h"))}
    clock = found["clock first_response"]
    assert (clock.before, clock.after) == ("met", "breached")
    assert "24 h" in clock.why_before
    assert "4 h" in clock.why_after
    assert found["breached"].after == "first_response"
    assert found["note tiered_escalation.breach.first_response"].before == "0"


def test_another_limit_that_nothing_came_of_is_told_apart() -> None:
    comparison = Comparison()
    comparison.add(compared(answered(2), with_first_response("20 h")))
    assert (comparison.tickets, comparison.moved) == (0, 1)
    assert comparison.found == []


def test_many_differences_are_counted_and_some_kept() -> None:
    whole = Comparison(keep=3)
    for _ in range(5):
        batch = Comparison()
        batch.add(compared(answered(6), with_first_response("4 h")))
        assert len(batch.found) > 3
        whole.merge(batch)
    assert whole.tickets == 5
    assert len(whole.found) == 3
    assert whole.counts["clock first_response", "met", "breached"] == 5


@pytest.mark.parametrize(
    ("old", "new", "place", "before", "after"),
    [
        ("    limit: 24 h", "    limit: 8 h", "clocks.first_response.limit", "24 h", "8 h"),
        ("  supervisors: []", "  supervisors: [chief]", "people.supervisors.chief", "", "listed"),
        ("    - lawyer\n", "", "words.serious.lawyer", "listed", ""),
        ("      rounds: 3", "      rounds: 2", "rules.follow_up.options.rounds", "3", "2"),
        (
            "  - policy: retention\n    mode: enforce",
            "  - policy: retention\n    mode: observe",
            "rules.retention.mode",
            "enforce",
            "observe",
        ),
        ("zone: Europe/Berlin", "zone: Asia/Shanghai", "zone", "Europe/Berlin", "Asia/Shanghai"),
        ("  groups: all\n", "  groups: [Users]\n", "scope.groups", "all", ""),
        ("  groups: all\n", "  groups: [Users]\n", "scope.groups.Users", "", "listed"),
    ],
    ids=["limit", "person", "word", "option", "mode", "zone", "all groups", "a group"],
)
def test_a_changed_place_is_named(tmp_path: Path, old: str, new: str, place: str, before: str, after: str) -> None:
    text = text_of("service-standard")
    assert old in text
    file = tmp_path / "other.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = {one.place: (one.before, one.after) for one in changes(shipped(), load(file))}
    assert found[place] == (before, after)


def test_a_pack_is_like_itself() -> None:
    assert changes(shipped(), load("service-standard")) == ()
