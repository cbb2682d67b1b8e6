"""What ties tickets to words, to each other and to people: tags, links, mentions."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import links, mentions, tags, tickets
from plugin.sandbox.answers import Refusal, broken, forbidden, unprocessable
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.permissions import has_group_right, may_ticket
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer


def show_tags(asked: Asked) -> Answer:
    """GET /tags: anybody may read any ticket's tags."""
    ticket_id = to_integer(asked.params.get("o_id"))
    return Answer({"tags": asked.world.tags_of(ticket_id) if ticket_id is not None else []})


def add_tag(asked: Asked) -> Answer:
    """POST /tags/add: touches the ticket; no event."""
    ticket = _tagged(asked)
    name = str(asked.params.get("item") or "")
    if not tags.is_allowed(asked.world, asked.caller.user, name):
        raise forbidden()
    tags.add(asked.engine, ticket.id, name)
    return Answer(True, status=201)


def remove_tag(asked: Asked) -> Answer:
    """DELETE /tags/remove: 200 whether or not the tag was there."""
    ticket = _tagged(asked)
    tags.remove(asked.engine, ticket.id, str(asked.params.get("item") or ""))
    return Answer(True)


def tag_list(asked: Asked) -> Answer:
    """GET /tag_list: all tags with their counts."""
    asked.require("admin.tag")
    world = asked.world
    rows = [
        {"id": item.id, "name": item.name, "count": len(world.tags.where(item_id=item.id))} for item in world.tag_items
    ]
    return Answer(sorted(rows, key=lambda row: str(row["name"]).casefold()))


def add_tag_item(asked: Asked) -> Answer:
    """POST /tag_list: a tag to choose from; an existing one stays."""
    asked.require("admin.tag")
    name = str(asked.params.get("name") or "").strip()
    if tags.find_item(asked.world, name) is None:
        asked.world.tag_items.insert({"name": name})
    return Answer({})


def rename_tag_item(asked: Asked, item_id: str) -> Answer:
    """PUT /tag_list/:id: renames a tag everywhere; where there is one of that name, both become one."""
    asked.require("admin.tag")
    item = asked.find(asked.world.tag_items, "Tag::Item", item_id)
    tags.rename(asked.world, item, str(asked.params.get("name") or "").strip())
    return Answer({})


def delete_tag_item(asked: Asked, item_id: str) -> Answer:
    """DELETE /tag_list/:id: takes a tag off everywhere."""
    asked.require("admin.tag")
    item = asked.find(asked.world.tag_items, "Tag::Item", item_id)
    tags.forget(asked.world, item)
    return Answer({})


def show_links(asked: Asked) -> Answer:
    """GET /links: a ticket's links to tickets the caller may see."""
    world = asked.world
    ticket_id = to_integer(asked.params.get("link_object_value")) or 0
    seen = [
        link
        for link in links.seen_from(world, ticket_id)
        if link["link_object_value"] in world.tickets
        and may_ticket(world, asked.caller, world.tickets[link["link_object_value"]], "read")
    ]
    collector = Collector(world, seen_by=asked.caller.user)
    for link in seen:
        collector.ticket(world.tickets[link["link_object_value"]])
    return Answer({"links": seen, "assets": collector.assets})


def add_link(asked: Asked) -> Answer:
    """POST /links/add: source by number, target by id; any type word is taken."""
    world, params = asked.world, asked.params
    source = world.ticket_by_number(str(params.get("link_object_source_number")))
    if source is None:
        raise _unknown_ticket(asked, "number")
    target = world.tickets.get(to_integer(params.get("link_object_target_value")))
    if target is None:
        raise _unknown_ticket(asked, "id")
    if not may_ticket(world, asked.caller, source, "read"):
        raise forbidden()
    if not may_ticket(world, asked.caller, target, "change"):
        raise forbidden()
    kind = str(params.get("link_type") or "normal")
    link = links.add(world, kind=kind, source_id=source.id, target_id=target.id)
    shown = links.shown(link, kind=kind, source_id=source.id, target_id=target.id)
    return Answer(shown, status=201)


def remove_link(asked: Asked) -> Answer:
    """DELETE /links/remove: by ids; 201 and [] whatever it did."""
    world, params = asked.world, asked.params
    source = to_integer(params.get("link_object_source_value"))
    target = to_integer(params.get("link_object_target_value"))
    row = world.tickets.get(target)
    if row is not None and not has_group_right(world, asked.caller.user, row.group_id, "change"):
        raise forbidden()
    if source is not None and target is not None:
        links.remove(world, kind=str(params.get("link_type") or "normal"), source_id=source, target_id=target)
    return Answer([], status=201)


def show_mentions(asked: Asked) -> Answer:
    """GET /mentions: who is subscribed to a ticket."""
    ticket = _mentioned(asked)
    rows = asked.world.mentions.where(mentionable_id=ticket.id)
    rows.sort(key=lambda row: row.user_id)
    if asked.flag("full"):
        collector = Collector(asked.world, seen_by=asked.caller.user)
        for row in rows:
            collector.user(row.user_id)
            collector.other("Mention", row)
        return Answer({"record_ids": [row.id for row in rows], "assets": collector.assets})
    return Answer({"mentions": rows})


def add_mention(asked: Asked) -> Answer:
    """POST /mentions: subscribes the caller, nobody else; the ticket gets a new last writer."""
    ticket = _mentioned(asked)
    mentions.subscribe(asked.world, ticket.id, [asked.caller.user_id])
    tickets.save(asked.engine, ticket.id, {})
    return Answer(True, status=201)


def delete_mention(asked: Asked, mention_id: str) -> Answer:
    """DELETE /mentions/:id: only one's own; of others, and of none, one is told the same."""
    row = asked.world.mentions.get(to_integer(mention_id))
    if row is None or row.user_id != asked.caller.user_id:
        raise forbidden()
    asked.world.mentions.delete(row.id)
    return Answer(True)


def _tagged(asked: Asked) -> Row:
    if asked.params.get("object") != "Ticket":
        raise broken(f"uninitialized constant {asked.params.get('object')}")
    ticket_id = to_integer(asked.params.get("o_id"))
    ticket = asked.world.tickets.get(ticket_id)
    if ticket is None:
        raise Refusal(404, f"Couldn't find Ticket with 'id'={ticket_id}")
    if not has_group_right(asked.world, asked.caller.user, ticket.group_id, "change"):
        raise forbidden()
    return ticket


def _mentioned(asked: Asked) -> Row:
    ticket = asked.world.tickets.get(to_integer(asked.params.get("mentionable_id")))
    if asked.params.get("mentionable_type") != "Ticket" or ticket is None:
        raise unprocessable("The parameter 'mentionable_type' is invalid.")
    if not has_group_right(asked.world, asked.caller.user, ticket.group_id, "read"):
        raise forbidden()
    return ticket


def _unknown_ticket(asked: Asked, column: str) -> Refusal:
    newer = asked.world.manners.version != "6.1"
    tail: Any = f' with [WHERE "tickets"."{column}" = $1]' if newer else ""
    return Refusal(404, f"Couldn't find Ticket{tail}")


ROUTES = (
    Route("GET", "/tags", show_tags),
    Route("POST", "/tags/add", add_tag),
    Route("DELETE", "/tags/remove", remove_tag),
    Route("GET", "/tag_list", tag_list),
    Route("POST", "/tag_list", add_tag_item),
    Route("PUT", "/tag_list/<item_id>", rename_tag_item),
    Route("DELETE", "/tag_list/<item_id>", delete_tag_item),
    Route("GET", "/links", show_links),
    Route("POST", "/links/add", add_link),
    Route("DELETE", "/links/remove", remove_link),
    Route("GET", "/mentions", show_mentions),
    Route("POST", "/mentions", add_mention),
    Route("DELETE", "/mentions/<mention_id>", delete_mention),
)
