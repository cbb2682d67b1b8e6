"""One file each: facts → what should hold. Pure; dropping a file in is enough.

A policy module has ``CLAUSES`` (what it carries out), ``AFTER`` (policies it builds on), ``Options`` (a frozen
dataclass with defaults) and ``decide(case, options)``, a generator of ``plugin.model.decision`` parts. One with much to
find out is a directory, whose ``__init__`` is its table of contents. What one concludes before all others speak, also
those it builds on, it says in ``beforehand(case)``: it knows the facts then, and nothing that was found.
One that runs clocks names them in ``CLOCKS``: only those may stand in a pack.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from plugin.model.case import Case
from plugin.model.decision import Finding, Should


class Policy(Protocol):
    """What every module of this room offers."""

    CLAUSES: tuple[str, ...]
    AFTER: tuple[str, ...]
    Options: type[Any]

    def decide(self, case: Case, options: Any) -> Iterator[Should]: ...


def beforehand(policy: str, case: Case) -> Iterator[Finding]:
    """What a policy concludes before all others speak; for most of them that is nothing."""
    conclude = getattr(discover()[policy], "beforehand", None)
    return iter(()) if conclude is None else cast(Iterator[Finding], conclude(case))


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
