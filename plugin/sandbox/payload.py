"""The body of a webhook: ticket and article as they are at that moment, in Zammad's default shape."""

from __future__ import annotations

from typing import Any

from plugin.sandbox.engine import Engine
from plugin.sandbox.rows import Row
from plugin.sandbox.world import ARTICLE_SENDERS, ARTICLE_TYPES, World

_USER_LEFT_OUT = frozenset({"last_login", "login_failed", "preferences", "group_ids"})


def default_payload(engine: Engine, ticket: Row, article: Row | None) -> dict[str, Any]:
    """`{"ticket": {...}, "article": {...}}` of contract 2.1; `article` is {} where none belongs to the event."""
    world = engine.world
    return {
        "ticket": ticket_part(world, _remembered(engine, ticket)),
        "article": {} if article is None else article_part(world, article),
    }


def _remembered(engine: Engine, ticket: Row) -> Row:
    """The ticket as it was first shown with this `updated_at`: Zammad keeps that, and does not see columns moved
    behind its back."""
    known = engine.shown_tickets.get(ticket.id)
    if known is None or known.updated_at != ticket.updated_at:
        engine.shown_tickets[ticket.id] = known = ticket
    return known


def ticket_part(world: World, ticket: Row) -> dict[str, Any]:
    """Every column, the associations' ids and names, and the people, group, priority and organization whole."""
    booked = world.time_accountings.where(ticket_id=ticket.id)
    part: dict[str, Any] = {
        **ticket,
        "article_ids": [article.id for article in world.articles_of(ticket.id)],
        "ticket_time_accounting_ids": [row.id for row in booked],
        **({} if booked else {"ticket_time_accounting": []}),
        "create_article_type": ARTICLE_TYPES.get(ticket.create_article_type_id),
        "create_article_sender": ARTICLE_SENDERS.get(ticket.create_article_sender_id),
        "state": world.states[ticket.state_id].name,
        "group": group_part(world, world.groups.get(ticket.group_id)),
        "priority": _plain(world, world.priorities.get(ticket.priority_id)),
        "organization": organization_part(world, world.organizations.get(ticket.organization_id)),
    }
    for role in ("owner", "customer", "created_by", "updated_by"):
        part[role] = user_part(world, world.users.get(ticket[f"{role}_id"]))
    if world.manners.has_checklists:
        part |= _checklist_names(world, ticket)
    if not part["article_ids"]:
        part["articles"] = []
    if ticket.create_article_type_id is None:
        part = {
            key: value for key, value in part.items() if key not in ("create_article_type", "create_article_sender")
        }
    return dict(sorted(part.items()))


def article_part(world: World, article: Row) -> dict[str, Any]:
    """An article with its files, author and accounted time; internal ones in full."""
    booked = [row for row in world.time_accountings.where(ticket_id=article.ticket_id)
              if row.ticket_article_id == article.id]  # fmt: skip
    part: dict[str, Any] = {
        **article,
        "attachments": attachments_part(world, article),
        "type": ARTICLE_TYPES[article.type_id],
        "sender": ARTICLE_SENDERS[article.sender_id],
        "created_by": user_part(world, world.users.get(article.created_by_id)),
        "updated_by": user_part(world, world.users.get(article.updated_by_id)),
        "time_unit": sum(row.time_unit for row in booked) if booked else None,
    }
    origin = world.users.get(article.origin_by_id)
    if origin is not None:
        part["origin_by"] = origin.login
    accounted = float(sum(row.time_unit for row in booked))
    return {**dict(sorted(part.items())), "accounted_time": accounted}


def attachments_part(world: World, article: Row) -> list[dict[str, Any]]:
    """An article's files with the address they can be fetched from."""
    base = f"{world.setting('http_type')}://{world.setting('fqdn')}/api/v1/ticket_attachment"
    return [
        {
            "id": file.id,
            "store_file_id": file.id,
            "filename": file.filename,
            "size": file.size,
            "preferences": file.preferences,
            "url": f"{base}/{article.ticket_id}/{article.id}/{file.id}",
        }
        for file in world.attachments.where(article_id=article.id)
    ]


def user_part(world: World, user: Row | None) -> dict[str, Any]:
    """A user without logins, preferences and rights; {} where there is none."""
    if user is None:
        return {}
    organization = world.organizations.get(user.organization_id)
    part: dict[str, Any] = {
        **{name: value for name, value in user.items() if name not in _USER_LEFT_OUT},
        "roles": [world.roles[role_id].name for role_id in user.role_ids],
        "organizations": [world.organizations[item].name for item in user.organization_ids],
        "overview_sorting_ids": [],
        "overview_sortings": [],
        "two_factor_preference_ids": [],
        "two_factor_preferences": [],
        **_logins(world, user),
    }
    if organization is not None:
        part["organization"] = organization.name
    replacement = world.users.get(user.out_of_office_replacement_id)
    if replacement is not None and world.manners.names_replacement:
        part["out_of_office_replacement"] = replacement.login
    return dict(sorted(part.items()))


def organization_part(world: World, organization: Row | None) -> dict[str, Any]:
    """An organization with the logins of all its members."""
    if organization is None:
        return {}
    members = world.users.where(organization_id=organization.id)
    secondary = [user for user in world.users if organization.id in user.organization_ids]
    part = {
        **organization,
        "member_ids": [user.id for user in members],
        "members": [user.login for user in members],
        "secondary_member_ids": [user.id for user in secondary],
        **_logins(world, organization),
    }
    if secondary:
        part["secondary_members"] = [user.login for user in secondary]
    return dict(sorted(part.items()))


def group_part(world: World, group: Row | None) -> dict[str, Any]:
    """A group with its people, each named once per right, as Zammad joins them."""
    if group is None:
        return {}
    people = group_people(world, group.id)
    part = {
        **group,
        "user_ids": [user.id for user in people],
        "users": [user.login for user in people],
        **_logins(world, group),
    }
    for name, table in (("email_address", world.email_addresses), ("signature", world.signatures)):
        row = table.get(group[f"{name}_id"])
        if row is not None:
            part[name] = row.name
    return dict(sorted(part.items()))


def group_people(world: World, group_id: int) -> list[Row]:
    """The users of a group, once for each right they hold in it themselves."""
    people = []
    for user in world.users:
        rights = user.group_ids.get(group_id) or user.group_ids.get(str(group_id)) or []
        people += [user] * len(rights)
    return people


def _plain(world: World, row: Row | None) -> dict[str, Any]:
    return {} if row is None else dict(sorted({**row, **_logins(world, row)}.items()))


def _logins(world: World, row: Row) -> dict[str, Any]:
    names = {}
    for key in ("created_by", "updated_by"):
        user = world.users.get(row[f"{key}_id"])
        names[key] = "-" if user is None else user.login
    return names


def _checklist_names(world: World, ticket: Row) -> dict[str, Any]:
    referencing = [world.checklists[item.checklist_id]
                   for item in world.checklist_items.where(ticket_id=ticket.id)]  # fmt: skip
    names: dict[str, Any] = {
        "referencing_checklist_ids": [row.id for row in referencing],
        "referencing_checklists": [row.name for row in referencing],
    }
    checklist = world.checklist_of(ticket)
    if checklist is not None:
        names["checklist"] = checklist.name
    return names
