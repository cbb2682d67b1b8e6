"""The store of one process: its database, keys, locks and bell, opened whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from plugin.model.facts import Fact, Timeline
from plugin.store import facts, meta, migrate
from plugin.store.bell import Bell
from plugin.store.database import Database, check_sqlite_file
from plugin.store.errors import StoreError
from plugin.store.facts import Ledger
from plugin.store.held import Locks, ProcessLocks
from plugin.store.keys import Key, WrongKey
from plugin.store.process import ProcessLock

T = TypeVar("T")
STORE_KEY_PLAIN = "store_key"
STORE_KEY_SEALED = "store_key_sealed"
STORE_KEY_PURPOSE = "store key"
OP_SECRET = "op_secret"


class Store:
    """Everything a process needs of the database. ``open`` it, ``close`` it.

    ``op_secret`` makes op_keys (promises 3); ``key`` is the store key.
    """

    def __init__(self, database: Database, *, key: Key, op_secret: bytes, process_lock: ProcessLock | None) -> None:
        self.database = database
        self.key = key
        self.op_secret = op_secret
        self.bell = Bell(None if database.is_sqlite else database.url)
        self.locks: Locks = ProcessLocks() if database.is_sqlite else _session_locks(database)
        self._process_lock = process_lock

    @classmethod
    def open(cls, url: str, *, secret_key: bytes | None = None) -> Store:
        """Open for work, and bring the schema up to date.

        On SQLite this process becomes the one that works on the file. ``secret_key``: STEWARD_SECRET_KEY; without it
        the store key lies in the store unsealed. Raises StoreError (do not start) and StoreUnavailable (later).
        """
        database = Database(url)
        process_lock = _become_the_one(database) if database.is_sqlite else None
        try:
            database.write_anew()
            migrate.migrate(database)
            with database.write() as connection:
                key = _store_key(connection, secret_key=secret_key, may_write=True)
                op_secret = bytes.fromhex(meta.put_once(connection, OP_SECRET, secrets.token_hex(32)))
        except BaseException:
            database.close()
            if process_lock is not None:
                process_lock.release()
            raise
        return cls(database, key=key, op_secret=op_secret, process_lock=process_lock)

    @classmethod
    def open_for_reading(cls, url: str, *, secret_key: bytes | None = None) -> Store:
        """Open beside a running Steward, to look only. Raises StoreError and StoreUnavailable."""
        database = Database(url, writable=False)
        if database.is_sqlite and not database.file.exists():
            raise StoreError(f"{database.name}: does not exist yet; start steward serve once, or name another")
        try:
            migrate.check(database)
            with database.read() as connection:
                key = _store_key(connection, secret_key=secret_key, may_write=False)
                op_secret = bytes.fromhex(meta.get(connection, OP_SECRET) or "")
        except BaseException:
            database.close()
            raise
        return cls(database, key=key, op_secret=op_secret, process_lock=None)

    @property
    def name(self) -> str:
        """The database, fit for messages."""
        return self.database.name

    def read(self) -> AbstractContextManager[Connection]:
        """See ``Database.read``."""
        return self.database.read()

    def write(self, *, at_once: bool = False) -> AbstractContextManager[Connection]:
        """See ``Database.write``."""
        return self.database.write(at_once=at_once)

    def commit(self, block: Callable[[Connection], T]) -> T:
        """See ``Database.commit``."""
        return self.database.commit(block)

    def append_facts(
        self, connection: Connection, ticket_id: int, observed: Iterable[Fact], *, now: datetime
    ) -> tuple[Fact, ...]:
        """``facts.append`` with this store's key."""
        return facts.append(connection, ticket_id, observed, store_key=self.key, now=now)

    def ledger(self, connection: Connection, ticket_id: int) -> Ledger:
        """``facts.ledger`` with this store's key."""
        return facts.ledger(connection, ticket_id, store_key=self.key)

    def timeline(self, connection: Connection, ticket_id: int) -> Timeline:
        """``facts.timeline`` with this store's key."""
        return facts.timeline(connection, ticket_id, store_key=self.key)

    def close(self) -> None:
        self.bell.close()
        self.locks.close()
        self.database.close()
        if self._process_lock is not None:
            self._process_lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _session_locks(database: Database) -> Locks:
    # psycopg's import takes a tenth of a second, which SQLite need not wait for
    from plugin.store.locks import SessionLocks

    return SessionLocks(database.url)


def _become_the_one(database: Database) -> ProcessLock:
    check_sqlite_file(database.file)
    lock = ProcessLock(database.file)
    lock.take()
    # bodies and customers' words lie in it; the files beside it take after it
    file = os.open(database.file, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(file)
    return lock


def _store_key(connection: Connection, *, secret_key: bytes | None, may_write: bool) -> Key:
    """The key that wraps all others; kept sealed under ``secret_key`` where there is one."""
    sealed, plain = meta.get(connection, STORE_KEY_SEALED), meta.get(connection, STORE_KEY_PLAIN)
    if sealed is not None:
        return _unsealed(bytes.fromhex(sealed), secret_key=secret_key)
    if not may_write:
        return Key(bytes.fromhex(plain or ""))
    if secret_key is None:
        return Key(bytes.fromhex(meta.put_once(connection, STORE_KEY_PLAIN, Key.fresh().secret.hex())))
    key = Key(bytes.fromhex(plain)) if plain else Key.fresh()
    wrapped = Key.from_setting(secret_key).seal(key.secret, purpose=STORE_KEY_PURPOSE).hex()
    kept = meta.put_once(connection, STORE_KEY_SEALED, wrapped)
    meta.drop(connection, STORE_KEY_PLAIN)
    return _unsealed(bytes.fromhex(kept), secret_key=secret_key)


def _unsealed(sealed: bytes, *, secret_key: bytes | None) -> Key:
    if secret_key is None:
        raise StoreError("STEWARD_SECRET_KEY: not set, but this store was sealed with one; set it again")
    try:
        return Key(Key.from_setting(secret_key).open(sealed, purpose=STORE_KEY_PURPOSE))
    except WrongKey:
        raise StoreError("STEWARD_SECRET_KEY: does not open this store; set the one it was sealed with") from None
