"""The data key of each case, wrapped by the store key; without it the case's sealed words are gone for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from plugin.store import cases
from plugin.store.keys import Key
from plugin.store.statement import Statement
from plugin.store.tables import cases as table

_WRAPPED = Statement(select(table.c.data_key).where(table.c.ticket_id == bindparam("ticket_id")).with_for_update())
_KEEP = Statement(update(table).where(table.c.ticket_id == bindparam("of_ticket")), sets=["data_key"])
DROPPED = b""
"""Kept in place of a key that was dropped, so that no second one is made."""


def unwrapped(wrapped: bytes | None, ticket_id: int, *, store_key: Key) -> Key | None:
    """The key kept as ``wrapped``; None where there is none (yet), or it was dropped."""
    return Key(store_key.open(wrapped, purpose=_purpose(ticket_id))) if wrapped else None


def get_or_make(connection: Connection, ticket_id: int, *, store_key: Key, now: datetime) -> Key | None:
    """The case's key, made at first use; None once it was dropped."""
    row = _WRAPPED.first(connection, ticket_id=ticket_id)
    if row is None:
        cases.ensure(connection, [ticket_id], now=now)
        (row,) = _WRAPPED.rows(connection, ticket_id=ticket_id)
    if row.data_key is not None:
        return unwrapped(row.data_key, ticket_id, store_key=store_key)
    fresh = Key.fresh()
    sealed = store_key.seal(fresh.secret, purpose=_purpose(ticket_id))
    _KEEP.run(connection, of_ticket=ticket_id, data_key=sealed)
    return fresh


def drop(connection: Connection, ticket_id: int) -> None:
    """Erase what the key sealed, here and in every copy of the database made from now on."""
    _KEEP.run(connection, of_ticket=ticket_id, data_key=DROPPED)


def _purpose(ticket_id: int) -> str:
    return f"case {ticket_id}"
