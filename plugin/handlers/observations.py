"""States that have no row in Zammad: seen when we look, said again only when they change; they start no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from plugin.handlers.history import first_changes, value_at_creation
from plugin.handlers.who import Who
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.linked import INTERRUPTED, Interruption
from plugin.model.named import NAMED, Name, key_of, names, plain
from plugin.model.pack import RecordItem
from plugin.model.people import SYSTEM, Actor
from plugin.model.ticket import HistoryRow, Ticket
from plugin.store.complaints import Others


def observations(
    ticket: Ticket,
    rows: Sequence[HistoryRow],
    who: Who,
    *,
    known: Timeline,
    switches: Mapping[str, datetime],
    now: datetime,
) -> Iterator[Fact]:
    """Everything of this kind that is new at this look."""
    if not known.of(FactKind.CREATED):
        yield adopted(ticket, switches=switches, now=now)
        yield from _fields_at_creation(ticket, rows, who, now=now)
    yield from _customer(ticket, who, known=known, now=now)
    yield from owner(ticket, who, known=known, now=now)


def adopted(ticket: Ticket, *, switches: Mapping[str, datetime], now: datetime) -> Fact:
    """The first look: when the ticket began as it stood then, and whether that is older than every switch.

    Said once and kept: times that move afterwards do not make a ticket older (design.md, "From when").
    """
    older = bool(switches) and ticket.created_at < min(switches.values())
    return _seen("adopted", now=now, value=True, created_at=ticket.created_at.isoformat(), older=older)


def filled_at_creation(
    ticket: Ticket, rows: Sequence[HistoryRow], who: Who, *, names: Iterable[str], known: Timeline, now: datetime
) -> Iterator[Fact]:
    """What the attributes a pack names were filled with when the ticket was made: Zammad keeps no row of that."""
    for name in names:
        key = f"observed:field_at_creation:{name}"
        if known.get(key) is not None:
            continue
        value = value_at_creation(first_changes(rows), name, ticket.extra.get(name))
        if value not in (None, "", False, [], {}):
            by, data = who.actor(ticket.created_by_id), {"what": "field_at_creation", "name": name}
            yield Fact(key, FactKind.OBSERVED, ticket.created_at, now, by, data, {"value": str(value)})


def related(found: Others, *, customer_id: int, by: str, known: Timeline, now: datetime) -> Iterator[Fact]:
    """What there is beside a complaint, by ids and codes; ``by`` says what makes others alike."""
    complaints = [
        {
            "id": one.ticket_id,
            "at": one.accepted_at.isoformat(),
            "nature": one.nature,
            "customer": one.customer_id == customer_id,
        }
        for one in sorted(found.earlier, key=lambda one: (one.accepted_at, one.ticket_id))
    ]
    alike = {"customers": found.alike, "by": by, "explained": found.explained} if found.alike else None
    said = {"value": bool(complaints or alike), "complaints": complaints, "alike": alike}
    last = known.get("observed:related")
    before = {name: last[name] for name in said} if last else {"value": False, "complaints": [], "alike": None}
    if said != before:
        yield _seen("related", now=now, **said)


def surveyed(found: Others, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """When the customer was last surveyed about another ticket."""
    at = found.surveyed_at.isoformat() if found.surveyed_at else None
    last = known.get("observed:surveyed")
    if at != (last["at"] if last else None):
        yield _seen("surveyed", now=now, value=at is not None, at=at)


def linked(
    tickets: Sequence[int], told: frozenset[int], *, beyond: int, known: Timeline, now: datetime
) -> Iterator[Fact]:
    """The tickets linked to an interruption, since when we know it, and those whose customers were not told yet.

    ``beyond``: so many more are linked than are looked after.
    """
    untold = [one for one in tickets if one not in told]
    last = known.get("observed:linked")
    before = (last["tickets"], last["untold"], last["beyond"] or 0) if last else ([], [], 0)
    if ([*tickets], untold, beyond) != before:
        known_since = (last["since"] if last else None) or {}
        since = {str(one): known_since.get(str(one)) or now.isoformat() for one in tickets}
        yield _seen(
            "linked", now=now, value=bool(tickets), tickets=[*tickets], untold=untold, since=since, beyond=beyond
        )


def interrupted(found: Iterable[Interruption], *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """The interruptions the ticket is linked to, by what their own visits left for it."""
    said = [one.as_said() for one in found]
    last = known.get(f"observed:{INTERRUPTED}")
    if said != (last["incidents"] if last else []):
        yield _seen(INTERRUPTED, now=now, value=bool(said), incidents=said)


def named(
    known: Timeline, items: tuple[RecordItem, ...], answering: Callable[[str], Sequence[str]], *, now: datetime
) -> Iterator[Fact]:
    """Who answers to the names agents wrote down, of those nobody asked about yet; ``answering`` asks for one."""
    written: dict[str, list[Name]] = {}
    for name in names(known, items):
        if known.get(key_of(name.entry)) is None:
            written.setdefault(key_of(name.entry), []).append(name)
    for key, of_one in written.items():
        asked = [plain(name.entry.value) for name in of_one]
        if any(asked):
            entry, logins = of_one[0].entry, [sorted(answering(one)) if one else [] for one in asked]
            data = {"what": NAMED, "value": True, "entry": entry.key, "logins": logins}
            yield Fact(key, FactKind.OBSERVED, entry.at, now, SYSTEM, data)


def sight(known: Timeline, *, visible: bool, now: datetime) -> Iterator[Fact]:
    """The ticket went out of our sight (403), or came back."""
    last = known.get("observed:sight")
    was_visible = last is None or last["what"] == "in_sight"
    if visible != was_visible:
        what = "in_sight" if visible else "out_of_sight"
        yield Fact("observed:sight", FactKind.OBSERVED, now, now, data={"what": what, "value": True})


def deleted(known: Timeline, *, is_deleted: bool, now: datetime) -> Iterator[Fact]:
    """The ticket is gone for good, or was restored."""
    yield from _when_changed("deleted", is_deleted, known=known, now=now)


def _customer(ticket: Ticket, who: Who, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    customer = who.user(ticket.customer_id)
    vip = bool(customer and customer.vip)
    if not vip and ticket.organization_id is not None:
        vip = who.organization_is_vip(ticket.organization_id)
    yield from _when_changed("vip", vip, known=known, now=now)
    is_agent = customer is not None and who.is_agent(customer)
    yield from _when_changed("customer_is_agent", is_agent, known=known, now=now)


def owner(ticket: Ticket, who: Who, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """An owner who is inactive or has lost the group can do nothing; Zammad leaves him until the next save."""
    user = who.user(ticket.owner_id) if ticket.has_owner else None
    if user is None:
        return
    can_act = who.can_own(user.id, ticket.group_id)
    last = known.get("observed:owner_can_act")
    said = (last["login"], last["value"]) if last else (None, None)
    if said == (user.login, can_act) or (can_act and said[1] is not False):
        return
    yield _seen("owner_can_act", now=now, value=can_act, login=user.login)


def _fields_at_creation(ticket: Ticket, rows: Sequence[HistoryRow], who: Who, *, now: datetime) -> Iterator[Fact]:
    """Values our fields had before anything was recorded about them: whoever made the ticket set them."""
    first = first_changes(rows)
    for name, present in ticket.fields.items():
        value = value_at_creation(first, name, present)
        if value not in (None, "", False, "false"):
            yield _set_at_creation(name, str(value), who.actor(ticket.created_by_id), ticket, now=now)


def _set_at_creation(name: str, value: str, by: Actor, ticket: Ticket, *, now: datetime) -> Fact:
    data: dict[str, Any] = {"what": "field_at_creation", "name": name}
    payload = None
    if by.is_customer:
        payload = {"value": value}  # anything may stand there
    else:
        data["value"] = value
    return Fact(f"observed:field_at_creation:{name}", FactKind.OBSERVED, ticket.created_at, now, by, data, payload)


def _when_changed(what: str, value: bool, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    last = known.get(f"observed:{what}")
    if value != bool(last and last["value"]):
        yield _seen(what, now=now, value=value)


def _seen(what: str, *, now: datetime, **data: Any) -> Fact:
    return Fact(f"observed:{what}", FactKind.OBSERVED, now, now, SYSTEM, {"what": what, **data})
