"""How many visits may go on: fewer while Zammad or our store is in trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from plugin.model import retry
from plugin.model.work import Outcome, Verdict

AN_OUTAGE = 10
"""Two unavailable cases in a row (5 each), or five unreadable ones (2 each), are more than the trouble of one."""


class Gate:
    """Holds claims back while Zammad seems down, so that an outage is not asked about once per case."""

    def __init__(self, ages: Callable[[], float]) -> None:
        self._ages = ages
        self._lock = threading.Lock()
        self._troubles_in_a_row = 0
        self._opens_at = 0.0
        self._store_opens_at = 0.0

    def note(self, verdict: Verdict) -> None:
        """One case that is unavailable may be its own trouble; two in a row, or five unreadable ones, are an outage."""
        weight = {Outcome.UNAVAILABLE: 5, Outcome.UNREADABLE: 2}.get(verdict.outcome)
        with self._lock:
            if weight is None:
                self._troubles_in_a_row = 0
                self._opens_at = 0.0
                return
            self._troubles_in_a_row += weight
            if self._troubles_in_a_row >= AN_OUTAGE:
                doublings = min((self._troubles_in_a_row - AN_OUTAGE) // 5, 10)
                pause = min(2.0**doublings, retry.OUTAGE_PAUSE.total_seconds())
                self._opens_at = self._ages() + pause

    def close(self, seconds: float) -> None:
        """For trouble of our own: by the wall, whatever clock stands in for Zammad's."""
        with self._lock:
            self._store_opens_at = time.monotonic() + seconds

    def seconds(self) -> float:
        """Until it opens, 0 while it is open."""
        with self._lock:
            return max(0.0, self._opens_at - self._ages(), self._store_opens_at - time.monotonic())

    def width(self, concurrency: int) -> int:
        """How many visits may go on: none while closed, one as a probe after an outage."""
        if self.seconds():
            return 0
        return 1 if self._troubles_in_a_row >= AN_OUTAGE else concurrency


class Counter:
    """How many tasks are under way, and a way to wait until none is."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    def up(self) -> None:
        with self._changed:
            self.count += 1

    def down(self) -> None:
        with self._changed:
            self.count -= 1
            self._changed.notify_all()

    def wait_for_none(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.count == 0, timeout=seconds)
