"""The text of a pack and of those it extends, with the place of every value, so that a mistake can be pointed at."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plugin.model.errors import PackError
from plugin.packs import files, tree
from plugin.packs.extending import BY_NAME, EXTENDS, laid_over
from plugin.packs.files import File
from plugin.packs.tree import Node, Place, Step, Tree, shown


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake: the way to it, and ``found …, allowed …`` (what was found is added where only the latter is said)."""

    path: tuple[Step, ...]
    message: str


Named = tuple[Place, str]
"""A mistake's place, and its line without it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A pack as it was read, with what it takes over. ``name`` is what messages call its own file."""

    name: str
    text: str
    root: Node
    faults: tuple[Named, ...] = ()
    extends: Place | None = None

    @property
    def values(self) -> dict[Any, Any]:
        """The pack as plain dictionaries, lists and scalars."""
        plain: dict[Any, Any] = self.root.plain
        return plain

    @property
    def version(self) -> str:
        """SHA-256 of the text, where line endings, trailing blanks and the form of letters make no difference."""
        lines = unicodedata.normalize("NFC", self.text).splitlines()
        canonical = "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
        return hashlib.sha256(canonical.encode()).hexdigest()

    def refuse(self, faults: Iterable[Fault] = ()) -> None:
        """Raise one PackError if there are faults: a line ``file:line:column: key: found, allowed`` each."""
        told = (self._placed(fault) for fault in faults if not self._is_told(fault))
        placed = sorted({*self.faults, *told}, key=lambda found: (found[0].file != self.name, found))
        if placed:
            raise PackError("\n".join(f"{place}: {' '.join(line.splitlines())}" for place, line in placed))

    def _is_told(self, fault: Fault) -> bool:
        """Something stands there that was refused as it was read."""
        node: Node | None = self.root
        for step in fault.path:
            node = node.at(step) if node else None
        return node is not None and node.is_unread

    def _placed(self, fault: Fault) -> Named:
        place = self._place(fault)
        told = "" if self.extends is None or self._is_own(place) else f" (as {self.extends} extends it)"
        return place, f"{_key(fault.path, self.root)}: {self._found(fault)}{told}"

    def _is_own(self, place: Place) -> bool:
        """Written by whoever extends, rather than taken over."""
        return place.file == self.name

    def _place(self, fault: Fault) -> Place:
        """Of the value, or of the key where that is the mistake or nothing follows it."""
        node, place = self.root, self.root.place
        about_key = fault.message.startswith("found the key")
        for depth, step in enumerate(fault.path, start=1):
            inner = node.at(step)
            if inner is None:
                break
            of_key = inner.value is None or (about_key and depth == len(fault.path))
            node, place = inner, inner.key if of_key and inner.key else inner.place
        return place

    def _found(self, fault: Fault) -> str:
        if not fault.message.startswith("allowed"):
            return fault.message
        node: Node | None = self.root
        for step in fault.path:
            node = node.at(step) if node else None
        return f"found {shown(node.plain if node else None)}, {fault.message}"


def read(chain: tuple[File, ...]) -> Source:
    """A pack laid over those it extends; raises PackError for what is no YAML, or no mapping of keys to values."""
    trees = [_tree(file) for file in chain]
    whole = trees[-1]
    faults = list(_named(whole))
    for own in reversed(trees[:-1]):
        whole = laid_over(whole, own)
        faults += [*_named(own), *_named(whole)]
    extends = trees[0].root.at(EXTENDS)
    keys = {key: node for key, node in whole.root.value.items() if key != EXTENDS}
    return Source(
        name=chain[0].name,
        text=files.joined(chain),
        root=replace(whole.root, value=keys),
        faults=tuple(faults),
        extends=extends.place if extends else None,
    )


def _named(found: Tree) -> Iterator[Named]:
    yield from ((fault.place, f"{_key(fault.path, found.root)}: {fault.message}") for fault in found.faults)


def _key(path: tuple[Step, ...], root: Node) -> str:
    """The way to a value as a person reads it: rules by their names."""
    named = list(path)
    if len(named) > 1 and named[0] in BY_NAME and isinstance(named[1], int):
        entries = root.at(named[0])
        entry = entries.at(named[1]) if entries else None
        parts = [entry.at(key) for key in BY_NAME[str(named[0])]] if entry else []
        named[1] = next((part.value for part in parts if part and isinstance(part.value, str)), named[1])
    return tree.dotted(tuple(named))


def parse(text: str, *, name: str) -> Source:
    """The pack of a text; raises PackError as ``read`` does."""
    return read(files.extended(files.of_text(text, name=name)))


def flatten(messages: Any, path: tuple[Step, ...] = ()) -> Iterator[Fault]:
    """The faults in marshmallow's nested messages."""
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            yield from flatten(inner, path if step == "_schema" else (*path, step))
    else:
        for message in [messages] if isinstance(messages, str) else messages:
            yield Fault(path, message)


def _tree(file: File) -> Tree:
    found = tree.read(file.text, name=file.name, lines_before=file.lines_before)
    if not isinstance(found.root.value, dict):
        raise PackError(f"{found.root.place}: pack: found {shown(found.root.plain)}, allowed keys with values")
    _check_base(file, found.root)
    return found


def _check_base(file: File, root: Node) -> None:
    """``extends`` is read before the rest, by a plain look at the text: both must have found the same."""
    seen, written = file.extends, root.at(EXTENDS)
    if (seen["base"] if seen else None) != (written.value if written else None):
        place = written.place if written else root.place
        found = shown(written.plain) if written else "something that only looks like extends"
        allowed = "allowed a line of its own with one name or file: extends: NAME"
        raise PackError(f"{place}: extends: found {found}, {allowed}")
