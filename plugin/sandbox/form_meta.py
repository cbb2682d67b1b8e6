"""What `GET /tickets/:id?all=true` says about the ticket's form: its attributes and what the engine makes of them."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from plugin.sandbox import workflow
from plugin.sandbox.attributes import options_of
from plugin.sandbox.permissions import Caller, caller_may
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

NOTE, PHONE, EMAIL = 10, 5, 1
_AFTER_PRIORITY = "tags"
_TAGS_POSITION = 900


def of_ticket(world: World, caller: Caller, ticket: Row) -> dict[str, Any]:
    """The form meta of a ticket as the caller sees it."""
    form = workflow.evaluate(world, caller, screen="edit", saved=ticket, values={}, asked={"group_id"})
    return {
        "filter": {"type_id": [NOTE, PHONE, EMAIL]},
        "dependencies": None,
        "configure_attributes": _attributes(world, caller),
        "core_workflow": _engine_answer(form),
    }


def _engine_answer(form: workflow.Form) -> dict[str, Any]:
    groups = [text for text in form.restricted["group_id"] if text]
    only = groups[0] if len(groups) == 1 else None
    return {
        "restrict_values": form.restricted,
        "request_id": "default",
        "visibility": form.visibility if only is None else {**form.visibility, "group_id": "hide"},
        "mandatory": form.mandatory,
        "readonly": form.readonly,
        "select": form.select if only is None else {**form.select, "group_id": only},
        "fill_in": form.fill_in,
        "eval": [],
        "matched_workflows": form.matched,
        "rerun_count": 0 if only is None else 1,
    }


def _attributes(world: World, caller: Caller) -> list[dict[str, Any]]:
    """Built-in attributes and those an administrator made, by position; tags stand where these begin."""
    own = [(row.position, row.name, _shown(world, caller, row)) for row in world.ticket_fields.values()]
    built_in = _built_in(world.manners.version)
    placed = [(0, "", row) for row in built_in if row["name"] != _AFTER_PRIORITY]
    placed += [(_TAGS_POSITION, row["name"], row) for row in built_in if row["name"] == _AFTER_PRIORITY]
    return [row for _, _, row in (*placed[:-1], *sorted((*placed[-1:], *own), key=lambda entry: entry[:2]))]


def _shown(world: World, caller: Caller, attribute: Row) -> dict[str, Any]:
    shown = {
        "name": attribute.name,
        "display": attribute.display,
        "tag": attribute.data_type,
        "screen": {name: _for(world, caller, by) for name, by in (attribute.screens or {}).items()},
        **attribute.data_option,
    }
    if attribute.data_type in ("select", "tree_select"):
        shown["historical_options"] = _labels(attribute)
    return shown


def _for(world: World, caller: Caller, by_permission: dict[str, Any]) -> dict[str, Any]:
    for permission, settings in by_permission.items():
        if permission == "-all-" or caller_may(world, caller, permission):
            return dict(settings)
    return {}


def _labels(attribute: Row) -> dict[str, str]:
    options = attribute.data_option.get("options") or {}
    if isinstance(options, dict):
        return dict(options)
    return {value: value.rpartition("::")[2] for value in options_of(attribute)}


@cache
def _built_in(version: str) -> list[dict[str, Any]]:
    text = resources.files("plugin.sandbox").joinpath(f"data/form-{version}.json").read_text(encoding="utf-8")
    attributes: list[dict[str, Any]] = json.loads(text)
    return attributes
