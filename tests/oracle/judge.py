"""Holds what Steward made of a helpdesk against the oracle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.faults.outcome import Standing
from tests.faults.zammad import Known
from tests.oracle.oracle import Expected, World, expected


@dataclass(frozen=True, slots=True)
class Judgement:
    """How many tickets the oracle had a word about, complaints among them, and each word that was not kept."""

    judged: int
    complaints: int
    lines: tuple[str, ...]


def disagreements(
    tables: Mapping[str, Any], tickets: Mapping[str, Known], standings: Mapping[str, Standing], *, now: datetime
) -> Judgement:
    """``tables`` are Zammad's records at ``now``; tickets and standings by the script's names."""
    world = World(tables, now=now)
    words = {name: expected(world, known.id) for name, known in tickets.items()}
    judged = {name: word for name, word in words.items() if word is not None}
    complaints = sum(word.fields["steward_kind"] == "complaint" for word in judged.values())
    lines = [line for name, word in judged.items() for line in _lines(name, word, standings[name])]
    return Judgement(len(judged), complaints, tuple(lines))


def _lines(name: str, word: Expected, found: Standing) -> Iterator[str]:
    fields = dict(found.fields)
    for field, value in word.fields.items():
        does = fields.get(field, "")
        if field == "steward_breached":
            does = ",".join(sorted(does.split(","))) if does else ""
        if does != value:
            yield f"{name} {field}: the oracle says {value!r}, found {does!r}"
    for tag in sorted(word.present - set(found.tags)):
        yield f"{name}: the oracle says {tag}, which is not there"
    for tag in sorted(word.absent & set(found.tags)):
        yield f"{name}: {tag} is there, which the oracle denies"
