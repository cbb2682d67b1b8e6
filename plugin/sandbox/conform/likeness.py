"""Whether recorded values and rows look like the sandbox's, before any of them is known to be the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plugin.sandbox.conform.moments import TIME

LEFT_OUT = re.compile(r"\[…?left out\]|REDACTEDx*|<(session|csrf token|present: .*)>")

NATURAL_KEYS = ("login", "name", "link")

SAYING = ("type", "object", "attribute", "value_from", "value_to", "name", "body", "link_type", "url")
"""Keys that say what a row is, where its id does not."""


def is_left_out(value: object) -> bool:
    """Whether the recorder left a value out, or put a placeholder in its place."""
    return isinstance(value, str) and LEFT_OUT.fullmatch(value) is not None


def is_keyed_by_id(value: Mapping[str, Any]) -> bool:
    """Whether an object holds others by their ids."""
    return bool(value) and all(key.isdigit() for key in value)


def are_rows(values: Sequence[Any]) -> bool:
    """Whether all members of a list are objects with ids."""
    return all(isinstance(value, dict) and "id" in value for value in values)


def is_id(value: object) -> bool:
    """Whether a value can be an id, as number or as text."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and value.isdigit())


def counterparts(recorded: list[Any], own: list[Any]) -> list[Any]:
    """Of our rows those that can be the recorded ones, each the first in turn that is alike."""
    rest = iter(own)
    return [next((ours for ours in rest if are_alike(row, ours)), {}) for row in recorded]


def in_common(recorded: list[Any], own: list[Any], same: Callable[[Any, Any], bool]) -> list[tuple[int, int]]:
    """The longest run of rows, by their places, that both have in the same order."""
    longest = [[0] * (len(own) + 1) for _ in range(len(recorded) + 1)]
    for index in reversed(range(len(recorded))):
        for place in reversed(range(len(own))):
            longest[index][place] = (
                longest[index + 1][place + 1] + 1
                if same(recorded[index], own[place])
                else max(longest[index + 1][place], longest[index][place + 1])
            )
    pairs = []
    index = place = 0
    while index < len(recorded) and place < len(own):
        if same(recorded[index], own[place]):
            pairs.append((index, place))
            index, place = index + 1, place + 1
        elif longest[index + 1][place] >= longest[index][place + 1]:
            index += 1
        else:
            place += 1
    return pairs


def are_alike(recorded: Any, own: Any) -> bool:
    """Whether two rows say the same where they do not speak of ids and times."""
    return all(recorded[key] == own.get(key) for key in SAYING if key in recorded and _plain(recorded[key]))


def has_name(value: object) -> bool:
    """Whether an object is known by a name."""
    return isinstance(value, dict) and any(key in value for key in NATURAL_KEYS)


def are_named_alike(recorded: object, own: object) -> bool:
    """Whether two objects have a name in common."""
    if not (isinstance(recorded, dict) and isinstance(own, dict)):
        return False
    return any(key in recorded and recorded[key] == own.get(key) for key in NATURAL_KEYS)


def have_same_members(recorded: Sequence[str], own: Sequence[str], *, doubled: bool) -> bool:
    """Whether both hold the same, in any order; ``doubled`` where a race of writers can have stored one twice."""
    if doubled and len(set(recorded)) < len(recorded):
        return set(recorded) == set(own)
    return sorted(recorded) == sorted(own)


def short(value: object) -> object:
    """Enough of an object to know which it is."""
    if isinstance(value, dict):
        return {key: value[key] for key in ("id", "name", "login", "title", "type", "attribute") if key in value}
    return value


def _plain(value: object) -> bool:
    return not (isinstance(value, str) and TIME.search(value)) and not isinstance(value, dict | list)
