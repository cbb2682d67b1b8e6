"""Writers of SQLite share commits: a block fails alone, a commit fails for all, nobody is told before it is on disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from plugin.store.database import Database, transaction
from plugin.store.errors import StoreUnavailable
from plugin.store.sharing import MOST_BLOCKS, SharedWriter

PATIENCE = 60.0


def engine_of(file: Path) -> Engine:
    """One connection for every thread, whose transactions begin where we say."""
    connect = {"check_same_thread": False, "isolation_level": None}
    engine = create_engine(f"sqlite:///{file}", poolclass=StaticPool, connect_args=connect)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


@dataclass(slots=True)
class Desk:
    """A writer on a file, which counts commits, and fails them where it is told to."""

    file: Path
    longest: float = PATIENCE
    commits: int = 0
    is_broken: bool = False
    writer: SharedWriter = field(init=False)
    _engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self._engine = engine_of(self.file)
        sorted_errors = Database(f"sqlite:///{self.file}").errors_sorted
        self.writer = SharedWriter(self.begin, sorted_errors, name="the desk", patience=PATIENCE, longest=self.longest)
        with self.writer.write() as connection:
            connection.exec_driver_sql("CREATE TABLE line (said TEXT PRIMARY KEY)")
        self.commits = 0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with transaction(self._engine) as connection:
            yield connection
            if self.is_broken:
                raise sqlite3.OperationalError("disk I/O error")
        self.commits += 1

    def lines(self) -> list[str]:
        """What is on disk, as somebody else sees it."""
        with sqlite3.connect(self.file) as connection:
            return [row[0] for row in connection.execute("SELECT said FROM line ORDER BY said")]

    def one_after_another(self, *blocks: Callable[[Connection], object], at_once: int = -1) -> list[Exception | None]:
        """Each block by a thread of its own, in this order, all waiting while the first one is at work; what each got.

        ``at_once``: the number of the block that is committed at once.
        """
        ended: list[Exception | None] = [None] * len(blocks)
        may_end = threading.Event()

        def run(number: int) -> None:
            try:
                with self.writer.write(at_once=number == at_once) as connection:
                    if number == 0:
                        may_end.wait(PATIENCE)
                    blocks[number](connection)
            except Exception as failure:  # noqa: BLE001 - whatever the writer raises is what is looked at
                ended[number] = failure

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(blocks))]
        for number, thread in enumerate(threads):
            thread.start()
            until(partial(self._has_waiting, number))
        may_end.set()
        for thread in threads:
            thread.join(PATIENCE)
        return ended

    def _has_waiting(self, number: int) -> bool:
        return self.writer.waiting == number


def until(reached: Callable[[], bool]) -> None:
    pause, ends = threading.Event(), time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < ends
        pause.wait(0.001)


def says(word: str) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql("INSERT INTO line VALUES (?)", (word,))


def says_and_fails(word: str, failure: Exception) -> Callable[[Connection], object]:
    def block(connection: Connection) -> None:
        says(word)(connection)
        raise failure

    return block


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk.db")


def test_writers_who_wait_share_a_commit(desk: Desk) -> None:
    assert desk.one_after_another(says("one"), says("two"), says("three")) == [None] * 3
    assert desk.lines() == ["one", "three", "two"]
    assert desk.commits == 1


def test_a_writer_alone_commits_for_itself(desk: Desk) -> None:
    for word in ("one", "two"):
        with desk.writer.write() as connection:
            says(word)(connection)
        assert word in desk.lines()
    assert desk.commits == 2


def test_nobody_is_told_before_the_shared_commit(desk: Desk) -> None:
    seen: list[list[str]] = []
    asks = [lambda _: seen.append(desk.lines()), lambda _: seen.append(desk.lines())]
    assert desk.one_after_another(says("one"), *asks) == [None] * 3
    assert seen == [[], []]
    assert desk.lines() == ["one"]


@pytest.mark.parametrize("failing", [0, 1, 2], ids=["the first", "one between", "the last"])
def test_a_block_that_fails_by_itself_leaves_the_work_of_the_others(desk: Desk, failing: int) -> None:
    blocks = [says("a"), says("b"), says("c")]
    blocks[failing] = says_and_fails("x", KeyError("x"))
    ended = desk.one_after_another(*blocks)
    assert [type(one) for one in ended] == [KeyError if number == failing else type(None) for number in range(3)]
    assert desk.lines() == [word for number, word in enumerate("abc") if number != failing]


def test_a_value_the_database_refuses_costs_nobody_else_anything(desk: Desk) -> None:
    ended = desk.one_after_another(says("a"), says("a"), says("b"))
    assert ["UNIQUE" in str(one) for one in ended] == [False, True, False]
    assert desk.lines() == ["a", "b"]


@pytest.mark.parametrize("failing", [0, 1, 2], ids=["the first", "one between", "the last"])
def test_a_database_that_fails_under_one_block_undoes_all_who_share_the_transaction(desk: Desk, failing: int) -> None:
    blocks = [says("a"), says("b"), says("c")]
    blocks[failing] = says_and_fails("x", sqlite3.OperationalError("disk I/O error"))
    ended = desk.one_after_another(*blocks)
    # who comes after it begins anew
    assert [type(one) for one in ended] == [StoreUnavailable] * (failing + 1) + [type(None)] * (2 - failing)
    assert desk.lines() == list("abc"[failing + 1 :])
    assert all("disk I/O error" in str(one) for one in ended[: failing + 1])


def test_a_commit_that_fails_is_said_to_all_who_share_it(desk: Desk) -> None:
    desk.is_broken = True
    ended = desk.one_after_another(says("a"), says("b"), says("c"))
    assert [type(one) for one in ended] == [StoreUnavailable] * 3
    assert len({id(one) for one in ended}) == 3
    assert all("disk I/O error" in str(one) for one in ended)
    desk.is_broken = False
    assert desk.lines() == []
    assert desk.one_after_another(says("a")) == [None]
    assert desk.lines() == ["a"]


def test_a_database_that_gave_the_transaction_up_by_itself_is_noticed(desk: Desk) -> None:
    ended = desk.one_after_another(says("a"), lambda connection: connection.exec_driver_sql("ROLLBACK"))
    assert [type(one) for one in ended] == [StoreUnavailable] * 2
    assert desk.lines() == []


def test_one_who_commits_at_once_waits_for_nobody_behind_it(desk: Desk) -> None:
    seen: list[list[str]] = []
    desk.one_after_another(says("a"), says("b"), lambda _: seen.append(desk.lines()), at_once=1)
    assert seen == [["a", "b"]]
    assert desk.commits == 2


def test_a_transaction_that_has_gone_on_for_long_takes_nobody_in(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db", longest=0.0)
    desk.one_after_another(says("a"), says("b"), says("c"))
    assert desk.commits == 3


def test_a_transaction_takes_so_many_in_and_no_more(desk: Desk) -> None:
    assert desk.one_after_another(*[says(str(number)) for number in range(MOST_BLOCKS + 1)]) == [None] * 33
    assert desk.commits == 2


def test_who_waits_too_long_for_the_turn_is_told_and_holds_up_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    hasty = SharedWriter(desk.begin, Database("sqlite://").errors_sorted, name="the desk", patience=0.01)
    with hasty.write() as connection:
        says("a")(connection)
        with (
            pytest.raises(StoreUnavailable, match=r"the desk: whoever writes waits for 0\.01 s already"),
            hasty.write(),
        ):
            pytest.fail("it was not its turn")
    with hasty.write() as connection:
        says("b")(connection)
    assert desk.lines() == ["a", "b"]


def test_a_kill_between_a_block_and_the_shared_commit_leaves_nothing_and_told_nobody(desk: Desk) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from tests.store import test_sharing
desk = test_sharing.Desk(Path(sys.argv[1]))
told = desk.one_after_another(test_sharing.says("a"), lambda _: os.kill(os.getpid(), {int(signal.SIGKILL)}))
print(told)
"""
    file = desk.file.with_name("killed.db")
    environment = {**os.environ, "PYTHONPATH": "."}
    ended = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert ended.stdout == ""
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM line").fetchone() == (0,)


def test_many_writers_lose_nothing(desk: Desk) -> None:
    def write(name: int) -> None:
        for number in range(20):
            with desk.writer.write() as connection:
                says(f"{name} {number}")(connection)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    print(f"160 blocks by 8 writers in {desk.commits} commits")
    assert len(desk.lines()) == 160
    assert desk.commits <= 160
