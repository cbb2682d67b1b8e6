"""The kinds of records an administrator keeps: their columns, who may read and write them, what they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from plugin.sandbox import conditions
from plugin.sandbox.answers import unprocessable
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_integer
from plugin.sandbox.world import World

Columns = dict[str, Any]
Check = Callable[[World, Row], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its path, Zammad's class name, table, columns with defaults, and permissions.

    `extra` are associations answered beside the columns; `unique` names may not repeat. `required` columns hold
    something: where a text or an object is empty, Zammad leaves it to the database to refuse it.
    """

    path: str
    model: str
    table: str
    columns: Columns
    write: tuple[str, ...]
    read: tuple[str, ...]
    unique: bool = True
    newer: Columns = field(default_factory=dict)
    extra: Columns = field(default_factory=dict)
    check: Check | None = None
    required: tuple[str, ...] = ("name",)

    def columns_for(self, world: World) -> Columns:
        """The columns of the version."""
        return {**self.columns, **(self.newer if world.manners.version != "6.1" else {})}


def _check_webhook(world: World, row: Row) -> None:
    parts = urlsplit(str(row.endpoint or ""))
    if parts.scheme not in ("http", "https"):
        raise unprocessable("Endpoint The provided endpoint is invalid, no http or https protocol was specified.")
    if not parts.netloc or not str(row.endpoint).isascii():
        raise unprocessable("Endpoint The provided endpoint is invalid.")
    if row.customized_payload and not _is_template(str(row.custom_payload or "")):
        raise unprocessable("Custom payload The provided payload is invalid. Please check your syntax.")
    del world


def _is_template(text: str) -> bool:
    try:
        json.loads(re.sub(r"#\{[^}]*\}", "x", text))
    except ValueError:
        try:
            json.loads(re.sub(r"#\{[^}]*\}", '"x"', text))
        except ValueError:
            return False
    return True


def _check_condition(world: World, row: Row) -> None:
    """Refuses what the selector cannot read; 6.1 does not ask the database for attributes it has not."""
    kind = "ticket" if world.manners.version == "6.1" else "object"
    refused = unprocessable(f"Invalid {kind} selector conditions")
    if not conditions.is_whole(row.condition or {}):
        raise refused
    for name, block in _leaves(row.condition or {}):
        if not isinstance(block, dict) or not conditions.is_operator(block.get("operator")):
            raise refused
        if world.manners.version != "6.1" and not conditions.is_known(world, name):
            raise refused


def _leaves(condition: dict[str, Any]) -> list[tuple[str, Any]]:
    if "conditions" not in condition:
        return list(condition.items())
    leaves: list[tuple[str, Any]] = []
    for part in condition["conditions"]:
        leaves += _leaves(part) if "conditions" in part else [(str(part.get("name")), part)]
    return leaves


def _check_job(world: World, row: Row) -> None:
    if world.manners.version != "6.1" and not row.get("object"):
        raise unprocessable("Object can't be blank")
    _check_condition(world, row)


def _check_sla(world: World, row: Row) -> None:
    if row.response_time and row.update_time:
        raise unprocessable("Cannot have both response time and update time.")
    _check_condition(world, row)


def _check_calendar(world: World, row: Row) -> None:
    """A calendar needs hours somebody works, in a time zone there is."""
    del world
    open_days = [day for day in (row.business_hours or {}).values() if day.get("active") and day.get("timeframes")]
    if not open_days:
        raise unprocessable("No configured business hours found!")
    for day, meta in (row.public_holidays or {}).items():
        row.public_holidays[day] = {**meta, "active": bool(meta.get("active"))}


KINDS: tuple[Kind, ...] = (
    Kind(
        path="webhooks",
        model="Webhook",
        table="webhooks",
        columns={
            "name": None,
            "endpoint": None,
            "signature_token": None,
            "ssl_verify": True,
            "basic_auth_username": None,
            "basic_auth_password": None,
            "note": None,
            "pre_defined_webhook_type": None,
            "customized_payload": False,
            "custom_payload": None,
            "preferences": {},
            "active": True,
        },
        write=("admin.webhook",),
        read=("admin.webhook",),
        unique=False,
        check=_check_webhook,
    ),
    Kind(
        path="triggers",
        model="Trigger",
        table="triggers",
        columns={
            "name": None,
            "condition": None,
            "perform": None,
            "disable_notification": True,
            "note": None,
            "activator": "action",
            "execution_condition_mode": "selective",
            "active": True,
        },
        newer={"localization": None, "timezone": None},
        write=("admin.trigger",),
        read=("admin.trigger",),
        check=_check_condition,
        required=("name", "condition", "perform"),
    ),
    Kind(
        path="jobs",
        model="Job",
        table="jobs",
        columns={
            "name": None,
            "timeplan": {},
            "condition": {},
            "perform": {},
            "disable_notification": True,
            "last_run_at": None,
            "next_run_at": None,
            "running": False,
            "processed": 0,
            "matching": 0,
            "pid": None,
            "note": None,
            "active": False,
        },
        newer={"object": None, "localization": None, "timezone": None},
        write=("admin.scheduler",),
        read=("admin.scheduler",),
        check=_check_job,
        required=("name", "timeplan", "condition", "perform"),
    ),
    Kind(
        path="macros",
        model="Macro",
        table="macros",
        columns={"name": None, "perform": {}, "active": True, "ux_flow_next_up": "none", "note": None},
        extra={"group_ids": []},
        write=("admin.macro",),
        read=("admin.macro", "ticket.agent"),
        required=("name", "perform"),
    ),
    Kind(
        path="calendars",
        model="Calendar",
        table="calendars",
        columns={
            "name": None,
            "timezone": None,
            "business_hours": {},
            "default": False,
            "ical_url": None,
            "public_holidays": {},
            "last_log": None,
            "last_sync": None,
        },
        write=("admin.calendar",),
        read=("admin.calendar",),
        check=_check_calendar,
    ),
    Kind(
        path="slas",
        model="Sla",
        table="slas",
        columns={
            "calendar_id": None,
            "name": None,
            "first_response_time": None,
            "response_time": None,
            "update_time": None,
            "solution_time": None,
            "condition": {},
            "data": {},
        },
        write=("admin.sla",),
        read=("admin.sla",),
        check=_check_sla,
    ),
    Kind(
        path="overviews",
        model="Overview",
        table="overviews",
        columns={
            "name": None,
            "link": None,
            "prio": None,
            "condition": {},
            "order": {},
            "group_by": None,
            "group_direction": None,
            "organization_shared": False,
            "out_of_office": False,
            "view": {},
            "active": True,
        },
        extra={"role_ids": [], "user_ids": []},
        write=("admin.overview",),
        read=("admin.overview",),
        unique=False,
        check=_check_condition,
        required=("name", "condition", "order", "view"),
    ),
    Kind(
        path="core_workflows",
        model="CoreWorkflow",
        table="core_workflows",
        columns={
            "name": None,
            "object": None,
            "preferences": {},
            "condition_saved": {},
            "condition_selected": {},
            "perform": {},
            "active": True,
            "stop_after_match": False,
            "changeable": True,
            "priority": 500,
        },
        write=("admin.core_workflow",),
        read=("admin.core_workflow",),
    ),
    Kind(
        path="ticket_states",
        model="Ticket::State",
        table="states",
        columns={
            "state_type_id": None,
            "name": None,
            "next_state_id": None,
            "ignore_escalation": False,
            "default_create": False,
            "default_follow_up": False,
            "note": None,
            "active": True,
        },
        write=("admin.object", "admin.ticket_state"),
        read=("ticket.agent", "ticket.customer", "admin.object", "admin.ticket_state"),
    ),
    Kind(
        path="ticket_priorities",
        model="Ticket::Priority",
        table="priorities",
        columns={
            "name": None,
            "default_create": False,
            "ui_icon": None,
            "ui_color": None,
            "note": None,
            "active": True,
        },
        write=("admin.object", "admin.ticket_priority"),
        read=("ticket.agent", "ticket.customer", "admin.object", "admin.ticket_priority"),
    ),
    Kind(
        path="templates",
        model="Template",
        table="templates",
        columns={"user_id": None, "name": None, "options": {}, "active": True},
        unique=False,
        required=("name", "options"),
        write=("admin.template",),
        read=("admin.template", "ticket.agent"),
    ),
    Kind(
        path="text_modules",
        model="TextModule",
        table="text_modules",
        columns={
            "user_id": None,
            "name": None,
            "keywords": None,
            "content": None,
            "note": None,
            "active": True,
            "foreign_id": None,
        },
        unique=False,
        required=("name", "content"),
        extra={"group_ids": []},
        write=("admin.text_module",),
        read=("admin.text_module", "ticket.agent"),
    ),
    Kind(
        path="signatures",
        model="Signature",
        table="signatures",
        columns={"name": None, "body": None, "active": True, "note": None},
        write=("admin.channel_email",),
        read=("admin.channel_email", "ticket.agent"),
    ),
    Kind(
        path="email_addresses",
        model="EmailAddress",
        table="email_addresses",
        columns={
            "channel_id": None,
            "name": None,
            "email": None,
            "active": True,
            "note": None,
            "preferences": None,
        },
        write=("admin.channel_email",),
        read=("admin.channel_email", "ticket.agent"),
    ),
    Kind(
        path="postmaster_filters",
        model="PostmasterFilter",
        table="postmaster_filters",
        columns={"name": None, "channel": "email", "match": {}, "perform": {}, "active": True, "note": None},
        write=("admin.channel_email",),
        read=("admin.channel_email",),
    ),
    Kind(
        path="report_profiles",
        model="Report::Profile",
        table="report_profiles",
        columns={"name": None, "condition": {}, "active": True},
        write=("admin.report_profile",),
        read=("admin.report_profile",),
    ),
)


_NUMBERS = frozenset({"first_response_time", "response_time", "update_time", "solution_time", "prio"})
"""Columns of numbers that hold nothing in a new row."""


def typed(columns: Columns, given: dict[str, Any]) -> dict[str, Any]:
    """The given values a kind knows, booleans and numbers read as such."""
    result: dict[str, Any] = {}
    for name, value in given.items():
        if name not in columns:
            continue
        if isinstance(columns[name], bool):
            result[name] = bool(to_boolean(value))
        elif _is_number(columns, name) and not isinstance(value, dict):
            result[name] = to_integer(value)
        else:
            result[name] = value
    return result


def _is_number(columns: Columns, name: str) -> bool:
    return name in _NUMBERS or isinstance(columns[name], int) or name.endswith("_id")
