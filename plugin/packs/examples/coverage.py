"""Which clauses of its standard a pack carries: by which rules, proved by which examples, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.model.pack import Pack
from plugin.packs import clauses
from plugin.packs.clauses import Catalogue, Matter
from plugin.packs.examples.book import Exampled


@dataclass(frozen=True, slots=True)
class Row:
    """One clause and one thing it asks for. ``missing`` says what is still to do, empty when nothing is."""

    clause: str
    matter: str
    asks: str
    rules: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    part: str = ""
    later: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """All rows of a pack, and what its rules and examples cite that its standard does not know."""

    pack: str
    standard: str
    rows: tuple[Row, ...]
    unknown: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.unknown and not any(row.missing for row in self.rows)

    @property
    def counts(self) -> str:
        """The last line of what is shown."""
        proved = sum(1 for row in self.rows if row.rules and not row.missing)
        parts = sum(1 for row in self.rows if row.part)
        later = sum(1 for row in self.rows if row.later)
        without = sum(1 for row in self.rows if row.missing)
        return (
            f"{self.pack}: {len(self.rows)} clauses; {proved} carried by rules and proved by examples,"
            f" {parts} by other parts, {later} by parts to come, {without} without"
        )


def coverage(exampled: Exampled) -> Coverage:
    """The rows of the pack's standard; of a standard without a catalogue, those its rules cite."""
    pack, catalogue = exampled.pack, clauses.of(exampled.standard)
    if catalogue is None:
        catalogue = _of_what_is_cited(pack)
    proved = _proved(exampled, catalogue)
    return Coverage(
        pack=pack.name,
        standard=exampled.standard,
        rows=tuple(row for matter in catalogue.matters for row in _rows(pack, matter, proved.get(matter.name, ()))),
        unknown=tuple(_unknown(exampled, catalogue)),
    )


def _of_what_is_cited(pack: Pack) -> Catalogue:
    cited: dict[str, list[str]] = {}
    for rule in pack.rules:
        for clause in rule.clauses:
            cited.setdefault(clause, []).append(rule.policy)
    matters = (
        Matter(clause, (clause,), "as the pack cites it", policies=tuple(policies))
        for clause, policies in cited.items()
    )
    return Catalogue(pack.name, pack.title, "the pack itself", tuple(matters))


def _proved(exampled: Exampled, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """The examples of each matter. A clause that asks for several things is cited with the one that is meant."""
    found: dict[str, tuple[str, ...]] = {}
    for name, example in exampled.examples.items():
        for matter in (m for cited in example.clauses for m in _one(catalogue, cited)):
            found[matter.name] = tuple(dict.fromkeys((*found.get(matter.name, ()), name)))
    return found


def _one(catalogue: Catalogue, cited: str) -> tuple[Matter, ...]:
    matters = catalogue.cited(cited)
    return matters if len(matters) == 1 else ()


def _rows(pack: Pack, matter: Matter, examples: tuple[str, ...]) -> Iterator[Row]:
    for clause in matter.clauses:
        rules = [rule for rule in pack.rules if rule.policy in matter.policies and clause in rule.clauses]
        without = [name for name in matter.policies if name not in {rule.policy for rule in rules}]
        missing = [f"no rule of {name} cites it" for name in without]
        if matter.policies and not examples:
            missing.append("no example")
        yield Row(
            clause=clause,
            matter=matter.name,
            asks=matter.asks,
            rules=tuple(rule.name for rule in rules),
            examples=examples,
            part=matter.part,
            later=matter.later,
            missing=", ".join(missing),
        )


def _unknown(exampled: Exampled, catalogue: Catalogue) -> Iterator[str]:
    """What cites a clause the standard does not have, or one that could mean several things."""
    for name, example in exampled.examples.items():
        for cited in example.clauses:
            found = catalogue.cited(cited)
            if not found:
                yield f"{exampled.origins[name]}: example “{name}”: the standard has no {cited}"
            elif len(found) > 1:
                meant = ", ".join(f"{cited} {matter.name}" for matter in found)
                yield f"{exampled.origins[name]}: example “{name}”: {cited} asks for several things: {meant}"
    for rule in exampled.pack.rules:
        for clause in rule.clauses:
            if clause not in catalogue.clauses:
                yield f"rule {rule.name}: the standard has no {clause}"
