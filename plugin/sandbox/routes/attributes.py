"""Custom fields: the object manager's calls."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import attributes
from plugin.sandbox.answers import Refusal, unprocessable
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.rows import Row


def index(asked: Asked) -> Answer:
    """GET /object_manager_attributes."""
    asked.require("admin.object")
    return Answer([{**_shown(row), "object": row.object} for row in asked.world.object_attributes])


def show(asked: Asked, attribute_id: str) -> Answer:
    """GET /object_manager_attributes/:id."""
    asked.require("admin.object")
    row = asked.find(asked.world.object_attributes, "ObjectManager::Attribute", attribute_id)
    return Answer(_shown(row))


def create(asked: Asked) -> Answer:
    """POST /object_manager_attributes: defined, not yet migrated."""
    asked.require("admin.object")
    row = attributes.define(asked.world, asked.params, by=asked.caller.user_id)
    return Answer(_shown(row), status=201)


def update(asked: Asked, attribute_id: str) -> Answer:
    """PUT /object_manager_attributes/:id."""
    asked.require("admin.object")
    row = asked.find(asked.world.object_attributes, "ObjectManager::Attribute", attribute_id)
    return Answer(_shown(attributes.redefine(asked.world, row, asked.params, by=asked.caller.user_id)))


def delete(asked: Asked, attribute_id: str) -> Answer:
    """DELETE /object_manager_attributes/:id: gone with the next migration."""
    asked.require("admin.object")
    try:
        row = asked.find(asked.world.object_attributes, "ObjectManager::Attribute", attribute_id)
    except Refusal as refusal:
        raise unprocessable(refusal.error) from None
    attributes.drop(asked.world, row)
    return Answer({})


def execute_migrations(asked: Asked) -> Answer:
    """POST /object_manager_attributes_execute_migrations."""
    asked.require("admin.object")
    attributes.migrate(asked.world)
    return Answer({})


def _shown(row: Row) -> dict[str, Any]:
    shape = {name: value for name, value in row.items() if name != "object"}
    return {"id": shape.pop("id"), "object_lookup_id": 1, **shape}


ROUTES = (
    Route("GET", "/object_manager_attributes", index),
    Route("POST", "/object_manager_attributes", create),
    Route("GET", "/object_manager_attributes/<attribute_id>", show),
    Route("PUT", "/object_manager_attributes/<attribute_id>", update),
    Route("DELETE", "/object_manager_attributes/<attribute_id>", delete),
    Route("POST", "/object_manager_attributes_execute_migrations", execute_migrations),
)
