"""The sentences a story is told in: each pattern and the deed it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from plugin.packs.examples.moments import Diary, Moment
from plugin.packs.examples.ticket import StoryTicket

Deed = Callable[..., None]
"""Called with the ticket and what the sentence names: texts, and moments as they are in the diary."""

_KINDS = {
    "agent": r"[a-z][a-z0-9._@-]*",
    "text": r'"[^"]*"',
    "moment": Moment.PATTERN,
    "word": r"[a-z][a-z-]*",
    "number": r"\d{1,4}",
    "name": r"[A-Za-z0-9_:.-]+",
    "value": r'[^"]+',
}
"""What may stand for ``<agent>``, ``<agent:taker>`` and so on."""
_PLACE = re.compile(r"<(\w+)(?::(\w+))?>")
_NOT_AGENTS = frozenset({"customer", "zammad", "steward", "somebody", "it", "the", "a", "an"})


@dataclass(frozen=True, slots=True)
class Sentence:
    """One pattern: ``<agent> answers[ <text>]``; what stands in brackets may be left out."""

    pattern: str
    spoken: re.Pattern[str]
    kinds: dict[str, str]
    deed: Deed


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, as it is written, and how it is told to the ticket."""

    written: str
    deed: Deed
    values: Mapping[str, str | Moment]

    def tell(self, ticket: StoryTicket, diary: Diary) -> None:
        named = {name: diary.when(v) if isinstance(v, Moment) else v for name, v in self.values.items()}
        self.deed(ticket, **named)


SENTENCES: list[Sentence] = []
"""Every sentence there is, in the order in which they are tried."""


def sentence(*patterns: str) -> Callable[[Deed], Deed]:
    """Decorates what these sentences do to the ticket."""

    def remember(deed: Deed) -> Deed:
        SENTENCES.extend(_sentence(pattern, deed) for pattern in patterns)
        return deed

    return remember


def _sentence(pattern: str, deed: Deed) -> Sentence:
    kinds = {found[2] or found[1]: found[1] for found in _PLACE.finditer(pattern)}
    spoken = re.escape(pattern).replace(r"\[", "(?:").replace(r"\]", ")?").replace(r"\ ", r"\s+")
    for name, kind in kinds.items():
        written = f"<{kind}>" if name == kind else f"<{kind}:{name}>"
        spoken = spoken.replace(re.escape(written).replace(r"\ ", r"\s+"), f"(?P<{name}>{_KINDS[kind]})")
    return Sentence(pattern, re.compile(spoken, re.DOTALL), kinds, deed)


def spoken(value: object) -> Step:
    """The step a sentence tells; raises ValueError naming the nearest sentences there are."""
    written = value.strip() if isinstance(value, str) else ""
    for known in SENTENCES:
        found = known.spoken.fullmatch(written)
        if found is not None and not _names_no_agent(known, found.groupdict()):
            return Step(written, known.deed, dict(_values(known, found.groupdict())))
    raise ValueError(f"allowed a sentence of the story language{_nearest(written)}")


def _names_no_agent(known: Sentence, found: dict[str, Any]) -> bool:
    return any(kind == "agent" and found[name] in _NOT_AGENTS for name, kind in known.kinds.items())


def _values(known: Sentence, found: dict[str, str | None]) -> Iterator[tuple[str, str | Moment]]:
    for name, value in found.items():
        if value is None:
            continue
        kind = known.kinds[name]
        yield name, Moment.parse(value) if kind == "moment" else value.strip('"') if kind == "text" else value


def _nearest(written: str) -> str:
    patterns = list(dict.fromkeys(known.pattern for known in SENTENCES))
    nearest = get_close_matches(written, patterns, n=3, cutoff=0.3)
    return f", such as: {' · '.join(nearest or patterns[:3])}"
