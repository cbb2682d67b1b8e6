"""The condition of this process, told by its threads and read by the health routes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """How one part stands. ``said`` names the cause and the way out, without customer text; ``more`` are figures."""

    ok: bool
    said: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


class Health:
    """The newest word on each part. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[str, Part] = {}

    def tell(self, name: str, *, ok: bool, said: str = "", **more: Any) -> None:
        """``name`` stands like this from now on."""
        part = Part(ok=ok, said=said, more=more)
        with self._lock:
            self._parts[name] = part

    def part(self, name: str) -> Part | None:
        with self._lock:
            return self._parts.get(name)

    def parts(self) -> Mapping[str, Part]:
        with self._lock:
            return dict(self._parts)
