"""What a ticket's attributes were set to, at its creation and since: those of the administrator's own a pack reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from plugin.model.facts import Fact, FactKind, Timeline

LEVELS = "::"
"""Between the levels of a value of Zammad's tree selects."""
Meant = TypeVar("Meant")


def settings_of(timeline: Timeline, name: str) -> tuple[Fact, ...]:
    """Every time the attribute was set, by whomever: what it held at the creation, and each change, oldest first."""
    seen = timeline.of(FactKind.OBSERVED)
    made = (fact for fact in seen if fact["what"] == "field_at_creation" and fact["name"] == name)
    return (*made, *timeline.changes_of(name))


def set_to(setting: Fact) -> str:
    """What one of those set it to, sealed or not; empty for nothing and once it is erased."""
    name = "to" if setting.kind is FactKind.CHANGED else "value"
    return str(setting[name] or setting.text(name))


def value_of(timeline: Timeline, name: str) -> str:
    """What the attribute was set to last, by whomever; empty without a value and once it is erased."""
    settings = settings_of(timeline, name)
    return set_to(settings[-1]) if settings else ""


def means(value: str, meanings: Mapping[str, Meant]) -> Meant | None:
    """What a value means: itself, else the nearest level above it (``Devices::Printers`` is one of ``Devices``)."""
    while value:
        if value in meanings:
            return meanings[value]
        value = value.rpartition(LEVELS)[0]
    return None
