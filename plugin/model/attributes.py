"""Ticket attributes of the administrator's own that a pack reads: a category, a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from plugin.model.facts import Fact, Timeline

ATTRIBUTE = "attribute"
"""The observation's name. name; payload: value, for anybody may have written it."""
LEVELS = "::"
"""Between the levels of a value of Zammad's tree selects."""
Meant = TypeVar("Meant")


def key_of(name: str) -> str:
    return f"observed:{ATTRIBUTE}:{name}"


def seen(timeline: Timeline, name: str) -> Fact | None:
    """The last look at the attribute, None where it was always empty."""
    return timeline.get(key_of(name))


def value_of(timeline: Timeline, name: str) -> str:
    """The attribute's value at the last look, empty without one and once erased."""
    fact = seen(timeline, name)
    return fact.text("value") if fact is not None else ""


def means(value: str, meanings: Mapping[str, Meant]) -> Meant | None:
    """What a value means: itself, else the nearest level above it (``Devices::Printers`` is one of ``Devices``)."""
    while value:
        if value in meanings:
            return meanings[value]
        value = value.rpartition(LEVELS)[0]
    return None
