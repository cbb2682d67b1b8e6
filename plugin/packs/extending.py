"""One pack laid over another: what it says wins, what it leaves out stays, and every value keeps its own place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from plugin.packs import hints
from plugin.packs.tree import Node, Placed, Step, Tree, dotted, shown

EXTENDS = "extends"
NAME, STANDARD = "pack", "standard"
"""The name is never taken over, a pack that extends another is another pack; its clauses stay those of the same one."""
BY_NAME: Mapping[str, tuple[str, ...]] = {"rules": ("name", "policy")}
"""Lists whose entries are laid over those of the same name; other lists take the place of the whole list."""
WHOLE = (("examples", "*"), ("calendars", "*", "hours"), ("rules", "*", "when"))
"""Keys that say one thing together: these take the place of the whole, too (``*`` is any name)."""
ADD, WITHOUT = "add", "without"
"""A list may also be written as what it has more and less than the one it takes the place of."""


def laid_over(base: Tree, own: Tree) -> Tree:
    """``own`` over ``base``, both keys with values: mappings together, lists instead, null takes a key away.

    The faults are those of laying the one over the other.
    """
    laying = _Laying()
    taken = {key: node for key, node in base.root.value.items() if key not in (EXTENDS, NAME)}
    if NAME in base.root.value:
        taken.setdefault(STANDARD, base.root.value[NAME])
    root = laying.over(replace(base.root, value=taken), own.root, ())
    return Tree(root, tuple(laying.faults))


@dataclass(slots=True)
class _Laying:
    """One laying over under way, and what was found wrong."""

    faults: list[Placed] = field(default_factory=list)

    def over(self, base: Node, own: Node, path: tuple[Step, ...]) -> Node:
        if _is_whole(path):
            return own
        if isinstance(base.value, Mapping) and isinstance(own.value, Mapping):
            return replace(own, value=dict(self._keys(base, own, path)))
        if isinstance(base.value, list) and isinstance(own.value, Mapping) and own.value:
            if set(own.value) <= {ADD, WITHOUT}:
                return replace(own, value=list(self._changed(base.value, own, path)))
        elif isinstance(base.value, list) and isinstance(own.value, list) and dotted(path) in BY_NAME:
            return replace(own, value=list(self._by_name(base.value, own.value, path)))
        return own

    def _keys(self, base: Node, own: Node, path: tuple[Step, ...]) -> Iterator[tuple[Step, Node]]:
        for key, node in base.value.items():
            if key not in own.value:
                yield key, node
            elif own.value[key].value is not None or _is_option(path):
                yield key, self.over(node, own.value[key], (*path, key))
        yield from ((key, node) for key, node in own.value.items() if key not in base.value)

    def _changed(self, items: list[Node], own: Node, path: tuple[Step, ...]) -> Iterator[Node]:
        known = [item.plain for item in items]
        without = []
        for key in (ADD, WITHOUT):
            part = own.value.get(key)
            if part is not None and not isinstance(part.value, list):
                self._fault(part, (*path, key), f"found {shown(part.plain)}, allowed a list")
        for node in _listed(own, WITHOUT):
            if node.plain in known:
                without.append(node.plain)
            else:
                near = hints.did_you_mean(node.plain, known)
                self._fault(node, (*path, WITHOUT), f"found {shown(node.plain)}, allowed what is in the list{near}")
        yield from (item for item in items if item.plain not in without)
        yield from (node for node in _listed(own, ADD) if node.plain not in known)

    def _by_name(self, items: list[Node], own: list[Node], path: tuple[Step, ...]) -> Iterator[Node]:
        keys = BY_NAME[dotted(path)]
        ours = {name: node for node in own if (name := _name(node, keys)) is not None}
        names = [_name(item, keys) for item in items]
        for name, item in zip(names, items, strict=True):
            yield self.over(item, ours[name], (*path, name)) if name in ours else item
        laid = [ours[name] for name in names if name in ours]
        for node in own:
            if not any(node is one for one in laid) and self._is_new(node, names, path):
                yield node

    def _is_new(self, node: Node, names: list[str | None], path: tuple[Step, ...]) -> bool:
        """Whether an entry of a name nobody extends makes sense by itself: a rule that names its policy does."""
        name = _name(node, BY_NAME[dotted(path)])
        if name is None or name in names or node.at("policy") is not None:
            return True
        allowed = ", ".join(str(known) for known in names)
        found = f"found the name {name}, allowed a rule that is extended ({allowed}), or a policy beside it"
        self._fault(node, path, f"{found}{hints.did_you_mean(name, names)}")
        return False

    def _fault(self, node: Node, path: tuple[Step, ...], message: str) -> None:
        self.faults.append(Placed(node.place, path, message))


def _is_whole(path: tuple[Step, ...]) -> bool:
    return any(
        len(path) == len(whole) and all(part in ("*", step) for part, step in zip(whole, path, strict=True))
        for whole in WHOLE
    )


def _is_option(path: tuple[Step, ...]) -> bool:
    """Among the options of a rule null is a value of its own: no limit, never."""
    return len(path) == 3 and path[0] == "rules" and path[2] == "options"


def _name(node: Node, keys: tuple[str, ...]) -> str | None:
    """What an entry is called: the first of these keys that it has."""
    found = (node.at(key) for key in keys)
    return next((part.value for part in found if part is not None and isinstance(part.value, str)), None)


def _listed(node: Node, key: str) -> list[Node]:
    part = node.at(key)
    return part.value if part is not None and isinstance(part.value, list) else []
