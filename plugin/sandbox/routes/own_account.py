"""What a person sets for himself: his preferences, and who stands in while he is away."""

from __future__ import annotations

from typing import Any

from plugin.sandbox.answers import unprocessable
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_day, to_integer


def set_preferences(asked: Asked) -> Answer:
    """PUT /users/preferences: each key sent replaces that of the caller's preferences."""
    asked.require("user_preferences.language", "user_preferences.notifications", "user_preferences")
    mine = _me(asked)
    _save(asked, mine, {"preferences": {**mine.preferences, **asked.params}})
    return Answer({"message": "ok"})


def set_out_of_office(asked: Asked) -> Answer:
    """PUT /users/out_of_office: from when to when, and who stands in; all of it is written, whatever was sent."""
    asked.require("user_preferences.out_of_office")
    mine, params = _me(asked), asked.params
    changes = {
        "out_of_office": bool(to_boolean(params.get("out_of_office"))),
        "out_of_office_start_at": to_day(params.get("out_of_office_start_at")),
        "out_of_office_end_at": to_day(params.get("out_of_office_end_at")),
        "out_of_office_replacement_id": to_integer(params.get("out_of_office_replacement_id")),
        "preferences": {**mine.preferences, "out_of_office_text": params.get("out_of_office_text")},
    }
    _refuse_gaps(asked, mine, changes)
    _save(asked, mine, changes)
    return Answer({"message": "ok"})


def _refuse_gaps(asked: Asked, mine: Row, changes: dict[str, Any]) -> None:
    if not changes["out_of_office"]:
        return
    start, end = changes["out_of_office_start_at"], changes["out_of_office_end_at"]
    if start is None or end is None:
        raise unprocessable("out of office start and end are required")
    if start > end:
        raise unprocessable("out of office end is before start")
    other = changes["out_of_office_replacement_id"]
    if other is None or other not in asked.world.users or other == mine.id:
        raise unprocessable("out of office replacement user is required")


def _me(asked: Asked) -> Row:
    return asked.world.users[asked.caller.user_id]


def _save(asked: Asked, mine: Row, changes: dict[str, Any]) -> None:
    if all(mine.get(name) == value for name, value in changes.items()):
        return
    signed = {"updated_by_id": mine.id, "updated_at": asked.world.stamp()}
    asked.world.users.put_all(mine.id, {**changes, **signed})


ROUTES = (
    Route("PUT", "/users/preferences", set_preferences),
    Route("PUT", "/users/out_of_office", set_out_of_office),
)
