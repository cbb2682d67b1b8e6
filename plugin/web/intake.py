"""Group commit: deliveries that wait at the same time share one transaction, and are answered after its fsync."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from queue import Empty, SimpleQueue

import structlog

from plugin import failpoints
from plugin.model.errors import Unavailable
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import inbox, meta
from plugin.store.database import Connection
from plugin.store.inbox import Delivery
from plugin.store.store import Store
from plugin.web.later import PATIENCE_SECONDS, too_late

log = structlog.get_logger(__name__)

LONGEST_QUEUE = 512
"""Deliveries that may wait; more are turned away at once, and the sweep finds what Zammad does not send again."""
BATCH = 128
LONGEST_WAIT_SECONDS = 0.6
"""On a slow disk fewer may wait, and nobody behind a commit that takes as long: nobody should be told after so long
what could have been told at once."""
COMMITS_REMEMBERED = 8
"""The slowest of so many says how long the next may take: a disk is slow by fits and starts."""
GATHER_SECONDS = 0.005
"""A batch waits for as many deliveries as came with the last one as long as a commit takes, and no longer than this: a
commit they share costs each a part of it."""
RING_SECONDS = 0.2
"""A worker is rung for at most so often: it waits until the ticket is quiet anyway, and each ring costs it a turn."""
PROBE_SECONDS = 2.0
"""A store that failed is tried again so often, though nothing arrives."""


class Received(StrEnum):
    """How a delivery was taken in."""

    NEW = "new"
    REPLAY = "replay"
    QUARANTINED = "quarantined"


Then = Callable[[Received | Unavailable], None]
"""What is done once a delivery is on disk, or could not be put there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """One delivery in the queue, and what is to be done with its answer."""

    delivery: Delivery
    since: float
    then: Then


class Intake:
    """Makes deliveries durable, by one thread that commits for everybody. ``close`` it to end that thread."""

    def __init__(
        self,
        store: Store,
        *,
        health: Health,
        metrics: Metrics,
        longest_queue: int = LONGEST_QUEUE,
        longest_wait: float = LONGEST_WAIT_SECONDS,
        opened_at: datetime | None = None,
    ) -> None:
        """``longest_queue`` deliveries wait at most, and are meant to wait no longer than ``longest_wait`` seconds.

        ``opened_at``: since when the process receives; it is on disk before the first delivery, so that one that dies
        before its rules are read leaves no ticket behind that is older than they are.
        """
        self._store = store
        self._health = health
        self._metrics = metrics
        self._longest_queue = longest_queue
        self._longest_wait = longest_wait
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._room = longest_queue
        self._wanted = 1
        self._usual = 1
        self._commit_takes = 0.0
        self._commits_took: deque[float] = deque(maxlen=COMMITS_REMEMBERED)
        self._under_way_since = math.inf
        self._opened_at = opened_at
        self._closed = False
        self._store_failed = False
        self._rung_at = float("-inf")
        self._must_ring = False
        self._thread = threading.Thread(target=self._commit_all, name="steward-intake", daemon=True)
        self._thread.start()

    def submit(self, delivery: Delivery, then: Then) -> None:
        """Have the delivery committed; ``then`` is called by the committing thread, and must not hold it up.

        Raises Unavailable at once where it cannot be taken in: overload, or the end of the process.
        """
        waiting = _Waiting(delivery=delivery, since=time.monotonic(), then=then)
        with self._changed:
            if self._closed or not self._thread.is_alive():
                raise Unavailable("the receiver has ended; restart Steward", retry_after=10)
            if self.is_full():
                raise Unavailable("the receiver is overloaded; deliveries wait for the store already", retry_after=10)
            self._queue.append(waiting)
            if len(self._queue) >= self._wanted:
                self._changed.notify()
        failpoints.hit("received")

    def receive(self, delivery: Delivery) -> Received:
        """Return once the delivery is on disk. Raises Unavailable where it is not: overload, or a store that fails."""
        answers: SimpleQueue[Received | Unavailable] = SimpleQueue()
        self.submit(delivery, answers.put)
        try:
            received = answers.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise too_late() from None
        if isinstance(received, Unavailable):
            raise received
        return received

    def is_full(self) -> bool:
        """Whether one more would be turned away."""
        return len(self._queue) >= self._room or time.monotonic() - self._under_way_since > self._longest_wait

    @property
    def waiting(self) -> int:
        """How many deliveries wait for their commit."""
        return len(self._queue)

    def close(self) -> None:
        """Commit what waits, then end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=PATIENCE_SECONDS)

    def _commit_all(self) -> None:
        with contextlib.suppress(Unavailable):  # then with the first batch
            with self._store.write(at_once=True) as connection:
                self._note_opening(connection)
            self._opened_at = None
        while True:
            batch = self._next_batch()
            if batch:
                self._under_way_since = batch[0].since
                self._commit(batch)
                self._under_way_since = math.inf
            elif self._store_failed and not self._closed:
                self._probe()
            self._ring()
            if not batch and self._closed:
                return

    def _next_batch(self) -> list[_Waiting]:
        """What waits now; empty when the intake was closed, or to try a failed store again."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed, timeout=self._patience())
            if self._queue and self._usual > 1:
                self._gather(min(BATCH, self._usual))
            return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    def _gather(self, number: int) -> None:
        """Wait a moment for so many: who was answered with the last batch may be about to send the next."""
        self._wanted = number
        self._changed.wait_for(lambda: len(self._queue) >= number or self._closed, timeout=self._commit_takes)
        self._wanted = 1

    def _patience(self) -> float | None:
        """Seconds until there is something to do though nothing arrives; None for never."""
        if self._must_ring:
            return max(0.0, self._rung_at + RING_SECONDS - time.monotonic())
        return PROBE_SECONDS if self._store_failed else None

    def _ring(self) -> None:
        now = time.monotonic()
        if self._must_ring and (self._closed or now - self._rung_at >= RING_SECONDS):
            self._must_ring, self._rung_at = False, now
            self._store.bell.ring()
            self._ring_elsewhere()

    def _ring_elsewhere(self) -> None:
        """For workers in other processes, which PostgreSQL can have; where it fails they look by themselves soon."""
        if not self._store.database.is_sqlite:
            with contextlib.suppress(Unavailable), self._store.write() as connection:
                self._store.bell.notify(connection)

    def _commit(self, batch: list[_Waiting]) -> None:
        began = time.monotonic()
        try:
            with self._store.write(at_once=True) as connection:
                self._note_opening(connection)
                deliveries = [waiting.delivery for waiting in batch]
                fresh = inbox.receive(connection, deliveries, store_key=self._store.key)
                failpoints.hit("inbox-inserted-before-commit")
        except Unavailable as failure:
            self._make_room(time.monotonic() - began)
            self._fail(batch, str(failure))
            return
        failpoints.hit("inbox-committed-before-answer")
        self._opened_at = None
        self._must_ring = True
        took = time.monotonic() - began
        self._make_room(took)
        self._commit_takes = min(took, GATHER_SECONDS)
        self._recover()
        self._metrics.commits.inc()
        self._usual = len(batch) + len(self._queue)
        self._answer(batch, fresh)

    def _note_opening(self, connection: Connection) -> None:
        if self._opened_at is not None:
            meta.note_receiving(connection, since=self._opened_at)

    def _make_room(self, seconds: float) -> None:
        """After a commit that took ``seconds``, let so many wait as are answered in time, one batch at least."""
        self._commits_took.append(seconds)
        slowest = max(0.001, *self._commits_took)
        batches = int(self._longest_wait / slowest) - 1  # one is under way when the last of them comes
        self._room = min(self._longest_queue, max(1, batches) * BATCH)

    def _answer(self, batch: list[_Waiting], fresh: frozenset[bytes]) -> None:
        unanswered = set(fresh)
        now = time.monotonic()
        for waiting in batch:
            digest = waiting.delivery.digest
            self._metrics.commit_seconds.observe(now - waiting.since)
            if digest not in unanswered:
                waiting.then(Received.REPLAY)
                continue
            unanswered.discard(digest)
            readable = waiting.delivery.ticket_id is not None
            waiting.then(Received.NEW if readable else Received.QUARANTINED)

    def _fail(self, batch: list[_Waiting], cause: str) -> None:
        if not self._store_failed:
            log.error("store unavailable", cause=cause)
        self._store_failed = True
        self._health.tell("store", ok=False, said=cause)
        for waiting in batch:
            waiting.then(Unavailable(cause, retry_after=10))

    def _probe(self) -> None:
        """See whether a store that failed takes a write again, so that health need not wait for a delivery."""
        try:
            with self._store.write() as connection:
                meta.put(connection, "probe", str(time.time_ns()))
        except Unavailable as failure:
            self._fail([], str(failure))
        else:
            self._recover()

    def _recover(self) -> None:
        if self._store_failed:
            log.info("store available again")
        self._store_failed = False
        self._health.tell("store", ok=True)
