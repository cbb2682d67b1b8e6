"""The ticket's session lock: one holder at a time in the world, freed when its database session ends."""

from __future__ import annotations

import contextlib
import threading
import zlib
from typing import Any

import psycopg
from sqlalchemy.engine import URL

from plugin.store.database import postgresql_session
from plugin.store.errors import StoreUnavailable
from plugin.store.held import Held, LockKey

CHORES = 0x57E3A2E
"""First key of chores' locks, in PostgreSQL's space of two keys."""
SESSION_IDLE_SECONDS = 6
"""PostgreSQL ends a lock session that says nothing for so long: a process that was stopped, or whose host is gone
without a word, loses its locks, and with the nap of an idle worker another one has its tickets within 10 s."""
PULSE_SECONDS = 1
"""A process that lives says something so often."""


class SessionLocks:
    """For PostgreSQL: advisory locks on a session of their own, which outlives every transaction and nothing else.

    A thread keeps the session from idling; when it cannot (the process was stopped, the network is gone), PostgreSQL
    ends the session, another worker takes over, and ``still_held`` says no.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._mutex = threading.RLock()
        self._session: psycopg.Connection[Any] | None = None
        self._held: set[LockKey] = set()
        self._closed = threading.Event()
        self._pulse = threading.Thread(target=self._keep_alive, name="steward-locks", daemon=True)
        self._pulse.start()

    def take(self, key: LockKey) -> Held | None:
        with self._mutex:
            if key in self._held:
                return None
            session = self._open_session()
            if not self._ask(session, "SELECT pg_try_advisory_lock({})", key):
                return None
            self._held.add(key)
            return Held(self, key, session)

    def release(self, key: LockKey, session: object) -> None:
        with self._mutex:
            if session is not self._session or not isinstance(session, psycopg.Connection):
                return  # its session fell, and the lock with it
            self._held.discard(key)
            with contextlib.suppress(StoreUnavailable):
                self._ask(session, "SELECT pg_advisory_unlock({})", key)

    def session_lives(self, session: object) -> bool:
        with self._mutex:
            if session is not self._session or not isinstance(session, psycopg.Connection):
                return False
            try:
                return bool(self._ask(session, "SELECT true"))
            except StoreUnavailable:
                return False

    def held_here(self) -> frozenset[LockKey]:
        with self._mutex:
            return frozenset(self._held)

    def close(self) -> None:
        self._closed.set()
        with self._mutex:
            self._drop_session()
        self._pulse.join(timeout=PULSE_SECONDS)

    def _open_session(self) -> psycopg.Connection[Any]:
        if self._session is not None:
            return self._session
        try:
            self._session = postgresql_session(self._url, purpose="locks")
            self._session.execute(f"SET idle_session_timeout = '{SESSION_IDLE_SECONDS}s'")
        except psycopg.Error as failure:
            self._drop_session()
            raise StoreUnavailable(f"PostgreSQL lock session: {_first_line(failure)}") from failure
        return self._session

    def _ask(self, session: psycopg.Connection[Any], statement: str, key: LockKey | None = None) -> Any:
        """The one value of the answer; ``{}`` stands for the lock's key or two keys."""
        ticket = isinstance(key, int)
        keys = () if key is None else (key,) if isinstance(key, int) else (CHORES, _number(key))
        query = statement.format("%s::bigint" if ticket else "%s::int, %s::int").encode()
        try:
            row = session.execute(query, keys).fetchone()
        except psycopg.Error as failure:
            self._drop_session()
            raise StoreUnavailable(f"PostgreSQL lock session: {_first_line(failure)}") from failure
        return row[0] if row else None

    def _drop_session(self) -> None:
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            with contextlib.suppress(psycopg.Error):
                session.close()

    def _keep_alive(self) -> None:
        while not self._closed.wait(PULSE_SECONDS):
            with self._mutex:
                session = self._session
            if session is not None:
                self.session_lives(session)


def _number(name: str) -> int:
    """A chore's name as PostgreSQL's second key, a signed 32-bit number."""
    return zlib.crc32(name.encode()) - (1 << 31)


def _first_line(failure: psycopg.Error) -> str:
    lines = str(failure).strip().splitlines()
    return f"{type(failure).__name__}: {lines[0] if lines else 'without a word'}"
