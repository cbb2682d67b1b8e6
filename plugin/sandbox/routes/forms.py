"""The core workflow asked about a form before it is sent."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import tickets, workflow
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.values import to_integer


def perform_workflow(asked: Asked) -> Answer:
    """POST /core_workflows/perform: what the engine says about a form."""
    asked.require("ticket.agent", "ticket.customer")
    params = asked.params.get("params") or {}
    saved = asked.world.tickets.get(to_integer(params.get("id")))
    values = {name: tickets.cast(asked.world, name, value) for name, value in params.items() if name != "id"}
    form = workflow.evaluate(
        asked.world,
        asked.caller,
        screen=str(asked.params.get("screen") or "edit"),
        saved=saved,
        values=values,
        asked=set(values),
    )
    return Answer(
        {
            "restrict_values": form.restricted,
            "request_id": asked.params.get("request_id"),
            "visibility": form.visibility,
            "mandatory": form.mandatory,
            "readonly": form.readonly,
            "select": form.select,
            "fill_in": form.fill_in,
            "eval": [],
            "matched_workflows": form.matched,
            "rerun_count": 0,
            "assets": _workflow_assets(asked, form),
        }
    )


def _workflow_assets(asked: Asked, form: workflow.Form) -> dict[str, Any]:
    if not asked.world.manners.workflow_sends_assets:
        return {}
    world = asked.world
    collector = Collector(world, seen_by=asked.caller.user)
    for text in form.restricted["group_id"]:
        collector.group(to_integer(text))
    for text in ("1", *form.restricted["owner_id"]):
        collector.user(to_integer(text))
    for row in world.priorities:
        collector.other("TicketPriority", row)
    return collector.assets


ROUTES = (Route("POST", "/core_workflows/perform", perform_workflow),)
