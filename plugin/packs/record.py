"""The ``record`` section of a pack: what agents write down with a matter, and what must stand there when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import Schema

from plugin.model.pack import ITEMS_OF_THE_TICKET, JudgedAt, Kind, Record, RecordItem, Requirement, When
from plugin.packs import values as take
from plugin.packs.fields import Mapped, Part, Section, Several, Taken
from plugin.packs.plain import entries, keys
from plugin.packs.source import Fault


def _label(value: object) -> str:
    """What stands before the colon of a line."""
    found = " ".join(take.text(value).split()) if isinstance(value, str) and value.strip() else ""
    if not found or len(found) > 60 or ":" in found or "：" in found:
        raise ValueError("allowed what stands before the colon of a line, up to 60 letters: Cause")
    return found


@dataclass(frozen=True, slots=True)
class _ItemDraft:
    """An item that does not know its name yet."""

    lines: Mapping[str, tuple[str, ...]] | None = None
    field: str | None = None
    values: Mapping[str, tuple[str, ...]] | None = None

    def named(self, name: str) -> RecordItem:
        return RecordItem(
            name=name,
            lines=tuple((self.lines or {}).items()),
            field=self.field,
            values=tuple((self.values or {}).items()),
        )


class _ItemSection(Section):
    builds = _ItemDraft
    lines = Mapped(take.language, Several(Taken(_label)))
    field = Taken(take.code)
    values = Mapped(take.code, Several(Taken(take.text)))


def record_section(when: type[Schema]) -> type[Schema]:
    """``items`` by their names, the list of what is ``required``, and what a ``plan`` must name."""
    parts = {
        "clause": Taken(take.text, required=True),
        "items": Several(Taken(take.code), required=True),
        "at": Taken(take.member(JudgedAt)),
        "when": Part(when),
    }
    required = Section.with_keys(parts, name="Requirement", builds=_requirement)
    sections = {
        "items": Mapped(take.code, Part(_ItemSection)),
        "required": Several(Part(required)),
        "plan": Several(Taken(take.code)),
    }
    return Section.with_keys(sections, name="Record", builds=_record)


def _requirement(*, when: When | None = None, **given: Any) -> Requirement:
    meant = when or When()
    return Requirement(when=replace(meant, kinds=meant.kinds or (Kind.COMPLAINT,)), **given)


def _record(
    items: Mapping[str, _ItemDraft] | None = None,
    required: tuple[Requirement, ...] = (),
    plan: tuple[str, ...] = (),
) -> Record:
    return Record(tuple(draft.named(name) for name, draft in (items or {}).items()), required, plan)


def faults(pack: Mapping[Any, Any]) -> Iterator[Fault]:
    """Items that are required and nobody could record, natures the pack does not know, labels that mean two items."""
    record = keys(pack, "record")
    items = keys(record, "items")
    known = dict.fromkeys((*ITEMS_OF_THE_TICKET, *map(str, items)))
    yield from _unknown(record, "plan", ("record", "plan"), tuple(map(str, items)))
    for number, one in enumerate(entries(record, "required")):
        if isinstance(one, Mapping):
            path = ("record", "required", number)
            yield from _unknown(one, "items", (*path, "items"), tuple(known))
            natures = tuple(map(str, keys(pack, "natures")))
            yield from _unknown(keys(one, "when"), "natures", (*path, "when", "natures"), natures)
    yield from _labels_differ(items)


def _unknown(one: Mapping[Any, Any], key: str, path: tuple[Any, ...], known: tuple[str, ...]) -> Iterator[Fault]:
    for position, name in enumerate(entries(one, key)):
        if isinstance(name, str) and name not in known:
            yield Fault((*path, position), f"found {name}, allowed {', '.join(known) or 'none: the pack names none'}")


def _labels_differ(items: Mapping[Any, Any]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name, item in items.items():
        lines = keys(item, "lines")
        for language in lines:
            for position, label in enumerate(entries(lines, language)):
                before = seen.setdefault(str(label).casefold(), str(name))
                if before != str(name):
                    path = ("record", "items", name, "lines", language, position)
                    yield Fault(path, f"found {label}, which means {before} already, allowed a label of its own")
