"""Catalogues of what standards ask, clause by clause, each with what carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from plugin.model.errors import PackError
from plugin.packs import tree, values
from plugin.packs.fields import Mapped, Part, Section, Several, Taken

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing a standard asks for, under one clause or several.

    Carried by ``policies`` (a rule and an example prove it), by a ``part`` of Steward beside the rules, or ``later``.
    """

    name: str
    clauses: tuple[str, ...]
    asks: str
    policies: tuple[str, ...] = ()
    part: str = ""
    later: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A standard's matters in its own order."""

    standard: str
    title: str
    source: str
    matters: tuple[Matter, ...]

    def cited(self, name: str) -> tuple[Matter, ...]:
        """The matters of ``C3.1 first response``, or of ``C3.2``; several where the clause asks for several things."""
        exact = [m for m in self.matters if name in (m.name, *(f"{clause} {m.name}" for clause in m.clauses))]
        return tuple(exact or [m for m in self.matters if name in m.clauses])

    @property
    def clauses(self) -> frozenset[str]:
        return frozenset(clause for matter in self.matters for clause in matter.clauses)


class _MatterSection(Section):
    clauses = Several(Taken(values.text), required=True)
    asks = Taken(values.text, required=True)
    policies = Several(Taken(values.code))
    part = Taken(values.text)
    later = Taken(values.text)


class _CatalogueSection(Section):
    standard = Taken(values.name, required=True)
    title = Taken(values.text, required=True)
    source = Taken(values.text, required=True)
    matters = Mapped(values.text, Part(_MatterSection), required=True)


def standards() -> tuple[str, ...]:
    """Those there is a catalogue of."""
    return tuple(sorted(file.stem for file in _HERE.glob("*.yaml")))


@cache
def of(standard: str) -> Catalogue | None:
    """The catalogue of a standard, None where there is none; raises PackError for one that cannot be read."""
    if standard not in standards():
        return None
    file = _HERE / f"{standard}.yaml"
    return _built(tree.read(file.read_text(encoding="utf-8"), name=f"clauses/{file.name}").root.plain, file.name)


def _built(written: Any, name: str) -> Catalogue:
    try:
        found: Mapping[str, Any] = _CatalogueSection().load(written)
    except ValidationError as fault:
        raise PackError(f"clauses/{name}:1:1: {fault}") from fault
    matters = tuple(Matter(name=matter, **parts) for matter, parts in found["matters"].items())
    for matter in matters:
        if sum(map(bool, (matter.policies, matter.part, matter.later))) != 1:
            raise PackError(f"clauses/{name}:1:1: {matter.name}: allowed one of policies, part and later")
    return Catalogue(standard=found["standard"], title=found["title"], source=found["source"], matters=matters)
