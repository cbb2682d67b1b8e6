"""Lists of few different lengths, for statements that hold as many values as they are given.

Each length is another statement to the database. SQLite's driver keeps the last 128 of a connection, and each keeps the
values it was given last until it runs again: a hundred lengths of a batch of bodies are tens of megabytes, and the
statements that run all the time are thrown out for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Value = TypeVar("Value")


def padded(values: Iterable[Value], *, filler: Value | None = None) -> list[Value]:
    """The values, followed by ``filler`` or the last of them until they are as many as a power of two."""
    given = list(values)
    missing = _length(len(given)) - len(given)
    return given + (given[-1:] if filler is None else [filler]) * missing


def _length(number: int) -> int:
    """The next power of two, 0 for 0."""
    return 1 << (number - 1).bit_length() if number else 0
