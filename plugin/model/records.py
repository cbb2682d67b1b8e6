"""What agents record with a matter: lines of their internal notes ("Cause: …"), or attributes the pack names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from plugin.model.attributes import set_to, settings_of
from plugin.model.conversation import articles, is_by_agent
from plugin.model.facts import Fact, Timeline, once
from plugin.model.pack import Pack, RecordItem
from plugin.model.people import Actor

LONGEST_LABEL = 60
"""Characters before the colon; what is longer is a sentence."""
_MOMENT = re.compile(r"(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[ T]\s*)?(?P<time>[0-9]{1,2}:[0-9]{2})", re.ASCII)
_BULLETS = " \t-–—*•·"
_BLANK = frozenset("…._-–—?¿[]() \t")


@dataclass(frozen=True, slots=True)
class Entry:
    """An agent recorded ``value`` for an item of the pack's record; empty: he emptied the attribute.

    ``code`` is the one of the item's own values that is meant: None where it has none, or the words mean none of them.
    ``value`` is an agent's text and may hold customer data: it is never written to Zammad or kept outside the payload.
    """

    item: str
    value: str
    at: datetime
    by: Actor
    key: str
    code: str | None = None


@once
def entries(timeline: Timeline, items: tuple[RecordItem, ...]) -> tuple[Entry, ...]:
    """Everything agents recorded for these items, oldest first; a blank form counts for nothing."""
    found = [*_of_notes(timeline, items), *_of_attributes(timeline, items)]
    return tuple(sorted(found, key=lambda entry: entry.at))


def newest(timeline: Timeline, items: tuple[RecordItem, ...], *, since: datetime) -> dict[str, Entry]:
    """The last entry of each item at or after ``since``, by its name; emptied ones and unknown words are left out."""
    last = {entry.item: entry for entry in entries(timeline, items) if entry.at >= since}
    coded = {item.name for item in items if item.values}
    return {name: entry for name, entry in last.items() if entry.code or (entry.value and name not in coded)}


def moment(entry: Entry, *, zone: str) -> datetime | None:
    """The moment somebody wrote down: ``2026-03-02 18:00``, or ``18:00`` for the next such time on the zone's clock.

    None for anything else: words that nobody can read as a time are left to people.
    """
    written = _MOMENT.fullmatch(entry.value.strip(" ."))
    if written is None:
        return None
    here = ZoneInfo(zone)
    noted = entry.at.astimezone(here)
    try:
        clock = time.fromisoformat(written["time"].zfill(5))
        day = date.fromisoformat(written["day"]) if written["day"] else noted.date()
    except ValueError:
        return None
    found = datetime.combine(day, clock, here)
    if written["day"] is None and found < noted:
        found = datetime.combine(day + timedelta(days=1), clock, here)
    return found.astimezone(UTC)


def label(pack: Pack, name: str) -> str:
    """What stands before the colon in the pack's language, or the first there is; the item's name where none is."""
    item = pack.record.item(name)
    lines = dict(item.lines) if item else {}
    return next(iter(lines.get(pack.language) or next(iter(lines.values()), ())), name)


@once
def is_erased(timeline: Timeline) -> bool:
    """Whether the words of an agent's internal note were erased: then nobody can tell any more what was recorded."""
    return any(note.payload is None for note in _notes(timeline))


# -- lines of notes ---------------------------------------------------------------------------------------------------


@once
def _notes(timeline: Timeline) -> tuple[Fact, ...]:
    """Agents' internal notes, lines of our macros not counted."""
    return tuple(a for a in articles(timeline) if a["internal"] and is_by_agent(a) and not a["macro"])


def _of_notes(timeline: Timeline, items: tuple[RecordItem, ...]) -> Iterator[Entry]:
    notes = _notes(timeline)
    if not notes:
        return
    labels, codes = _labels(items), _codes(items)
    for note in notes:
        for name, value in _lines(note.text("body"), labels):
            yield Entry(name, value, note.at, note.by, note.key, codes.get((name, _folded(value))))


def _lines(body: str, labels: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Item and text of each line that begins with a label; what stands below an empty one belongs to it."""
    name, below = "", []
    for line in body.splitlines():
        before, colon, after = line.replace("：", ":", 1).partition(":")
        label = labels.get(_folded(before)) if colon and len(before) <= LONGEST_LABEL else None
        if label is None and name and line.strip():
            below.append(line.strip())
            continue
        yield from _filled(name, below)
        name, below = label or "", [after.strip()] if label else []
        if label and not _is_blank(after):
            yield from _filled(name, below)
            name, below = "", []
    yield from _filled(name, below)


def _filled(name: str, parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    value = " ".join(part for part in parts if not _is_blank(part))
    if name and value:
        yield name, value


def _is_blank(value: str) -> bool:
    return _BLANK.issuperset(value)


@cache
def _labels(items: tuple[RecordItem, ...]) -> dict[str, str]:
    """Names of the items by what stands before the colon."""
    return {_folded(label): item.name for item in items for _, labels in item.lines for label in labels}


@cache
def _codes(items: tuple[RecordItem, ...]) -> dict[tuple[str, str], str]:
    """Values of the items that have some, by item and word; a code stands for itself."""
    written = ((item.name, word, code) for item in items for code, words in item.values for word in (code, *words))
    return {(name, _folded(word)): code for name, word, code in written}


def _folded(words: str) -> str:
    return " ".join(words.strip(_BULLETS).rstrip(".!。").split()).casefold()


# -- attributes -------------------------------------------------------------------------------------------------------


def _of_attributes(timeline: Timeline, items: tuple[RecordItem, ...]) -> Iterator[Entry]:
    """What people set the ticket attribute to that holds an item; what customers set counts for nothing."""
    held = [(item.name, item.field) for item in items if item.field is not None]
    codes = _codes(items) if held else {}
    for name, attribute in held:
        for setting in settings_of(timeline, attribute):
            if not setting.by.is_customer:
                value = set_to(setting)
                yield Entry(name, value.strip(), setting.at, setting.by, setting.key, codes.get((name, _folded(value))))
