"""Ticket attributes of the administrator's own that a pack reads: a category, a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from plugin.model.facts import Timeline

LEVELS = "::"
"""Between the levels of a value of Zammad's tree selects."""
Meant = TypeVar("Meant")


def value_of(timeline: Timeline, name: str) -> str:
    """What the attribute was set to last, by whomever; empty without a value and once it is erased."""
    changes = timeline.changes_of(name)
    if changes:
        return str(changes[-1]["to"] or changes[-1].text("to"))
    made = timeline.get(f"observed:field_at_creation:{name}")
    return str(made["value"] or made.text("value")) if made is not None else ""


def means(value: str, meanings: Mapping[str, Meant]) -> Meant | None:
    """What a value means: itself, else the nearest level above it (``Devices::Printers`` is one of ``Devices``)."""
    while value:
        if value in meanings:
            return meanings[value]
        value = value.rpartition(LEVELS)[0]
    return None
