"""What a pack may say, for editors: JSON Schema made from the very fields that read a pack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from plugin.packs.extending import EXTENDS
from plugin.packs.fields import as_json
from plugin.packs.schema import pack_schema
from plugin.policies import discover

_WORTH_A_NAME = 80
_KINDS = frozenset({"type", "anyOf", "enum"})
"""One of these makes a part a schema rather than the keys of one."""


def json_schema() -> dict[str, Any]:
    """Draft 7, which editors know. It says of each value what can be said without the others.

    A pack that extends another may leave keys out, take them away, and write lists as changes.
    """
    schema = pack_schema(discover())
    whole, part = as_json(schema, partial=False), as_json(schema, partial=True)
    part["properties"] = {EXTENDS: {"type": "string", "description": "a shipped pack, or the path of a .yaml file"}} | {
        **part["properties"],
        "pack": whole["properties"]["pack"],
    }
    part["required"] = [EXTENDS, "pack"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Policy pack of Steward",
        "type": "object",
        **_said_once({"if": {"required": [EXTENDS]}, "then": part, "else": whole}),
    }


def _said_once(schema: dict[str, Any]) -> dict[str, Any]:
    """The same with what it says again and again under ``definitions``."""
    counted = Counter(_parts(schema))
    names = {said: f"d{number}" for number, said in enumerate((s for s, n in counted.items() if n > 1), start=1)}

    def short(part: Any, *, whole: str = "") -> Any:
        if isinstance(part, list):
            return [short(item) for item in part]
        if not isinstance(part, dict):
            return part
        said = json.dumps(part, sort_keys=True)
        if said in names and said != whole:
            return {"$ref": f"#/definitions/{names[said]}"}
        return {key: short(item) for key, item in part.items()}

    definitions = {name: short(json.loads(said), whole=said) for said, name in names.items()}
    return {**short(schema), "definitions": definitions}


def _parts(part: Any) -> Iterator[str]:
    """Every schema within, as text, where it is long enough to be worth a name."""
    if isinstance(part, list):
        for item in part:
            yield from _parts(item)
    elif isinstance(part, dict):
        said = json.dumps(part, sort_keys=True)
        if len(said) > _WORTH_A_NAME and not _KINDS.isdisjoint(part):
            yield said
        for item in part.values():
            yield from _parts(item)


def written() -> str:
    """The schema as a file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
