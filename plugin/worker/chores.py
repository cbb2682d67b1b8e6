"""Chores: what is done every so often for all tickets, by one worker at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from plugin import failpoints
from plugin.model import retry
from plugin.model.errors import Unavailable
from plugin.model.work import Outcome
from plugin.observability.alarms import Alarms
from plugin.observability.metrics import Metrics
from plugin.store import chores, inbox
from plugin.store.database import Connection
from plugin.store.held import Held
from plugin.store.store import Store
from plugin.worker.attempts import attempt
from plugin.zammad.fence import Overtaken, demand
from plugin.zammad.limits import Priority, working_at

log = structlog.get_logger(__name__)

Start = Callable[[Callable[[], object]], None]
"""Does a task: at once, or in a thread."""

PURGE = "inbox-purge"
PURGE_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done every so often for all tickets. ``run(cursor, now)`` returns the new cursor (JSON)."""

    name: str
    every: timedelta
    run: Callable[[Mapping[str, Any], datetime], Mapping[str, Any]]


class Chores:
    """Those of one worker, and the one every store needs. ``tell_store`` is called with the cause when it fails."""

    def __init__(
        self,
        store: Store,
        wanted: Sequence[Chore],
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        alarms: Alarms,
        tell_store: Callable[[str], None],
    ) -> None:
        self._store = store
        self._chores = {chore.name: chore for chore in (*wanted, Chore(PURGE, PURGE_EVERY, self._purge))}
        self._clock = clock
        self._metrics = metrics
        self._alarms = alarms
        self._tell_store = tell_store
        self._are_known = False

    def next_wake(self, connection: Connection, *, now: datetime) -> datetime | None:
        """When the next is due, None for never."""
        return chores.next_wake(connection, now=now)

    def forget_impossible(self, connection: Connection, *, now: datetime) -> None:
        """Have those done now that a clock that was wrong put off into a future nobody meant."""
        farthest = max(chore.every for chore in self._chores.values())
        chores.forget_impossible(connection, now=now, farthest=farthest)

    def start(self, start: Start, *, time_is_certain: bool) -> int:
        """Have done what is due; returns how many."""
        if not self._are_known:
            with self._store.write() as connection:
                for name in self._chores:
                    chores.ensure(connection, name, first_at=self._clock())
            self._are_known = True
        with self._store.read() as connection:
            due = [row for row in chores.due(connection, now=self._clock()) if row.name in self._chores]
        if not time_is_certain:
            due = [row for row in due if row.name != PURGE]  # by a wrong clock everything is old
        locked = [(row.name, self._store.locks.take(row.name)) for row in due]
        taken = [(name, lock) for name, lock in locked if lock is not None]
        for name, lock in taken:
            start(partial(self._do, self._chores[name], lock))
        return len(taken)

    def _do(self, chore: Chore, lock: Held) -> None:
        try:
            with self._store.read() as connection:
                row = chores.get(connection, chore.name)
            # somebody else may have done it between our reading and our locking
            if row is not None and row.wake_at <= self._clock():
                self._run(chore, row, lock)
        except Overtaken:
            log.warning("lock lost", chore=chore.name)  # another worker does it by now
        except Unavailable as failure:
            self._tell_store(str(failure))
        finally:
            lock.release()
            self._store.bell.ring()

    def _run(self, chore: Chore, row: chores.ChoreRow, lock: Held) -> None:
        with working_at(Priority.SWEEP):
            cursor, ended = attempt(partial(chore.run, row.cursor, self._clock()))
        self._metrics.chores.labels(chore.name, ended.outcome).inc()
        now = self._clock()
        wake_at = now + chore.every
        if ended.outcome is not Outcome.DONE:
            log.error("chore failed", chore=chore.name, outcome=str(ended.outcome), reason=ended.reason)
            if ended.outcome is not Outcome.UNAVAILABLE:
                self._alarms.sound("chore_failed", chore=chore.name)
        if ended.outcome is Outcome.UNAVAILABLE:
            wake_at = min(wake_at, retry.after_outage(retry_after=ended.retry_after, now=now))
        with self._store.write() as connection:
            kept = row.cursor if cursor is None else cursor
            chores.finish(connection, chore.name, cursor=kept, wake_at=wake_at)
            demand(lock.still_held, f"chore {chore.name} is not kept as done")
            failpoints.hit("chore-done-before-commit")

    def _purge(self, cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        purged = 1
        while purged:
            with self._store.write() as connection:
                purged = inbox.purge(connection, now=now)
        self._store.database.forget_deleted()
        return cursor
