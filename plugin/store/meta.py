"""What the store knows about itself: keys, the pause, since when it receives, which workers live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from plugin.store.statement import Statement
from plugin.store.tables import meta, workers
from plugin.store.upsert import insert_or_ignore

PAUSED = "paused_since"
CLOCK = "clock of "
RECEIVES = "receives_since"
BEGUN = "rules_begun_as_of"
LONGEST_BEGINNING = timedelta(days=1)
"""A process that received, and ended before it had its rules, counts no longer than this."""
_VALUE = Statement(select(meta.c.value).where(meta.c.key == bindparam("key")))


def get(connection: Connection, key: str) -> str | None:
    row = _VALUE.first(connection, key=key)
    return None if row is None else str(row.value)


def put(connection: Connection, key: str, value: str) -> None:
    changed = connection.execute(update(meta).where(meta.c.key == key).values(value=value))
    if not changed.rowcount:
        # another process may put its own in this very moment: then ours came first
        connection.execute(insert_or_ignore(connection, meta, key=key, value=value))


def put_once(connection: Connection, key: str, value: str) -> str:
    """The value of ``key``: the one that was there, else ``value``, kept from now on."""
    connection.execute(insert_or_ignore(connection, meta, key=key, value=value))
    kept = get(connection, key)
    return value if kept is None else kept


def drop(connection: Connection, key: str) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))


def pause(connection: Connection, *, now: datetime) -> None:
    """Stop all writes to Zammad; listening goes on. A pause that holds keeps its moment."""
    put_once(connection, PAUSED, now.isoformat())


def resume(connection: Connection) -> None:
    drop(connection, PAUSED)


def paused_since(connection: Connection) -> datetime | None:
    since = get(connection, PAUSED)
    return None if since is None else datetime.fromisoformat(since)


def note_receiving(connection: Connection, *, since: datetime) -> None:
    """A process takes deliveries since then, though its rules are still being read: an earlier one's moment stays."""
    if _waiting_for_rules(connection) is None:
        put(connection, RECEIVES, since.isoformat())


def begin_rules(connection: Connection, *, now: datetime) -> None:
    """Whoever receives since ``now`` or before has rules from now on."""
    put(connection, BEGUN, now.isoformat())


def rules_begin(connection: Connection, *, now: datetime) -> datetime:
    """As of when rules that are new begin: ``now``, or when a process began to receive that ended without any."""
    since = _waiting_for_rules(connection)
    return since if since is not None and now - LONGEST_BEGINNING < since < now else now


def _waiting_for_rules(connection: Connection) -> datetime | None:
    since, begun = get(connection, RECEIVES), get(connection, BEGUN)
    if since is None or (begun is not None and datetime.fromisoformat(since) <= datetime.fromisoformat(begun)):
        return None
    return datetime.fromisoformat(since)


def beat(connection: Connection, *, worker: str, now: datetime, told: Mapping[str, Any] | None = None) -> None:
    """A sign of life of a worker, with what it tells of its condition (JSON)."""
    living = {"beat_at": now, "stopped": False, "told": told}
    changed = connection.execute(update(workers).where(workers.c.name == worker).values(living))
    if not changed.rowcount:
        connection.execute(insert(workers).values(name=worker, **living))


def stop_beating(connection: Connection, *, worker: str, now: datetime) -> None:
    """A worker ended in order; nobody need worry. Forgets workers unheard of for a day."""
    connection.execute(update(workers).where(workers.c.name == worker).values(stopped=True, beat_at=now))
    connection.execute(delete(workers).where(workers.c.beat_at < now - timedelta(days=1)))


def tell_clock(connection: Connection, *, worker: str, said: str) -> None:
    """What a worker says of its clock; empty: it agrees with Zammad's."""
    key = f"{CLOCK}{worker}"
    put(connection, key, said) if said else drop(connection, key)


def clocks_apart(connection: Connection) -> Mapping[str, str]:
    """What workers say of clocks that differ, by worker."""
    rows = connection.execute(select(meta).where(meta.c.key.startswith(CLOCK, autoescape=True)))
    return {row.key.removeprefix(CLOCK): row.value for row in rows}


def beats(connection: Connection) -> Mapping[str, datetime]:
    """When each worker that did not end in order gave its last sign of life."""
    rows = connection.execute(select(workers.c.name, workers.c.beat_at).where(workers.c.stopped.is_(False)))
    return {row.name: row.beat_at for row in rows}


def told(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    """What each worker that did not end in order told of its condition with its last sign of life."""
    rows = connection.execute(select(workers.c.name, workers.c.told).where(workers.c.stopped.is_(False)))
    return {row.name: row.told for row in rows if row.told is not None}
