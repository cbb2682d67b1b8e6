"""The sandbox's clock: the wall clock with an offset and a speed, or a virtual one that stands still until told."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


def to_milliseconds(moment: datetime) -> datetime:
    """The moment cut to whole milliseconds, the resolution Zammad stores."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SandboxClock:
    """Tells the sandbox what time it is.

    `speed` is sandbox seconds per wall second; speed 0 (see `virtual`) is a clock that only moves by
    `advance` and `set`. Times are aware datetimes in UTC.
    """

    def __init__(self, *, speed: float = 1.0, start: datetime | None = None) -> None:
        self._speed = speed
        self._lock = threading.Lock()
        self._wall_anchor = time.monotonic()
        self._anchor = (start or datetime.now(UTC)).astimezone(UTC)

    @classmethod
    def virtual(cls, start: datetime) -> SandboxClock:
        """A clock that stands at `start` until `advance` or `set` moves it."""
        return cls(speed=0.0, start=start)

    @property
    def stands_still(self) -> bool:
        """Whether time moves only when told."""
        return self._speed == 0.0

    @property
    def speed(self) -> float:
        """Sandbox seconds that pass in one wall second."""
        return self._speed

    def now(self) -> datetime:
        """The present moment, in milliseconds."""
        with self._lock:
            return to_milliseconds(self._present())

    def advance(self, delta: timedelta) -> datetime:
        """Moves the clock by `delta` and returns the new moment."""
        with self._lock:
            self._rebase(self._present() + delta)
            return to_milliseconds(self._anchor)

    def set(self, moment: datetime) -> datetime:
        """Sets the clock to `moment` (aware) and returns it."""
        with self._lock:
            self._rebase(moment.astimezone(UTC))
            return to_milliseconds(self._anchor)

    def run(self, *, speed: float = 1.0) -> None:
        """From now on `speed` sandbox seconds pass in a wall second; 0 stands still."""
        with self._lock:
            self._rebase(self._present())
            self._speed = speed

    def _present(self) -> datetime:
        elapsed = (time.monotonic() - self._wall_anchor) * self._speed
        return self._anchor + timedelta(seconds=elapsed)

    def _rebase(self, moment: datetime) -> None:
        self._anchor = moment
        self._wall_anchor = time.monotonic()
