"""Zammad's background worker: takes due jobs one by one and sleeps four seconds when there are none."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from plugin.sandbox.answers import UNFORESEEN
from plugin.sandbox.engine import Engine

_LOG = logging.getLogger(__name__)

POLL = timedelta(seconds=4)
"""How long an idle worker sleeps (contract 1.5)."""


class Worker:
    """Works off the queue, either when told (virtual clock, tests) or in threads of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._next_poll: datetime | None = None
        self.count = 1

    def work_off(self) -> int:
        """Runs every job that is due now, in the queue's order; returns how many."""
        done = 0
        while (job := self._engine.jobs.take(self._engine.world.now())) is not None:
            job.run()
            done += 1
        return done

    def run_until(self, moment: datetime) -> None:
        """Moves a standing clock to `moment`, polling on the way as the worker would."""
        clock = self._engine.world.clock
        while self.count and (poll := self._due_poll()) <= moment:
            if poll > clock.now():
                clock.set(poll)
            self.work_off()
            self._next_poll = max(clock.now(), poll) + POLL
        if clock.now() < moment:
            clock.set(moment)

    def _due_poll(self) -> datetime:
        """The next poll that finds work; polls in between find nothing and are skipped."""
        now = self._engine.world.now()
        poll = self._next_poll = self._next_poll or now + POLL
        waiting = self._engine.jobs.next_run_at()
        if waiting is None:
            # nothing to do: keep the rhythm, jump far ahead
            return datetime.max.replace(tzinfo=now.tzinfo)
        if poll < waiting:
            # the rhythm itself stays: a job that comes meanwhile is found by an earlier poll
            poll += POLL * -(-(waiting - poll) // POLL)
        return poll

    def start(self) -> None:
        """Starts `count` worker threads."""
        self._stop.clear()
        for number in range(self.count):
            thread = threading.Thread(target=self._loop, name=f"sandbox-worker-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stops the threads; jobs stay in the queue."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads.clear()

    def _loop(self) -> None:
        speed = max(self._engine.world.clock.speed, 1e-6)
        while not self._stop.is_set():
            try:
                idle = not self.work_off()
            except UNFORESEEN as fault:
                # as Zammad's worker: the job is gone, the next one is taken
                _LOG.warning("a background job broke", exc_info=fault)
                continue
            if idle:
                self._stop.wait(POLL.total_seconds() / speed)
