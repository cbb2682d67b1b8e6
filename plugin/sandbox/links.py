"""Links between tickets: stored one way, told from both sides with the other's role."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import tickets
from plugin.sandbox.answers import unprocessable
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

TYPE_NUMBERS = {"normal": 1, "child": 2, "parent": 3}
OPPOSITE: dict[str, str | None] = {"normal": "normal", "parent": "child", "child": "parent"}


def add(world: World, *, kind: str, source_id: int, target_id: int) -> Row | None:
    """Links two tickets: source is `kind` of target. A double is None on 6.5 and refused on 6.1 (422)."""
    if world.links.where(source_id=source_id, target_id=target_id, kind=kind):
        _touch(world, source_id, target_id)
        if world.manners.duplicate_link_refused:
            world.journal.forget()  # Zammad has touched both tickets before the database refuses the double
            raise unprocessable("This object already exists.")
        return None
    stamp = world.stamp()
    if kind not in TYPE_NUMBERS and not any(row.kind == kind for row in world.links):
        number = 4 + len({row.kind for row in world.links if row.kind not in TYPE_NUMBERS})
    else:
        number = TYPE_NUMBERS.get(kind, 4)
    link = world.links.insert(
        {
            "kind": kind,
            "link_type_id": number,
            "source_id": source_id,
            "target_id": target_id,
            "created_at": stamp,
            "updated_at": stamp,
        }
    )
    _touch(world, source_id, target_id)
    return link


def remove(world: World, *, kind: str, source_id: int, target_id: int) -> None:
    """Unlinks two tickets, whichever way the link was stored."""
    rows = world.links.where(source_id=source_id, target_id=target_id, kind=kind)
    rows += world.links.where(source_id=target_id, target_id=source_id, kind=OPPOSITE.get(kind) or kind)
    for row in rows:
        world.links.delete(row.id)
        _touch(world, row.source_id, row.target_id)


def _touch(world: World, *ticket_ids: int) -> None:
    for ticket_id in ticket_ids:
        if ticket_id in world.tickets:
            tickets.touch(world, ticket_id)


def seen_from(world: World, ticket_id: int) -> list[dict[str, Any]]:
    """The links of one ticket, each with the role of the other one, as `GET /links` lists them.

    A link of an unknown type has no role seen from its source; one to itself is listed from both sides.
    """
    outgoing = [(row.link_type_id, row.target_id, OPPOSITE.get(row.kind)) for row in _from(world, ticket_id)]
    incoming = [(row.link_type_id, row.source_id, row.kind) for row in world.links.where(target_id=ticket_id)]
    in_turn = sorted(outgoing, key=_turn) + sorted(incoming, key=_turn)
    return [{"link_type": kind, "link_object": "Ticket", "link_object_value": other} for _, other, kind in in_turn]


def _turn(link: tuple[int, int, str | None]) -> tuple[int, int]:
    """The order of the index the database reads links by: the other ticket, then the type."""
    return link[1], link[0]


def _from(world: World, ticket_id: int) -> list[Row]:
    return world.links.where(source_id=ticket_id)


def shown(row: Row | None, *, kind: str, source_id: int, target_id: int) -> dict[str, Any]:
    """A link as `POST /links/add` answers it."""
    return {
        "id": None if row is None else row.id,
        "link_type_id": TYPE_NUMBERS.get(kind, 4) if row is None else row.link_type_id,
        "link_object_source_id": 1,
        "link_object_source_value": source_id,
        "link_object_target_id": 1,
        "link_object_target_value": target_id,
        "created_at": None if row is None else row.created_at,
        "updated_at": None if row is None else row.updated_at,
    }
