"""How often Zammad may be asked: a token bucket with priorities, and a circuit breaker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum, StrEnum

from plugin import baton
from plugin.model.errors import Unavailable


class Priority(IntEnum):
    """Who goes first when several wait (promises 10)."""

    SWEEP = 0
    EVENT = 1
    DEADLINE = 2


_priority: ContextVar[Priority] = ContextVar("priority", default=Priority.EVENT)


@contextmanager
def working_at(priority: Priority) -> Iterator[None]:
    """Everything asked of Zammad inside the block, by this thread, has this priority."""
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)


def priority() -> Priority:
    """What this thread works at."""
    return _priority.get()


class Limiter:
    """A token bucket shared by all threads of the process.

    ``rate`` is in calls a second, ``burst`` the calls a rested bucket holds, ``share`` scales the rate down
    while Zammad recovers. ``patience`` is how many seconds one call waits at most; beyond it ``take`` raises
    ``Unavailable``. ``clock`` is monotonic seconds, ``wait`` sleeps that many.
    """

    def __init__(
        self,
        *,
        rate: float,
        burst: float,
        clock: Callable[[], float],
        wait: Callable[[float], None],
        share: Callable[[], float] = lambda: 1.0,
        patience: float = 30.0,
    ) -> None:
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._clock = clock
        self._wait = wait
        self._share = share
        self._patience = patience
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._filled_at = clock()
        self._held_until = clock()
        self._queue: list[tuple[int, int]] = []
        self._arrivals = 0

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn now."""
        with self._lock:
            return len(self._queue)

    @property
    def held_for(self) -> float:
        """Seconds until the pause Zammad asked for ends, 0 without one."""
        with self._lock:
            return max(0.0, self._held_until - self._clock())

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long: Zammad said ``Retry-After``."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def take(self, at: Priority | None = None) -> None:
        """Wait for a token: the highest priority first, then who came first.

        Raises ``Unavailable`` out of patience.
        """
        with self._lock:
            self._arrivals += 1
            turn = (-(priority() if at is None else at), self._arrivals)
            delay = self._delay(turn)
            if delay > 0:
                self._queue.append(turn)
        if delay > 0:
            self._stand_in_line(turn, delay)

    def _stand_in_line(self, turn: tuple[int, int], delay: float) -> None:
        give_up_at = self._clock() + self._patience
        try:
            while delay > 0:
                if self._clock() + delay > give_up_at:
                    raise Unavailable("Zammad is asked as often as it may be; later", retry_after=delay)
                with baton.put_down():
                    self._wait(delay)
                with self._lock:
                    delay = self._delay(turn)
        finally:
            with self._lock:
                if turn in self._queue:
                    self._queue.remove(turn)

    def _delay(self, turn: tuple[int, int]) -> float:
        """Seconds to wait before asking again, 0 when the token was taken. Under the lock."""
        held = self._held_until - self._clock()
        if held > 0:
            return held
        rate = self._refill()
        if self._tokens >= 1.0 and turn <= min(self._queue, default=turn):
            self._tokens -= 1.0
            if turn in self._queue:
                self._queue.remove(turn)
            return 0.0
        # somebody goes first and takes the token that is there: ask again when the next one has dropped
        missing = 1.0 - self._tokens
        return missing / rate if missing > 0 else 1.0 / rate

    def _refill(self) -> float:
        now = self._clock()
        rate = self._rate * max(self._share(), 0.01)
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        return rate


class BreakerState(StrEnum):
    CLOSED = "closed"
    """All calls go through."""
    OPEN = "open"
    """Zammad did not answer several times in a row: one probe at a time finds out whether it is back."""
    RAMP = "ramp"
    """It answers again: the rate rises over a minute."""


class Breaker:
    """Whether Zammad is asked at all (promises 10): a dead one hears at most four calls a minute."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        threshold: int = 5,
        probe_every: float = 15.0,
        ramp: float = 60.0,
    ) -> None:
        self._clock = clock
        self._threshold = threshold
        self._probe_every = probe_every
        self._ramp = ramp
        self._lock = threading.Lock()
        self._state = BreakerState.CLOSED
        self._failures: list[str] = []
        self._next_probe_at = 0.0
        self._ramp_since = 0.0

    @property
    def state(self) -> BreakerState:
        with self._lock:
            self._end_ramp()
            return self._state

    def share(self) -> float:
        """Which part of the rate is allowed now, 0.1 … 1.0."""
        with self._lock:
            self._end_ramp()
            if self._state is not BreakerState.RAMP:
                return 1.0
            return max(0.1, (self._clock() - self._ramp_since) / self._ramp)

    def admit(self) -> None:
        """Raise ``Unavailable`` while open, except for the one probe that is due."""
        with self._lock:
            if self._state is not BreakerState.OPEN:
                return
            now = self._clock()
            if now < self._next_probe_at:
                raise Unavailable(
                    "Zammad did not answer several times in a row; asking again soon",
                    retry_after=self._next_probe_at - now,
                )
            self._next_probe_at = now + self._probe_every

    def succeeded(self) -> None:
        """Zammad answered, a refusal included."""
        with self._lock:
            self._failures.clear()
            if self._state is BreakerState.OPEN:
                self._state = BreakerState.RAMP
                self._ramp_since = self._clock()

    def failed(self, place: str = "") -> None:
        """Zammad did not answer.

        ``place`` names the record it failed on where it said so itself (a 500 of its own): the same broken
        record again and again is no outage, and is counted once.
        """
        with self._lock:
            if not (place and place in self._failures):
                self._failures.append(place)
            if self._state is BreakerState.CLOSED and len(self._failures) < self._threshold:
                return
            self._state = BreakerState.OPEN
            self._next_probe_at = self._clock() + self._probe_every

    def _end_ramp(self) -> None:
        if self._state is BreakerState.RAMP and self._clock() - self._ramp_since >= self._ramp:
            self._state = BreakerState.CLOSED
