"""The data key of each case, wrapped by the store key; without it the case's sealed words are gone for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from plugin.store import cases
from plugin.store.keys import Key
from plugin.store.statement import Statement
from plugin.store.tables import cases as table

_OF_CASE = select(table.c.data_key).where(table.c.ticket_id == bindparam("ticket_id"))
_WRAPPED = Statement(_OF_CASE)
_WRAPPED_LOCKED = Statement(_OF_CASE.with_for_update())
_KEEP = Statement(update(table).where(table.c.ticket_id == bindparam("of_ticket")), sets=["data_key"])
DROPPED = b""
"""Kept in place of a key that was dropped, so that no second one is made."""


def get(connection: Connection, ticket_id: int, *, store_key: Key) -> Key | None:
    """The case's key; None where there is none (yet), or it was dropped."""
    row = _WRAPPED.first(connection, ticket_id=ticket_id)
    return Key(store_key.open(row.data_key, purpose=_purpose(ticket_id))) if row and row.data_key else None


def get_or_make(connection: Connection, ticket_id: int, *, store_key: Key, now: datetime) -> Key | None:
    """The case's key, made at first use; None once it was dropped."""
    row = _WRAPPED_LOCKED.first(connection, ticket_id=ticket_id)
    if row is None:
        cases.ensure(connection, [ticket_id], now=now)
        (row,) = _WRAPPED_LOCKED.rows(connection, ticket_id=ticket_id)
    wrapped = row.data_key
    if wrapped is not None:
        return Key(store_key.open(wrapped, purpose=_purpose(ticket_id))) if wrapped != DROPPED else None
    fresh = Key.fresh()
    sealed = store_key.seal(fresh.secret, purpose=_purpose(ticket_id))
    _KEEP.run(connection, of_ticket=ticket_id, data_key=sealed)
    return fresh


def drop(connection: Connection, ticket_id: int) -> None:
    """Erase what the key sealed, here and in every copy of the database made from now on."""
    _KEEP.run(connection, of_ticket=ticket_id, data_key=DROPPED)


def _purpose(ticket_id: int) -> str:
    return f"case {ticket_id}"
