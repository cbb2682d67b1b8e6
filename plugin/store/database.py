"""The database itself: engines, short transactions, and errors sorted by what the caller can do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection as Connection  # other rooms name the type, and must not import SQLAlchemy
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, TimeoutError
from sqlalchemy.pool import NullPool

from plugin.store.checkpoints import Checkpoints
from plugin.store.errors import TROUBLE, StoreError, StoreUnavailable
from plugin.store.kept import KeptConnections
from plugin.store.sharing import Begin, SharedWriter

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 5
"""How long a statement waits for somebody else's lock before the store counts as unavailable."""
GLANCE_MILLISECONDS = 8
"""How long SQLite itself waits for a lock that a writer needs: its pauses grow, so it is asked again and again."""
PAUSE_SECONDS = 6
"""How long PostgreSQL waits for us in the midst of a transaction, or for our host, before it ends the session."""
Write = Callable[..., AbstractContextManager[Connection]]
"""``write`` below, as one kind of database does it."""
T = TypeVar("T")


class Database:
    """One database, with ``read`` and ``write`` transactions.

    On SQLite there is one writing connection, which writers hand around (``SharedWriter``); readers never wait for it
    (WAL). On PostgreSQL both take a connection of the pool.
    """

    def __init__(self, url: str, *, writable: bool = True) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.writable = writable
        self._closing = ExitStack()
        self._checkpoints = Checkpoints(self.file, patience=BUSY_SECONDS)
        self._reading, self._writing, self._shared = self._on_sqlite() if self.is_sqlite else self._on_postgresql()

    @property
    def name(self) -> str:
        """The database by kind, host and name, fit for messages: without user and password."""
        if self.is_sqlite:
            return f"SQLite file {self.url.database}"
        place = self.url.host or "the local socket"
        return f"PostgreSQL database {self.url.database} at {place}{f':{self.url.port}' if self.url.port else ''}"

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.database or "")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database. Raises StoreUnavailable."""
        try:
            with self._reading() as connection:
                yield connection
        except (DBAPIError, sqlite3.Error, TimeoutError):
            with self.errors_sorted():
                raise

    def write(self, *, at_once: bool = False) -> AbstractContextManager[Connection]:
        """A transaction that is on disk when the block is left, or not done at all. Raises StoreUnavailable.

        Keep it short: on SQLite everybody else who writes waits for it, and shares its commit; never open a second one
        inside. ``at_once``: have nobody else's work committed with it that comes after it.
        """
        return self._writing(at_once=at_once)

    def commit(self, block: Callable[[Connection], T]) -> T:
        """``write`` for what is given as a function: on SQLite any thread that writes just then may carry it out.

        That spares waking this one in the midst of the others' transaction. Returns what ``block`` returned.
        """
        if self._shared is not None:
            return self._shared.commit(block)
        with self.write() as connection:
            return block(connection)

    def end_open(self) -> None:
        """On SQLite, commit what threads with a baton left open for each other; they wait for it. Raises nothing."""
        if self._shared is not None:
            self._shared.end_open()

    def forget_deleted(self) -> None:
        """On SQLite, empty the write-ahead log, where deleted rows would linger. A no-op on PostgreSQL.

        Readers that are at work keep it from shrinking now; the next call tries again. Raises StoreUnavailable.
        """
        if not self.is_sqlite:
            return
        try:
            self._checkpoints.carry_over("TRUNCATE")
        except sqlite3.OperationalError as failure:
            raise StoreUnavailable(f"{self.name}: {failure}") from failure

    def write_anew(self) -> None:
        """On SQLite, have what lies in the write-ahead log written into the file and made durable, before use.

        After an fsync that failed, the system's cache may show what the disk does not have, and counts it as clean: the
        process that saw the failure knows, the next one would take it for durable. Raises StoreUnavailable.
        """
        log = self.file.with_name(f"{self.file.name}-wal")
        if self.is_sqlite and log.exists() and log.stat().st_size:
            self.forget_deleted()

    def close(self) -> None:
        self._closing.close()

    @contextmanager
    def errors_sorted(self) -> Iterator[None]:
        """Raises StoreUnavailable for whatever is not our own mistake."""
        try:
            yield
        except (IntegrityError, DataError):
            raise  # our mistake, not the database's
        except DBAPIError as failure:
            raise StoreUnavailable(f"{self.name}: {cause(failure)}") from failure
        except sqlite3.OperationalError as failure:  # while a connection is set up
            raise StoreUnavailable(f"{self.name}: {failure}") from failure
        except TimeoutError as failure:
            raise StoreUnavailable(f"{self.name}: no connection became free in {BUSY_SECONDS} s") from failure

    def _on_sqlite(self) -> tuple[Begin, Write, SharedWriter | None]:
        readers = self._sqlite(query_only=True)
        writers = self._sqlite(query_only=False) if self.writable else readers
        self._closing.callback(self._checkpoints.close)  # before the last connection, or it would do its work again

        @contextmanager
        def begin() -> Iterator[Connection]:
            with writers.transaction() as connection:
                yield connection
            self._checkpoints.committed()

        shared = SharedWriter(begin, self.errors_sorted, name=self.name, patience=BUSY_SECONDS)
        return readers.transaction, shared.write, shared

    def _sqlite(self, *, query_only: bool) -> KeptConnections:
        engine = create_engine(
            self.url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _configure_sqlite(query_only=query_only))
        # the driver's own transactions leave DDL outside and begin too late; ours begin where we say
        begin = "BEGIN" if query_only else "BEGIN IMMEDIATE"
        kept = KeptConnections(engine, begin=begin, patience=BUSY_SECONDS)
        self._closing.callback(kept.close)
        return kept

    def _on_postgresql(self) -> tuple[Begin, Write, SharedWriter | None]:
        engine = self._postgresql()
        self._closing.callback(engine.dispose)

        @contextmanager
        def write(*, at_once: bool) -> Iterator[Connection]:  # noqa: ARG001 - each commits for itself
            with self.errors_sorted(), transaction(engine) as connection:
                yield connection

        return partial(transaction, engine), write, None

    def _postgresql(self) -> Engine:
        engine = create_engine(
            self.url,
            pool_size=10,
            max_overflow=20,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=connect_arguments(self.url) | {"prepare_threshold": 5},
        )
        event.listen(engine, "checkin", _not_kept_where_it_may_only_read)
        return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection and a transaction on it; one that failed under us is not used again."""
    with engine.connect() as connection, _left_clean(connection), connection.begin():
        yield connection


@contextmanager
def _left_clean(connection: Connection) -> Iterator[None]:
    """Throw a connection away that failed under us: after an I/O error nobody knows what it still believes.

    One that may only read (a standby, a server set read-only) would stay so when the server is well again.
    """
    try:
        yield
    except TROUBLE:
        connection.invalidate()
        raise


def _not_kept_where_it_may_only_read(session: psycopg.Connection[Any] | None, kept: ConnectionPoolEntry) -> None:
    """A session begun while the database could only be read stays so, and would refuse a write when all is well again.

    PostgreSQL 14 and newer tell both of each session unasked.
    """
    told = session.info.parameter_status if session is not None else None
    if told is not None and "on" in (told("default_transaction_read_only"), told("in_hot_standby")):
        kept.invalidate()


def connect_arguments(url: URL) -> dict[str, Any]:
    """psycopg's arguments beside those of ``url``: short waits, and a dead host noticed in seconds."""
    from plugin.store.stepwise import StepwiseCursor  # here, for a process on SQLite need not wait for psycopg

    defaults = {
        "cursor_factory": StepwiseCursor,
        "connect_timeout": BUSY_SECONDS,
        "application_name": "steward",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        # a stopped process, or one whose host is gone, must not keep rows from the others
        "options": f"-c lock_timeout={BUSY_SECONDS}s -c statement_timeout=60s"
        f" -c idle_in_transaction_session_timeout={PAUSE_SECONDS}s -c tcp_user_timeout={PAUSE_SECONDS}s"
        " -c tcp_keepalives_idle=2s -c tcp_keepalives_interval=1s -c tcp_keepalives_count=3",
    }
    return {name: value for name, value in defaults.items() if name not in url.query}


def postgresql_session(url: URL, *, purpose: str) -> psycopg.Connection[Any]:
    """A connection outside the pool, every statement its own transaction. Raises psycopg.Error."""
    import psycopg  # here, for a process on SQLite need not wait for it

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    arguments = connect_arguments(url) | {"application_name": f"steward {purpose}"}
    return psycopg.connect(address, autocommit=True, **arguments)


def cause(failure: DBAPIError) -> str:
    """What the database said, in one line, never with the values of the statement (they may hold customer text)."""
    said = str(failure.orig).strip().splitlines()
    return f"{type(failure.orig).__name__}: {said[0] if said else 'without a word'}"


def _configure_sqlite(*, query_only: bool) -> Any:
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL does not survive a power cut in WAL
            "wal_autocheckpoint=8000",  # pages; only where checkpoints beside the commits cannot keep up with them
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "secure_delete=ON",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not query_only:
            connection.execute(f"PRAGMA busy_timeout={GLANCE_MILLISECONDS}")

    return configure


def check_sqlite_file(path: Path) -> None:
    """Raises StoreError where ``path`` cannot be a SQLite database."""
    if path.is_dir():
        raise StoreError(f"{path}: is a directory; name a file in STEWARD_DATABASE_URL")
    if not path.parent.is_dir():
        raise StoreError(f"{path}: its directory does not exist; make it, or change STEWARD_DATABASE_URL")
    if path.exists() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\0":
                raise StoreError(f"{path}: is not a SQLite database; move it away, or change STEWARD_DATABASE_URL")
