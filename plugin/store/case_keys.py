"""The data key of each case, wrapped by the store key; without it the case's sealed words are gone for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from plugin.store import cases
from plugin.store.errors import StoreUnavailable
from plugin.store.keys import Key
from plugin.store.statement import Statement
from plugin.store.tables import cases as table

_KEEP = Statement(update(table).where(table.c.ticket_id == bindparam("of_ticket")), sets=["data_key"])
_KEEP_FIRST = Statement(
    update(table).where(table.c.ticket_id == bindparam("of_ticket"), table.c.data_key.is_(None)), sets=["data_key"]
)
DROPPED = b""
"""Kept in place of a key that was dropped, so that no second one is made."""


def unwrapped(wrapped: bytes | None, ticket_id: int, *, store_key: Key) -> Key | None:
    """The key kept as ``wrapped``; None where there is none (yet), or it was dropped."""
    return Key(store_key.open(wrapped, purpose=_purpose(ticket_id))) if wrapped else None


def lock(connection: Connection, ticket_id: int, *, now: datetime) -> None:
    """Have nobody else give the case a key, or drop it, until the transaction ends; the case is made where it is not
    there."""
    cases.for_update(connection, [ticket_id], now=now)


def keep(connection: Connection, ticket_id: int, fresh: Key, *, store_key: Key, now: datetime) -> None:
    """Keep the case's first key. Raises StoreUnavailable where it was given one, or it was dropped, meanwhile."""
    sealed = store_key.seal(fresh.secret, purpose=_purpose(ticket_id))
    first = {"of_ticket": ticket_id, "data_key": sealed}
    if _KEEP_FIRST.run(connection, **first):
        return
    cases.ensure(connection, [ticket_id], now=now)
    if not _KEEP_FIRST.run(connection, **first):
        raise StoreUnavailable(f"ticket {ticket_id} was given a key by somebody else; it is looked at again")


def drop(connection: Connection, ticket_id: int) -> None:
    """Erase what the key sealed, here and in every copy of the database made from now on."""
    _KEEP.run(connection, of_ticket=ticket_id, data_key=DROPPED)


def _purpose(ticket_id: int) -> str:
    return f"case {ticket_id}"
