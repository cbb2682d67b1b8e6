"""Holds what Steward made of a helpdesk against the oracle."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.faults.zammad import Known
from tests.oracle import notes, tasks
from tests.oracle.oracle import Expected, Range, expected
from tests.oracle.records import World


@dataclass(slots=True)
class Judgement:
    """How many tickets the oracle had a word about, complaints among them, how many words of which sort in all, and
    each that was not kept."""

    judged: int = 0
    complaints: int = 0
    merged: int = 0
    words: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = ", ".join(f"{times} about {what}" for what, times in sorted(self.words.items()))
        return (
            f"{self.judged} tickets judged, {self.complaints} complaints among them, {self.merged} merged away; "
            f"{said}; {len(self.lines)} words not kept"
        )


def disagreements(tables: Mapping[str, Any], tickets: Mapping[str, Known], *, now: datetime) -> Judgement:
    """``tables`` are Zammad's records at ``now``; ``tickets`` by the script's names."""
    world, found = World(tables, now=now), Judgement()
    for name, known in tickets.items():
        if world.state(known.id) == "merged":
            found.merged += 1
            found.lines += [f"{name}: {line}" for line in _of_merged(world, known.id, found.words)]
            continue
        word = expected(world, known.id)
        if word is not None:
            found.judged += 1
            found.complaints += word.kind == "complaint"
            found.lines += [f"{name}: {line}" for line in _lines(world, known.id, word, found.words)]
    return found


def _lines(world: World, ticket_id: int, word: Expected, words: Counter[str]) -> Iterator[str]:
    row = world.tickets[ticket_id]
    for name, values in word.fields.items():
        words["fields"] += 1
        does = _plain(row.get(name))
        if does not in values:
            yield f"{name}: the oracle says {' or '.join(map(repr, sorted(values)))}, found {does!r}"
    yield from _broken(row, word, words)
    tags = world.tags(ticket_id)
    words["tags"] += len(word.present) + len(word.absent)
    for tag in sorted(word.present - tags):
        yield f"the oracle says {tag}, which is not there"
    for tag in sorted(word.absent & tags):
        yield f"{tag} is there, which the oracle denies"
    yield from _notes(world, ticket_id, word, words)
    if word.tasks is not None:
        yield from _ranges("open task", word.tasks, tasks.opened(world, ticket_id), words)


def _broken(row: Mapping[str, Any], word: Expected, words: Counter[str]) -> Iterator[str]:
    if word.broken is None:
        return
    must, may = word.broken
    found = set(_plain(row.get("steward_breached")).split(",")) - {""}
    words["broken clocks"] += 1
    if not must <= found <= may:
        yield f"steward_breached: the oracle says {sorted(must)}, at most {sorted(may)}, found {sorted(found)}"


def _notes(world: World, ticket_id: int, word: Expected, words: Counter[str]) -> Iterator[str]:
    found = notes.told(world.notes(ticket_id))
    yield from found.wrong
    if word.most_unasked is not None:
        words["how many notes"] += 1
        if found.unasked > word.most_unasked:
            yield f"{found.unasked} notes nobody asked for, {word.most_unasked} at most"
    if word.notes is None:
        return
    wanted = word.notes
    if "major" not in word.fields.get("steward_tier", ()) and found.perhaps >= notes.MOST_UNASKED:
        # the rest is kept to ourselves
        wanted = {
            step: (0 if notes.is_unasked(step) or step in notes.PERHAPS else least, most)
            for step, (least, most) in wanted.items()
        }
    yield from _ranges("note", wanted, found.steps, words)


def _ranges(what: str, wanted: Mapping[str, Range], found: Counter[str], words: Counter[str]) -> Iterator[str]:
    for name in sorted({*wanted, *found}):
        least, most = wanted.get(name, (0, 0))
        words[f"{what}s"] += 1
        if not least <= found[name] <= most:
            yield f"{what} {name!r}: the oracle says {least} to {most}, found {found[name]}"


def _of_merged(world: World, ticket_id: int, words: Counter[str]) -> Iterator[str]:
    """A merged ticket is never written to, and its tasks are void."""
    words["merged tickets"] += 1
    rows = world.history(ticket_id)
    merged = max(number for number, row in enumerate(rows) if row.get("value_to") == "merged")
    written = [row for row in rows[merged:] if row["created_by_id"] == world.steward]
    if written:
        yield f"written to after it was merged: {written[0]}"
    left = [row["number"] for row in world.task_tickets(ticket_id) if world.state(row["id"]) != "closed"]
    if left:
        yield f"merged away, its tasks are still open: {left}"


def _plain(value: Any) -> str:
    """A field's value as text, moments without the milliseconds Zammad adds."""
    return "" if value in (None, False) else re.sub(r"\.\d+Z$", "Z", str(value))
