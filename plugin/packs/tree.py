"""YAML as a tree whose every value knows its place, read event by event: no text can exhaust or fool the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from plugin.model.errors import PackError

DEEPEST = 30
"""How far values may lie inside others; the shipped packs need six."""
LARGEST = 10**40
LONGEST_KEY = 200
MOST = 50_000
"""Values of one file, what its aliases stand for counted each time."""

_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(f"{_TAG}{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq"))
_MERGE = f"{_TAG}merge"

Step = str | int | Any
"""A key or an index on the way to a value; keys may be dates."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands; line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, ``dict`` of nodes or ``list`` of nodes, with the place of the value and of the key before it.

    ``is_unread``: something stands there that is no value, and was named already.
    """

    value: Any
    place: Place
    key: Place | None = None
    is_unread: bool = False

    def at(self, step: Step) -> Node | None:
        """The value behind a key or an index, None where there is none."""
        if isinstance(self.value, Mapping):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step in range(len(self.value)):
            found: Node = self.value[step]
            return found
        return None

    @property
    def plain(self) -> Any:
        """Dictionaries, lists and scalars without their places."""
        if isinstance(self.value, Mapping):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Placed:
    """A mistake at its place: the way to it, and ``found …, allowed …``."""

    place: Place
    path: tuple[Step, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A text as it was read, with the mistakes that did not keep the rest from being read."""

    root: Node
    faults: tuple[Placed, ...] = ()


@lru_cache(maxsize=16)  # packs extend the same few, and reading one takes a third of a second
def read(text: str, *, name: str, lines_before: int = 0) -> Tree:
    """The one document of a text; raises PackError with the place where it is no YAML, or too much of it."""
    reader = _Reader(name, lines_before)
    try:
        root = reader.document(text)
    except MarkedYAMLError as fault:
        mark, found = _what_yaml_means(fault)
        raise PackError(f"{reader.place(mark) if mark else reader.start}: pack: found {found}") from fault
    except ReaderError as fault:
        before = text[: fault.position]
        line, column = before.count("\n") + 1 + lines_before, len(before) - (before.rfind("\n") + 1) + 1
        raise PackError(
            f"{Place(name, line, column)}: pack: found a character that cannot be shown (U+{_code(fault.character)}),"
            " allowed text"
        ) from fault
    except (YAMLError, RecursionError) as fault:
        problem = " ".join(str(fault).split())[:200]
        raise PackError(f"{reader.start}: pack: found {problem}, allowed YAML 1.2") from fault
    return Tree(root, tuple(reader.faults))


def shown(value: Any) -> str:
    """A value for a message, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    written = repr(value) if isinstance(value, str) else str(value)
    return written if len(written) <= 80 else f"{written[:80]}…"


@dataclass(slots=True)
class _Reader:
    """One reading under way."""

    name: str
    lines_before: int
    faults: list[Placed] = field(default_factory=list)
    count: int = 0
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    yaml: YAML = field(default_factory=lambda: YAML(typ="safe", pure=True))

    @property
    def start(self) -> Place:
        return Place(self.name, 1 + self.lines_before, 1)

    def place(self, mark: Any) -> Place:
        return Place(self.name, mark.line + 1 + self.lines_before, mark.column + 1)

    def document(self, text: str) -> Node:
        root: Node | None = None
        events = self.yaml.parse(text)
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    place = self.place(event.start_mark)
                    raise PackError(f"{place}: pack: found a second document (---), allowed one")
                root = self._node(next(events), events, ())
        return root or Node(None, self.start)

    def _node(self, event: Event, events: Iterator[Event], path: tuple[Step, ...]) -> Node:
        place = self.place(event.start_mark)
        if isinstance(event, AliasEvent):
            return self._of_alias(event, place, path)
        before = self.count
        self._counts(1, place, path)
        if len(path) > DEEPEST:
            raise PackError(f"{place}: pack: found values more than {DEEPEST} deep, allowed fewer: close the brackets")
        if isinstance(event, ScalarEvent):
            before_it = len(self.faults)
            value = self._scalar(event, place, path)
            node = Node(value, place, is_unread=len(self.faults) > before_it)
        else:
            node = self._collection(event, events, place, path)
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self.anchors[event.anchor] = (node, self.count - before)
        return node

    def _of_alias(self, event: AliasEvent, place: Place, path: tuple[Step, ...]) -> Node:
        known = self.anchors.get(event.anchor)
        if known is None:
            self._fault(place, path, f"found the alias *{event.anchor}, allowed one whose &{event.anchor} stands above")
            return Node(None, place, is_unread=True)
        node, size = known
        self._counts(size, place, path)
        return node

    def _counts(self, size: int, place: Place, path: tuple[Step, ...]) -> None:
        self.count += size
        if self.count > MOST:
            line = f"{dotted(path)}: found more than {MOST} values, allowed fewer: aliases count each time"
            raise PackError(f"{place}: {line}")

    def _scalar(self, event: ScalarEvent, place: Place, path: tuple[Step, ...]) -> Any:
        tag = self._tag(event)
        if tag not in _PLAIN:
            self._fault(place, path, f"found the tag {tag.replace(_TAG, '!!')}, allowed plain values")
            return None
        try:
            value = self.yaml.constructor.construct_object(ScalarNode(tag, event.value, event.start_mark))
        except (ValueError, OverflowError, YAMLError):
            self._fault(place, path, f"found {shown(event.value)}, allowed a value that exists, or a text in quotes")
            return None
        if isinstance(value, int) and abs(value) > LARGEST:
            self._fault(place, path, f"found a number of {len(event.value)} digits, allowed fewer, or a text in quotes")
            return None
        return value

    def _tag(self, event: ScalarEvent) -> str:
        given = event.tag
        if given is None or given == "!":
            given = self.yaml.resolver.resolve(ScalarNode, event.value, event.implicit)
        return str(given)

    def _collection(self, event: Event, events: Iterator[Event], place: Place, path: tuple[Step, ...]) -> Node:
        if isinstance(event, CollectionStartEvent) and event.tag is not None and str(event.tag) not in _PLAIN:
            self._fault(place, path, f"found the tag {str(event.tag).replace(_TAG, '!!')}, allowed plain values")
        if isinstance(event, SequenceStartEvent):
            return Node(list(self._items(events, path)), place)
        return Node(self._entries(events, path), place)

    def _items(self, events: Iterator[Event], path: tuple[Step, ...]) -> Iterator[Node]:
        number = 0
        while not isinstance(event := next(events), SequenceEndEvent):
            yield self._node(event, events, (*path, number))
            number += 1

    def _entries(self, events: Iterator[Event], path: tuple[Step, ...]) -> dict[Any, Node]:
        found: dict[Any, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            place = self.place(event.start_mark)
            key, is_usable = self._key(event, events, place, path)
            node = self._node(next(events), events, (*path, key))
            if is_usable and key in found:
                first = found[key].key
                line = f"found the key {key} a second time (first in line {first.line if first else '?'}), allowed once"
                self._fault(place, (*path, key), line)
            elif is_usable:
                found[key] = replace(node, key=place)
        return found

    def _key(self, event: Event, events: Iterator[Event], place: Place, path: tuple[Step, ...]) -> tuple[Step, bool]:
        if isinstance(event, ScalarEvent) and self._tag(event) == _MERGE:
            self._fault(
                place, path, "found the key <<, allowed keys written out; a whole pack is taken over by extends"
            )
            return "<<", False
        node = self._node(event, events, (*path, "?"))
        key = node.value
        if isinstance(key, dict | list) or key is None or len(str(key)) > LONGEST_KEY:
            if not node.is_unread:
                self._fault(place, path, f"found {shown(key)} for a key, allowed a name")
            return "?", False
        return key, True

    def _fault(self, place: Place, path: tuple[Step, ...], message: str) -> None:
        self.faults.append(Placed(place, path, message))


def dotted(path: tuple[Step, ...]) -> str:
    """The way to a value, as messages write it."""
    return ".".join(str(step) for step in path) or "pack"


_PROBLEM, _CONTEXT = "problem_mark", "context_mark"
_MEANT = (
    ("character '\\t'", _PROBLEM, "a tab, allowed spaces"),
    (
        "mapping values are not allowed",
        _PROBLEM,
        "a second colon or a line set in too far, allowed one key: value in a line, texts with a colon in quotes",
    ),
    ("could not find expected ':'", _CONTEXT, "a line without a colon, allowed key: value"),
    ("<block end>", _PROBLEM, "a line set in unlike the lines above it, allowed the same number of spaces"),
    ("unexpected end of stream", _CONTEXT, "a quote that is never closed, allowed one before and one after the text"),
    ("unexpected document", _CONTEXT, "a quote that is never closed, allowed one before and one after the text"),
    ("expected ',' or ']'", _CONTEXT, "a bracket that is never closed, allowed [one, two]"),
    (
        "expected ',' or '}'",
        _CONTEXT,
        "a brace that is never closed, allowed {key: value}, texts with braces in quotes",
    ),
)
"""What a YAML reader says, where the mistake is then, and what an administrator has to look for."""


def _what_yaml_means(fault: MarkedYAMLError) -> tuple[Any, str]:
    said = " ".join(str(fault.problem or fault.context).split())
    for words, where, meant in _MEANT:
        if words in said:
            return getattr(fault, where) or fault.problem_mark, meant
    return fault.problem_mark or fault.context_mark, f"{said.removeprefix('found ')}, allowed YAML 1.2"


def _code(character: object) -> str:
    number = character if isinstance(character, int) else ord(str(character)[:1] or "\0")
    return f"{number:04X}"
