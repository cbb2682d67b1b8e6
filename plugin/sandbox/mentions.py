"""Mentions: who is subscribed to a ticket, by himself, by a name in a note, or by the maker of the ticket."""

from __future__ import annotations

import re
from typing import Any

from plugin.sandbox.answers import Refusal, unprocessable
from plugin.sandbox.permissions import has_group_right
from plugin.sandbox.rows import Row
from plugin.sandbox.world import World

_LINK = re.compile(r'<a[^>]*\bdata-mention-user-id="?(\d+)"?[^>]*>(.*?)</a>', re.IGNORECASE | re.DOTALL)


def in_body(world: World, ticket: Row, columns: dict[str, Any]) -> list[int]:
    """The users an HTML body mentions; on 6.1 links to people without access are cut out of `columns`.

    Raises 404 and 422 on 6.5, as there.
    """
    if columns["content_type"] != "text/html":
        return []
    found: list[int] = []

    def keep(match: re.Match[str]) -> str:
        user_id = int(match.group(1))
        if _may_be_mentioned(world, ticket, user_id):
            found.append(user_id)
            return match.group(0)
        return match.group(2)

    columns["body"] = _LINK.sub(keep, columns["body"])
    return found


def subscribe(world: World, ticket_id: int, user_ids: list[int]) -> None:
    """Subscribes users to a ticket; a second time changes nothing."""
    for user_id in user_ids:
        if world.mentions.first(mentionable_id=ticket_id, user_id=user_id) is None:
            stamp = world.stamp()
            world.mentions.insert(
                {
                    "mentionable_type": "Ticket",
                    "mentionable_id": ticket_id,
                    "user_id": user_id,
                    "updated_by_id": world.actor_id,
                    "created_by_id": world.actor_id,
                    "created_at": stamp,
                    "updated_at": stamp,
                }
            )


def _may_be_mentioned(world: World, ticket: Row, user_id: int) -> bool:
    user = world.users.get(user_id)
    if user is None:
        if world.manners.mention_is_checked:
            raise Refusal(404, world.manners.not_found("User", user_id))
        return False
    if has_group_right(world, user, ticket.group_id, "read"):
        return True
    if world.manners.mention_is_checked:
        raise unprocessable("A mentioned user has no agent access to this ticket")
    return False
