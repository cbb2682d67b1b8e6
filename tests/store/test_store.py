"""A store opens whole or not at all, for one process on SQLite, and with the key it was sealed with."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy
from alembic.script import ScriptDirectory

from plugin.model.errors import StewardError
from plugin.store import chores, indexes, meta, migrate, packs, switches, tables
from plugin.store.database import Database
from plugin.store.errors import StoreError, StoreUnavailable
from plugin.store.store import Store
from tests.faults import disk

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = b"a secret of thirty-two characters"
HELD_SECONDS = 0.345
"""SQLite's own waiting looks again after 0.33 s and then after 0.43 s."""
SOON_SECONDS = 0.04


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'steward.db'}"


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": "."}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )


def test_the_newest_migration_is_the_one_the_code_names() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    assert scripts.get_heads() == [migrate.HEAD]


def test_the_migrations_make_the_tables_the_code_reads(store: Store) -> None:
    made = sqlalchemy.MetaData()
    with store.read() as connection:
        made.reflect(connection)
    shape = {
        name: {column.name: column.nullable for column in table.columns}
        for name, table in made.tables.items()
        if name != "alembic_version"
    }
    assert shape == {
        name: {column.name: column.nullable for column in table.columns}
        for name, table in tables.metadata.tables.items()
    }
    found = {index.name for table in made.tables.values() for index in table.indexes}
    assert {index.name for table in indexes.metadata.tables.values() for index in table.indexes} <= found


def test_opening_again_keeps_what_is_there(store_url: str) -> None:
    with Store.open(store_url) as store:
        secret, key = store.op_secret, store.key
        assert len(secret) == 32
    with Store.open(store_url) as store:
        assert (store.op_secret, store.key) == (secret, key)


def test_a_newer_schema_is_refused_in_one_line_with_the_way_out(store_url: str) -> None:
    with Store.open(store_url) as store, store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for open_ in (Store.open, Store.open_for_reading):
        with pytest.raises(StoreError, match=r"has schema 9999, this Steward knows up to 0005; install") as refusal:
            open_(store_url)
        assert "\n" not in str(refusal.value)


def test_a_reader_of_an_older_schema_is_told_to_start_steward_once(store_url: str) -> None:
    with Store.open(store_url) as store, store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="is of an older Steward; start steward serve once"):
        Store.open_for_reading(store_url)


@pytest.mark.parametrize("statement", range(1, 25, 4))
def test_a_kill_during_the_migration_leaves_no_half_schema(store_url: str, statement: int) -> None:
    code = """
import os, signal, sys
from sqlalchemy import event, Engine
from plugin.store.store import Store
left = int(sys.argv[2])
@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    if statement.lstrip().startswith("CREATE"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
Store.open(sys.argv[1])
"""
    assert run(code, store_url, str(statement)).returncode == -9
    database = Database(store_url)
    with database.read() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
    database.close()
    Store.open(store_url).close()


def test_who_only_read_while_postgresql_was_read_only_leaves_no_session_that_refuses_writes(
    postgresql_url: str,
) -> None:
    with Store.open(postgresql_url) as store:
        with disk.read_only(postgresql_url), store.read() as connection:
            assert meta.beats(connection) == {}
        with store.write() as connection:
            meta.beat(connection, worker="w", now=NOON)


def test_several_processes_may_start_at_once_on_postgresql(postgresql_url: str) -> None:
    code = "import sys; from plugin.store.store import Store; Store.open(sys.argv[1]).close()"
    starts = [subprocess.Popen([sys.executable, "-c", code, postgresql_url]) for _ in range(4)]
    assert [start.wait(timeout=120) for start in starts] == [0, 0, 0, 0]


def test_a_second_process_on_sqlite_is_told_who_holds_the_file_and_what_to_do(sqlite_url: str) -> None:
    with Store.open(sqlite_url):
        code = "import sys; from plugin.store.store import Store; Store.open(sys.argv[1])"
        refused = run(code, sqlite_url)
    assert refused.returncode == 1
    last = refused.stderr.strip().splitlines()[-1]
    assert f"steward.db.lock: process {os.getpid()} works on this SQLite store" in last
    assert "STEWARD_DATABASE_URL" in last


def test_a_killed_process_leaves_the_sqlite_file_free(sqlite_url: str) -> None:
    code = """
import os, signal, sys
from plugin.store.store import Store
store = Store.open(sys.argv[1])
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run(code, sqlite_url).returncode == -9
    Store.open(sqlite_url).close()


def test_a_reader_may_look_beside_the_running_process_and_cannot_write(store_url: str) -> None:
    with Store.open(store_url) as store:
        with store.write() as connection:
            meta.put(connection, "word", "hello")
        with Store.open_for_reading(store_url) as reader:
            with reader.read() as connection:
                assert meta.get(connection, "word") == "hello"
            assert reader.key == store.key
            if reader.database.is_sqlite:
                with pytest.raises(StoreUnavailable, match="readonly"), reader.write() as connection:
                    meta.put(connection, "word", "changed")


def test_a_reader_makes_no_store(sqlite_url: str) -> None:
    with pytest.raises(StoreError, match="does not exist yet; start steward serve once"):
        Store.open_for_reading(sqlite_url)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda path: path.mkdir(), "is a directory", id="directory"),
        pytest.param(lambda path: path.write_text("# notes\n" * 10), "is not a SQLite database", id="text"),
    ],
)
def test_what_is_no_database_is_named(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path / "steward.db")
    with pytest.raises(StoreError, match=said):
        Store.open(f"sqlite:///{tmp_path / 'steward.db'}")


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable, match=r"PostgreSQL database name at 127\.0\.0\.1:1:") as refusal:
        Store.open("postgresql+psycopg://user:hunter2@127.0.0.1:1/name")
    assert "hunter2" not in str(refusal.value)


def test_a_secret_key_given_later_seals_the_key_there_was(store_url: str) -> None:
    with Store.open(store_url) as store:
        key = store.key
    with Store.open(store_url, secret_key=SECRET) as store:
        assert store.key == key
        with store.read() as connection:
            values = connection.exec_driver_sql("SELECT value FROM meta").scalars().all()
    assert key.secret.hex() not in values


@pytest.mark.parametrize(
    ("secret", "said"),
    [(None, "not set, but this store was sealed"), (b"another", "does not open this store")],
    ids=["forgotten", "wrong"],
)
def test_a_sealed_store_opens_with_its_key_only(store_url: str, secret: bytes | None, said: str) -> None:
    Store.open(store_url, secret_key=SECRET).close()
    with pytest.raises(StoreError, match=f"STEWARD_SECRET_KEY: {said}"):
        Store.open(store_url, secret_key=secret)
    Store.open(store_url, secret_key=SECRET).close()


def test_a_refused_start_frees_the_file(sqlite_url: str) -> None:
    Store.open(sqlite_url, secret_key=SECRET).close()
    with pytest.raises(StoreError):
        Store.open(sqlite_url)
    Store.open(sqlite_url, secret_key=SECRET).close()


def test_sqlite_files_are_for_their_owner_alone(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store, store.write() as connection:
        meta.put(connection, "word", "hello")
        assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_sqlite_survives_a_power_cut_by_its_settings(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store, store.write() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert found == ["wal", 2, 1, 1]


def test_a_database_somebody_else_locks_is_unavailable_and_recovers(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store:
        blocker = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'steward.db'}").connect()
        blocker.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="database is locked"), store.write() as connection:
            meta.put(connection, "word", "hello")
        blocker.close()
        blocker.engine.dispose()
        with store.write() as connection:
            meta.put(connection, "word", "hello")


def test_a_lock_somebody_else_holds_again_and_again_is_ours_as_soon_as_it_is_free(sqlite_url: str) -> None:
    """SQLite by itself would look a tenth of a second later each time; the least of five waits is no noise."""
    late = []
    with Store.open(sqlite_url) as store, closing(sqlite3.connect(store.database.file, isolation_level=None)) as other:
        with store.write() as connection:
            meta.put(connection, "somebody", "0")
        for number in range(5):
            other.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(1) as thread:
                written = thread.submit(_writes, store, str(number))
                assert not wait([written], timeout=HELD_SECONDS).done
                other.execute("ROLLBACK")
                free_since = time.monotonic()
                late.append(written.result() - free_since)
    assert min(late) < SOON_SECONDS


def _writes(store: Store, value: str) -> float:
    """When it could begin."""
    with store.write() as connection:
        began = time.monotonic()
        meta.put(connection, "somebody", value)
    return began


def test_a_full_disk_is_unavailable_and_recovers(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        with store.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable, match="full") as refusal, store.write() as connection:
            meta.put(connection, "word", "customer words" * 10_000)
        assert "customer" not in str(refusal.value)
        with store.write() as connection:  # a connection of its own, so the limit is gone with the failed one
            meta.put(connection, "word", "customer words" * 10_000)


def test_an_error_of_the_block_undoes_what_it_wrote(store: Store) -> None:
    def give_up() -> None:
        with store.write() as connection:
            meta.put(connection, "word", "hello")
            raise StewardError("never mind")

    with pytest.raises(StewardError):
        give_up()
    with store.read() as connection:
        assert meta.get(connection, "word") is None


def test_a_block_that_is_handed_over_is_committed_and_answers(store: Store) -> None:
    def block(connection: sqlalchemy.Connection) -> str:
        meta.put(connection, "word", "kept")
        return "done"

    assert store.commit(block) == "done"
    with store.read() as connection:
        assert meta.get(connection, "word") == "kept"


def test_an_error_of_a_block_that_is_handed_over_undoes_what_it_wrote(store: Store) -> None:
    def block(connection: sqlalchemy.Connection) -> None:
        meta.put(connection, "word", "not kept")
        raise KeyError("mistake")

    with pytest.raises(KeyError, match="mistake"):
        store.commit(block)
    with store.read() as connection:
        assert meta.get(connection, "word") is None


def test_a_pause_holds_since_it_began_until_it_ends(store: Store) -> None:
    with store.write() as connection:
        assert meta.paused_since(connection) is None
        meta.pause(connection, now=NOON)
        meta.pause(connection, now=LATER)
        assert meta.paused_since(connection) == NOON
        meta.resume(connection)
        assert meta.paused_since(connection) is None


def test_a_worker_that_ended_in_order_is_not_missed(store: Store) -> None:
    with store.write() as connection:
        meta.beat(connection, worker="a", now=NOON)
        meta.beat(connection, worker="b", now=NOON)
        meta.beat(connection, worker="a", now=LATER)
        meta.stop_beating(connection, worker="b", now=LATER)
        assert meta.beats(connection) == {"a": LATER}


def test_a_rule_is_enforced_since_it_was_switched_on(store: Store) -> None:
    with store.write() as connection:
        assert switches.switch(connection, ["a", "b"], now=NOON) == {"a": NOON, "b": NOON}
        assert switches.switch(connection, ["b", "c"], now=LATER) == {"b": NOON, "c": LATER}
        assert switches.switch(connection, ["a"], now=LATER) == {"a": LATER}
        assert switches.switch(connection, [], now=LATER) == {}


def test_pack_versions_are_kept_and_never_overwritten(store: Store) -> None:
    with store.write() as connection:
        packs.keep(connection, name="p", version="1", text="first", now=NOON)
        packs.keep(connection, name="p", version="1", text="other", now=LATER)
        packs.keep(connection, name="p", version="2", text="second", now=LATER)
        assert [pack.text for pack in packs.versions(connection, "p")] == ["first", "second"]
        found = packs.get(connection, name="p", version="1")
        assert found is not None
        assert found.loaded_at == NOON
        assert packs.get(connection, name="p", version="3") is None


def test_a_chore_keeps_its_cursor(store: Store) -> None:
    with store.write() as connection:
        chores.ensure(connection, "sweep", first_at=NOON)
        assert [row.name for row in chores.due(connection, now=NOON)] == ["sweep"]
        chores.finish(connection, "sweep", cursor={"since": "2026"}, wake_at=LATER)
        chores.ensure(connection, "sweep", first_at=NOON)
        assert chores.get(connection, "sweep") == chores.ChoreRow("sweep", {"since": "2026"}, LATER)
        assert chores.due(connection, now=NOON) == ()
        assert chores.next_wake(connection, now=NOON) == LATER
