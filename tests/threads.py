"""What tests with threads have at hand: to wait for something without a fixed pause, and threads with a baton."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from plugin.baton import Baton

PATIENCE_SECONDS = 60.0
"""Who waits so long waits in vain, however busy the machine is."""


def until(reached: Callable[[], bool]) -> None:
    pause, ends = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < ends, "it did not happen in time"
        pause.wait(0.001)


@dataclass(slots=True)
class Threads:
    """Carry one baton, each for a piece of work; ``order`` is what they did, one after another."""

    baton: Baton = field(default_factory=Baton)
    order: list[str] = field(default_factory=list)
    running: list[threading.Thread] = field(default_factory=list)
    _may_go_on: threading.Event = field(default_factory=threading.Event)

    def begin(self, work: Callable[[], object]) -> None:
        def run() -> None:
            with self.baton.carried():
                work()

        self.running.append(threading.Thread(target=run))
        self.running[-1].start()

    def begin_held(self, work: Callable[[], object] = lambda: None) -> None:
        """One that computes until ``let_go``, and then does its work."""

        def held() -> None:
            self._may_go_on.wait(PATIENCE_SECONDS)
            work()

        self.begin(held)

    def begin_ready(self, work: Callable[[], object]) -> None:
        """Behind one who computes: returns when it waits for the baton."""
        before = self.baton.ready
        self.begin(work)
        until(lambda: self.baton.ready == before + 1)

    def let_go(self) -> None:
        self._may_go_on.set()

    def end(self) -> None:
        self.let_go()
        for thread in self.running:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
