"""What spoke for a verdict and what against it: every verdict of classification keeps its grounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from plugin.model.words import Text


@dataclass(frozen=True, slots=True)
class Ground:
    """Something that speaks for ``value`` in the verdict about ``about`` (kind, tier, nature, jurisdiction, mood).

    ``weight``: points that are added up; None: it decides by itself, of several the one listed first. ``fact`` is the
    key of the fact it rests on, ``words`` what was found in a message: a customer's, so never shown in Zammad.
    """

    about: str
    value: str
    because: Text
    at: datetime
    weight: int | None = None
    fact: str | None = None
    words: str = ""
    by_agent: bool = False
    clause: str = "C3.2"


def spoke_for(grounds: Iterable[Ground], about: str, value: object) -> tuple[Ground, ...]:
    """Those that speak for the verdict ``value``, strongest first as they are listed."""
    return tuple(ground for ground in grounds if ground.about == about and ground.value == value)


def spoke_against(grounds: Iterable[Ground], about: str, value: object) -> tuple[Ground, ...]:
    """Those that speak for another verdict."""
    return tuple(ground for ground in grounds if ground.about == about and ground.value != value)
