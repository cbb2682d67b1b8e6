"""Timelines of one ticket that grow fact by fact, and read what was said only when somebody has said more."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from inspect import unwrap
from itertools import zip_longest
from typing import Any

from plugin.model import wording
from plugin.model.conversation import is_from_customer
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.simulate.histories import QUIET, History, acts

OF_WORDS = frozenset(unwrap(reading) for reading in (wording.spoken, wording.messages_with))
"""Readings that hang on the customer's articles alone, and take longest: a tenth of a simulation."""


class Grown(Timeline):
    """A timeline that shares what was read of the customer's articles with others that have the same ones."""

    __slots__ = ("_of_words",)

    def __init__(self, ticket_id: int, facts: Iterable[Fact], of_words: dict[tuple[Hashable, ...], Any]) -> None:
        super().__init__(ticket_id, facts)
        self._of_words = of_words

    def read_once(self, reading: Callable[..., Any], *given: Hashable) -> Any:
        """As a timeline does; of words, what an earlier one has read."""
        if reading not in OF_WORDS:
            return super().read_once(reading, *given)
        asked = (reading, *given)
        if asked not in self._of_words:
            self._of_words[asked] = reading(self, *given)
        return self._of_words[asked]


class Growth:
    """Makes the timelines of one history, ``facts`` in their order."""

    def __init__(self, ticket_id: int, facts: tuple[Fact, ...]) -> None:
        self._ticket_id = ticket_id
        self._facts = facts
        self._known = 0
        self._beside: tuple[Fact, ...] = ()
        self._of_words: dict[tuple[Hashable, ...], Any] = {}

    def grow(self, more: Iterable[Fact]) -> Timeline:
        """The timeline with the next facts, which are ``more``."""
        added = tuple(more)
        self._known += len(added)
        if any(fact.kind is FactKind.ARTICLE and is_from_customer(fact) for fact in added):
            self._of_words = {}
        return self._timeline()

    def follow(self, facts: tuple[Fact, ...]) -> Timeline:
        """The timeline with facts beside the history: what would have followed from what Steward does."""
        self._beside += facts
        return self._timeline()

    def _timeline(self) -> Timeline:
        return Grown(self._ticket_id, (*self._facts[: self._known], *self._beside), self._of_words)


@dataclass(frozen=True, slots=True)
class Scene:
    """What people did at once, the ticket as it is known then, and how long it stays so."""

    did: tuple[Fact, ...]
    timeline: Timeline
    begins: datetime
    until: datetime


def scenes(history: History, facts: tuple[Fact, ...], growth: Growth) -> Iterator[Scene]:
    """A history, of which ``facts`` are what was lived, scene by scene; ``growth`` grows as it is read."""
    groups = [*acts(facts, within=QUIET)]
    for group, following in zip_longest(groups, groups[1:]):
        until = following[0].at if following else history.read_at
        yield Scene(group, growth.grow(group), group[-1].at, until)
