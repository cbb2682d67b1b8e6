"""Tickets: how they are made, saved and touched, with everything Zammad corrects or fills in by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from plugin.sandbox import history
from plugin.sandbox.answers import masked, unprocessable
from plugin.sandbox.attributes import value_at_creation
from plugin.sandbox.columns import TICKET_INTEGERS, TICKET_TIMES, ticket_columns
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import QUIET_COLUMNS, Event
from plugin.sandbox.permissions import has_group_right
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_boolean, to_day, to_decimal, to_integer, to_moment, to_text
from plugin.sandbox.world import NOBODY, OPEN_STATES, WORK_ON_STATES, World

Source = tuple[str, int, str]
"""The trigger, job or macro behind a change: its type, id and name."""

NUMBER_LENGTH = 60
TITLE_LENGTH = 250
NOTE_LENGTH = 250

_CONVERTERS = {
    "integer": to_integer,
    "boolean": to_boolean,
    "datetime": to_moment,
    "date": to_day,
    "input": to_text,
    "textarea": to_text,
    "richtext": to_text,
    "select": to_text,
    "tree_select": to_text,
}


def cast(world: World, column: str, value: Any) -> Any:
    """What a ticket column makes of a value (contract 4.6, silent corrections)."""
    if column in TICKET_INTEGERS:
        return to_integer(value)
    if column in TICKET_TIMES:
        return to_moment(value)
    if column == "time_unit":
        return to_decimal(value)
    if column in ("title", "note", "type", "number"):
        return to_text(value)
    field = world.ticket_fields.get(column)
    if field is None or field.data_type not in _CONVERTERS:
        return value
    return _CONVERTERS[field.data_type](value)


def create(engine: Engine, asked: dict[str, Any], *, from_mail: bool = False, source: Source | None = None) -> Row:
    """Makes a ticket from column values.

    Custom fields nobody filled get their default, but not in tickets made from mail.
    """
    world = engine.world
    columns = _new_columns(world, asked, from_mail=from_mail)
    _check_values(world, columns)
    stamp = world.stamp()
    columns |= {
        "created_by_id": world.actor_id,
        "updated_by_id": world.actor_id,
        "created_at": asked.get("created_at") or stamp,
        "updated_at": stamp,
    }
    columns |= _follow_ups(world, Row(), Row(columns), stamp)
    ticket = world.tickets.insert(columns)
    history.write(world, kind="created", ticket_id=ticket.id, at=stamp, source=source)
    changes = {name: (None, value) for name, value in ticket.items() if value is not None}
    engine.events.add(Event(ticket.id, "create", world.actor_id, changes=changes))
    engine.touched(ticket.id)
    touch_customer(world, ticket.customer_id)
    _count_for(engine, ticket.customer_id)
    return ticket


def save(
    engine: Engine,
    ticket_id: int,
    asked: dict[str, Any],
    *,
    source: Source | None = None,
    kind: str = "update",
) -> Row:
    """Saves columns of a ticket as the current actor; a save that changes nothing leaves no trace."""
    world = engine.world
    before = world.tickets[ticket_id]
    changes = {name: value for name, value in asked.items() if before.get(name) != value}
    _check_values(world, changes)
    after = Row({**before, **changes, "updated_by_id": world.actor_id})
    stamp = world.stamp()
    after.update(_follow_ups(world, before, after, stamp))
    if after == before:
        # a change that Zammad took back at once moves `updated_at` all the same, without an event
        return world.tickets.put(ticket_id, updated_at=stamp) if changes else before
    after["updated_at"] = stamp
    ticket = world.tickets.put_all(ticket_id, after)
    history.write_changes(world, before, ticket, source=source)
    _announce(engine, before, ticket, kind=kind)
    engine.touched(ticket_id)
    if before.state_id != ticket.state_id:
        for follow in engine.state_hooks:
            follow(engine, ticket)
    if before.customer_id != ticket.customer_id:
        touch_customer(world, before.customer_id)
        touch_customer(world, ticket.customer_id)
    _count_for(engine, ticket.customer_id)
    return ticket


def touch(world: World, ticket_id: int) -> None:
    """Moves `updated_at` without an event (tags, links, checklists, an article's visibility)."""
    world.tickets.put(ticket_id, updated_at=world.stamp())


def next_number(world: World) -> str:
    """The next of Zammad's own ticket numbers: system id and a counter."""
    counter = _ticket_counter(world)
    candidate = counter.content + 1
    while world.ticket_by_number(f"{_system_id(world)}{candidate:03d}") is not None:
        candidate += 1
    world.ticket_counters.put(counter.id, content=candidate)
    return f"{_system_id(world)}{candidate:03d}"


def leave_numbers(world: World, upto: str) -> None:
    """Lets the next ticket have this number, if it is one of Zammad's own and still to come."""
    counter, own = _ticket_counter(world), upto.removeprefix(_system_id(world))
    if own != upto and own.isdigit() and int(own) > counter.content:
        world.ticket_counters.put(counter.id, content=int(own) - 1)


def _system_id(world: World) -> str:
    return "81" if world.manners.version == "6.1" else "26"


def _ticket_counter(world: World) -> Row:
    return world.ticket_counters.first() or world.ticket_counters.insert({"content": len(world.tickets)})


def default_state(world: World) -> Row:
    """The state of a new ticket."""
    return next(state for state in world.states if state.default_create)


def follow_up_state(world: World) -> Row:
    """The state a reply puts a ticket into."""
    return next(state for state in world.states if state.default_follow_up)


def default_priority(world: World) -> Row:
    """The priority of a new ticket."""
    return next(priority for priority in world.priorities if priority.default_create)


def _new_columns(world: World, asked: dict[str, Any], *, from_mail: bool) -> dict[str, Any]:
    columns = ticket_columns(world.manners)
    for name, field in world.ticket_fields.items():
        unset = field.data_type in ("integer", "boolean") or not from_mail
        columns[name] = value_at_creation(field) if unset else None
    columns.update({name: value for name, value in asked.items() if name in columns})
    if columns["owner_id"] is None:
        columns["owner_id"] = NOBODY
    if columns["state_id"] is None:
        columns["state_id"] = default_state(world).id
    if columns["priority_id"] is None:
        columns["priority_id"] = default_priority(world).id
    number = asked.get("number")
    columns["number"] = next_number(world) if number is None else str(number)[:NUMBER_LENGTH]
    if world.ticket_by_number(columns["number"]) is not None:
        raise masked("PG::InFailedSqlTransaction: ERROR:  current transaction is aborted")
    return columns


def _check_values(world: World, changes: dict[str, Any]) -> None:
    if isinstance(changes.get("title"), str):
        changes["title"] = changes["title"][:TITLE_LENGTH]
    if isinstance(changes.get("note"), str) and len(changes["note"]) > NOTE_LENGTH:
        raise unprocessable(f"Note is too long (maximum is {NOTE_LENGTH} characters)")
    for name, value in changes.items():
        field = world.ticket_fields.get(name)
        if field is not None and value is not None:
            _check_field(field, value)


def _check_field(field: Row, value: Any) -> None:
    label = field.name.replace("_", " ").capitalize()
    option = field.data_option
    longest = option.get("maxlength")
    if field.data_type == "input" and longest and len(str(value)) > longest:
        raise unprocessable(f"{label} is longer than the allowed length {longest}")
    if field.data_type == "integer" and value > option["max"]:
        raise unprocessable(f"{label} is larger than the allowed maximum value of {option['max']}")
    if field.data_type == "integer" and value < option["min"]:
        raise unprocessable(f"{label} is smaller than the allowed minimum value of {option['min']}")


def _follow_ups(world: World, before: Row, after: Row, stamp: datetime) -> dict[str, Any]:
    """What Zammad sets by itself when these columns change."""
    after = Row(after)
    if before.get("customer_id") != after.customer_id:
        customer = world.users.get(after.customer_id)
        asked_otherwise = before.get("organization_id") != after.organization_id and before
        if customer is not None and not (asked_otherwise and _belongs(customer, after.organization_id)):
            after["organization_id"] = customer.organization_id
    elif before and before.organization_id != after.organization_id:
        customer = world.users.get(after.customer_id)
        if customer is not None and not _belongs(customer, after.organization_id):
            after["organization_id"] = customer.organization_id
    if not _may_keep_owner(world, after):
        after["owner_id"] = NOBODY
    after.update(_pending_correction(world, before, after))
    after.update(_closing(world, before, after, stamp))
    after.update(_owner_moment(world, before, after, stamp))
    return after


def _belongs(customer: Row, organization_id: Any) -> bool:
    return organization_id in (customer.organization_id, *customer.organization_ids)


def _may_keep_owner(world: World, ticket: Row) -> bool:
    """Whether the owner stays: a closed ticket keeps whomever it had, for the record."""
    if ticket.owner_id == NOBODY or world.setting("import_mode") or world.state_type(ticket.state_id) == "closed":
        return True
    owner = world.users.get(ticket.owner_id)
    return owner is not None and has_group_right(world, owner, ticket.group_id, "full")


def _pending_correction(world: World, before: Row, after: Row) -> dict[str, Any]:
    moment = after.pending_time
    if moment is None:
        return {}
    pending = world.state_type(after.state_id).startswith("pending")
    if not pending and before.get("state_id") != after.state_id:
        return {"pending_time": None}
    return {"pending_time": moment.replace(second=0, microsecond=0)}


def _closing(world: World, before: Row, after: Row, stamp: datetime) -> dict[str, Any]:
    if world.setting("import_mode") or world.state_type(after.state_id) != "closed":
        return {}
    moments = {} if after.close_at is not None else {"close_at": stamp}
    if before.get("state_id") != after.state_id or after.last_close_at is None:
        moments["last_close_at"] = stamp
    return moments


def _owner_moment(world: World, before: Row, after: Row, stamp: datetime) -> dict[str, Any]:
    """When somebody last was made or confirmed as the one who works on it (contract 5.2)."""

    def changed(name: str) -> bool:
        return bool(before.get(name) != after.get(name))

    if world.setting("import_mode"):
        return {}
    now, nothing = {"last_owner_update_at": stamp}, {"last_owner_update_at": None}
    group = world.groups.get(after.group_id)
    if changed("owner_id") and after.owner_id == NOBODY:
        return nothing
    if changed("group_id") and (group is None or not group.assignment_timeout):
        return nothing
    if changed("state_id") and world.state_type(after.state_id) not in WORK_ON_STATES:
        return nothing
    moving = ("owner_id", "state_id", "group_id", "last_contact_agent_at")
    return now if any(changed(name) for name in moving) else {}


def _announce(engine: Engine, before: Row, after: Row, *, kind: str) -> None:
    if engine.world.setting("import_mode"):
        return
    changes = {
        name: (before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value and name not in QUIET_COLUMNS
    }
    if changes:
        engine.events.add(Event(after.id, kind, engine.world.actor_id, changes=changes))


def _count_for(engine: Engine, customer_id: Any) -> None:
    world = engine.world
    if world.users.get(customer_id) is not None and customer_id != NOBODY and not world.setting("import_mode"):
        engine.recount(customer_id, by=world.actor_id)


def queue_count(engine: Engine, customer_id: int, by: int) -> None:
    """Queues Zammad's recount of a customer's open and closed tickets; `by` becomes his last changer."""
    engine.jobs.add(
        "TicketUserTicketCounterJob",
        lambda: count_tickets(engine, customer_id, by=by),
        run_at=engine.world.now(),
    )


def count_tickets(engine: Engine, customer_id: int, *, by: int) -> None:
    """Writes a customer's numbers of open and closed tickets into his preferences."""
    world = engine.world
    with world.lock:
        customer = world.users.get(customer_id)
        if customer is None:
            return
        kinds = [world.state_type(ticket.state_id) for ticket in world.tickets.where(customer_id=customer_id)]
        numbers = {
            "tickets_closed": sum(kind == "closed" for kind in kinds),
            "tickets_open": sum(kind in OPEN_STATES for kind in kinds),
        }
        preferences = {**customer.preferences, **numbers}
        if preferences != customer.preferences:
            changes = {"preferences": preferences, "updated_by_id": by, "updated_at": world.stamp()}
            world.users.put_all(customer_id, changes)
            world.journal.forget()


def touch_customer(world: World, customer_id: Any) -> None:
    """Moves `updated_at` of a customer and his organization, as a new ticket of his does."""
    customer = world.users.get(customer_id)
    if customer is None:
        return
    world.users.put(customer_id, updated_at=world.stamp())
    if customer.organization_id in world.organizations:
        world.organizations.put(customer.organization_id, updated_at=world.stamp())
