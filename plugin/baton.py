"""One visit computes at a time: Python's threads do no two things at once anyway, and quarrel over whose turn it is."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

PATIENCE_SECONDS = 0.2
"""Where the baton is not handed on for so long, those who are ready go on without: it spares quarrels, and nothing
rests on it."""


class Lock(Protocol):
    """``threading.Lock``, or an ``RLock``."""

    def acquire(self, blocking: bool = ..., timeout: float = ...) -> bool: ...

    def release(self) -> None: ...


class Baton:
    """Whoever computes carries it, and puts it down where he waits; it is handed to who has been ready longest.

    Without it every call of SQLite, which lets other threads run meanwhile, has to be won back from all of them: on two
    cores that is more than a hundred switches a visit, and a third of its time.
    """

    def __init__(self, *, at_rest: Callable[[], object] = lambda: None) -> None:
        """``at_rest`` is called by whoever has put it down while nobody else was ready."""
        self._at_rest = at_rest
        self._mutex = threading.Lock()
        self._is_carried = False
        self._ready: deque[threading.Lock] = deque()
        self._handed = 0

    @contextmanager
    def carried(self) -> Iterator[None]:
        """For a thread's work between its waits."""
        _hand.baton = self
        self.take()
        try:
            yield
        finally:
            self.give()
            _hand.baton = None

    @property
    def ready(self) -> int:
        """How many wait for it."""
        return len(self._ready)

    def take(self) -> None:
        """Wait for it, with patience."""
        bell = _silent_bell()
        with self._mutex:
            self._hand_to(bell)
        while not self._rings(bell):
            pass

    def give(self) -> None:
        """Hand it on, where this thread has it."""
        if not _hand.is_full:
            return
        _hand.is_full = False
        with self._mutex:
            self._is_carried = False
            is_wanted = bool(self._ready)
            if is_wanted:
                self._hand_to(self._ready.popleft())
        if not is_wanted:
            self._at_rest()

    def wake(self, waiter: Waiter) -> None:
        """Its word has come: it is ready, and goes on once the baton is its own."""
        with self._mutex:
            waiter.is_woken = True
            if waiter.is_waiting:
                self._hand_to(waiter.bell)

    def wait(self, waiter: Waiter, seconds: float | None) -> bool:
        """See ``Waiter.wait``."""
        until = None if seconds is None else time.monotonic() + seconds
        self.give()
        with self._mutex:
            waiter.is_waiting = not waiter.is_woken
        if waiter.is_waiting:
            while not self._rings(waiter.bell, until=None if waiter.is_woken else until):
                with self._mutex:
                    waiter.is_waiting = waiter.is_woken or until is None or time.monotonic() < until
                if not waiter.is_waiting:
                    break
            else:
                return True
        self.take()
        return waiter.is_woken

    def _hand_to(self, bell: threading.Lock) -> None:
        """Ring it once the baton is its thread's. Under the mutex."""
        if self._is_carried:
            self._ready.append(bell)
        else:
            self._is_carried = True
            self._handed += 1
            bell.release()

    def _rings(self, bell: threading.Lock, *, until: float | None = None) -> bool:
        """Whether it rang within our patience; True too where it would have, had somebody handed the baton on."""
        handed = self._handed
        left = PATIENCE_SECONDS if until is None else max(0.0, min(PATIENCE_SECONDS, until - time.monotonic()))
        if bell.acquire(timeout=left):
            _hand.is_full = True
            return True
        with self._mutex:
            is_stuck = handed == self._handed and left == PATIENCE_SECONDS and bell in self._ready
            if is_stuck:
                self._ready.remove(bell)
        return is_stuck


class Waiter:
    """Waits for another thread's word, without the baton, and wakes with it: once, and not once for each."""

    __slots__ = ("_baton", "bell", "is_waiting", "is_woken")

    def __init__(self) -> None:
        """Made by the thread that will wait."""
        self._baton = _hand.baton
        self.bell = _silent_bell()
        self.is_waiting = False
        self.is_woken = False

    def wake(self) -> None:
        """The word. Once."""
        if self._baton is None:
            self.bell.release()
        else:
            self._baton.wake(self)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether the word came in time. Not again once it has come."""
        if self._baton is None:
            return self.bell.acquire(timeout=-1 if seconds is None else seconds)
        return self._baton.wait(self, seconds)


class _Hand(threading.local):
    """What this thread carries."""

    baton: Baton | None = None
    is_full = False


_hand = _Hand()


def is_wanted() -> bool:
    """Whether this thread carries one that others are ready for."""
    return _hand.is_full and _hand.baton is not None and _hand.baton.ready > 0


@contextmanager
def put_down() -> Iterator[None]:
    """While this thread waits for a disk or a server. Nothing where it carries none."""
    baton = _hand.baton
    if baton is None:
        yield
        return
    baton.give()
    try:
        yield
    finally:
        baton.take()


@contextmanager
def holding(lock: Lock) -> Iterator[None]:
    """Hold a lock whose holder may be waiting for a disk or a server: who has to wait for it puts the baton down."""
    if not lock.acquire(blocking=False):
        with put_down():
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _silent_bell() -> threading.Lock:
    bell = threading.Lock()
    bell.acquire()
    return bell
