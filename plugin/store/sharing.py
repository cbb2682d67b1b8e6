"""Group commit: writers who wait for SQLite's one writing connection share a transaction, and one wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from plugin import baton
from plugin.baton import Waiter
from plugin.store.errors import TROUBLE, StoreUnavailable

LONGEST_SECONDS = 0.05
"""After so long a transaction takes nobody in any more: whoever came first waits for all who share it."""
MOST_BLOCKS = 32
LATE_SECONDS = 0.2
"""Who left a transaction open for others, and hears no more of it, ends it."""
Begin = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that is on disk when it is left, or, where it is left by an error, not done at all."""
T = TypeVar("T")
Sorted = Callable[[], AbstractContextManager[None]]
"""Turns what the database raises into ``StoreUnavailable``, and lets pass what is the caller's own mistake."""


class SharedWriter:
    """Hands one writing connection around. Whoever gets it while others wait leaves the commit to the last of them.

    Whoever has it also carries out the blocks that were left to be done (``commit``): no thread need be woken for them.

    A block that fails by a mistake of its own is undone alone; a database that fails undoes them all. Nobody is told
    before the commit he shares is on disk, and where it fails everybody is. What a block found out of a ticket's lock
    holds until then: SQLite's locks lie in the memory of the one process that writes.
    """

    def __init__(
        self, begin: Begin, errors: Sorted, *, name: str, patience: float, longest: float = LONGEST_SECONDS
    ) -> None:
        """``name``: of the database, fit for messages; ``patience``: seconds to wait for one's turn."""
        self._begin = begin
        self._errors = errors
        self._name = name
        self._patience = patience
        self._longest = longest
        self._mutex = threading.Lock()
        self._is_taken = False
        self._waiting: deque[_Turn] = deque()
        self._open: _Shared | None = None

    @contextmanager
    def write(self, *, at_once: bool = False) -> Iterator[Connection]:
        """One block of a shared transaction, on disk when the block is left, or not done at all.

        ``at_once``: commit behind this block, whoever waits. Raises StoreUnavailable.
        """
        self._take_turn(_Turn())
        shared = self._join()
        try:
            shared.begin_block()
            yield shared.connection
            shared.end_block()
        except BaseException as failure:
            shared.fail_block(failure)
            with self._errors():
                raise
        finally:
            over = self._pass_on(shared, at_once=at_once)
        self._wait(over)
        shared.demand()

    def commit(self, block: Callable[[Connection], T]) -> T:
        """Have ``block`` done, by us or by whoever has the connection, and on disk; returns what it returned.

        The caller waits meanwhile. Raises what it raised, and StoreUnavailable.
        """
        turn = _Turn(block)
        if self._take_turn(turn):
            shared = self._join()
            turn.do(shared)
            self._wait(self._pass_on(shared))
        return cast(T, turn.result(self._errors))

    def end_open(self) -> None:
        """Commit what was left open for others, now that nobody is at work."""
        with self._mutex:
            shared = self._open if self.is_left_open else None
            if shared is None:
                return
            self._is_taken = True
        self._end(shared)

    @property
    def is_left_open(self) -> bool:
        """Whether a transaction waits for others, and nobody is at work on it."""
        return self._open is not None and not self._is_taken

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def _join(self) -> _Shared:
        """The open transaction, or a new one; it is our turn."""
        if self._open is None:
            try:
                self._open = _Shared(self._begin, self._errors, until=time.monotonic() + self._longest)
            finally:
                if self._open is None:
                    self._give_turn()
        return self._open

    def _take_turn(self, turn: _Turn) -> bool:
        """Wait until it is ours; False where its block was carried out by somebody else meanwhile."""
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            self._waiting.append(turn)
        if turn.waiter.wait(self._patience):
            return not turn.is_done
        with self._mutex:
            is_late = turn in self._waiting
            if is_late:
                self._waiting.remove(turn)
        if not is_late:
            turn.waiter.wait()  # it came this very moment, or its block is being carried out
            return not turn.is_done
        raise StoreUnavailable(
            f"{self._name}: whoever writes waits for {self._patience:g} s already: "
            "another program holds a lock, or the disk hangs"
        )

    def _pass_on(self, shared: _Shared, *, at_once: bool = False) -> Waiter | None:
        """Give the open transaction to whoever waits; commit it where nobody does, or it has gone on long enough.

        Where another visit is ready to compute, and so may soon have something to write, it is left open for that one.
        Returns what tells when it is over, None when it is.
        """
        while (turn := None if at_once else self._next_for(shared)) is not None:
            if turn.block is None:
                over = shared.awaited()
                turn.waiter.wake()
                return over
            turn.do(shared)
            shared.awaited_by.append(turn.waiter)
        if not at_once and baton.is_wanted() and shared.takes_more():
            over = shared.awaited()
            self._give_turn()
            return over
        with baton.put_down():
            self._end(shared)
        return None

    def _end(self, shared: _Shared) -> None:
        self._open = None
        try:
            shared.end()
        finally:
            self._give_turn()

    def _wait(self, over: Waiter | None) -> None:
        """Until the transaction is over; where nobody ends it, we do."""
        while over is not None and not over.wait(LATE_SECONDS):
            self.end_open()

    def _next_for(self, shared: _Shared) -> _Turn | None:
        with self._mutex:
            return self._waiting.popleft() if self._waiting and shared.takes_more() else None

    def _give_turn(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().waiter.wake()
            else:
                self._is_taken = False


class _Turn:
    """One who waits for the connection, with a block that anybody may carry out, or for one of its own thread."""

    __slots__ = ("_failure", "_found", "_shared", "block", "waiter")

    def __init__(self, block: Callable[[Connection], object] | None = None) -> None:
        self.block = block
        self.waiter = Waiter()
        """Woken when it is its turn, or when its block is done and the commit behind it over."""
        self._shared: _Shared | None = None
        self._found: object = None
        self._failure: BaseException | None = None

    @property
    def is_done(self) -> bool:
        """Whether the block was carried out, well or not."""
        return self._shared is not None

    def do(self, shared: _Shared) -> None:
        """Carry the block out; what it raises is its caller's, and told him when the commit is over."""
        assert self.block is not None
        try:
            shared.begin_block()
            self._found = self.block(shared.connection)
            shared.end_block()
        except BaseException as failure:  # noqa: BLE001 - raised again, where it belongs
            shared.fail_block(failure)
            self._failure = failure
        self._shared = shared

    def result(self, errors: Sorted) -> object:
        """What the block returned, once it is on disk."""
        assert self._shared is not None
        if self._failure is not None:
            with errors():
                raise self._failure
        self._shared.demand()
        return self._found


class _Shared:
    """One transaction and the blocks in it. Only whoever has the turn touches it, but for ``demand``."""

    def __init__(self, begin: Begin, errors: Sorted, *, until: float) -> None:
        self._errors = errors
        self._transaction = ExitStack()
        self._blocks = 0
        self._failure: BaseException | None = None
        self._is_on_disk = False
        self.awaited_by: list[Waiter] = []
        with errors():
            self.connection = self._transaction.enter_context(begin())
        self._driver: Any = self.connection.connection.driver_connection
        self._until = until

    def takes_more(self) -> bool:
        """Whether somebody else's block may follow."""
        is_sound = self._failure is None and self._blocks > 0
        return is_sound and self._blocks < MOST_BLOCKS and time.monotonic() < self._until

    def begin_block(self) -> None:
        """What follows is undone alone where it fails; before the first block there is nothing to go back to."""
        if self._blocks:
            self._driver.execute("SAVEPOINT block")

    def end_block(self) -> None:
        """It went well. Raises StoreUnavailable where the database undid it by itself."""
        if not self._driver.in_transaction:
            raise StoreUnavailable("the database gave the transaction up")
        if self._blocks:
            self._driver.execute("RELEASE block")
        self._blocks += 1

    def fail_block(self, failure: BaseException) -> None:
        """Undo it alone, or remember that nobody knows what is left of the transaction."""
        if isinstance(failure, TROUBLE):
            self._failure = failure
        elif self._blocks:
            self._undo_block()

    def end(self) -> None:
        """Commit what was done, or undo all of it; ``demand`` says which."""
        try:
            self._close()
        except Exception as failure:  # noqa: BLE001 - whatever it is, everybody who shares the commit is told
            self._failure = failure
        finally:
            for waiter in self.awaited_by:
                waiter.wake()

    def awaited(self) -> Waiter:
        """Tells this thread when it is over."""
        waiter = Waiter()
        self.awaited_by.append(waiter)
        return waiter

    def demand(self) -> None:
        """Raise StoreUnavailable where it is over and not on disk."""
        if self._is_on_disk:
            return
        with self._errors():
            raise self._failure or StoreUnavailable("the commit was cut short")

    def _close(self) -> None:
        failure = self._failure or (None if self._blocks else _NothingDone())
        if failure is None:
            self._transaction.close()
            self._is_on_disk = True
        else:
            self._transaction.__exit__(type(failure), failure, failure.__traceback__)

    def _undo_block(self) -> None:
        try:
            self._driver.execute("ROLLBACK TO block")
            self._driver.execute("RELEASE block")
        except sqlite3.Error as failure:
            self._failure = failure


class _NothingDone(Exception):
    """Rolls a transaction back in which no block was left as it should be."""
