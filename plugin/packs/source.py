"""The text of a pack with the place of every value, so that a mistake can be pointed at."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from plugin.model.errors import PackError
from plugin.packs import files

Step = str | int | Any
"""A key or an index on the way to a value; keys may be dates."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake: the way to it, and ``found …, allowed …`` (what was found is added where only the latter is said)."""

    path: tuple[Step, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """A pack's text as it was read. ``name`` is what messages call the file."""

    name: str
    text: str
    tree: CommentedMap

    @property
    def values(self) -> dict[Any, Any]:
        """The tree as plain dictionaries, lists and scalars."""
        plain: dict[Any, Any] = _plain(self.tree)
        return plain

    @property
    def version(self) -> str:
        """SHA-256 of the text, where line endings, trailing blanks and the form of letters make no difference."""
        lines = unicodedata.normalize("NFC", self.text).splitlines()
        canonical = "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
        return hashlib.sha256(canonical.encode()).hexdigest()

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Raise one PackError if there are faults: a line ``file:line:column: key: found, allowed`` each."""
        placed = sorted({(self._place(fault), self._line(fault)) for fault in faults})
        if placed:
            raise PackError("\n".join(f"{self.name}:{row}:{column}: {line}" for (row, column), line in placed))

    def _place(self, fault: Fault) -> tuple[int, int]:
        """Line and column from 1: of the value, or of the key where that is the mistake or nothing follows it."""
        node: Any = self.tree
        place = (0, 0)
        about_key = fault.message.startswith("found the key")
        for depth, step in enumerate(fault.path, start=1):
            position = _position(node, step, of_key=about_key and depth == len(fault.path))
            if position is None:
                break
            place, node = position, node[step]
        return place[0] + 1, place[1] + 1

    def _line(self, fault: Fault) -> str:
        key = ".".join(str(step) for step in fault.path) or "pack"
        if fault.message.startswith("allowed"):
            return f"{key}: found {_shown(_at(self.tree, fault.path))}, {fault.message}"
        return f"{key}: {fault.message}"


def read(path: Path, *, name: str) -> Source:
    """The pack of a file; raises PackError where it cannot be read, is no YAML, or is no mapping of keys to values."""
    return parse(files.read(path, name=name), name=name)


def parse(text: str, *, name: str) -> Source:
    """The pack of a text; raises PackError as ``read`` does."""
    yaml = YAML()
    try:
        tree = yaml.load(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        problem = " ".join(str(fault.problem or fault.context).split()).removeprefix("found ")
        raise PackError(f"{name}:{place}: pack: found {problem}, allowed YAML 1.2 with each key once") from fault
    except (YAMLError, ValueError, RecursionError) as fault:
        problem = " ".join(str(fault).split())[:200]
        raise PackError(f"{name}:1:1: pack: found {problem}, allowed YAML 1.2") from fault
    if not isinstance(tree, CommentedMap):
        raise PackError(f"{name}:1:1: pack: found {_shown(tree)}, allowed keys with values")
    return Source(name=name, text=text, tree=tree)


def flatten(messages: Any, path: tuple[Step, ...] = ()) -> Iterator[Fault]:
    """The faults in marshmallow's nested messages."""
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            yield from flatten(inner, path if step == "_schema" else (*path, step))
    else:
        for message in [messages] if isinstance(messages, str) else messages:
            yield Fault(path, message)


def _position(node: Any, step: Step, *, of_key: bool) -> tuple[int, int] | None:
    """Line and column from 0; None where there is nothing to point at."""
    if isinstance(node, CommentedMap) and step in node:
        known = node.lc.data or {}
        if step not in known:  # came in by a merge key
            return None
        of_key = of_key or node[step] is None
        line, column = node.lc.key(step) if of_key else node.lc.value(step)
        return line, column
    if isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
        line, column = node.lc.item(step)
        return line, column
    return None


def _at(node: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        inside = (isinstance(node, Mapping) and step in node) or (isinstance(node, list) and step in range(len(node)))
        if not inside:
            return None
        node = node[step]
    return node


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    shown = repr(str(value)) if isinstance(value, str) else str(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return str(node) if isinstance(node, str) else node
