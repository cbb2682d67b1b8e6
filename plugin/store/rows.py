"""Rows as the dataclasses they were written from."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def of_row(kind: type[T], row: Any, /, **parsed: Any) -> T:
    """A ``kind`` (with slots) from the columns of its names; ``parsed`` are those that are not kept as they are."""
    names: tuple[str, ...] = kind.__slots__  # type: ignore[attr-defined]
    return kind(**{name: getattr(row, name) for name in names} | parsed)
