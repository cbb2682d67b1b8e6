"""Group commit: writers who wait for SQLite's one writing connection share a transaction, and one wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from sqlalchemy import Connection

from plugin.store.errors import TROUBLE, StoreUnavailable

LONGEST_SECONDS = 0.05
"""After so long a transaction takes nobody in any more: whoever came first waits for all who share it."""
MOST_BLOCKS = 32
Begin = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that is on disk when it is left, or, where it is left by an error, not done at all."""
Sorted = Callable[[], AbstractContextManager[None]]
"""Turns what the database raises into ``StoreUnavailable``, and lets pass what is the caller's own mistake."""


class SharedWriter:
    """Hands one writing connection around. Whoever gets it while others wait leaves the commit to the last of them.

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
        self._waiting: deque[threading.Lock] = deque()
        self._open: _Shared | None = None

    @contextmanager
    def write(self, *, at_once: bool = False) -> Iterator[Connection]:
        """One block of a shared transaction, on disk when the block is left, or not done at all.

        ``at_once``: commit behind this block, whoever waits. Raises StoreUnavailable.
        """
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
            self._pass_on(shared, at_once=at_once)
        shared.wait()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def _join(self) -> _Shared:
        """The open transaction, or a new one, when it is our turn."""
        self._take_turn()
        if self._open is None:
            try:
                self._open = _Shared(self._begin, self._errors, until=time.monotonic() + self._longest)
            finally:
                if self._open is None:
                    self._give_turn()
        return self._open

    def _take_turn(self) -> None:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=self._patience):
            return
        with self._mutex:
            if turn not in self._waiting:
                return  # it became ours this very moment
            self._waiting.remove(turn)
        raise StoreUnavailable(
            f"{self._name}: whoever writes waits for {self._patience:g} s already: "
            "another program holds a lock, or the disk hangs"
        )

    def _pass_on(self, shared: _Shared, *, at_once: bool) -> None:
        """Give the open transaction to whoever waits; commit it where nobody does, or it has gone on long enough."""
        with self._mutex:
            if self._waiting and not at_once and shared.takes_more():
                self._waiting.popleft().release()
                return
            self._open = None
        try:
            shared.end()
        finally:
            self._give_turn()

    def _give_turn(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


class _Shared:
    """One transaction and the blocks in it. Only whoever has the turn touches it, but for ``wait``."""

    def __init__(self, begin: Begin, errors: Sorted, *, until: float) -> None:
        self._errors = errors
        self._transaction = ExitStack()
        self._blocks = 0
        self._failure: BaseException | None = None
        self._is_on_disk = False
        self._over = threading.Event()
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
        """Commit what was done, or undo all of it; ``wait`` says which."""
        try:
            self._close()
        except Exception as failure:  # noqa: BLE001 - whatever it is, everybody who shares the commit is told
            self._failure = failure
        finally:
            self._over.set()

    def wait(self) -> None:
        """Until the commit is on disk. Raises StoreUnavailable where it is not, and will not be."""
        if not self._is_on_disk:
            self._over.wait()
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
