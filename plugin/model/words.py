"""Sentences for people: an English template with named values, translated when it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence: ``template`` is English and the key of its translation, ``values`` fill its ``{names}``.

    Values may be datetimes (shown in the calendar's zone), numbers, texts and nested ``Text``. They never hold customer
    data. ``str()`` gives the English with times in UTC, for logs and tests.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = {
            name: f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "tzinfo") else str(value)
            for name, value in self.values.items()
        }
        return self.template.format_map(shown)


def text(template: str, /, **values: Any) -> Text:
    """``text("Answer by {limit}.", limit=moment)``: written in place, so that templates can be collected."""
    return Text(template, values) if values else _plain(template)


@cache
def _plain(template: str) -> Text:
    """Most sentences name no values: each of them is one."""
    return Text(template)


def listed(parts: Sequence[Text | str]) -> Text | str:
    """Several as one: ``a, b, c``."""
    joined: Text | str = parts[0] if parts else ""
    for part in parts[1:]:
        joined = text("{first}, {more}", first=joined, more=part)
    return joined
