"""Keys and lists of a pack as it was read, whatever else is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def keys(part: object, name: str) -> Mapping[Any, Any]:
    """The keys with values behind a key; none where there is something else."""
    inner = part.get(name) if isinstance(part, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def entries(part: object, name: str) -> Sequence[Any]:
    """The list behind a key; empty where there is something else."""
    inner = part.get(name) if isinstance(part, Mapping) else None
    return inner if isinstance(inner, list) else ()
