"""Core workflow: which fields are mandatory, visible and limited for a person, and the refusals that follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from plugin.sandbox import conditions
from plugin.sandbox.answers import masked
from plugin.sandbox.attributes import options_of
from plugin.sandbox.permissions import Caller, caller_may, full_agents, groups_with
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_integer
from plugin.sandbox.world import NOBODY, World

_BUILT_IN = (
    "number",
    "title",
    "customer_id",
    "organization_id",
    "group_id",
    "owner_id",
    "state_id",
    "pending_time",
    "priority_id",
)
_ALWAYS = frozenset({"title", "customer_id", "group_id", "state_id", "priority_id"})
_SEED_MATCHES = (1, 2)
"""Ids of the two workflows every Zammad ships (pending time, admin SLA), which always match."""


@dataclass(slots=True)
class Form:
    """The answer of the engine for one person, screen and set of values."""

    visibility: dict[str, str] = field(default_factory=dict)
    mandatory: dict[str, bool] = field(default_factory=dict)
    readonly: dict[str, bool] = field(default_factory=dict)
    restricted: dict[str, list[str]] = field(default_factory=dict)
    select: dict[str, Any] = field(default_factory=dict)
    fill_in: dict[str, Any] = field(default_factory=dict)
    matched: list[int] = field(default_factory=list)


def evaluate(
    world: World, caller: Caller, *, screen: str, saved: Row | None, values: dict[str, Any], asked: set[str]
) -> Form:
    """Runs the workflows of a screen over a ticket with `values` put in; `asked` are the values named."""
    ticket = Row({**(saved or {}), **values})
    form = _start(world, caller, screen=screen, ticket=ticket, saved=saved, asked=asked)
    for workflow in sorted(world.core_workflows, key=lambda row: (row.priority, row.id)):
        if not _applies(world, caller, workflow, screen=screen, ticket=ticket, saved=saved):
            continue
        form.matched.append(workflow.id)
        for name, action in (workflow.perform or {}).items():
            _perform(form, name.partition(".")[2], action)
        if workflow.stop_after_match:
            break
    return form


def check(
    world: World, caller: Caller, *, screen: str, saved: Row | None, values: dict[str, Any], asked: set[str]
) -> None:
    """Refuses (422, masked) what the engine does not allow, as Zammad does on every write of a ticket."""
    form = evaluate(world, caller, screen=screen, saved=saved, values=values, asked=asked | {"group_id"})
    ticket = Row({**(saved or {}), **values})
    for name in asked & set(form.restricted):
        _check_allowed(form, ticket, saved, name, screen=screen)
    for name, is_mandatory in form.mandatory.items():
        shown = form.visibility.get(name) == "show"
        if is_mandatory and shown and ticket.get(name) in (None, "", []):
            raise masked(f"Missing required value for field '{name}'!")


def _start(world: World, caller: Caller, *, screen: str, ticket: Row, saved: Row | None, asked: set[str]) -> Form:
    form = Form(matched=list(_SEED_MATCHES))
    pending = world.state_type(ticket.get("state_id")).startswith("pending")
    for name in (*_BUILT_IN, "tags"):
        form.visibility[name] = "show"
        form.mandatory[name] = name in _ALWAYS
        form.readonly[name] = False
    form.visibility["organization_id"] = "hide"
    form.visibility["pending_time"] = "show" if pending else "remove"
    form.mandatory["pending_time"] = pending
    for name, attribute in world.ticket_fields.items():
        _add_field(world, caller, form, name, attribute, screen=screen)
    _restrict(world, caller, form, screen=screen, ticket=ticket, saved=saved, asked=asked)
    return form


def _add_field(world: World, caller: Caller, form: Form, name: str, attribute: Row, *, screen: str) -> None:
    asked = attribute.data_option.get("permission")
    if asked and not caller_may(world, caller, *asked):
        return
    settings = _screen(attribute, screen, world, caller)
    form.visibility[name] = "show" if settings.get("shown", True) else "hide"
    form.mandatory[name] = bool(settings.get("required", False))
    form.readonly[name] = False


def _screen(attribute: Row, screen: str, world: World, caller: Caller) -> dict[str, Any]:
    by_permission = (attribute.screens or {}).get(screen) or {}
    for permission, settings in by_permission.items():
        if permission == "-all-" or caller_may(world, caller, permission):
            return dict(settings)
    return {"shown": False}


def _restrict(
    world: World,
    caller: Caller,
    form: Form,
    *,
    screen: str,
    ticket: Row,
    saved: Row | None,
    asked: set[str],
) -> None:
    agent = caller_may(world, caller, "ticket.agent")
    groups = groups_with(world, caller.user, "create") if agent else [row.id for row in world.groups]
    form.restricted["group_id"] = ["", *map(str, groups)]
    owners = full_agents(world, ticket.get("group_id") or 0) if "group_id" in asked else []
    form.restricted["owner_id"] = ["", *(str(owner.id) for owner in owners)]
    form.restricted["state_id"] = [str(state) for state in _states(world, screen=screen, saved=saved)]
    priorities = sorted(world.active(world.priorities), key=lambda row: (not row.default_create, row.id))
    form.restricted["priority_id"] = [str(row.id) for row in priorities]
    if world.manners.refuses_undefined_options:
        _restrict_options(world, form)


def _restrict_options(world: World, form: Form) -> None:
    for name, attribute in world.ticket_fields.items():
        if name not in form.visibility:
            continue
        if attribute.data_type in ("select", "tree_select", "multiselect"):
            form.restricted[name] = ["", *options_of(attribute)]
        elif attribute.data_type == "boolean":
            form.restricted[name] = ["false", "true"]


def _states(world: World, *, screen: str, saved: Row | None) -> list[int]:
    still_new = saved is not None and world.state_type(saved.state_id) == "new"
    hidden = {"merged", "removed"}
    if screen == "edit" and not still_new:
        hidden.add("new")
    return [row.id for row in world.active(world.states) if world.state_type(row.id) not in hidden]


def _applies(world: World, caller: Caller, workflow: Row, *, screen: str, ticket: Row, saved: Row | None) -> bool:
    screens = (workflow.preferences or {}).get("screen") or []
    if not workflow.active or workflow.object != "Ticket" or (screens and screen not in screens):
        return False
    occasion = conditions.Occasion(now=world.now(), user=caller.user)
    if workflow.condition_saved and (
        saved is None or not conditions.matches(world, workflow.condition_saved, saved, occasion)
    ):
        return False
    return not workflow.condition_selected or conditions.matches(world, workflow.condition_selected, ticket, occasion)


def _perform(form: Form, name: str, action: dict[str, Any]) -> None:
    operators = action.get("operator")
    for operator in operators if isinstance(operators, list) else [operators]:
        _perform_one(form, name, str(operator), action)


def _perform_one(form: Form, name: str, operator: str, action: dict[str, Any]) -> None:
    value = action.get(operator)
    if operator in ("show", "hide", "remove"):
        form.visibility[name] = operator
    elif operator in ("set_mandatory", "set_optional"):
        form.mandatory[name] = operator == "set_mandatory"
    elif operator in ("set_readonly", "unset_readonly"):
        form.readonly[name] = operator == "set_readonly"
    elif operator == "set_fixed_to":
        form.restricted[name] = [str(item) for item in value or []]
    elif operator == "remove_option":
        dropped = {str(item) for item in value or []}
        form.restricted[name] = [item for item in form.restricted.get(name, []) if item not in dropped]
    elif operator == "add_option":
        form.restricted.setdefault(name, []).extend(str(item) for item in value or [])
    elif operator == "select":
        form.select[name] = value
    elif operator in ("fill_in", "fill_in_empty"):
        form.fill_in[name] = value


def _check_allowed(form: Form, ticket: Row, saved: Row | None, name: str, *, screen: str) -> None:
    value = ticket.get(name)
    unchanged = saved is not None and saved.get(name) == value
    if unchanged or value in (None, "") or (name == "owner_id" and value == NOBODY):
        return
    if name == "owner_id" and screen == "edit":
        # an owner without full access is silently dropped on save, not refused (contract 4.6)
        return
    if name in ("state_id", "priority_id", "group_id", "owner_id"):
        allowed = {to_integer(item) for item in form.restricted[name]}
        if to_integer(value) in allowed:
            return
    elif _matches_option(value, form.restricted[name]):
        return
    raise masked(f"Invalid value '{value}' for field '{name}'!")


def _matches_option(value: Any, options: list[str]) -> bool:
    if isinstance(value, bool):
        return str(value).lower() in options
    if isinstance(value, list):
        return all(str(item) in options for item in value)
    return str(value) in options or (to_boolean(value) is None and "" in options)
