"""Data privacy tasks: an administrator asks for a person's erasure, a check carries it out with all his tickets."""

from __future__ import annotations

import re
from typing import Any

from plugin.sandbox.answers import unprocessable
from plugin.sandbox.engine import Engine
from plugin.sandbox.permissions import user_may
from plugin.sandbox.removal import remove_ticket
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer
from plugin.sandbox.world import NOBODY, World

WAITING, DONE = "in process", "completed"
_KEPT = 2
"""How many letters of a masked word stay: the first and the last."""


def ask(engine: Engine, asked: dict[str, Any]) -> Row:
    """Queues a task for a person or, where checklists are, a ticket; 422 for whom Zammad keeps."""
    world = engine.world
    kind, row_id = str(asked.get("deletable_type")), to_integer(asked.get("deletable_id"))
    tables = {"User": world.users, "Ticket": world.tickets}
    if kind not in tables or (kind == "Ticket" and not world.manners.has_checklists):
        raise unprocessable("Deletable is not a User")
    row = tables[kind].get(row_id)
    if row is None:
        raise unprocessable("Deletable must exist")
    if world.data_privacy_tasks.where(deletable_type=kind, deletable_id=row_id, state=WAITING):
        raise unprocessable("Selected object is already queued for deletion.")
    if kind == "User":
        _refuse_needed(world, row)
    stamp = world.stamp()
    shown = _of_user(world, row) if kind == "User" else _of_ticket(row)
    return world.data_privacy_tasks.insert(
        {
            "state": WAITING,
            "deletable_type": kind,
            "deletable_id": row.id,
            "preferences": {**(asked.get("preferences") or {}), **shown},
            "updated_by_id": world.actor_id,
            "created_by_id": world.actor_id,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )


def carry_out(engine: Engine) -> None:
    """Erases what the waiting tasks name, without an event, as the check does every ten minutes."""
    world = engine.world
    for task in world.data_privacy_tasks.where(state=WAITING):
        if task.deletable_type == "Ticket" and task.deletable_id in world.tickets:
            remove_ticket(engine, task.deletable_id)
        elif task.deletable_type == "User" and task.deletable_id in world.users:
            _erase(engine, task.deletable_id)
        world.data_privacy_tasks.put(task.id, state=DONE, updated_at=world.stamp())
    engine.settle_sla()


def _erase(engine: Engine, user_id: int) -> None:
    world = engine.world
    for ticket in world.tickets.where(customer_id=user_id):
        remove_ticket(engine, ticket.id)
    for table in (world.tickets, world.articles, world.history):
        for row in table:
            changes = {name: NOBODY for name, value in row.items() if name in _AUTHORS and value == user_id}
            if changes:
                table.put_all(row.id, changes)
    for table, key in ((world.tokens, "user_id"), (world.mentions, "user_id"), (world.online_notifications, "user_id")):
        for row in table.where(**{key: user_id}):
            table.delete(row.id)
    world.users.delete(user_id)


_AUTHORS = frozenset({"created_by_id", "updated_by_id", "origin_by_id", "owner_id"})
"""Columns that name a person elsewhere; after an erasure they name nobody."""


def _refuse_needed(world: World, user: Row) -> None:
    if user.id == NOBODY:
        raise unprocessable("It is not possible to delete the system user.")
    if user.id == world.actor_id:
        raise unprocessable("It is not possible to delete your current account.")
    others = [row for row in world.users if row.active and row.id != user.id and user_may(world, row, "admin")]
    if user_may(world, user, "admin") and not others:
        raise unprocessable("It is not possible to delete the last account with admin permissions.")


def _of_user(world: World, user: Row) -> dict[str, Any]:
    owned = [row for row in world.tickets if row.owner_id == user.id]
    person = {
        "firstname": _masked(user.firstname),
        "lastname": _masked(user.lastname),
        "email": "@".join(_masked_address(user.email)),
    }
    organization = world.organizations.get(user.organization_id)
    if organization is not None:
        person["organization"] = _masked(organization.name)
    return {
        **_listed(world, "owner_tickets", owned),
        **_listed(world, "customer_tickets", world.tickets.where(customer_id=user.id)),
        "user": person,
    }


def _of_ticket(ticket: Row) -> dict[str, Any]:
    return {
        "ticket": {"title": _masked(ticket.title)},
        "customer_tickets": [ticket.number],
        "customer_tickets_count": 1,
    }


def _listed(world: World, name: str, rows: list[Row]) -> dict[str, Any]:
    """The numbers of tickets, newest first; newer versions count them too."""
    numbers = [row.number for row in sorted(rows, key=lambda row: row.id, reverse=True)]
    counted = {f"{name}_count": len(numbers)} if world.manners.has_checklists else {}
    return {name: numbers, **counted}


def _masked(text: Any) -> str:
    """First and last letter of each word ("V*a"), as the task keeps names."""
    return " ".join(f"{word[0]}*{word[-1]}" if len(word) >= _KEPT else f"{word}*" for word in str(text or "").split())


def _masked_address(address: Any) -> list[str]:
    local, _, domain = str(address or "").partition("@")
    host, dot, top = domain.rpartition(".")
    return [_masked(local), f"{_masked(host)}{dot}{re.sub(r'[^a-z0-9]', '', top)}"]
