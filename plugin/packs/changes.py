"""What one pack says otherwise than another, in lines an administrator reads before he puts it in force."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import time
from enum import Enum
from typing import Any

from plugin.model.pack import Pack, meaning_of_nothing

_SILENT = frozenset({"version", "name"})
"""What says nothing of how tickets are treated, or stands in front of the line."""
_LONGEST = 60


def changes(old: Pack, new: Pack) -> tuple[str, ...]:
    """A line for each value that differs (``clocks.first_response.limit: 24 h → 8 h``), in the order of the pack."""
    return tuple(_differing(old, new, ""))


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    if old == new:
        return
    if is_dataclass(old) and type(old) is type(new) and not _is_a_word(old):
        for one in fields(old):
            if one.compare and one.name not in _SILENT:
                yield from _of_fields(one, getattr(old, one.name), getattr(new, one.name), _below(path, one.name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_mappings(old, new, path)
    elif _is_named(old) and _is_named(new):
        yield from _of_mappings({one.name: one for one in old}, {one.name: one for one in new}, path)
    elif _is_a_list(old) and _is_a_list(new):
        yield from _of_lists(old, new, path)
    else:
        yield f"{path}: {shown(old)} → {shown(new)}"


def _of_fields(one: Field[Any], old: Any, new: Any, path: str) -> Iterator[str]:
    """``+ Sales`` would say that there is more now where nothing written meant all."""
    meant = [meaning_of_nothing(one, value) for value in (old, new)]
    if old != new and any(meant):
        yield f"{path}: {meant[0] or shown(old)} → {meant[1] or shown(new)}"
    else:
        yield from _differing(old, new, path)


def _of_mappings(old: Mapping[Any, Any], new: Mapping[Any, Any], path: str) -> Iterator[str]:
    for key in dict.fromkeys([*old, *new]):
        place = _below(path, shown(key))
        if key not in new:
            yield f"{place}: is gone"
        elif key not in old:
            yield f"{place}: is new{_said(new[key])}"
        else:
            yield from _differing(old[key], new[key], place)


def _of_lists(old: Collection[Any], new: Collection[Any], path: str) -> Iterator[str]:
    gone, came = [one for one in old if one not in new], [one for one in new if one not in old]
    parts = [f"+ {shown(one)}" for one in came] + [f"- {shown(one)}" for one in gone]
    yield f"{path}: {', '.join(parts) or 'in another order'}"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _said(value: Any) -> str:
    mode, limit = getattr(value, "mode", None), getattr(value, "limit", None)
    said = [str(mode)] if mode is not None else []
    said += [f"limit {limit}"] if limit is not None else []
    return f" ({', '.join(said)})" if said else ""


def _is_a_word(value: Any) -> bool:
    """Something that is written in one word, as a duration is."""
    return "__str__" in type(value).__dict__


def _is_named(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(hasattr(one, "name") and is_dataclass(one) for one in value)


def _is_a_list(value: Any) -> bool:
    return isinstance(value, tuple | frozenset)


def shown(value: Any) -> str:
    """A value of a pack in a few words."""
    if value is None or value == ():
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, tuple):
        return ", ".join(shown(one) for one in value)
    if is_dataclass(value) and not _is_a_word(value):
        said = (f"{one.name} {shown(getattr(value, one.name))}" for one in fields(value) if one.compare)
        return ", ".join(part for part in said if not part.endswith(" nothing"))
    words = " ".join(str(value).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
