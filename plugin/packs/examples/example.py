"""An example of a pack: a story, and what should hold at moments of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plugin.packs.examples.expectations import Expectation
from plugin.packs.examples.given import Given
from plugin.packs.examples.moments import Moment
from plugin.packs.examples.sentences import Step


@dataclass(frozen=True, slots=True)
class Example:
    """What is given, what happens when, and what should hold when; ``clauses`` are those it proves."""

    clauses: tuple[str, ...]
    story: Mapping[Moment, tuple[Step, ...]]
    expect: Mapping[Moment, tuple[Expectation, ...]]
    given: Given = field(default_factory=Given)
