"""Zammad's core workflow, asked before it refuses: what is mandatory, visible and allowed for us (contract 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugin.model.people import NOBODY_ID
from plugin.model.ticket import Ticket
from plugin.zammad import schemas
from plugin.zammad.client import ZammadClient


@dataclass(frozen=True, slots=True)
class Workflow:
    """The engine's answer for our user. ``restricted`` holds allowed values as texts, "" for none.

    ``groups`` names groups where the server sends them along (6.1). ``known`` is False where the engine failed.
    """

    mandatory: frozenset[str] = frozenset()
    visible: frozenset[str] = frozenset()
    restricted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    known: bool = True

    def blockers(self, ticket: Ticket) -> frozenset[str]:
        """The mandatory fields that are empty on the ticket: each blocks every PUT (contract 4.6)."""
        return frozenset(name for name in self.mandatory & self.visible if _is_empty(ticket, name))

    def allowed_ids(self, name: str) -> frozenset[int]:
        """The allowed values of an id field."""
        return frozenset(int(value) for value in self.restricted.get(name, ()) if value.isdigit())


def perform(client: ZammadClient, *, screen: str, params: Mapping[str, Any]) -> Workflow:
    """Ask the engine; ``screen`` is ``edit`` for a ticket that exists (``params.id``), else ``create_middle``."""
    body = {
        "event": "core_workflow",
        "request_id": "steward",
        "class_name": "Ticket",
        "screen": screen,
        "params": dict(params),
    }
    raw = schemas.entries(client.post("/core_workflows/perform", json=body), "workflow")
    if not raw:
        return Workflow(known=False)
    groups = schemas.assets(raw, "Group").values()
    return Workflow(
        mandatory=_names(raw, "mandatory", lambda value: value is True),
        visible=_names(raw, "visibility", lambda value: value == "show"),
        restricted={
            str(name): frozenset(str(value) for value in values)
            for name, values in _map(raw, "restrict_values").items()
            if isinstance(values, list)
        },
        groups={row["id"]: row["name"] for row in (schemas.named(one, path="workflow.assets.Group") for one in groups)},
    )


def _map(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def _names(raw: Mapping[str, Any], key: str, holds: Any) -> frozenset[str]:
    return frozenset(str(name) for name, value in _map(raw, key).items() if holds(value))


def _is_empty(ticket: Ticket, name: str) -> bool:
    if name == "owner_id":
        return ticket.owner_id == NOBODY_ID
    if hasattr(ticket, name):
        return getattr(ticket, name) in (None, "")
    values = {**ticket.extra, **ticket.fields}
    # what a look does not show (tags) cannot be found empty
    return name in values and values[name] in (None, "", [], {})
