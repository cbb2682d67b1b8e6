"""Ticket calls: read, list, make, change, delete, search, history, merge, mass changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from plugin.sandbox import (
    articles,
    conditions,
    form_meta,
    history,
    links,
    mentions,
    search,
    shapes,
    tags,
    tickets,
    workflow,
)
from plugin.sandbox.answers import Refusal, broken, forbidden, unprocessable
from plugin.sandbox.assets import Collector
from plugin.sandbox.columns import STAMPS, ticket_columns
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.merge import merge
from plugin.sandbox.people import guess_customer, make_customer
from plugin.sandbox.performing import Performer, perform
from plugin.sandbox.permissions import (
    full_agents,
    has_group_right,
    may_see,
    may_ticket,
    refuse_follow_up,
    require_ticket,
)
from plugin.sandbox.removal import remove_ticket
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_integer, to_moment
from plugin.sandbox.world import NOBODY

_LOOKUPS = {"group": "groups", "state": "states", "priority": "priorities", "organization": "organizations"}
_PEOPLE = ("owner", "customer")
MASS_REFUSED = 422
_NOT_SETTABLE = frozenset({"id", "number", "checklist_id", *STAMPS})


def index(asked: Asked) -> Answer:
    """GET /tickets: by ascending id, at most 100."""
    offset, size = asked.page(default=100, most=100)
    visible = [ticket for ticket in asked.world.tickets if may_see(asked.world, asked.caller.user, ticket)]
    rows = visible[offset : offset + size]
    if asked.flag("expand"):
        return Answer([shapes.ticket_expanded(asked.world, row) for row in rows])
    if asked.flag("full"):
        return _with_assets(asked, rows, key="record_ids")
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
        return Answer(_full(asked, ticket))
    if asked.flag("all"):
        return Answer(_all(asked, ticket))
    return Answer(ticket)


def create(asked: Asked) -> Answer:
    """POST /tickets: the ticket with its first article, tags, links and mentions, all or nothing."""
    params = asked.params
    engine, world = asked.engine, asked.world
    params = _with_customer(asked, params)
    asked_columns = _columns(asked, params, for_new=True)
    group_id = _group_of(asked, asked_columns, params)
    asked_columns["group_id"] = group_id
    if not _may_create(asked, group_id):
        raise forbidden()
    asked_columns = _as_this_person(asked, asked_columns)
    _check_workflow(asked, screen="create_middle", saved=None, columns=asked_columns)
    if params.get("number") is not None:
        asked_columns["number"] = params["number"]
    ticket = tickets.create(engine, asked_columns)
    _add_mentions(asked, ticket, params.get("mentions"))
    _add_tags(asked, ticket, params.get("tags"))
    _add_links(asked, ticket, params.get("links"))
    if params.get("article"):
        articles.add(engine, ticket.id, articles.draft(engine, asked.caller, ticket, params["article"]))
    engine.commit_events()
    engine.settle_sla()
    return Answer(_answered(asked, world.tickets[ticket.id]), status=201)


def update(asked: Asked, ticket_id: str) -> Answer:
    """PUT /tickets/:id: only what is sent changes, with an article if one is sent, all or nothing."""
    engine, world = asked.engine, asked.world
    ticket = asked.find(world.tickets, "Ticket", ticket_id)
    refuse_follow_up(world, asked.caller, ticket)
    require_ticket(world, asked.caller, ticket, "change")
    columns = _columns(asked, asked.params, for_new=False)
    if "preferences" in columns:
        columns["preferences"] = _merged_preferences(asked, ticket, columns["preferences"])
    columns = _as_this_person(asked, columns)
    _check_workflow(asked, screen="edit", saved=ticket, columns=columns)
    tickets.save(engine, ticket.id, columns)
    if asked.params.get("article"):
        drafted = articles.draft(engine, asked.caller, world.tickets[ticket.id], asked.params["article"])
        articles.add(engine, ticket.id, drafted)
    engine.settle_sla()
    return Answer(_answered(asked, world.tickets[ticket.id]))


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
            answer = _with_assets(asked, rows, key="record_ids")
            return Answer({**answer.body, "total_count": len(found)})
        return Answer([shapes.ticket_with_ids(asked.world, row) for row in rows])
    answer = _with_assets(asked, rows, key="tickets")
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


def mass_macro(asked: Asked) -> Answer:
    """POST /tickets/mass_macro: one macro on several tickets, all or nothing."""
    world = asked.world
    macro = asked.find(world.macros, "Macro", str(asked.params.get("macro_id")))
    chosen = _mass(asked)
    _refuse_other_groups(macro, chosen)
    for ticket in chosen:
        performer = Performer(kind="macro", row=macro, user_id=asked.caller.user_id)
        with _all_or_none(ticket):
            perform(asked.engine, ticket.id, performer)
    asked.engine.settle_sla()
    return _mass_answer(asked, chosen)


def _refuse_other_groups(macro: Row, chosen: list[Row]) -> None:
    """A macro for some groups only is not carried out where one of the tickets is in another (422)."""
    blocking = [ticket.id for ticket in chosen if macro.get("group_ids") and ticket.group_id not in macro.group_ids]
    if blocking:
        raise _GroupsRefusal(blocking)


class _GroupsRefusal(Refusal):
    def __init__(self, blocking: list[int]) -> None:
        super().__init__(MASS_REFUSED, "Macro group restrictions do not cover all tickets")
        self._blocking = blocking

    def body(self, *, for_admin: bool) -> dict[str, Any]:
        del for_admin
        return {"error": self.error, "blocking_tickets": self._blocking}


def mass_update(asked: Asked) -> Answer:
    """POST /tickets/mass_update: the same changes and article on several tickets, all or nothing."""
    given = {key: value for key, value in (asked.params.get("attributes") or {}).items() if not _is_blank(value)}
    chosen = _mass(asked)
    columns = _as_this_person(asked, _columns(asked, given, for_new=False))
    for ticket in chosen:
        with _all_or_none(ticket):
            if given:
                _check_workflow(asked, screen="edit", saved=ticket, columns=columns)
                tickets.save(asked.engine, ticket.id, columns)
            if asked.params.get("article"):
                saved = asked.world.tickets[ticket.id]
                drafted = articles.draft(asked.engine, asked.caller, saved, asked.params["article"])
                articles.add(asked.engine, ticket.id, drafted)
    asked.engine.settle_sla()
    return _mass_answer(asked, chosen)


def _is_blank(value: Any) -> bool:
    """What Rails calls blank: such values of a mass change are dropped."""
    return value in (None, False, [], {}) or (isinstance(value, str) and not value.strip())


@contextmanager
def _all_or_none(ticket: Row) -> Iterator[None]:
    """A record that is refused takes the whole mass change back, and its ticket is named instead of the reason."""
    try:
        yield
    except Refusal as refusal:
        if refusal.status == MASS_REFUSED:
            raise _MassRefusal(ticket.id) from None
        raise


class _MassRefusal(Refusal):
    ends_well = True

    def __init__(self, ticket_id: int) -> None:
        super().__init__(MASS_REFUSED, "mass change refused")
        self._ticket_id = ticket_id

    def body(self, *, for_admin: bool) -> dict[str, Any]:
        del for_admin
        return {"error": True, "ticket_id": self._ticket_id}


def perform_workflow(asked: Asked) -> Answer:
    """POST /core_workflows/perform: what the engine says about a form."""
    asked.require("ticket.agent", "ticket.customer")
    params = asked.params.get("params") or {}
    saved = asked.world.tickets.get(to_integer(params.get("id")))
    values = {name: tickets.cast(asked.world, name, value) for name, value in params.items() if name != "id"}
    form = workflow.evaluate(
        asked.world,
        asked.caller,
        screen=str(asked.params.get("screen") or "edit"),
        saved=saved,
        values=values,
        asked=set(values),
    )
    return Answer(
        {
            "restrict_values": form.restricted,
            "request_id": asked.params.get("request_id"),
            "visibility": form.visibility,
            "mandatory": form.mandatory,
            "readonly": form.readonly,
            "select": form.select,
            "fill_in": form.fill_in,
            "eval": [],
            "matched_workflows": form.matched,
            "rerun_count": 0,
            "assets": _workflow_assets(asked, form),
        }
    )


def _workflow_assets(asked: Asked, form: workflow.Form) -> dict[str, Any]:
    if not asked.world.manners.workflow_sends_assets:
        return {}
    world = asked.world
    collector = Collector(world, seen_by=asked.caller.user)
    for text in form.restricted["group_id"]:
        collector.group(to_integer(text))
    for text in ("1", *form.restricted["owner_id"]):
        collector.user(to_integer(text))
    for row in world.priorities:
        collector.other("TicketPriority", row)
    return collector.assets


def _mass(asked: Asked) -> list[Row]:
    asked.require("ticket.agent")
    ids = list(dict.fromkeys(str(ticket_id) for ticket_id in asked.params.get("ticket_ids") or []))
    chosen = [asked.find(asked.world.tickets, "Ticket", ticket_id) for ticket_id in ids]
    for ticket in chosen:
        if not may_ticket(asked.world, asked.caller, ticket, "change"):
            raise _MassRefusal(ticket.id)
    return chosen


def _mass_answer(asked: Asked, chosen: list[Row]) -> Answer:
    rows = [asked.world.tickets[ticket.id] for ticket in chosen if ticket.id in asked.world.tickets]
    return _with_assets(asked, rows, key="ticket_ids")


def _columns(asked: Asked, params: dict[str, Any], *, for_new: bool) -> dict[str, Any]:
    """The ticket columns a request names, by id or by name; unknown keys are dropped."""
    world = asked.world
    known = set(ticket_columns(world.manners)) | set(world.ticket_fields)
    columns: dict[str, Any] = {}
    for key, value in params.items():
        if key in _LOOKUPS or key in _PEOPLE:
            columns.update(_looked_up(asked, key, value, for_new=for_new))
        elif key in known and key not in _NOT_SETTABLE:
            columns[key] = _checked_id(asked, key, tickets.cast(world, key, value))
    if columns.get("owner_id", NOBODY) is None:
        columns["owner_id"] = NOBODY
    if params.get("created_at") and world.setting("import_mode"):
        columns["created_at"] = to_moment(params["created_at"])
    return columns


def _looked_up(asked: Asked, key: str, value: Any, *, for_new: bool) -> dict[str, Any]:
    world = asked.world
    if value is None or value == "" or not isinstance(value, str):
        unset = {"owner": {"owner_id": NOBODY}}.get(key, {})
        return {} if for_new else unset
    if key in _LOOKUPS:
        row = getattr(world, _LOOKUPS[key]).first(name=value)
    else:
        row = world.users.first(login=value.lower()) or world.users.first(email=value.lower())
    if row is None:
        raise unprocessable(f"No lookup value found for '{key}': \"{value}\"")
    return {f"{key}_id": row.id}


_ID_TABLES = {
    "state_id": "states",
    "priority_id": "priorities",
    "owner_id": "users",
    "customer_id": "users",
    "organization_id": "organizations",
}


def _checked_id(asked: Asked, key: str, value: Any) -> Any:
    if key in _ID_TABLES and value is not None and value not in getattr(asked.world, _ID_TABLES[key]):
        raise unprocessable(f"Invalid value for param '{key}': {value}")
    return value


def _with_customer(asked: Asked, params: dict[str, Any]) -> dict[str, Any]:
    """Resolves `customer_id: "guess:mail"` and a nested `customer` to a user, making him where needed."""
    asked_id, nested = params.get("customer_id"), params.get("customer")
    if isinstance(asked_id, str) and asked_id.startswith("guess:"):
        customer = guess_customer(asked.engine, asked_id.removeprefix("guess:"))
        return {**params, "customer_id": customer.id}
    if isinstance(nested, dict):
        customer = make_customer(asked.engine, nested)
        return {**params, "customer_id": customer.id, "customer": None}
    return params


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


def _as_this_person(asked: Asked, columns: dict[str, Any]) -> dict[str, Any]:
    """Customers write only for themselves: customer, owner and preferences they send do not count."""
    if asked.may("ticket.agent"):
        return columns
    kept = {key: value for key, value in columns.items() if key not in ("owner_id", "preferences")}
    return {**kept, "customer_id": asked.caller.user_id} if "group_id" in columns or kept else kept


def _check_workflow(asked: Asked, *, screen: str, saved: Row | None, columns: dict[str, Any]) -> None:
    world = asked.world
    values = dict(columns)
    if saved is None:
        values.setdefault("state_id", tickets.default_state(world).id)
        values.setdefault("priority_id", tickets.default_priority(world).id)
    workflow.check(world, asked.caller, screen=screen, saved=saved, values=values, asked=set(columns))


def _merged_preferences(asked: Asked, ticket: Row, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not asked.may("ticket.agent"):
        return dict(ticket.preferences)
    return {**ticket.preferences, **given}


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
        if name.strip():
            tags.add(asked.engine, ticket.id, name)


def _add_links(asked: Asked, ticket: Row, given: Any) -> None:
    if not isinstance(given, dict):
        return
    for kind, others in (given.get("Ticket") or {}).items():
        for other in others if isinstance(others, list) else [others]:
            target = to_integer(other)
            if target in asked.world.tickets and target is not None:
                links.add(asked.world, kind=str(kind), source_id=ticket.id, target_id=target)


def _answered(asked: Asked, ticket: Row) -> dict[str, Any]:
    if asked.flag("expand"):
        return shapes.ticket_expanded(asked.world, ticket)
    if asked.flag("full"):
        return _full(asked, ticket)
    if asked.flag("all"):
        return _all(asked, ticket)
    return shapes.ticket_with_ids(asked.world, ticket)


def _full(asked: Asked, ticket: Row) -> dict[str, Any]:
    collector = Collector(asked.world, seen_by=asked.caller.user)
    collector.ticket(ticket)
    return {"id": ticket.id, "assets": collector.assets}


def _all(asked: Asked, ticket: Row) -> dict[str, Any]:
    world = asked.world
    collector = Collector(world, seen_by=asked.caller.user)
    agent = may_ticket(world, asked.caller, ticket, "read") and asked.may("ticket.agent")
    rows = [row for row in world.articles_of(ticket.id) if agent or not row.internal]
    for person in full_agents(world, ticket.group_id):
        # who can own the ticket comes along with `all`
        collector.user(person.id)
    if world.manners.workflow_sends_assets:
        for priority in world.priorities:
            collector.other("TicketPriority", priority)
    collector.ticket(ticket)
    for row in rows:
        collector.article(row)
    checklist = world.checklist_of(ticket)
    if checklist is not None:
        collector.checklist(checklist)
    for other in _named_beside(asked, ticket, checklist):
        collector.ticket(other)
    whole: dict[str, Any] = {
        "ticket_id": ticket.id,
        "ticket_article_ids": [row.id for row in rows],
        "assets": collector.assets,
        "links": links.seen_from(world, ticket.id),
        "tags": world.tags_of(ticket.id),
        "mentions": [row.id for row in world.mentions.where(mentionable_id=ticket.id)],
        "form_meta": form_meta.of_ticket(world, asked.caller, ticket),
    }
    if world.manners.has_checklists:
        whole["time_accountings"] = _time_accountings(asked, ticket)
    return whole


def _named_beside(asked: Asked, ticket: Row, checklist: Row | None) -> list[Row]:
    """The tickets that links and checklist items name, as far as the caller may read them."""
    world = asked.world
    ids = [link["link_object_value"] for link in links.seen_from(world, ticket.id)]
    ids += [] if checklist is None else [item.ticket_id for item in world.items_of(checklist)]
    rows = [world.tickets[other] for other in ids if other in world.tickets]
    return [row for row in rows if may_ticket(world, asked.caller, row, "read")]


def _time_accountings(asked: Asked, ticket: Row) -> list[dict[str, Any]]:
    keys = ("id", "ticket_id", "ticket_article_id", "time_unit", "type_id")
    return [{key: row[key] for key in keys} for row in asked.world.time_accountings.where(ticket_id=ticket.id)]


def _with_assets(asked: Asked, rows: list[Row], *, key: str) -> Answer:
    collector = Collector(asked.world, seen_by=asked.caller.user)
    for row in rows:
        collector.ticket(row)
    return Answer({key: [row.id for row in rows], "assets": collector.assets})


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
    Route("POST", "/tickets/mass_macro", mass_macro),
    Route("POST", "/tickets/mass_update", mass_update),
    Route("GET", "/tickets/<ticket_id>", show),
    Route("PUT", "/tickets/<ticket_id>", update),
    Route("DELETE", "/tickets/<ticket_id>", delete),
    Route("GET", "/ticket_history/<ticket_id>", show_history),
    Route("PUT", "/ticket_merge/<source_id>/<target_number>", merge_tickets),
    Route("POST", "/core_workflows/perform", perform_workflow),
)
