"""SQLite's connections, kept open, their transactions begun and ended by the driver itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from plugin.store.errors import TROUBLE
from plugin.store.statement import execute

MOST_IDLE = 8
"""So many wait for their next transaction; more are opened when they are needed, and closed afterwards."""
PAUSE_SECONDS = 0.001
"""Between two glances at a lock, for SQLite sometimes says at once that it is taken."""


class KeptConnections:
    """Connections of one kind, each for one transaction at a time.

    SQLAlchemy believes in one long transaction on each of them, and so costs nothing when ours begin and end beneath.
    """

    def __init__(self, engine: Engine, *, begin: str, patience: float) -> None:
        """``patience``: seconds to wait for a lock that ``begin`` needs and somebody else holds."""
        self._engine = engine
        self._begin_words = begin
        self._patience = patience
        self._idle: list[Connection] = []
        self._is_closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Committed when the block is left, undone when it raises."""
        connection = self._taken()
        try:
            self._begin(connection)
            yield connection
            execute(connection, "COMMIT")
        except BaseException as failure:
            _undo(connection, failure)
            raise
        finally:
            self._put_back(connection)

    def close(self) -> None:
        """Those in use are closed when their transaction ends."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()

    def _begin(self, connection: Connection) -> None:
        """As soon as the lock is free: the longer SQLite has waited, the later it looks again, and it may then be taken
        once more."""
        until = time.monotonic() + self._patience
        while True:
            try:
                execute(connection, self._begin_words)
            except DBAPIError as failure:
                if not _is_locked(failure) or time.monotonic() >= until:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _taken(self) -> Connection:
        with suppress(IndexError):
            return self._idle.pop()
        connection = self._engine.connect()
        connection.begin()
        return connection

    def _put_back(self, connection: Connection) -> None:
        if self._is_closed or connection.invalidated or len(self._idle) >= MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)


def _is_locked(failure: DBAPIError) -> bool:
    code = failure.orig.sqlite_errorcode if isinstance(failure.orig, sqlite3.OperationalError) else None
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def _undo(connection: Connection, failure: BaseException) -> None:
    """Roll back. After an I/O error nobody knows what a connection still believes: it is not used again."""
    if not isinstance(failure, TROUBLE):
        with suppress(DBAPIError):
            execute(connection, "ROLLBACK")
            return
    connection.invalidate()
