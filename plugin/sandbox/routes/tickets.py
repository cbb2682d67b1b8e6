"""Ticket calls: read, list, make, change, delete, search, history, merge."""

from __future__ import annotations

from typing import Any

from plugin.sandbox import articles, conditions, history, links, mentions, search, shapes, tags, tickets
from plugin.sandbox.answers import Refusal, broken, forbidden, unprocessable
from plugin.sandbox.assets import Collector
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.merge import merge
from plugin.sandbox.permissions import (
    has_group_right,
    may_ticket,
    require_follow_up,
    require_ticket,
    visible,
)
from plugin.sandbox.removal import remove_ticket
from plugin.sandbox.routes.ticket_answers import answered, whole, with_assets, with_everybody
from plugin.sandbox.routes.ticket_asked import (
    as_this_person,
    check_workflow,
    columns_of,
    merged_preferences,
    with_customer,
)
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer
from plugin.sandbox.world import NOBODY


def index(asked: Asked) -> Answer:
    """GET /tickets: by ascending id, at most 100."""
    offset, size = asked.page(default=100, most=100)
    rows = visible(asked.world, asked.caller.user)[offset : offset + size]
    if asked.flag("expand"):
        return Answer([shapes.ticket_expanded(asked.world, row) for row in rows])
    if asked.flag("full"):
        return with_assets(asked, rows, key="record_ids")
    return Answer(rows)


def show(asked: Asked, ticket_id: str) -> Answer:
    """GET /tickets/:id, plain or with `expand`, `full`, `all`."""
    ticket = asked.find(asked.world.tickets, "Ticket", ticket_id)
    require_ticket(asked.world, asked.caller, ticket, "read")
    if asked.flag("auto_assign"):
        ticket = _auto_assigned(asked, ticket)
    if asked.flag("expand"):
        return Answer(shapes.ticket_expanded(asked.world, ticket))
    if asked.flag("full"):
        return Answer(with_everybody(asked, ticket))
    if asked.flag("all"):
        return Answer(whole(asked, ticket))
    return Answer(ticket)


def create(asked: Asked) -> Answer:
    """POST /tickets: the ticket with its first article, tags, links and mentions, all or nothing."""
    params = asked.params
    engine, world = asked.engine, asked.world
    params = with_customer(asked, params)
    asked_columns = columns_of(asked, params, for_new=True)
    group_id = _group_of(asked, asked_columns, params)
    asked_columns["group_id"] = group_id
    if not _may_create(asked, group_id):
        raise forbidden()
    asked_columns = as_this_person(asked, asked_columns, for_new=True)
    check_workflow(asked, screen="create_middle", saved=None, columns=asked_columns)
    if params.get("number") is not None:
        asked_columns["number"] = params["number"]
    ticket = tickets.create(engine, asked_columns)
    _add_mentions(asked, ticket, params.get("mentions"))
    _add_tags(asked, ticket, params.get("tags"))
    _add_links(asked, ticket, params.get("links"))
    if params.get("article") not in (None, False):
        articles.add(engine, ticket.id, articles.draft(engine, asked.caller, ticket, params["article"]))
    engine.commit_events()
    engine.settle_sla()
    return Answer(answered(asked, world.tickets[ticket.id]), status=201)


def update(asked: Asked, ticket_id: str) -> Answer:
    """PUT /tickets/:id: only what is sent changes, with an article if one is sent, all or nothing."""
    engine, world = asked.engine, asked.world
    ticket = asked.find(world.tickets, "Ticket", ticket_id)
    require_follow_up(world, asked.caller, ticket)
    columns = columns_of(asked, asked.params, for_new=False)
    if "preferences" in columns:
        columns["preferences"] = merged_preferences(asked, ticket, columns["preferences"])
    columns = as_this_person(asked, columns, for_new=False)
    check_workflow(asked, screen="edit", saved=ticket, columns=columns)
    tickets.save(engine, ticket.id, columns)
    if asked.params.get("article"):
        drafted = articles.draft(engine, asked.caller, world.tickets[ticket.id], asked.params["article"])
        articles.add(engine, ticket.id, drafted)
    engine.settle_sla()
    return Answer(answered(asked, world.tickets[ticket.id]))


def delete(asked: Asked, ticket_id: str) -> Answer:
    """DELETE /tickets/:id: only with the permission `admin`."""
    ticket = asked.find(asked.world.tickets, "Ticket", ticket_id)
    if not asked.may("admin"):
        raise forbidden("Not authorized (admin permission required)!")
    remove_ticket(asked.engine, ticket.id)
    return Answer(b"", content_type="text/html")


def search_tickets(asked: Asked) -> Answer:
    """GET or POST /tickets/search: by query or condition; the shape depends on the version."""
    found = search.find_tickets(asked)
    if asked.flag("only_total_count") and asked.world.manners.search_answers_rows:
        return Answer({"total_count": len(found)})
    offset, size = asked.page(default=50, most=200)
    rows = found[offset : offset + size]
    if asked.flag("expand"):
        return Answer([shapes.ticket_expanded(asked.world, row) for row in rows])
    if asked.world.manners.search_answers_rows:
        if asked.flag("full"):
            answer = with_assets(asked, rows, key="record_ids")
            return Answer({**answer.body, "total_count": len(found)})
        return Answer([shapes.ticket_with_ids(asked.world, row) for row in rows])
    answer = with_assets(asked, rows, key="tickets")
    return Answer({**answer.body, "tickets_count": len(rows)})


def selector(asked: Asked) -> Answer:
    """POST /tickets/selector: how many tickets a condition finds, for admins, without read scope."""
    asked.require("admin.*")
    condition = asked.params.get("condition") or {}
    conditions.check(asked.world, condition)
    found = search.fulfilling(asked, asked.world.tickets, condition)
    first = found[:6]
    collector = Collector(asked.world, seen_by=asked.caller.user)
    for row in first:
        collector.ticket(row)
    kind = "ticket" if asked.world.manners.version == "6.1" else "object"
    return Answer({f"{kind}_ids": [row.id for row in first], f"{kind}_count": len(found), "assets": collector.assets})


def show_history(asked: Asked, ticket_id: str) -> Answer:
    """GET /ticket_history/:id: for agents who may read the ticket."""
    asked.require("ticket.agent")
    ticket = asked.find(asked.world.tickets, "Ticket", ticket_id)
    require_ticket(asked.world, asked.caller, ticket, "read")
    rows = asked.world.history_of(ticket.id)
    collector = Collector(asked.world, seen_by=asked.caller.user)
    collector.ticket(ticket)
    for row in rows:
        collector.user(row.created_by_id)
        if row.object == "Ticket::Article" and row.o_id in asked.world.articles:
            collector.article(asked.world.articles[row.o_id])
    return Answer({"history": [history.shown_row(row) for row in rows], "assets": collector.assets})


def merge_tickets(asked: Asked, source_id: str, target_number: str) -> Answer:
    """PUT /ticket_merge/:source_id/:target_number; what cannot be found is a 200 with `failed`."""
    world = asked.world
    target = world.ticket_by_number(target_number)
    if target is None:
        return Answer({"result": "failed", "message": "The target ticket number could not be found."})
    source = world.tickets.get(to_integer(source_id))
    if source is None:
        return Answer({"result": "failed", "message": "The source ticket could not be found."})
    for ticket in (target, source):
        if not may_ticket(world, asked.caller, ticket, "change"):
            raise forbidden()
    if source.id == target.id:
        raise unprocessable("A ticket cannot be merged into itself.")
    merge(asked.engine, source_id=source.id, target_id=target.id)
    # the count in the answer is from before the articles went
    left = {**world.tickets[source.id], "article_count": source.article_count}
    answer = {"result": "success", "target_ticket": target, "source_ticket": left}
    asked.engine.commit_events()
    asked.engine.settle_sla()
    return Answer(answer)


def _group_of(asked: Asked, columns: dict[str, Any], params: dict[str, Any]) -> int:
    group_id = columns.get("group_id")
    if group_id is None:
        raise unprocessable("The required value 'group_id' is missing.")
    if group_id not in asked.world.groups:
        raise broken(f"Couldn't find Group with 'id'={params.get('group_id')}")
    return int(group_id)


def _may_create(asked: Asked, group_id: int) -> bool:
    if asked.may("ticket.agent"):
        if has_group_right(asked.world, asked.caller.user, group_id, "create"):
            return True
        if not asked.may("ticket.customer"):
            return False
    return asked.may("ticket.customer") and bool(asked.world.setting("customer_ticket_create"))


def _add_mentions(asked: Asked, ticket: Row, given: Any) -> None:
    if not given:
        return
    user_ids = [to_integer(user_id) for user_id in given]
    for user_id in user_ids:
        user = asked.world.users.get(user_id)
        if user is None or not has_group_right(asked.world, user, ticket.group_id, "read"):
            raise Refusal(422, f"User {user_id} has no permission to be mentioned.", human=False)
    mentions.subscribe(asked.world, ticket.id, [user_id for user_id in user_ids if user_id is not None])


def _add_tags(asked: Asked, ticket: Row, given: Any) -> None:
    if not given:
        return
    if not isinstance(given, str):
        raise broken("undefined method `split' for an instance of Array")
    for name in given.split(","):
        if name.strip() and tags.is_allowed(asked.world, asked.caller.user, name):
            tags.add(asked.engine, ticket.id, name)


def _add_links(asked: Asked, ticket: Row, given: Any) -> None:
    if not given:
        return
    if not isinstance(given, dict):
        raise broken("undefined method `permit!' for an instance of String")
    for kinds in given.values():
        if not isinstance(kinds, dict):
            raise unprocessable("Invalid link structure (Object)")
        if not all(isinstance(others, list) for others in kinds.values()):
            raise unprocessable("Invalid link structure (Object → LinkType)")
    for kind, others in (given.get("Ticket") or {}).items():
        for other in others:
            target = to_integer(other)
            if target in asked.world.tickets and target is not None:
                links.add(asked.world, kind=str(kind), source_id=ticket.id, target_id=target)


def _auto_assigned(asked: Asked, ticket: Row) -> Row:
    world = asked.world
    if not world.setting("ticket_auto_assignment") or ticket.owner_id != NOBODY:
        return ticket
    user = asked.caller.user
    if not has_group_right(world, user, ticket.group_id, "full"):
        return ticket
    excepted = world.setting("ticket_auto_assignment_user_ids_ignore") or []
    if user.id in [to_integer(item) for item in excepted]:
        return ticket
    chosen = (world.setting("ticket_auto_assignment_selector") or {}).get("condition") or {}
    occasion = conditions.Occasion(now=world.now(), user=user)
    if chosen and not conditions.matches(world, chosen, ticket, occasion):
        return ticket
    saved = tickets.save(asked.engine, ticket.id, {"owner_id": user.id})
    asked.engine.settle_sla()
    return saved


ROUTES = (
    Route("GET", "/tickets", index),
    Route("POST", "/tickets", create),
    Route("GET", "/tickets/search", search_tickets),
    Route("POST", "/tickets/search", search_tickets),
    Route("POST", "/tickets/selector", selector),
    Route("GET", "/tickets/<ticket_id>", show),
    Route("PUT", "/tickets/<ticket_id>", update),
    Route("DELETE", "/tickets/<ticket_id>", delete),
    Route("GET", "/ticket_history/<ticket_id>", show_history),
    Route("PUT", "/ticket_merge/<source_id>/<target_number>", merge_tickets),
)
