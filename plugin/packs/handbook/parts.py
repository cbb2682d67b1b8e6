"""What a handbook is made of: sections of words, tables, bars on a time axis, and what may be folded away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; what stands in `backticks` is written as it is in the pack or in Zammad."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A clock on the axis, moments as shares (0-100) of its width: warned at, target, limit, and the extended limit."""

    name: str
    says: str
    warns_at: float
    target_at: float
    limit_at: float
    extended_to: float | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis; a ``minor`` one gives way on narrow pages."""

    at: float
    label: str
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Clocks that start alike, drawn on one axis, which is not even: later time is drawn closer together."""

    title: str
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as the customer gets it."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Folded:
    """What not everybody wants to read."""

    summary: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Handbook:
    """The whole; ``about`` are names and values that stand at the beginning."""

    title: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


Part = Words | Table | Bars | Letter | Folded
