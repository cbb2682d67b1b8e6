"""The ledger of facts: append-only, hash-chained per case, customers' words sealed under the case's own key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import Actor, Role
from plugin.store import case_keys
from plugin.store.errors import StoreUnavailable
from plugin.store.keys import Key
from plugin.store.statement import Statement
from plugin.store.tables import cases, facts
from plugin.store.types import Written, canonical, read_json, to_microseconds

GENESIS = "0" * 64
"""``prev_hash`` of a case's first entry."""
_OF_CASE = select(facts).where(facts.c.ticket_id == bindparam("ticket_id")).order_by(facts.c.seq)
_ALL = Statement(_OF_CASE)
# one row at least where there is a case: its key, before there are any facts
_ALL_WITH_KEY = Statement(
    select(facts, cases.c.data_key)
    .select_from(cases.outerjoin(facts, facts.c.ticket_id == cases.c.ticket_id))
    .where(cases.c.ticket_id == bindparam("ticket_id"))
    .order_by(facts.c.seq)
)
_ADD = Statement(insert(facts))


class _Entry(NamedTuple):
    """The newest revision of one key, as rows have it."""

    kind: str
    at: datetime
    by: Mapping[str, Any]
    data: Mapping[str, Any]
    revision: int
    payload: bytes | None
    payload_digest: str | None


class Ledger:
    """A ticket's facts as they were read, and what is added to them, which ``write`` keeps.

    For whoever alone may add to it meanwhile: under the ticket's lock, or within one transaction.
    """

    def __init__(self, ticket_id: int, rows: Sequence[Any], *, wrapped: bytes | None, store_key: Key) -> None:
        """``rows`` by ``seq``; ``wrapped``: the case's key, as ``case_keys`` keeps it."""
        self._ticket_id = ticket_id
        self._rows = rows
        self._store_key = store_key
        self._key = case_keys.unwrapped(wrapped, ticket_id, store_key=store_key)
        self._lacks_key = wrapped is None
        self._newest: dict[str, Any] = {}
        self._seq: int = rows[-1].seq if rows else 0
        self._hash: str = rows[-1].hash if rows else GENESIS
        self._to_write: list[dict[str, Any]] = []
        self._fresh_key: Key | None = None

    @property
    def timeline(self) -> Timeline:
        """What was read. Payloads are None where they were erased."""
        return Timeline(self._ticket_id, [_fact(row, key=self._key) for row in self._rows])

    @property
    def is_kept(self) -> bool:
        """Whether nothing is left for ``write``."""
        return not self._to_write

    def add(self, observed: Iterable[Fact]) -> tuple[Fact, ...]:
        """Add what is new; returns it, with its revision.

        A fact whose key and content are known is skipped; changed content becomes a superseding revision. ``payload``
        None means "not read again": the known payload stays. ``revision`` of the given facts is not looked at.
        """
        given = {fact.key: fact for fact in observed}.values()
        if not given:
            return ()
        if self._lacks_key:
            self._key = self._fresh_key = Key.fresh()
            self._lacks_key = False
        if not self._newest:
            self._newest = {row.key: row for row in self._rows}
        added: list[Fact] = []
        for fact in given:
            row = _row(self._ticket_id, fact, self._newest.get(fact.key), key=self._key)
            if row is not None:
                added.append(self._added(fact, row))
        return tuple(added)

    def write(self, connection: Connection, *, now: datetime) -> None:
        """Write what was added; ``kept`` tells that it was committed. Raises StoreUnavailable where somebody else
        has added to it or dropped its key since it was read."""
        if not self._to_write:
            return
        if self._fresh_key is not None:
            case_keys.keep(connection, self._ticket_id, self._fresh_key, store_key=self._store_key, now=now)
        try:
            _ADD.run_many(connection, self._to_write)
        except IntegrityError as failure:
            raise StoreUnavailable(
                f"the ledger of ticket {self._ticket_id} was added to by somebody else; it is looked at again"
            ) from failure

    def kept(self) -> None:
        """What was added is on disk."""
        self._to_write.clear()
        self._fresh_key = None

    def _added(self, fact: Fact, row: dict[str, Any]) -> Fact:
        self._seq += 1
        row |= {"seq": self._seq, "prev_hash": self._hash}
        row["hash"] = self._hash = entry_hash(row)
        self._to_write.append(row)
        shown, _ = _by(fact.by)
        self._newest[fact.key] = _Entry(
            str(fact.kind), fact.at, shown, fact.data, row["revision"], row["payload"], row["payload_digest"]
        )
        return replace(fact, revision=row["revision"])


def ledger(connection: Connection, ticket_id: int, *, store_key: Key) -> Ledger:
    """Everything known of the ticket."""
    rows = _ALL_WITH_KEY.rows(connection, ticket_id=ticket_id)
    wrapped = rows[0].data_key if rows else None
    entries = [row for row in rows if row.seq is not None]
    return Ledger(ticket_id, entries, wrapped=wrapped, store_key=store_key)


def append(
    connection: Connection, ticket_id: int, observed: Iterable[Fact], *, store_key: Key, now: datetime
) -> tuple[Fact, ...]:
    """Add what is new to the ticket's ledger, and write it; returns what was added (see ``Ledger.add``)."""
    case_keys.lock(connection, ticket_id, now=now)
    known = ledger(connection, ticket_id, store_key=store_key)
    added = known.add(observed)
    known.write(connection, now=now)
    return added


def timeline(connection: Connection, ticket_id: int, *, store_key: Key) -> Timeline:
    """Everything known of the ticket. Payloads are None where they were erased."""
    return ledger(connection, ticket_id, store_key=store_key).timeline


def entry_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the entry before it and everything of this one but the payload, of which the digest stands in."""
    entry = {
        "ticket_id": row["ticket_id"],
        "seq": row["seq"],
        "key": row["key"],
        "revision": row["revision"],
        "kind": row["kind"],
        "at": to_microseconds(row["at"]),
        "seen_at": to_microseconds(row["seen_at"]),
        "by": row["by"],
        "data": row["data"],
        "payload_digest": row["payload_digest"],
        "prev_hash": row["prev_hash"],
    }
    return hashlib.sha256(canonical(entry).encode()).hexdigest()


def first_broken(connection: Connection, ticket_id: int) -> int | None:
    """``seq`` of the first entry that does not follow from the one before it, None for a sound chain."""
    prev_hash, expected = GENESIS, 1
    for row in _ALL.rows(connection, ticket_id=ticket_id):
        sound = row.seq == expected and row.prev_hash == prev_hash and row.hash == entry_hash(row._asdict())
        if not sound:
            return expected
        prev_hash, expected = row.hash, expected + 1
    return None


def _row(ticket_id: int, fact: Fact, known: Any | None, *, key: Key | None) -> dict[str, Any] | None:
    """The entry to add for ``fact``, None where ``known``, the newest revision, says the same."""
    by, sealed_by = _by(fact.by)
    payload, digest = _sealed(fact, sealed_by, key=key)
    if known is not None and (fact.payload is None or key is None):
        payload, digest = known.payload, known.payload_digest
    if known is not None and known.payload_digest == digest and _content(known, known.by) == _content(fact, by):
        return None
    return {
        "ticket_id": ticket_id,
        "key": fact.key,
        "revision": 0 if known is None else known.revision + 1,
        "kind": str(fact.kind),
        "at": fact.at,
        "seen_at": fact.seen_at,
        # once, for the row and for its hash
        "by": Written.of(by),
        "data": Written.of(dict(fact.data)),
        "payload": payload,
        "payload_digest": digest,
    }


def _content(entry: Fact | Any, by: Mapping[str, Any]) -> str:
    """What makes two revisions the same, of a fact or a row; ``by`` as the ledger shows it."""
    return canonical([str(entry.kind), to_microseconds(entry.at), dict(by), dict(entry.data)])


def _by(actor: Actor) -> tuple[dict[str, Any], str | None]:
    """Who did it: what the ledger shows, and what it seals (a customer's login is his mail address)."""
    shown: dict[str, Any] = {"id": actor.id, "role": str(actor.role)}
    if actor.is_customer:
        return shown, actor.login
    return shown | {"login": actor.login}, None


def _sealed(fact: Fact, login: str | None, *, key: Key | None) -> tuple[bytes | None, str | None]:
    """The payload and the customer's login under the case's key, and their keyed digest."""
    if key is None or (fact.payload is None and login is None):
        return None, None
    plain = canonical({"payload": fact.payload, "login": login}).encode()
    return key.seal(plain, purpose=f"fact {fact.key}"), key.digest(plain)


def _fact(row: Any, *, key: Key | None) -> Fact:
    opened: Mapping[str, Any] = {}
    if row.payload is not None and key is not None:
        opened = read_json(key.open(row.payload, purpose=f"fact {row.key}").decode())
    by = Actor(id=row.by["id"], login=row.by.get("login") or opened.get("login") or "", role=Role(row.by["role"]))
    return Fact(
        key=row.key,
        kind=FactKind(row.kind),
        at=row.at,
        seen_at=row.seen_at,
        by=by,
        data=row.data,
        payload=opened.get("payload"),
        revision=row.revision,
    )
