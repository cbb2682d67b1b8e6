"""One file each: facts → what should hold. Pure; dropping a file in is enough.

A policy module has ``CLAUSES`` (what it carries out), ``AFTER`` (policies it builds on), ``Options`` (a frozen
dataclass with defaults) and ``decide(case, options)``, a generator of ``plugin.model.decision`` parts. One with much to
find out is a directory, whose ``__init__`` is its table of contents.
One that runs clocks names them in ``CLOCKS``: only those may stand in a pack.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from plugin.model.case import Case
from plugin.model.decision import Should


class Policy(Protocol):
    """What every module of this room offers."""

    CLAUSES: tuple[str, ...]
    AFTER: tuple[str, ...]
    Options: type[Any]

    def decide(self, case: Case, options: Any) -> Iterator[Should]: ...


@cache
def discover() -> Mapping[str, Policy]:
    """Every policy of this room by its module name, those others build on first."""
    modules = {m.name: cast(Policy, import_module(f"{__name__}.{m.name}")) for m in pkgutil.iter_modules(__path__)}
    ordered: dict[str, Policy] = {}

    def place(name: str) -> None:
        if name in ordered:
            return
        for earlier in modules[name].AFTER:
            place(earlier)
        ordered[name] = modules[name]

    for name in sorted(modules):
        place(name)
    return ordered
