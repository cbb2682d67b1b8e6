"""What two packs say differently, place by place: clocks' limits, options, modes, words, people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from typing import Any

from plugin.model.durations import Duration
from plugin.model.pack import Pack, meaning_of_nothing

NOT_COMPARED = frozenset({"version", "name", "title"})
MOST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a pack: ``clocks.first_response.limit``, ``24 h``, ``8 working hours``; empty: not there."""

    place: str
    before: str
    after: str


def changes(before: Pack, after: Pack) -> tuple[Change, ...]:
    """Every place where they differ, in the order of their names."""
    old, new = (dict(_places(pack, "")) for pack in (before, after))
    differing = sorted(place for place in old.keys() | new.keys() if old.get(place) != new.get(place))
    return tuple(Change(place, old.get(place, ""), new.get(place, "")) for place in differing)


def _places(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Every leaf below a value, with its place."""
    if isinstance(value, Duration):
        yield at, str(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            if one.init and not one.name.startswith("_") and not (at == "" and one.name in NOT_COMPARED):
                yield from _of_field(one, getattr(value, one.name), _below(at, one.name))
    elif isinstance(value, Mapping):
        for key in value:
            yield from _places(value[key], _below(at, str(key)))
    elif isinstance(value, tuple | list | frozenset):
        yield from _of_many(value, at)
    elif value is not None:
        yield at, _shortened(str(value))


def _of_field(one: Field[Any], value: Any, at: str) -> Iterator[tuple[str, str]]:
    meant = meaning_of_nothing(one, value)
    if meant is not None:
        yield at, meant
    else:
        yield from _places(value, at)


def _of_many(values: tuple[Any, ...] | list[Any] | frozenset[Any], at: str) -> Iterator[tuple[str, str]]:
    """Things with a name of their own by it, plain ones one by one, so that a word added is a word added."""
    for number, value in enumerate(sorted(values, key=str) if isinstance(values, frozenset) else values):
        name = getattr(value, "name", None)
        if isinstance(name, str) and is_dataclass(value):
            yield from _places(value, _below(at, name))
        elif isinstance(value, str | int | float):
            yield _below(at, _shortened(str(value))), "listed"
        else:
            yield from _places(value, _below(at, str(number)))


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
