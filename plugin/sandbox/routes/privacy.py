"""Calls about data privacy tasks."""

from __future__ import annotations

from plugin.sandbox import privacy
from plugin.sandbox.door import Answer, Asked, Route

_RIGHT = "admin.data_privacy"


def index(asked: Asked) -> Answer:
    """GET /data_privacy_tasks."""
    asked.require(_RIGHT)
    return Answer(list(asked.world.data_privacy_tasks))


def show(asked: Asked, task_id: str) -> Answer:
    """GET /data_privacy_tasks/:id."""
    asked.require(_RIGHT)
    return Answer(asked.find(asked.world.data_privacy_tasks, "DataPrivacyTask", task_id))


def create(asked: Asked) -> Answer:
    """POST /data_privacy_tasks."""
    asked.require(_RIGHT)
    return Answer(privacy.ask(asked.engine, asked.params), status=201)


def update(asked: Asked, task_id: str) -> Answer:
    """PUT /data_privacy_tasks/:id: its state can be set again."""
    asked.require(_RIGHT)
    row = asked.find(asked.world.data_privacy_tasks, "DataPrivacyTask", task_id)
    state = str(asked.params.get("state") or row.state)
    stamp = asked.world.stamp()
    return Answer(
        asked.world.data_privacy_tasks.put(row.id, state=state, updated_by_id=asked.caller.user_id, updated_at=stamp)
    )


def delete(asked: Asked, task_id: str) -> Answer:
    """DELETE /data_privacy_tasks/:id."""
    asked.require(_RIGHT)
    row = asked.find(asked.world.data_privacy_tasks, "DataPrivacyTask", task_id)
    asked.world.data_privacy_tasks.delete(row.id)
    return Answer({})


ROUTES = (
    Route("GET", "/data_privacy_tasks", index),
    Route("POST", "/data_privacy_tasks", create),
    Route("GET", "/data_privacy_tasks/<task_id>", show),
    Route("PUT", "/data_privacy_tasks/<task_id>", update),
    Route("DELETE", "/data_privacy_tasks/<task_id>", delete),
)
