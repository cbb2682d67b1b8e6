"""Time spent on tickets: booked on one, listed, and summed up by the month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from plugin.sandbox import articles, tickets
from plugin.sandbox.answers import Refusal, forbidden, unprocessable
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.permissions import has_group_right, may_ticket
from plugin.sandbox.rows import Row
from plugin.sandbox.values import to_decimal, to_integer

_RIGHT = "admin.time_accounting"


def time_accountings_of(asked: Asked, ticket_id: str) -> Answer:
    """GET /tickets/:id/time_accountings."""
    ticket = asked.find(asked.world.tickets, "Ticket", ticket_id)
    if not may_ticket(asked.world, asked.caller, ticket, "read"):
        raise forbidden()
    return Answer(asked.world.time_accountings.where(ticket_id=ticket.id))


def add_time_accounting(asked: Asked, ticket_id: str) -> Answer:
    """POST /tickets/:id/time_accountings: books time; the ticket gets a new last writer."""
    world = asked.world
    ticket = asked.find(world.tickets, "Ticket", ticket_id)
    if not has_group_right(world, asked.caller.user, ticket.group_id, "change"):
        raise forbidden()
    articles.refuse_accounting(world)
    unit = to_decimal(asked.params.get("time_unit"))
    if unit is None:
        raise unprocessable("Attribute 'time_unit\" of relation \"ticket_time_accountings' required!")
    row = articles.account_time(world, ticket.id, unit)
    tickets.save(asked.engine, ticket.id, {})
    return Answer(row, status=201)


def kinds(asked: Asked) -> Answer:
    """GET /time_accounting/types: none, as nobody makes any here."""
    asked.require(_RIGHT)
    return Answer([])


def everything(asked: Asked) -> Answer:
    """GET /time_accountings: all bookings, on newer servers only."""
    if not asked.world.manners.has_checklists:
        raise Refusal(404, asked.world.manners.no_route("GET", asked.path))
    if not asked.may(_RIGHT):
        raise forbidden()
    return Answer(list(asked.world.time_accountings))


def by_ticket(asked: Asked, year: str, month: str) -> Answer:
    """GET /time_accounting/log/by_ticket/:year/:month: each ticket with the time booked on it in that month."""
    asked.require(_RIGHT)
    world, sums, agents = asked.world, dict[int, Decimal](), dict[int, int]()
    for row in world.time_accountings:
        if (row.created_at.year, row.created_at.month) == (to_integer(year), to_integer(month)):
            sums[row.ticket_id] = sums.get(row.ticket_id, Decimal()) + row.time_unit
            agents.setdefault(row.ticket_id, row.created_by_id)
    there = [ticket_id for ticket_id in sums if ticket_id in world.tickets]
    return Answer([_sum(asked, world.tickets[ticket_id], sums[ticket_id], by=agents[ticket_id]) for ticket_id in there])


def _sum(asked: Asked, ticket: Row, total: Decimal, *, by: int) -> dict[str, Any]:
    """What was booked on a ticket, with whoever booked first."""
    organization = asked.world.organizations.get(ticket.organization_id)
    return {
        "ticket": ticket,
        "time_unit": total,
        "customer": asked.world.user_name(ticket.customer_id),
        "organization": "-" if organization is None else organization.name,
        "agent": asked.world.user_name(by),
    }


ROUTES = (
    Route("GET", "/tickets/<ticket_id>/time_accountings", time_accountings_of),
    Route("POST", "/tickets/<ticket_id>/time_accountings", add_time_accounting),
    Route("GET", "/time_accounting/types", kinds),
    Route("GET", "/time_accounting/log/by_ticket/<year>/<month>", by_ticket),
    Route("GET", "/time_accountings", everything),
)
