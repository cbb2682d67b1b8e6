"""Examples have teeth: whatever number or ``when`` of a shipped pack is changed, one of its examples fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from plugin.model.pack import Pack
from plugin.packs import crosschecks, files, shipped, source
from plugin.packs.examples.book import Exampled
from plugin.packs.examples.book import of as exampled_of
from plugin.packs.examples.proving import Told, failures, tell
from plugin.packs.schema import build, pack_schema
from plugin.policies import discover
from tests.packs.mutants import Mutant, mutants

A_FLOOR = "it keeps a pack from being written with less, and says nothing of a ticket"
JUSTIFIED: Mapping[str, Mapping[str, str]] = {
    "service-standard": {
        "retention.minimum: 6 months → 5 months": A_FLOOR,
        "rules.classification.options.serious_from: 50 → 49": "all weights are tens: 49 parts them as 50 does",
    },
    "fca-disp": {"retention.minimum: 36 months → 35 months": A_FLOOR},
    "asic-rg271": {"retention.minimum: 84 months → 83 months": A_FLOOR},
}
"""Changes no example can notice, by pack, each with the reason."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A pack's examples, told once: a story is the same whatever the pack makes of it."""

    exampled: Exampled
    stories: Sequence[Told]
    schema: Schema

    def notices(self, mutant: Mutant) -> bool | None:
        """Whether an example fails; None for a change the pack refuses to load."""
        pack = self._built(mutant)
        if pack is None:
            return None
        stories = [self._told(story, mutant, pack) for story in self.stories]
        likely = sorted(stories, key=lambda story: -_likelihood(story, mutant))
        return any(next(failures(story, pack=pack), None) is not None for story in likely)

    def _told(self, story: Told, mutant: Mutant, pack: Pack) -> Told:
        """Told anew where the look itself goes by the pack: what is counted of other customers."""
        looks = "repeat_complaints" in mutant.name and "other customers" in str(story.example.story)
        return tell(story.name, story.example, pack=pack) if looks else story

    def _built(self, mutant: Mutant) -> Pack | None:
        if next(crosschecks.of_text(mutant.values), None) is not None:
            return None
        try:
            pack = build(self.schema.load(mutant.values), version="")
        except ValidationError:
            return None
        return None if next(crosschecks.of_numbers(pack), None) is not None else pack


def _likelihood(story: Told, mutant: Mutant) -> int:
    """How many of the names on the way to what was changed the example speaks of."""
    spoken = f"{story.name} {story.example}"
    return sum(1 for step in mutant.name.partition(":")[0].split(".")[1:] if step in spoken)


def bench(name: str) -> tuple[Bench, Mapping[str, Any]]:
    found = source.read(files.chain(name))
    exampled = exampled_of(found)
    stories = [tell(name, example, pack=exampled.pack) for name, example in exampled.examples.items()]
    return Bench(exampled, stories, pack_schema(discover())), found.values


@cache
def judged(name: str) -> Mapping[str, bool]:
    """Each change of a pack, and whether an example noticed."""
    ready, values = bench(name)
    found = {mutant.name: ready.notices(mutant) for mutant in mutants(values)}
    return {change: noticed for change, noticed in found.items() if noticed is not None}


def survivors(name: str) -> list[str]:
    return [change for change, noticed in judged(name).items() if not noticed]


@pytest.mark.parametrize("name", shipped())
def test_every_number_and_when_of_a_shipped_pack_is_held_by_an_example(name: str) -> None:
    print(f"{name}: {len(judged(name))} changes, {len(survivors(name))} not noticed")
    for change in survivors(name):
        print(f"  {change}: {JUSTIFIED[name].get(change, 'not justified')}")
    assert sorted(survivors(name)) == sorted(JUSTIFIED[name])


def test_at_most_two_in_a_hundred_changes_go_unnoticed() -> None:
    changes = sum(len(judged(name)) for name in shipped())
    unnoticed = sum(len(survivors(name)) for name in shipped())
    print(f"{changes} changes, {unnoticed} not noticed")
    assert unnoticed <= 0.02 * changes
