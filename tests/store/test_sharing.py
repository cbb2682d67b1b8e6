"""Writers of SQLite share commits: a block fails alone, a commit fails for all, nobody is told before it is on disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from plugin import baton as baton_module
from plugin.baton import Baton
from plugin.store import sharing
from plugin.store.database import Database, transaction
from plugin.store.errors import StoreUnavailable
from plugin.store.sharing import MOST_BLOCKS, SharedWriter
from tests.threads import PATIENCE_SECONDS, Threads, until


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
    longest: float = PATIENCE_SECONDS
    hands_over: bool = False
    """Whether its blocks are given to the writer, who may have them carried out by another thread."""
    commits: int = 0
    is_broken: bool = False
    writer: SharedWriter = field(init=False)
    _engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self._engine = engine_of(self.file)
        sorted_errors = Database(f"sqlite:///{self.file}").errors_sorted
        self.writer = SharedWriter(
            self.begin, sorted_errors, name="the desk", patience=PATIENCE_SECONDS, longest=self.longest
        )
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
            def block(connection: Connection) -> None:
                if number == 0:
                    may_end.wait(PATIENCE_SECONDS)
                blocks[number](connection)

            try:
                if self.hands_over:
                    self.writer.commit(block)
                else:
                    with self.writer.write(at_once=number == at_once) as connection:
                        block(connection)
            except Exception as failure:  # noqa: BLE001 - whatever the writer raises is what is looked at
                ended[number] = failure

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(blocks))]
        for number, thread in enumerate(threads):
            thread.start()
            until(partial(self._has_waiting, number))
        may_end.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        return ended

    def _has_waiting(self, number: int) -> bool:
        return self.writer.waiting == number


def says(word: str) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql("INSERT INTO line VALUES (?)", (word,))


def says_and_fails(word: str, failure: Exception) -> Callable[[Connection], object]:
    def block(connection: Connection) -> None:
        says(word)(connection)
        raise failure

    return block


@pytest.fixture(params=[False, True], ids=["blocks done by their own thread", "blocks handed over"])
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    return Desk(tmp_path / "desk.db", hands_over=request.param)


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


def test_one_who_commits_at_once_waits_for_nobody_behind_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
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


@pytest.mark.parametrize("carry", [0, 4, 8], ids=["none with a baton", "half with a baton", "all with a baton"])
def test_many_writers_lose_nothing(desk: Desk, carry: int) -> None:
    baton = Baton(at_rest=desk.writer.end_open)
    found: list[str] = []

    def write(name: int) -> None:
        with baton.carried() if name < carry else nullcontext():
            for number in range(20):
                said = f"{name} {number}"
                if number % 2:
                    found.append(desk.writer.commit(returning(said)))
                else:
                    with desk.writer.write() as connection:
                        found.append(returning(said)(connection))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    print(f"160 blocks by 8 writers in {desk.commits} commits")
    assert desk.lines() == sorted(found)
    assert len(found) == 160
    assert desk.commits <= 160


def returning(word: str) -> Callable[[Connection], str]:
    def block(connection: Connection) -> str:
        says(word)(connection)
        return word

    return block


# -- blocks that are handed over --------------------------------------------------------------------------------------


def test_who_has_the_connection_carries_out_the_blocks_of_those_who_wait(tmp_path: Path) -> None:
    desk, threads = Desk(tmp_path / "desk.db", hands_over=True), set[str]()
    asks = [lambda _: threads.add(threading.current_thread().name)] * 3
    assert desk.one_after_another(*asks) == [None] * 3
    assert len(threads) == 1
    assert desk.commits == 1


def test_what_a_block_returns_is_given_to_its_own_thread(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    assert desk.writer.commit(returning("a")) == "a"
    assert desk.lines() == ["a"]


def visits(desk: Desk) -> Threads:
    return Threads(Baton(at_rest=desk.writer.end_open))


def test_visits_that_are_ready_write_in_the_transaction_of_those_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baton_module, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    desk = Desk(tmp_path / "desk.db")
    threads = visits(desk)
    threads.begin_held(partial(desk.writer.commit, says("a")))
    for word in "bc":
        threads.begin_ready(partial(desk.writer.commit, says(word)))
    threads.end()
    assert desk.lines() == ["a", "b", "c"]
    assert desk.commits == 1


def test_what_was_left_open_is_committed_when_the_one_it_was_left_for_has_nothing_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baton_module, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(sharing, "LATE_SECONDS", PATIENCE_SECONDS)
    desk = Desk(tmp_path / "desk.db")
    threads = visits(desk)
    threads.begin_held(partial(desk.writer.commit, says("a")))
    threads.begin_ready(lambda: None)
    threads.end()
    assert desk.lines() == ["a"]


def test_what_was_left_open_for_one_who_computes_for_ever_is_committed_by_who_left_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "LATE_SECONDS", 0.01)
    desk, is_over = Desk(tmp_path / "desk.db"), threading.Event()
    threads = visits(desk)
    threads.begin_held(partial(desk.writer.commit, says("a")))
    threads.begin_ready(lambda: is_over.wait(PATIENCE_SECONDS))
    threads.let_go()
    until(lambda: desk.lines() == ["a"])
    is_over.set()
    threads.end()


def test_who_has_no_baton_commits_what_others_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LATE_SECONDS", PATIENCE_SECONDS)
    desk, is_over = Desk(tmp_path / "desk.db"), threading.Event()
    threads = visits(desk)
    threads.begin_held(partial(desk.writer.commit, says("a")))
    threads.begin_ready(lambda: is_over.wait(PATIENCE_SECONDS))
    threads.let_go()
    until(lambda: desk.writer.is_left_open)
    with desk.writer.write() as connection:
        says("b")(connection)
    assert desk.lines() == ["a", "b"]
    is_over.set()
    threads.end()
    assert desk.commits == 1
