"""What a route sees of a request and gives back: parsed parameters in, status and JSON out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from plugin.sandbox.answers import Refusal, bad_request, broken
from plugin.sandbox.engine import Engine
from plugin.sandbox.permissions import Caller, caller_may, require
from plugin.sandbox.rows import Row, Table
from plugin.sandbox.values import to_boolean, to_integer
from plugin.sandbox.world import World

NESTING = 100
"""How deep Rails reads JSON."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been let in: who asks, for what, with which parameters (query and body together)."""

    engine: Engine
    caller: Caller
    params: dict[str, Any]
    path: str = ""

    @property
    def world(self) -> World:
        """The world, for reading."""
        return self.engine.world

    def flag(self, name: str) -> bool:
        """Whether `expand`, `full`, `all`, … was asked for."""
        return bool(to_boolean(self.params.get(name)))

    def require(self, *permissions: str) -> None:
        """Refuses a caller without any of the permissions."""
        require(self.world, self.caller, *permissions)

    def may(self, *permissions: str) -> bool:
        """Whether the caller has one of the permissions."""
        return caller_may(self.world, self.caller, *permissions)

    def find(self, table: Table, model: str, row_id: str) -> Row:
        """The row of that id, or 404 in the words of the version."""
        number = int(row_id) if row_id.isdigit() else None
        row = table.get(number)
        if row is None:
            raise Refusal(404, self.world.manners.not_found(model, row_id))
        return row

    def page(self, *, default: int, most: int) -> tuple[int, int]:
        """Offset and size of the page asked for; more than `most` rows are clipped silently."""
        size = to_integer(self.params.get("per_page") or self.params.get("limit")) or default
        size = max(min(size, most), 1)
        number = max(to_integer(self.params.get("page")) or 1, 1)
        return (number - 1) * size, size


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` is JSON-able, or bytes with their own `content_type`."""

    body: Any
    status: int = 200
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


View = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One call of Zammad's API; `rule` is Flask's, `public` needs no credentials."""

    method: str
    rule: str
    view: View
    public: bool = False


def parameters(*, query: str, body: bytes, content_type: str) -> dict[str, Any]:
    """Query and body parameters as Rails merges them.

    Malformed JSON is Zammad's 500, text that is no UTF-8 a 400; other content types are not read at all.
    """
    params: dict[str, Any] = _nested(parse_qsl(query, keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return params
    if kind == "application/json":
        params.update(_json(body))
    elif kind == "application/x-www-form-urlencoded":
        params.update(_nested(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)))
    return params


def _json(body: bytes) -> dict[str, Any]:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request() from None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise broken(f"unexpected token: {fault}") from None
    if _too_deep(value):
        raise broken(f"nesting of {NESTING + 1} is too deep")
    return value if isinstance(value, dict) else {"_json": value}


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(NESTING):
        level = [
            item
            for container in level
            if isinstance(container, (dict, list))
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(item, (dict, list)) for item in level)


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`article[body]=x` and `ids[]=1` as nested values."""
    params: dict[str, Any] = {}
    for key, value in pairs:
        name, *steps = key.replace("]", "").split("[")
        place: Any = params
        for step in steps:
            place = place.setdefault(name, [] if step == "" else {})
            name = step
        if isinstance(place, list):
            place.append(value)
        else:
            place[name] = value
    return params
