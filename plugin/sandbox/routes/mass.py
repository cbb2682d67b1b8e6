"""Changes of several tickets at once, all or none: by a macro, or the same fields and article for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from plugin.sandbox import articles, tickets
from plugin.sandbox.answers import Refusal
from plugin.sandbox.door import Answer, Asked, Route
from plugin.sandbox.performing import Performer, perform
from plugin.sandbox.permissions import may_as_agent
from plugin.sandbox.routes.ticket_answers import with_assets
from plugin.sandbox.routes.ticket_asked import check_workflow, columns_of
from plugin.sandbox.rows import Row

MASS_REFUSED = 422


def mass_macro(asked: Asked) -> Answer:
    """POST /tickets/mass_macro: one macro on several tickets, all or nothing."""
    chosen = _mass(asked)
    macro = asked.find(asked.world.macros, "Macro", str(asked.params.get("macro_id")))
    _refuse_other_groups(macro, chosen)
    for ticket in chosen:
        performer = Performer(kind="macro", row=macro, user_id=asked.caller.user_id)
        with _all_or_none(ticket):
            perform(asked.engine, ticket.id, performer)
    asked.engine.settle_sla()
    return _mass_answer(asked, chosen)


def mass_update(asked: Asked) -> Answer:
    """POST /tickets/mass_update: the same changes and article on several tickets, all or nothing."""
    chosen = _mass(asked)
    given = {key: value for key, value in (asked.params.get("attributes") or {}).items() if not _is_blank(value)}
    columns = columns_of(asked, given, for_new=False)
    for ticket in chosen:
        with _all_or_none(ticket):
            if given:
                check_workflow(asked, screen="edit", saved=ticket, columns=columns)
                tickets.save(asked.engine, ticket.id, columns)
            if asked.params.get("article"):
                saved = asked.world.tickets[ticket.id]
                drafted = articles.draft(asked.engine, asked.caller, saved, asked.params["article"])
                articles.add(asked.engine, ticket.id, drafted)
    asked.engine.settle_sla()
    return _mass_answer(asked, chosen)


def _mass(asked: Asked) -> list[Row]:
    ids = list(dict.fromkeys(str(ticket_id) for ticket_id in asked.params.get("ticket_ids") or []))
    chosen = [asked.find(asked.world.tickets, "Ticket", ticket_id) for ticket_id in ids]
    for ticket in chosen:
        if not may_as_agent(asked.world, asked.caller, ticket, "change"):
            raise _MassRefusal(ticket.id)
    return chosen


def _mass_answer(asked: Asked, chosen: list[Row]) -> Answer:
    rows = [asked.world.tickets[ticket.id] for ticket in chosen if ticket.id in asked.world.tickets]
    return with_assets(asked, rows, key="ticket_ids")


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


ROUTES = (
    Route("POST", "/tickets/mass_macro", mass_macro),
    Route("POST", "/tickets/mass_update", mass_update),
)
