"""What a system tells about itself: version, settings, notices, overviews."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import conditions, search
from plugin.sandbox.answers import NotModelled, Refusal, broken, forbidden
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.payload import default_payload
from plugin.sandbox.permissions import visible
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_integer

_TICKET_MADE, _ARTICLE_MADE = 1, 6
"""Zammad's numbers of the things an activity stream tells of."""


def version(asked: Asked) -> Answer:
    """GET /version."""
    asked.require("admin")
    return Answer({"version": f"{asked.world.manners.version}.x"})


def settings(asked: Asked) -> Answer:
    """GET /settings: those the caller may change."""
    asked.require("admin.*")
    return Answer([row for row in asked.world.settings if _may_set(asked, row)])


def setting(asked: Asked, setting_id: str) -> Answer:
    """GET /settings/:id."""
    asked.require("admin.*")
    row = asked.find(asked.world.settings, "Setting", setting_id)
    if not _may_set(asked, row):
        raise forbidden()
    return Answer(row)


def update_setting(asked: Asked, setting_id: str) -> Answer:
    """PUT /settings/:id."""
    asked.require("admin.*")
    row = asked.find(asked.world.settings, "Setting", setting_id)
    if not _may_set(asked, row):
        raise forbidden()
    value = (asked.params.get("state_current") or {}).get("value")
    return Answer(asked.world.settings.put(row.id, state_current={"value": value}))


def notifications(asked: Asked) -> Answer:
    """GET /online_notifications: one's own, newest first."""
    asked.require("ticket.agent", "ticket.customer", "user_preferences")
    rows = asked.world.online_notifications.where(user_id=asked.caller.user_id)[::-1][:200]
    expand = asked.flag("expand")
    return Answer([_notification(asked, row, expand=expand) for row in rows])


def notification(asked: Asked, notification_id: str) -> Answer:
    """GET /online_notifications/:id."""
    return Answer(_notification(asked, _own_notification(asked, notification_id), expand=False))


def update_notification(asked: Asked, notification_id: str) -> Answer:
    """PUT /online_notifications/:id: seen or not."""
    row = _own_notification(asked, notification_id)
    seen = bool(to_boolean(asked.params.get("seen")))
    changed = asked.world.online_notifications.put(
        row.id, seen=seen, updated_by_id=asked.caller.user_id, updated_at=asked.world.stamp()
    )
    return Answer(_notification(asked, changed, expand=False))


def delete_notification(asked: Asked, notification_id: str) -> Answer:
    """DELETE /online_notifications/:id."""
    asked.world.online_notifications.delete(_own_notification(asked, notification_id).id)
    return Answer({})


def mark_all(asked: Asked) -> Answer:
    """POST /online_notifications/mark_all_as_read."""
    for row in asked.world.online_notifications.where(user_id=asked.caller.user_id):
        asked.world.online_notifications.put(row.id, seen=True)
    return Answer({})


def ticket_overviews(asked: Asked) -> Answer:
    """GET /ticket_overviews: what the caller sees, with counts, or one of them with its tickets."""
    mine = sorted(_my_overviews(asked), key=lambda row: (row.prio or 0, row.id))
    view = asked.params.get("view")
    if view:
        chosen = next((row for row in mine if row.link == view), None)
        if chosen is None:
            raise Refusal(404, "No such overview")
        return Answer(_overview(asked, chosen))
    return Answer(
        [
            {
                "id": row.id,
                "name": row.name,
                "prio": row.prio,
                "link": row.link,
                "count": len(_overview_tickets(asked, row)),
            }
            for row in mine
        ]
    )


def preview(asked: Asked) -> Answer:
    """GET /webhooks/preview: the default payload of the newest ticket."""
    asked.require("admin.webhook")
    seen = visible(asked.world, asked.caller.user)
    if not seen:
        tail = ":NilClass" if asked.world.manners.version == "6.1" else ""
        raise broken(f"undefined method `articles' for nil{tail}")
    ticket = seen[-1]
    rows = asked.world.articles_of(ticket.id)
    return Answer(default_payload(asked.engine, ticket, rows[-1] if rows else None))


def mail_accounts(asked: Asked) -> Answer:
    """GET /channels_email: refused to whom Zammad refuses it; the accounts themselves are an installation's own."""
    asked.require("admin.channel_email")
    raise NotModelled(f"GET {asked.path}")


def pre_defined(asked: Asked) -> Answer:
    """GET /webhooks/pre_defined."""
    asked.require("admin.webhook")
    names = ("Mattermost", "Slack", "MicrosoftTeams", "RocketChat")
    return Answer([{"id": name, "name": name} for name in names])


def activity_stream(asked: Asked) -> Answer:
    """GET /activity_stream: the newest articles and tickets of groups the caller reads."""
    limit = to_integer(asked.params.get("limit")) or 50
    if not asked.may("ticket.agent"):
        return Answer([])
    world = asked.world
    permission = world.permissions.first(name="ticket.agent")
    seen = {ticket.id: ticket for ticket in visible(world, asked.caller.user)}
    made = [(ticket, _TICKET_MADE, ticket) for ticket in seen.values()]
    made += [(row, _ARTICLE_MADE, seen[row.ticket_id]) for row in world.articles if row.ticket_id in seen]
    made.sort(key=lambda entry: entry[0].created_at, reverse=True)
    rows = [
        {
            "id": 2 * row.id + (kind == _ARTICLE_MADE),
            "activity_stream_type_id": 1,
            "activity_stream_object_id": kind,
            "permission_id": None if permission is None else permission.id,
            "group_id": ticket.group_id,
            "o_id": row.id,
            "created_by_id": row.created_by_id,
            "created_at": row.created_at,
            "updated_at": row.created_at,
        }
        for row, kind, ticket in made[:limit]
    ]
    return Answer(rows)


def _may_set(asked: Asked, row: Row) -> bool:
    asked_permissions = (row.preferences or {}).get("permission") or ["admin"]
    return asked.may(*asked_permissions)


def _notification(asked: Asked, row: Row, *, expand: bool) -> dict[str, Any]:
    shape = {name: value for name, value in row.items() if name != "type"}
    if expand:
        users = asked.world.users
        shape |= {
            "created_by": users[row.created_by_id].login,
            "updated_by": users[row.updated_by_id].login,
            "user": users[row.user_id].login,
            "object": "Ticket",
            "type": row.type,
        }
    return shape


def _own_notification(asked: Asked, notification_id: str) -> Row:
    row = asked.find(asked.world.online_notifications, "OnlineNotification", notification_id)
    if row.user_id != asked.caller.user_id:
        raise forbidden()
    return row


def _my_overviews(asked: Asked) -> list[Row]:
    user = asked.caller.user
    found = []
    for row in asked.world.overviews:
        by_role = set(row.role_ids) & set(user.role_ids)
        shared = not row.organization_shared or user.organization_id is not None
        away = not row.out_of_office
        if row.active and by_role and shared and away and (not row.user_ids or user.id in row.user_ids):
            found.append(row)
    return found


def _overview_tickets(asked: Asked, row: Row) -> list[Row]:
    world, user = asked.world, asked.caller.user
    occasion = conditions.Occasion(now=world.now(), user=user)
    found = conditions.fulfilling(world, row.condition, visible(world, user), occasion)
    order = row.order or {}
    return search.sort(found, {"sort_by": order.get("by"), "order_by": str(order.get("direction") or "ASC").lower()})


def _overview(asked: Asked, row: Row) -> dict[str, Any]:
    found = _overview_tickets(asked, row)
    collector = Collector(asked.world, seen_by=asked.caller.user)
    collector.other("Overview", row)
    for ticket in found:
        collector.ticket(ticket)
    return {
        "assets": collector.assets,
        "index": {
            "count": len(found),
            "overview": {"id": row.id, "name": row.name, "view": row.link, "updated_at": row.updated_at},
            "tickets": [{"id": ticket.id, "updated_at": ticket.updated_at} for ticket in found],
        },
    }


ROUTES = (
    Route("GET", "/version", version),
    Route("GET", "/settings", settings),
    Route("GET", "/settings/<setting_id>", setting),
    Route("PUT", "/settings/<setting_id>", update_setting),
    Route("GET", "/online_notifications", notifications),
    Route("POST", "/online_notifications/mark_all_as_read", mark_all),
    Route("GET", "/online_notifications/<notification_id>", notification),
    Route("PUT", "/online_notifications/<notification_id>", update_notification),
    Route("DELETE", "/online_notifications/<notification_id>", delete_notification),
    Route("GET", "/ticket_overviews", ticket_overviews),
    Route("GET", "/webhooks/preview", preview),
    Route("GET", "/webhooks/pre_defined", pre_defined),
    Route("GET", "/activity_stream", activity_stream),
    Route("GET", "/channels_email", mail_accounts),
)
