"""What the Zammad server in front of us has, found out by looking at what it answers, not at its version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Features:
    """``fields`` are the ``steward_*`` ticket attributes that exist; the rest is written without them.

    ``visible`` are those of them that agents see: writing one of these mails agents (promises 11).
    ``options`` holds the values of selects where the server names them (6.1 does, 6.5 only for restricted fields).
    """

    checklists: bool = False
    fields: frozenset[str] = frozenset()
    visible: frozenset[str] = frozenset()
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.fields

    def takes(self, name: str, value: str) -> bool:
        """Whether the field takes the value (as text), as far as the server names its options."""
        options = self.options.get(name)
        return not options or not value or value in options

    def quiet(self, name: str) -> bool:
        """The field exists and writing it causes no notice."""
        return name in self.fields and name not in self.visible
