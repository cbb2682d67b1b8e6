"""The packs' own examples through both packs: what differs in clauses that no ticket of the histories touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plugin.model.pack import Pack
from plugin.packs.examples import proving
from plugin.packs.examples.book import Exampled
from plugin.packs.examples.example import Example
from plugin.simulate.comparing import Difference, differences
from plugin.simulate.histories import History
from plugin.simulate.outcome import Outcome
from plugin.simulate.playing import play


@dataclass(frozen=True, slots=True)
class Otherwise:
    """An example that comes out otherwise, the place it stands at, and each thing that differs."""

    name: str
    place: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """What became of the examples of two packs."""

    played: int = 0
    otherwise: tuple[Otherwise, ...] = ()


def compare(before: Exampled, after: Exampled, *, tell: Callable[[int], None] = lambda _played: None) -> Examples:
    """Play every example of both through both; one that stands in both alike is played once.

    ``tell`` hears how many are done.
    """
    played, found = 0, []
    for number, (book, name) in enumerate(chosen(before, after), start=1):
        differing = _differences(number, name, book, before.pack, after.pack)
        if differing:
            found.append(Otherwise(name, book.origins[name], tuple(differing)))
        played = number
        tell(played)
    return Examples(played, tuple(found))


def chosen(before: Exampled, after: Exampled) -> Iterator[tuple[Exampled, str]]:
    """The new pack's examples, and those of the old one that are not just so in the new one."""
    yield from ((after, name) for name in after.examples)
    yield from ((before, name) for name, one in before.examples.items() if after.examples.get(name) != one)


def _differences(number: int, name: str, book: Exampled, before: Pack, after: Pack) -> list[Difference]:
    example = book.examples[name]
    history = _history(number, name, example, book.pack)
    was, becomes = (_outcome(history, example, pack) for pack in (before, after))
    return differences(was, becomes) if was is not None and becomes is not None else []


def _history(number: int, name: str, example: Example, pack: Pack) -> History:
    """The story as it was known when something was last expected of it."""
    *_, (_, until, timeline, _) = proving.tell(name, example, pack=pack).moments
    return History(number, name, "", until, tuple(timeline))


def _outcome(history: History, example: Example, pack: Pack) -> Outcome | None:
    """Tasks are done where the story says so."""
    return play(history, proving.as_given(pack, example), customer_mail=example.given.customer_mail)
