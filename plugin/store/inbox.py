"""The inbox: every delivery, on disk before it is answered, folded into cases afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, literal_column, select, update

from plugin.store import waking
from plugin.store.keys import Key
from plugin.store.padding import padded
from plugin.store.statement import Statement, among, execute, fetch
from plugin.store.tables import inbox
from plugin.store.types import to_microseconds

LONGEST_QUIET = timedelta(seconds=10)
"""However many hints come, the look is no later than this after the first (promises 10)."""
FOLDED_AT_ONCE = 100
BODY_KEPT = timedelta(hours=24)
ROW_KEPT = timedelta(days=90)
"""How long a digest is kept, and so how long an exact replay is known as one."""
BODY_PURPOSE = "inbox body"
LARGE = 64 * 1024
"""Bytes of a body that is inserted alone: the driver keeps what a statement was given until it runs again, and should
keep one large body, not as many as came together."""


class InboxState(StrEnum):
    """Where a delivery stands."""

    NEW = "new"
    """Committed, not looked at by a worker. → folded"""
    FOLDED = "folded"
    """Its hint has reached the case."""
    QUARANTINED = "quarantined"
    """Signed, but unreadable: kept for a person, a retry cannot help."""


_IS_NEW: ColumnElement[bool] = literal_column(
    "inbox.state = 'new'"
)  # written out, so that the partial index is seen to fit
_COLUMNS = ("digest", "source", "delivery_id", "ticket_id", "version", "received_at", "body", "state", "reason")
_HAS_NEW = Statement(select(inbox.c.id).where(_IS_NEW).limit(1))
_NEW = Statement(
    select(inbox.c.id, inbox.c.ticket_id, inbox.c.version, inbox.c.received_at)
    .where(_IS_NEW)
    .order_by(inbox.c.id)
    .limit(FOLDED_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_FOLD = Statement(
    lambda database: update(inbox).where(among(inbox.c.id, "ids", database=database)).values(state=InboxState.FOLDED)
)
_DROP_BODIES = Statement(
    update(inbox)
    .where(inbox.c.ticket_id == bindparam("of_ticket"), inbox.c.body.is_not(None), inbox.c.state == InboxState.FOLDED)
    .values(body=None)
)
_BODIES = Statement(
    select(inbox.c.body)
    .where(inbox.c.ticket_id == bindparam("ticket_id"), inbox.c.body.is_not(None))
    .order_by(inbox.c.id)
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as the receiver read it. ``ticket_id`` None: unreadable, ``reason`` says why."""

    body: bytes
    source: str
    received_at: datetime
    delivery_id: str | None = None
    ticket_id: int | None = None
    version: str | None = None
    reason: str | None = None
    digest: bytes = field(init=False)
    """Of the body alone: sent again to another source, with another delivery id, it is still the same."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.body).digest())


def receive(connection: Connection, batch: Sequence[Delivery], *, store_key: Key) -> frozenset[bytes]:
    """Insert a batch; returns the digests that were new. The rest are replays and leave no trace."""
    by_digest = {delivery.digest: delivery for delivery in batch}
    for digest in _known(connection, tuple(by_digest)):
        del by_digest[digest]
    for together in _by_statement(by_digest.values()):
        _insert(connection, [_row(delivery, store_key=store_key) for delivery in together])
    return frozenset(by_digest)


def has_new(connection: Connection) -> bool:
    """Whether there is anything to fold."""
    return _HAS_NEW.first(connection) is not None


def fold(connection: Connection, *, quiet: timedelta, now: datetime) -> int:
    """Carry new hints over to their cases; returns how many rows that were (0: nothing left)."""
    rows = _NEW.rows(connection)
    if rows:
        waking.hint(connection, _hints(rows), quiet=quiet, longest=LONGEST_QUIET, now=now)
        _FOLD.run(connection, ids=[row.id for row in rows])
    return len(rows)


def bodies(connection: Connection, ticket_id: int, *, store_key: Key) -> tuple[bytes, ...]:
    """The bodies still kept for a ticket, oldest first; their ``article`` saves a read."""
    sealed = _BODIES.rows(connection, ticket_id=ticket_id)
    return tuple(store_key.open(row.body, purpose=BODY_PURPOSE) for row in sealed)


def drop_bodies(connection: Connection, ticket_id: int) -> None:
    """The ticket was looked at: its bodies are of no more use."""
    _DROP_BODIES.run(connection, of_ticket=ticket_id)


def purge(connection: Connection, *, now: datetime, limit: int = 1000) -> int:
    """Drop bodies older than a day and rows older than the replay window, ``limit`` of each; returns how many."""
    old_bodies = select(inbox.c.id).where(inbox.c.body.is_not(None), inbox.c.received_at < now - BODY_KEPT).limit(limit)
    old_rows = select(inbox.c.id).where(inbox.c.received_at < now - ROW_KEPT, inbox.c.state != InboxState.NEW)
    dropped = connection.execute(update(inbox).where(inbox.c.id.in_(old_bodies)).values(body=None))
    deleted = connection.execute(delete(inbox).where(inbox.c.id.in_(old_rows.limit(limit))))
    return int(dropped.rowcount + deleted.rowcount)


def counts(connection: Connection) -> dict[str, int]:
    """How many deliveries there are in each state."""
    rows = connection.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state))
    return {row[0]: row[1] for row in rows}


def last_received_at(connection: Connection) -> datetime | None:
    """When the newest delivery came, None for never."""
    moment: datetime | None = connection.execute(select(func.max(inbox.c.received_at))).scalar()
    return moment


def _known(connection: Connection, digests: tuple[bytes, ...]) -> list[bytes]:
    asked = padded(digests)
    query = f"SELECT digest FROM inbox WHERE digest IN {_marks(connection.dialect.paramstyle, len(asked))}"
    return [bytes(row[0]) for row in fetch(connection, query, asked)]


def _by_statement(deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    """What is inserted together, in the order given: small ones all at once, each large one alone."""
    for is_large, some in groupby(deliveries, key=lambda delivery: len(delivery.body) > LARGE):
        together = list(some)
        yield from ([one] for one in together) if is_large else (together,)


def _insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """All in one statement, in the driver's own words: each statement a busy process waits for is a turn it waits."""
    # what fills the statement up has the digest of the row before it, and inserts nothing
    filled = padded(rows, filler=_without_body(rows[-1]))
    marks = ", ".join([_marks(connection.dialect.paramstyle, len(_COLUMNS))] * len(filled))
    # another receiver may insert the same delivery at the same moment
    statement = f"INSERT INTO inbox ({', '.join(_COLUMNS)}) VALUES {marks} ON CONFLICT DO NOTHING"
    execute(connection, statement, tuple(chain.from_iterable(filled)))


def _marks(style: str, number: int) -> str:
    """``(?, ?, ?)`` as the driver writes it."""
    return f"({', '.join(['?' if style == 'qmark' else '%s'] * number)})"


def _row(delivery: Delivery, *, store_key: Key) -> tuple[Any, ...]:
    """A value for each of ``_COLUMNS``."""
    readable = delivery.ticket_id is not None
    return (
        delivery.digest,
        delivery.source,
        delivery.delivery_id,
        delivery.ticket_id,
        delivery.version,
        to_microseconds(delivery.received_at),
        store_key.seal(delivery.body, purpose=BODY_PURPOSE),
        InboxState.NEW.value if readable else InboxState.QUARANTINED.value,
        delivery.reason,
    )


def _without_body(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(None if column == "body" else value for column, value in zip(_COLUMNS, row, strict=True))


def _hints(rows: Iterable[Any]) -> list[waking.Hints]:
    by_ticket: dict[int, list[Any]] = {}
    for row in rows:
        by_ticket.setdefault(row.ticket_id, []).append(row)
    return [
        waking.Hints(
            ticket_id=ticket_id,
            versions=frozenset(row.version for row in of_one),
            first_at=min(row.received_at for row in of_one),
            last_at=max(row.received_at for row in of_one),
        )
        for ticket_id, of_one in sorted(by_ticket.items())
    ]
