"""Who is meant by the name an agent wrote down: asked of Zammad once, kept as an observation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from plugin.model import records
from plugin.model.facts import Timeline, once
from plugin.model.pack import RecordItem
from plugin.model.records import Entry

ABOUT = "about"
"""The record's item that names the person complained about."""
NAMED = "named"
"""The observation's name. entry: the key of what was written; logins: of each name in it those who answer to it."""
_BESIDE = re.compile(r"\s*[(\[<,;].*|\s+[-–—].*", re.DOTALL)
"""What may stand behind a name: ``anna (service)``."""


@dataclass(frozen=True, slots=True)
class Name:
    """What an agent wrote for somebody. ``logins``: who answers to it, in lower case; None while nobody asked."""

    entry: Entry
    logins: tuple[str, ...] | None

    @property
    def login(self) -> str:
        """Who is meant, in lower case; empty for nobody. While nobody asked, the first word is taken for his login."""
        if self.logins is None:
            return next(iter(plain(self.entry.value).split()), "").casefold()
        return self.logins[0] if len(self.logins) == 1 else ""

    @property
    def is_unclear(self) -> bool:
        """Whether it was asked, and not one alone answers to it."""
        return self.logins is not None and len(self.logins) != 1


def plain(value: str) -> str:
    """``anna``, also written ``@anna`` or ``anna (service)``; empty where no name stands there."""
    return _BESIDE.sub("", value.strip().lstrip("@ ")).rstrip("@.: ")


def key_of(entry: Entry) -> str:
    """Key of the observation that says who is meant."""
    return f"observed:{NAMED}:{entry.key}"


@once
def names(timeline: Timeline, items: tuple[RecordItem, ...]) -> tuple[Name, ...]:
    """Every name agents wrote down, or took back (an empty value), oldest first."""
    return tuple(_names(timeline, items))


def _names(timeline: Timeline, items: tuple[RecordItem, ...]) -> Iterator[Name]:
    before: Counter[str] = Counter()
    for entry in records.entries(timeline, items):
        if entry.item != ABOUT:
            continue
        asked = timeline.get(key_of(entry))
        logins = asked["logins"] if asked is not None else ()
        number = before[entry.key]
        before[entry.key] += 1
        known = number < len(logins) and bool(plain(entry.value))
        yield Name(entry, tuple(logins[number]) if known else None)
