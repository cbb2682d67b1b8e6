"""The ledger of facts: append-only, hash-chained per case, customers' words sealed under the case's own key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import Actor, Role
from plugin.store import case_keys
from plugin.store.keys import Key
from plugin.store.padding import padded
from plugin.store.statement import Statement
from plugin.store.tables import cases, facts
from plugin.store.types import Written, canonical, read_json, to_microseconds

GENESIS = "0" * 64
"""``prev_hash`` of a case's first entry."""
KEYS_AT_ONCE = 500
"""SQLite and PostgreSQL both take so many values in one IN."""


_OF_CASE = select(facts).where(facts.c.ticket_id == bindparam("ticket_id")).order_by(facts.c.seq)
_ALL = Statement(_OF_CASE)
_ALL_WITH_KEY = Statement(
    _OF_CASE.add_columns(cases.c.data_key).outerjoin_from(facts, cases, cases.c.ticket_id == facts.c.ticket_id)
)
_REVISIONS = (
    select(facts)
    .where(facts.c.ticket_id == bindparam("ticket_id"), facts.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(facts.c.revision)
)
_TAIL = Statement(
    select(facts.c.seq, facts.c.hash)
    .where(facts.c.ticket_id == bindparam("ticket_id"))
    .order_by(facts.c.seq.desc())
    .limit(1)
)
_ADD = Statement(insert(facts))


@dataclass(frozen=True, slots=True)
class _Known:
    """The newest revision of one key."""

    revision: int
    content: str
    payload: bytes | None
    payload_digest: str | None


def append(
    connection: Connection, ticket_id: int, observed: Iterable[Fact], *, store_key: Key, now: datetime
) -> tuple[Fact, ...]:
    """Add what is new to the ticket's ledger; returns what was added, with its revision.

    A fact whose key and content are known is skipped; changed content becomes a superseding revision. ``payload`` None
    means "not read again": the known payload stays. ``revision`` of the given facts is not looked at.
    """
    given = list({fact.key: fact for fact in observed}.values())
    if not given:
        return ()
    key = case_keys.get_or_make(connection, ticket_id, store_key=store_key, now=now)
    seq, prev_hash = _tail(connection, ticket_id)
    known = _newest(connection, ticket_id, [fact.key for fact in given]) if seq else {}
    rows: list[dict[str, Any]] = []
    added: list[Fact] = []
    for fact in given:
        row = _row(ticket_id, fact, known.get(fact.key), key=key)
        if row is None:
            continue
        seq += 1
        row |= {"seq": seq, "prev_hash": prev_hash}
        row["hash"] = prev_hash = entry_hash(row)
        rows.append(row)
        added.append(replace(fact, revision=row["revision"]))
    if rows:
        _ADD.run_many(connection, rows)
    return tuple(added)


def timeline(connection: Connection, ticket_id: int, *, store_key: Key) -> Timeline:
    """Everything known of the ticket. Payloads are None where they were erased."""
    rows = _ALL_WITH_KEY.rows(connection, ticket_id=ticket_id)
    key = case_keys.unwrapped(rows[0].data_key, ticket_id, store_key=store_key) if rows else None
    return Timeline(ticket_id, [_fact(row, key=key) for row in rows])


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


def _newest(connection: Connection, ticket_id: int, keys: Sequence[str]) -> Mapping[str, _Known]:
    newest: dict[str, _Known] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        for row in connection.execute(_REVISIONS, {"ticket_id": ticket_id, "keys": padded(some)}):
            content = _content(row, row.by)
            newest[row.key] = _Known(row.revision, content, row.payload, row.payload_digest)
    return newest


def _tail(connection: Connection, ticket_id: int) -> tuple[int, str]:
    row = _TAIL.first(connection, ticket_id=ticket_id)
    return (0, GENESIS) if row is None else (row.seq, row.hash)


def _row(ticket_id: int, fact: Fact, known: _Known | None, *, key: Key | None) -> dict[str, Any] | None:
    """The entry to add for ``fact``, None where the newest revision says the same."""
    by, sealed_by = _by(fact.by)
    payload, digest = _sealed(fact, sealed_by, key=key)
    if known is not None and (fact.payload is None or key is None):
        payload, digest = known.payload, known.payload_digest
    if known is not None and (known.payload_digest, known.content) == (digest, _content(fact, by)):
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
