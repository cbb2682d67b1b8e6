"""How records look in Zammad's answers: plain, with ids of what belongs to them, or expanded with names."""

from __future__ import annotations

from typing import Any

from plugin.sandbox.payload import group_people
from plugin.sandbox.permissions import is_agent, user_may
from plugin.sandbox.rows import Row
from plugin.sandbox.world import ARTICLE_SENDERS, ARTICLE_TYPES, STATE_TYPES, World

Shape = dict[str, Any]

_HIDDEN_FROM_CUSTOMERS = frozenset(
    {"web", "phone", "fax", "mobile", "department", "street", "zip", "city", "country", "address", "note"}
)


def ticket_with_ids(world: World, ticket: Row) -> Shape:
    """A ticket with the ids of its articles and accountings, as POST and PUT answer it."""
    shape: Shape = dict(ticket)
    if world.manners.has_checklists:
        shape["referencing_checklist_ids"] = _referencing(world, ticket)
    shape["article_ids"] = [article.id for article in world.articles_of(ticket.id)]
    shape["ticket_time_accounting_ids"] = [row.id for row in world.time_accountings.where(ticket_id=ticket.id)]
    return shape


def ticket_expanded(world: World, ticket: Row) -> Shape:
    """A ticket with ids and the names of everything it points at (`expand=true`)."""
    shape = ticket_with_ids(world, ticket)
    if world.manners.has_checklists:
        checklist = world.checklist_of(ticket)
        if checklist is not None:
            shape["checklist"] = checklist.name
        shape["referencing_checklists"] = [
            world.checklists[row_id].name for row_id in shape["referencing_checklist_ids"]
        ]
    shape["group"] = world.groups[ticket.group_id].name
    organization = world.organizations.get(ticket.organization_id)
    if organization is not None:
        shape["organization"] = organization.name
    shape["ticket_time_accounting"] = shape["ticket_time_accounting_ids"]
    shape["state"] = world.states[ticket.state_id].name
    shape["priority"] = world.priorities[ticket.priority_id].name
    for role in ("owner", "customer", "created_by", "updated_by"):
        shape[role] = login_of(world, ticket[f"{role}_id"])
    if ticket.create_article_type_id is not None:
        shape["create_article_type"] = ARTICLE_TYPES[ticket.create_article_type_id]
        shape["create_article_sender"] = ARTICLE_SENDERS[ticket.create_article_sender_id]
    return shape


def article(world: World, row: Row) -> Shape:
    """An article as every article call answers it: with files, people, type and sender by name."""
    shape: Shape = {**row, "attachments": attachments(world, row)}
    shape["created_by"] = login_of(world, row.created_by_id)
    shape["updated_by"] = login_of(world, row.updated_by_id)
    shape["type"] = ARTICLE_TYPES[row.type_id]
    shape["sender"] = ARTICLE_SENDERS[row.sender_id]
    if row.origin_by_id is not None:
        shape["origin_by"] = login_of(world, row.origin_by_id)
    booked = [
        entry.time_unit
        for entry in world.time_accountings.where(ticket_id=row.ticket_id)
        if entry.ticket_article_id == row.id
    ]
    shape["time_unit"] = sum(booked) if booked else None
    return shape


def attachments(world: World, row: Row) -> list[Shape]:
    """An article's files without their addresses."""
    return [
        {
            "id": file.id,
            "store_file_id": file.id,
            "filename": file.filename,
            "size": file.size,
            "preferences": file.preferences,
        }
        for file in world.attachments.where(article_id=row.id)
    ]


def user(world: World, row: Row, *, seen_by: Row | None = None) -> Shape:
    """A user with ids; customers see neither addresses nor notes of people."""
    own = {"role_ids", "organization_ids", "group_ids"}
    shape: Shape = {name: value for name, value in row.items() if name not in own}
    if seen_by is not None and not _sees_people(world, seen_by):
        for name in _HIDDEN_FROM_CUSTOMERS:
            shape.pop(name, None)
    shape["role_ids"] = row.role_ids
    shape["two_factor_preference_ids"] = []
    shape["organization_ids"] = row.organization_ids
    shape["authorization_ids"] = []
    shape["overview_sorting_ids"] = []
    shape["group_ids"] = {str(key): rights for key, rights in row.group_ids.items()}
    return shape


def user_expanded(world: World, row: Row, *, seen_by: Row | None = None) -> Shape:
    """A user with the names of roles, groups and organizations."""
    shape = user(world, row, seen_by=seen_by)
    shape["roles"] = [world.roles[role_id].name for role_id in row.role_ids]
    shape["two_factor_preferences"] = []
    shape["organizations"] = [world.organizations[item].name for item in row.organization_ids]
    shape["authorizations"] = []
    shape["overview_sortings"] = []
    shape["groups"] = {
        world.groups[int(key)].name: rights for key, rights in row.group_ids.items() if int(key) in world.groups
    }
    organization = world.organizations.get(row.organization_id)
    if organization is not None:
        shape["organization"] = organization.name
    return {**shape, **authors(world, row)}


def group(world: World, row: Row) -> Shape:
    """A group with the ids of its people, one per right."""
    return {**row, "user_ids": [person.id for person in group_people(world, row.id)]}


def group_expanded(world: World, row: Row) -> Shape:
    """A group with names."""
    shape = {**group(world, row), **authors(world, row)}
    for name, table in (("email_address", world.email_addresses), ("signature", world.signatures)):
        other = table.get(row[f"{name}_id"])
        if other is not None:
            shape[name] = other.name
    shape["users"] = [person.login for person in group_people(world, row.id)]
    return shape


def organization(world: World, row: Row) -> Shape:
    """An organization with the ids of its members."""
    return {
        **row,
        "member_ids": [person.id for person in world.users.where(organization_id=row.id)],
        "secondary_member_ids": [person.id for person in world.users if row.id in person.organization_ids],
    }


def organization_expanded(world: World, row: Row) -> Shape:
    """An organization with its members' logins."""
    shape = {**organization(world, row), **authors(world, row)}
    shape["members"] = [login_of(world, member) for member in shape["member_ids"]]
    shape["secondary_members"] = [login_of(world, member) for member in shape["secondary_member_ids"]]
    return shape


def role(world: World, row: Row) -> Shape:
    """A role with ids."""
    del world
    return {
        **{name: value for name, value in row.items() if name not in ("permission_ids", "group_ids")},
        "permission_ids": row.permission_ids,
        "knowledge_base_permission_ids": [],
        "group_ids": {str(key): rights for key, rights in row.group_ids.items()},
    }


def role_expanded(world: World, row: Row) -> Shape:
    """A role with the names of its permissions and groups."""
    return {
        **role(world, row),
        **authors(world, row),
        "permissions": [world.permissions[item].name for item in row.permission_ids],
        "knowledge_base_permissions": [],
        "groups": {world.groups[int(key)].name: rights for key, rights in row.group_ids.items()},
    }


def state_expanded(world: World, row: Row) -> Shape:
    """A state with the name of its type."""
    shape = {**row, **authors(world, row), "state_type": STATE_TYPES[row.state_type_id]}
    following = world.states.get(row.next_state_id)
    if following is not None:
        shape["next_state"] = following.name
    return shape


def authors(world: World, row: Row) -> Shape:
    """The logins of who made and last changed a record."""
    return {
        "created_by": login_of(world, row.get("created_by_id")),
        "updated_by": login_of(world, row.get("updated_by_id")),
    }


def login_of(world: World, user_id: Any) -> str:
    """A user's login; "-" where there is none."""
    row = world.users.get(user_id)
    return "-" if row is None else str(row.login)


def _sees_people(world: World, seen_by: Row) -> bool:
    return is_agent(world, seen_by) or user_may(world, seen_by, "admin.*")


def _referencing(world: World, ticket: Row) -> list[int]:
    return [item.checklist_id for item in world.checklist_items.where(ticket_id=ticket.id)]
