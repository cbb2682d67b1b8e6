"""The loop: fold the inbox, claim what is due, visit it, and say when it is due again."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from plugin import failpoints
from plugin.baton import Baton
from plugin.model import retry
from plugin.model.errors import StewardError, Unavailable
from plugin.model.work import TIMELY, Claim, Outcome, Verdict, Wake, WakeReason
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health, this_process
from plugin.observability.metrics import Metrics
from plugin.skew import CALM
from plugin.store import claiming, effects, inbox, meta, waking
from plugin.store.database import Connection
from plugin.store.errors import PAUSE_SECONDS
from plugin.store.held import Held
from plugin.store.store import Store
from plugin.timekeeper import Timekeeper
from plugin.worker.attempts import attempt
from plugin.worker.chores import Chore, Chores, Start
from plugin.worker.gate import Counter, Gate
from plugin.zammad.fence import Overtaken, demand
from plugin.zammad.limits import Priority, working_at

__all__ = ["Chore", "Visit", "Worker"]

log = structlog.get_logger(__name__)

Visit = Callable[[Claim], Verdict]
Clock = Callable[[], datetime]

BEAT_SECONDS = 5.0
"""A worker gives a sign of life so often."""
LONGEST_NAP_SECONDS = 2.0
"""An idle worker looks by itself so often, in case nobody rang: another worker may have died."""
STOP_SECONDS = 6.0
"""How long work under way may take to end when the process is told to stop; what remains is taken up by the next."""
SET_BACK = timedelta(minutes=1)
PRIORITIES = {
    WakeReason.OPERATOR: Priority.DEADLINE,  # somebody waits for it
    WakeReason.DEADLINE: Priority.DEADLINE,
    WakeReason.EVENT: Priority.EVENT,
    WakeReason.RETRY: Priority.EVENT,
    WakeReason.SWEEP: Priority.SWEEP,
}
"""Whose calls go first where the rate makes several visits wait (promises 10)."""


class Worker:
    """Works cases of one store. ``run`` it in a thread of its own, or step by step with ``run_once`` and ``drain``.

    ``clock`` decides what is due; it may be set by hand. ``concurrency`` visits go on at a time, never two to one
    ticket. ``longest_nap`` is in seconds of the wall, whatever ``clock`` says; ``ages`` counts the seconds for which a
    Zammad that seems down is left alone.
    """

    def __init__(
        self,
        store: Store,
        *,
        visit: Visit,
        clock: Clock,
        chores: Sequence[Chore] = (),
        concurrency: int = 4,
        quiet: timedelta = timedelta(seconds=1),
        longest_nap: float = LONGEST_NAP_SECONDS,
        health: Health | None = None,
        metrics: Metrics | None = None,
        timekeeper: Timekeeper | None = None,
        ages: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = this_process()
        self._store = store
        self._visit = visit
        self._clock = clock
        self._concurrency = concurrency
        self._quiet = quiet
        self._longest_nap = longest_nap
        self._health = health or Health()
        self._metrics = metrics or Metrics()
        self._alarms = Alarms(self._metrics, self._health, clock)
        # how often in a row; counted here only, for it must not bring a case nearer to being parked
        self._unreadable: dict[int, int] = {}
        self._timekeeper = timekeeper
        self._stopping = threading.Event()
        self._tasks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._under_way = Counter()
        # PostgreSQL is waited for at every statement
        self._carried = Baton(at_rest=store.database.end_open).carried if store.database.is_sqlite else nullcontext
        self._gate = Gate(ages)
        self._last_beat = float("-inf")
        self._clock_was: datetime | None = None
        self._clock_said = ""
        self._chores = Chores(
            store, chores, clock=clock, metrics=self._metrics, alarms=self._alarms, tell_store=self._tell_store
        )

    # -- the loop -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until ``stop``; then end what is under way, within 6 s."""
        _interrupt_nobody()
        for number in range(self._concurrency):
            # daemons: a visit that hangs must not keep the process from ending
            threading.Thread(target=self._serve_tasks, name=f"steward-visit-{number}", daemon=True).start()
        while not self._stopping.is_set():
            with self._carried():
                nap, ended = attempt(self._turn)
            if ended.outcome is not Outcome.DONE:
                self._tell_store(ended.reason)
            self._store.bell.wait(PAUSE_SECONDS if nap is None else nap)
        self._under_way.wait_for_none(STOP_SECONDS)
        self._end()

    def stop(self) -> None:
        """Have ``run`` return soon. Safe to call from a signal handler."""
        self._stopping.set()
        self._store.bell.ring()

    def run_once(self) -> int:
        """Fold the inbox, do the chores and visit the cases that are due now, one after another; returns how many."""
        self._mind_the_clock()
        self._fold()
        done = self._chores.start(self._run_inline, time_is_certain=not self._clock_said)
        claims = self._claim(self._concurrency, self._run_inline)
        for claim in claims:
            self._work(claim)
        return done + len(claims)

    def drain(self) -> int:
        """Work until nothing is due now; returns how many chores and visits that took."""
        total = 0
        while done := self.run_once():
            total += done
        return total

    def look(self, ticket_id: int, *, patience: float = 30.0) -> Verdict:
        """Look at one ticket now, in full, whatever is due; waits up to ``patience`` seconds for another look to end.

        Raises Unavailable when it did not end in that time.
        """
        lock = self._lock_for_look(ticket_id, patience=patience)
        try:
            with self._store.write() as connection:
                case = claiming.for_look(connection, ticket_id, now=self._clock())
                claiming.mark_claimed(connection, [ticket_id])
        except StewardError:
            lock.release()
            raise
        return self._work(Claim(case=case, wake=Wake(at=self._clock(), reason=WakeReason.OPERATOR), lock=lock))

    # -- one turn -----------------------------------------------------------------------------------------------------

    def _turn(self) -> float:
        """Start what is due; returns for how many seconds nothing will be."""
        self._beat()
        self._mind_the_clock()
        self._fold()
        started = self._chores.start(self._submit, time_is_certain=not self._clock_said)
        free = min(self._concurrency - self._under_way.count, self._gate.width(self._concurrency))
        claims = self._claim(free, self._submit) if free > 0 and not self._stopping.is_set() else ()
        for claim in claims:
            self._submit(partial(self._work, claim))
        return 0.0 if started or claims else self._nap()

    def _nap(self) -> float:
        """Seconds until something is due, at most until the next sign of life."""
        if self._under_way.count >= self._concurrency:
            return self._longest_nap  # rung when one ends
        if self._gate.seconds():
            return min(self._gate.seconds(), self._longest_nap)
        now = self._clock()
        with self._store.read() as connection:
            moments = [waking.next_wake(connection, now=now), self._chores.next_wake(connection, now=now)]
        seconds = [(moment - now).total_seconds() for moment in moments if moment is not None]
        return max(0.001, min([*seconds, self._longest_nap]))

    def _mind_the_clock(self) -> None:
        """Where it was set back, what was put off until then would wait for years (at the start: nobody knows)."""
        now = self._clock()
        before, self._clock_was = self._clock_was, now
        if before is not None and now > before - SET_BACK:
            return
        with self._store.write() as connection:
            woken = waking.forget_impossible(connection, now=now)
            self._chores.forget_impossible(connection, now=now)
            effects.forget_impossible(connection, now=now, rest=CALM)
        if before is not None:
            log.warning("clock was set back", seconds=round((before - now).total_seconds()), woken=woken)

    def _fold(self) -> None:
        with self._store.read() as connection:
            if not inbox.has_new(connection):
                return
        folded = inbox.FOLDED_AT_ONCE
        while folded == inbox.FOLDED_AT_ONCE:
            with self._store.write() as connection:
                folded = inbox.fold(connection, quiet=self._quiet, now=self._clock())
                failpoints.hit("folded-before-commit")
            self._metrics.folded.inc(folded)
        failpoints.hit("folded")

    def _claim(self, limit: int, start: Start) -> tuple[Claim, ...]:
        now = self._clock()
        with self._store.read() as connection:
            due = waking.due_reasons(connection, now=now)
        standing_still = self._stands_still(due, start)
        if not due:
            return ()
        claims: list[Claim] = []
        try:
            with self._store.write() as connection:
                here = [key for key in self._store.locks.held_here() if isinstance(key, int)]
                for case, wake in claiming.due(
                    connection, now=now, limit=limit, exclude=here, reasons=due, standing_still=standing_still
                ):
                    lock = self._store.locks.take(case.ticket_id)
                    if lock is not None:
                        claims.append(Claim(case=case, wake=wake, lock=lock))
                failpoints.hit("locked")
                claiming.mark_claimed(connection, [claim.ticket_id for claim in claims])
        except StewardError:
            for claim in claims:
                _release(claim)
            raise
        failpoints.hit("claimed")
        return tuple(claims)

    def _stands_still(self, due: Sequence[WakeReason], start: Start) -> bool:
        """Whether nothing may be done because of time alone: it is not certain what time it is."""
        keeper = self._timekeeper
        if keeper is None:
            return False
        if keeper.takes_up_asking(something_is_due=not TIMELY.isdisjoint(due)):
            start(keeper.ask)
        still = keeper.stands_still()
        if keeper.said != self._clock_said:
            with self._store.write() as connection:  # for web processes, which have no worker's clock to ask
                meta.tell_clock(connection, worker=self.name, said=keeper.said)
            self._clock_said = keeper.said
        return still

    # -- one visit ----------------------------------------------------------------------------------------------------

    def _work(self, claim: Claim) -> Verdict:
        with self._carried():
            return self._worked(claim)

    def _worked(self, claim: Claim) -> Verdict:
        began = time.monotonic()
        delay = max(0.0, (self._clock() - claim.wake.at).total_seconds())
        self._metrics.wake_delay_seconds.labels(claim.wake.reason).observe(delay)
        try:
            with working_at(PRIORITIES[claim.wake.reason]):
                visited, failed = attempt(partial(self._visit, claim))
            verdict = visited or failed
            self._metrics.looks.labels(claim.wake.reason, verdict.outcome).inc()
            self._metrics.look_seconds.observe(time.monotonic() - began)
            if verdict.our_trouble:
                self._gate.close(PAUSE_SECONDS)
            else:
                self._gate.note(verdict)
            self._keep(claim, verdict)
        finally:
            _release(claim)
            self._store.bell.ring()
        return verdict

    def _keep(self, claim: Claim, verdict: Verdict) -> None:
        """Commit the verdict. A store that fails now leaves the case due, as it was claimed."""

        def write(connection: Connection) -> None:
            if verdict.unkept is not None:
                verdict.unkept.write(connection)
            self._commit(connection, claim, verdict)
            # asked while the row is ours: nobody else can claim the case between the question and the commit
            demand(claim.lock.still_held, f"the verdict on ticket {claim.ticket_id} is not kept")
            failpoints.hit("finished-before-commit")

        try:
            self._store.commit(write)
            if verdict.unkept is not None:
                verdict.unkept.kept()
            failpoints.hit("finished")
        except Overtaken:
            log.warning("lock lost", ticket_id=claim.ticket_id)  # another worker has the case by now
            self._keep_alone(verdict)
        except Unavailable as failure:
            self._tell_store(str(failure))
            self._gate.close(PAUSE_SECONDS)

    def _keep_alone(self, verdict: Verdict) -> None:
        """What was done was done, whoever has the case."""
        if verdict.unkept is None:
            return
        try:
            verdict.unkept.keep()
        except Unavailable as failure:
            self._tell_store(str(failure))

    def _commit(self, connection: Connection, claim: Claim, verdict: Verdict) -> None:
        now = self._clock()
        fields = {"ticket_id": claim.ticket_id, "reason": verdict.reason}
        if verdict.outcome is Outcome.DONE:
            unexplained = verdict.settled_unexplained
            claiming.finish(
                connection,
                claim.case,
                next_wake=verdict.next_wake,
                settled_unexplained=unexplained,
                as_of=verdict.as_of,
                now=now,
            )
            inbox.drop_bodies(connection, claim.ticket_id)
            self._unreadable.pop(claim.ticket_id, None)
        elif verdict.outcome is Outcome.UNAVAILABLE:
            until = retry.after_outage(retry_after=verdict.retry_after, now=now)
            claiming.postpone(connection, claim.ticket_id, until=until, reason=verdict.reason, now=now)
            log.info("case postponed", **fields)
        elif verdict.outcome is Outcome.UNREADABLE:
            tries = self._unreadable.get(claim.ticket_id, 0)
            self._unreadable[claim.ticket_id] = tries + 1
            until = retry.after_unreadable(tries_before=tries, now=now)
            claiming.postpone(connection, claim.ticket_id, until=until, reason=verdict.reason, now=now)
            log.warning("ticket unreadable", tries=tries + 1, **fields)
            if tries + 1 >= retry.PASSING_TRIES:
                self._alarms.sound("unreadable", ticket_id=claim.ticket_id)
        else:
            tries, since = claim.case.tries, claim.case.first_failure_at
            decision = retry.after_failure(tries_before=tries, first_failure_at=since, now=now)
            claiming.fail(connection, claim.case, reason=verdict.reason, retry_at=decision.at, now=now)
            self._metrics.parked.inc(decision.parks)
            if decision.parks:
                self._alarms.sound("parked", ticket_id=claim.ticket_id)
            log.error("case parked" if decision.parks else "case failed", tries=tries + 1, **fields)

    def _lock_for_look(self, ticket_id: int, *, patience: float) -> Held:
        ends = time.monotonic() + patience
        while True:
            lock = self._store.locks.take(ticket_id)
            if lock is not None:
                return lock
            if time.monotonic() >= ends:
                raise Unavailable(f"ticket {ticket_id}: a look at it still goes on after {patience:g} s; try again")
            time.sleep(0.05)

    # -- threads and signs of life ------------------------------------------------------------------------------------

    def _submit(self, task: Callable[[], object]) -> None:
        self._under_way.up()
        self._tasks.put(task)

    @staticmethod
    def _run_inline(task: Callable[[], object]) -> None:
        task()

    def _serve_tasks(self) -> None:
        _interrupt_nobody()
        while True:
            _, ended = attempt(self._tasks.get())
            if ended.outcome is not Outcome.DONE:
                log.error("task failed", outcome=str(ended.outcome), reason=ended.reason)
            self._under_way.down()
            self._store.bell.ring()

    def _beat(self) -> None:
        if time.monotonic() - self._last_beat < BEAT_SECONDS:
            return
        with self._store.write() as connection:
            meta.beat(connection, worker=self.name, now=self._clock(), told=self._health.told())
        self._last_beat = time.monotonic()
        self._health.tell("store", ok=True)

    def _end(self) -> None:
        try:
            with self._store.write() as connection:
                meta.stop_beating(connection, worker=self.name, now=self._clock())
        except Unavailable as failure:
            self._tell_store(str(failure))

    def _tell_store(self, cause: str) -> None:
        self._health.tell("store", ok=False, said=cause)
        log.error("store unavailable", cause=cause)


def _interrupt_nobody() -> None:
    """A thread that works on cases waits until whoever computes has to wait, web requests first, where Linux lets it.

    Else it is put before the thread that handed it something to do, and both wait for Python's lock.
    """
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _release(claim: Claim) -> None:
    if isinstance(claim.lock, Held):
        claim.lock.release()
