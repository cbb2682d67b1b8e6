"""The data key of each case, wrapped by the store key; without it the case's sealed words are gone for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from plugin.store import cases
from plugin.store.keys import Key
from plugin.store.tables import cases as table

_WRAPPED = select(table.c.data_key).where(table.c.ticket_id == bindparam("ticket_id"))
_WRAPPED_LOCKED = _WRAPPED.with_for_update()
DROPPED = b""
"""Kept in place of a key that was dropped, so that no second one is made."""


def get(connection: Connection, ticket_id: int, *, store_key: Key) -> Key | None:
    """The case's key; None where there is none (yet), or it was dropped."""
    wrapped = connection.execute(_WRAPPED, {"ticket_id": ticket_id}).scalar()
    return Key(store_key.open(wrapped, purpose=_purpose(ticket_id))) if wrapped else None


def get_or_make(connection: Connection, ticket_id: int, *, store_key: Key, now: datetime) -> Key | None:
    """The case's key, made at first use; None once it was dropped."""
    row = connection.execute(_WRAPPED_LOCKED, {"ticket_id": ticket_id}).one_or_none()
    if row is None:
        cases.ensure(connection, [ticket_id], now=now)
        row = connection.execute(_WRAPPED_LOCKED, {"ticket_id": ticket_id}).one()
    wrapped = row.data_key
    if wrapped is not None:
        return Key(store_key.open(wrapped, purpose=_purpose(ticket_id))) if wrapped != DROPPED else None
    fresh = Key.fresh()
    sealed = store_key.seal(fresh.secret, purpose=_purpose(ticket_id))
    connection.execute(update(table).where(table.c.ticket_id == ticket_id).values(data_key=sealed))
    return fresh


def drop(connection: Connection, ticket_id: int) -> None:
    """Erase what the key sealed, here and in every copy of the database made from now on."""
    connection.execute(update(table).where(table.c.ticket_id == ticket_id).values(data_key=DROPPED))


def _purpose(ticket_id: int) -> str:
    return f"case {ticket_id}"
