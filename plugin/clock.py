"""What time it is: the system's clock, or the sandbox Zammad's where a demo or a test says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

FOLLOW_SECONDS = 0.05
"""How often a followed clock is asked."""
JUMP = timedelta(seconds=2)
"""A followed clock that is off by more than this was set by hand."""


def system() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def running() -> float:
    """Seconds that pass evenly, sleep included, whatever the system's clock is set to."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Reading:
    """A followed clock's answer: its ``now``, and how many of its seconds pass in one of ours."""

    now: datetime
    speed: float = 1.0


class FollowedClock:
    """Another clock, asked twenty times a second in a thread and interpolated in between.

    ``read`` asks it and raises OSError where it cannot; then the last answer is carried on. ``on_jump`` is called when
    it was set by hand, so that sleepers look again.
    """

    def __init__(self, read: Callable[[], Reading], *, on_jump: Callable[[], None] = lambda: None) -> None:
        self._read = read
        self.on_jump = on_jump
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._last, self._asked_at = read(), time.monotonic()
        threading.Thread(target=self._follow, name="steward-clock", daemon=True).start()

    def __call__(self) -> datetime:
        with self._lock:
            passed = time.monotonic() - self._asked_at
            return self._last.now + timedelta(seconds=passed * self._last.speed)

    def stop(self) -> None:
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.wait(FOLLOW_SECONDS):
            expected = self()
            try:
                answer = self._read()
            except OSError:
                continue
            with self._lock:
                self._last, self._asked_at = answer, time.monotonic()
            if abs(answer.now - expected) > JUMP * max(1.0, answer.speed):
                self.on_jump()
