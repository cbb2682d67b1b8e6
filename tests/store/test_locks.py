"""One holder at a time in the world; a lock falls with its session, and its holder can tell."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg
import pytest
import sqlalchemy

from plugin.store import effects, migrate
from plugin.store.database import postgresql_session
from plugin.store.errors import StoreError, StoreUnavailable
from plugin.store.locks import SESSION_IDLE_SECONDS
from plugin.store.store import Store
from tests.store.test_effects import NOON, effect

PATIENCE_SECONDS = 60.0
NOISE_SECONDS = 20.0
"""What others at work on the machine may add; bench/failover.py holds takeovers to their ten seconds."""
AT_ONCE_SECONDS = SESSION_IDLE_SECONDS - 1
"""Before the silence of the session could have ended it."""


def test_a_lock_has_one_holder_until_it_is_released(store: Store) -> None:
    lock = store.locks.take(7)
    assert lock is not None
    assert lock.still_held()
    assert store.locks.take(7) is None
    assert store.locks.held_here() == {7}
    lock.release()
    again = store.locks.take(7)
    assert again is not None
    again.release()


@pytest.mark.parametrize("key", [1, 2**63 - 1, "sweep", "inbox-purge"])
def test_any_ticket_and_any_chore_has_its_lock(store: Store, key: int | str) -> None:
    lock = store.locks.take(key)
    assert lock is not None
    assert store.locks.take(8) is not None
    assert store.locks.take("other") is not None
    assert store.locks.take(key) is None


@pytest.mark.parametrize(("version", "is_taken"), [((13, 22), False), ((14, 0), True), ((17, 2), True)])
def test_a_postgresql_that_cannot_end_a_silent_session_is_refused_by_name(
    version: tuple[int, ...], is_taken: bool
) -> None:
    refused = contextlib.nullcontext() if is_taken else pytest.raises(StoreError, match=r"is PostgreSQL 13\.22.*14")
    with refused:
        migrate.demand_version(version, name="PostgreSQL database steward at db")


def test_many_threads_get_a_lock_once(store: Store) -> None:
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(store.locks.take(7))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lock for lock in got if lock is not None]) == 1


def test_another_process_waits_for_the_lock_on_postgresql(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as one, Store.open(postgresql_url) as other:
        lock = one.locks.take(7)
        assert lock is not None
        assert other.locks.take(7) is None
        lock.release()
        assert other.locks.take(7) is not None


def test_a_lock_falls_with_its_session_and_its_holder_can_tell(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as one, Store.open(postgresql_url) as other:
        lock = one.locks.take(7)
        assert lock is not None
        end_sessions(postgresql_url)
        taken = other.locks.take(7)
        assert taken is not None
        assert not lock.still_held()
        lock.release()  # of a session that fell: touches nothing
        assert taken.still_held()
        assert one.locks.held_here() == frozenset()
        assert one.locks.take(8) is not None


def test_a_killed_process_frees_its_locks_at_once(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store, holder(postgresql_url) as process:
        assert store.locks.take(7) is None
        process.kill()
        process.wait()
        assert seconds_until_free(store) < AT_ONCE_SECONDS


def test_a_stopped_process_loses_its_locks_and_knows_it_when_it_goes_on(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store, holder(postgresql_url) as process:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            assert seconds_until_free(store) < SESSION_IDLE_SECONDS + NOISE_SECONDS
        finally:
            os.kill(process.pid, signal.SIGCONT)
        said, _ = process.communicate("go on\n", timeout=PATIENCE_SECONDS)
        assert said.strip() == "lost"


def test_a_host_that_is_gone_without_a_word_loses_its_locks_and_knows_it_when_it_is_back(postgresql_url: str) -> None:
    with Line.to(postgresql_url) as line, Store.open(postgresql_url) as store, holder(line.url) as process:
        assert store.locks.take(7) is None
        line.is_up.clear()
        assert seconds_until_free(store) < SESSION_IDLE_SECONDS + NOISE_SECONDS
        line.is_up.set()
        said, _ = process.communicate("go on\n", timeout=PATIENCE_SECONDS)
        assert said.strip() == "lost"


def test_a_process_stopped_in_the_midst_of_many_rows_keeps_none_of_them(postgresql_url: str) -> None:
    with contextlib.closing(session(postgresql_url)) as other, Store.open(postgresql_url) as store:
        other.execute("BEGIN")
        with store.write() as connection:
            effects.intend(connection, [effect("second")], now=NOON)
        other.execute("SELECT FROM effects WHERE op_key = 'second' FOR UPDATE")
        with process_running(INTENDS_THREE, postgresql_url) as process:
            wait_until_blocked(postgresql_url)  # at its second row
            os.kill(process.pid, signal.SIGSTOP)
            other.execute("COMMIT")
            began = time.monotonic()
            while not can_intend(store, "first"):
                assert time.monotonic() - began < SESSION_IDLE_SECONDS + NOISE_SECONDS


INTENDS_THREE = """
import sys
from plugin.store import effects
from plugin.store.store import Store
from tests.store.test_effects import NOON, effect
print("begun", flush=True)
with Store.open(sys.argv[1]).write() as connection:
    effects.intend(connection, [effect("first"), effect("second"), effect("third")], now=NOON)
"""


def can_intend(store: Store, op_key: str) -> bool:
    try:
        with store.write() as connection:
            return bool(effects.intend(connection, [effect(op_key)], now=NOON))
    except StoreUnavailable:
        return False  # somebody has the row


def session(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(sqlalchemy.make_url(url).set(drivername="postgresql").render_as_string(), autocommit=True)


def wait_until_blocked(url: str) -> None:
    blocked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    began = time.monotonic()
    with contextlib.closing(session(url)) as watching:
        while watching.execute(blocked).fetchone() is None:
            assert time.monotonic() - began < PATIENCE_SECONDS


def test_postgresql_ends_what_a_silent_client_holds(postgresql_url: str) -> None:
    address = sqlalchemy.make_url(postgresql_url)
    with contextlib.closing(postgresql_session(address, purpose="test")) as session:

        def milliseconds(name: str) -> int:
            row = session.execute(f"SELECT setting::int FROM pg_settings WHERE name = '{name}'").fetchone()
            assert row is not None
            return int(row[0])

        probes = milliseconds("tcp_keepalives_idle") + 3 * milliseconds("tcp_keepalives_interval")
        assert milliseconds("tcp_keepalives_count") == 3
        assert probes <= 6
        assert milliseconds("tcp_user_timeout") <= 6000
        assert milliseconds("idle_in_transaction_session_timeout") <= 6000


@dataclass
class Line:
    """A network between a process and PostgreSQL that can stop carrying anything, without a word to either side."""

    url: str
    is_up: threading.Event
    sockets: list[socket.socket]
    carriers: list[threading.Thread]

    @classmethod
    @contextmanager
    def to(cls, url: str) -> Iterator[Line]:
        server = sqlalchemy.make_url(url)
        with socket.create_server(("127.0.0.1", 0)) as entrance:
            here = server.set(port=entrance.getsockname()[1]).render_as_string(hide_password=False)
            line = cls(here, threading.Event(), [], [])
            line.is_up.set()
            threading.Thread(target=line._let_in, args=(entrance, server), daemon=True).start()
            yield line
            line.is_up.set()
            entrance.shutdown(socket.SHUT_RDWR)
            _hang_up(*line.sockets)
            for carrier in line.carriers:
                carrier.join()
            for one in line.sockets:
                one.close()

    def _let_in(self, entrance: socket.socket, server: sqlalchemy.URL) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = entrance.accept()
                far = socket.create_connection((server.host or "127.0.0.1", server.port or 5432))
                self.sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    self.carriers.append(threading.Thread(target=self._carry, args=pair, daemon=True))
                    self.carriers[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.is_up.wait()
                target.sendall(data)
        self.is_up.wait()
        # closing alone would say nothing to either end while the other way still waits for something to carry
        _hang_up(source, target)


def _hang_up(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def holder(url: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A process that takes lock 7, waits for a line, and says whether it still holds it."""
    return process_running(TAKES_LOCK_7, url)


TAKES_LOCK_7 = """
import sys
from plugin.store.store import Store
store = Store.open(sys.argv[1])
lock = store.locks.take(7)
print("begun", flush=True)
sys.stdin.readline()
print("held" if lock.still_held() else "lost", flush=True)
"""


@contextmanager
def process_running(code: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has said it began, and ends with the block."""
    command = [sys.executable, "-c", code, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def seconds_until_free(store: Store) -> float:
    began = time.monotonic()
    pause = threading.Event()
    while store.locks.take(7) is None:
        assert time.monotonic() - began < PATIENCE_SECONDS
        pause.wait(0.05)
    return time.monotonic() - began


def end_sessions(url: str) -> None:
    address = sqlalchemy.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'steward locks' AND datname = current_database()"
        )
