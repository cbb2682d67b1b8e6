"""The running sandbox: its world with events, job queue and deliveries, and what a transaction is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plugin.sandbox.clock import SandboxClock
from plugin.sandbox.events import Event, EventBuffer
from plugin.sandbox.jobs import JobQueue
from plugin.sandbox.rows import Row
from plugin.sandbox.world import NOBODY, World

if TYPE_CHECKING:
    from plugin.sandbox.deliveries import Courier
    from plugin.sandbox.notices import NoticeBook


@dataclass(slots=True)
class TriggerRun:
    """The options of a transaction that triggers opened: how deep, and which ran already on which ticket."""

    depth: int = 0
    performed: dict[int, set[int]] = field(default_factory=dict)
    silent: bool = False


class Engine:
    """Everything a request handler, a background job or a check works with."""

    courier: Courier
    notices: NoticeBook

    def __init__(self, *, like: str, clock: SandboxClock) -> None:
        self.world = World(like=like, clock=clock)
        self.events = EventBuffer()
        self.jobs = JobQueue()
        self.raw_mails: dict[int, bytes] = {}
        self.shown_tickets: dict[int, Row] = {}
        self.commit_hooks: list[Callable[[Engine, TriggerRun], None]] = []
        self.state_hooks: list[Callable[[Engine, Row], None]] = []
        self.sla_hook: Callable[[Engine, int], None] = lambda _engine, _ticket_id: None
        self.recount_hook: Callable[[Engine, int, int], None] = lambda _engine, _customer_id, _by: None
        self.worker_knows: frozenset[str] = frozenset()
        self._after_commit: list[int] = []
        self._recounts: list[tuple[int, int]] = []
        self._left_by_worker: list[Event] = []

    def restart_worker(self) -> None:
        """The background worker learns which fields there are (contract 2.2)."""
        self.worker_knows = frozenset(self.world.ticket_fields)

    def touched(self, ticket_id: int) -> None:
        """Notes a saved ticket, whose SLA is reckoned anew once the rows are committed."""
        if ticket_id not in self._after_commit:
            self._after_commit.append(ticket_id)

    def recount(self, customer_id: int, *, by: int) -> None:
        """Notes a customer whose tickets are counted anew after the commit."""
        if (customer_id, by) not in self._recounts:
            self._recounts.append((customer_id, by))

    def take_touched(self) -> list[int]:
        """The tickets saved since the last call."""
        touched, self._after_commit = self._after_commit, []
        return touched

    @contextmanager
    def rows(self) -> Iterator[None]:
        """All rows changed inside are kept together or not at all; events stay in the buffer either way."""
        journal, jobs = self.world.journal.mark(), self.jobs.mark()
        touched, recounts = list(self._after_commit), list(self._recounts)
        try:
            yield
        except BaseException:
            self.world.journal.undo(to=journal)
            self.jobs.cut(jobs)
            self._after_commit, self._recounts = touched, recounts
            raise

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Events of changes made inside wait for the background worker's next commit."""
        others = self.events.take()
        try:
            yield
        finally:
            self._left_by_worker += self.events.take()
            for event in others:
                self.events.add(event)

    def commit_left_by_worker(self) -> None:
        """Commits what background jobs have left, as the worker's next transaction does."""
        left, self._left_by_worker = self._left_by_worker, []
        if left:
            with self.background():
                for event in left:
                    self.events.add(event)

    @contextmanager
    def acting_as(self, user_id: int) -> Iterator[None]:
        """Changes made inside are this user's."""
        before, self.world.actor_id = self.world.actor_id, user_id
        try:
            yield
        finally:
            self.world.actor_id = before

    @contextmanager
    def background(self, user_id: int = NOBODY) -> Iterator[None]:
        """A transaction of its own, as background jobs, mail import and checks open one."""
        with self.world.lock, self.acting_as(user_id):
            with self.rows():
                yield
                self.commit_events()
            self.settle_sla()
            self.commit_events()
            self.world.journal.forget()

    def commit_events(self, run: TriggerRun | None = None) -> None:
        """Hands the buffered events to triggers and notices."""
        for hook in self.commit_hooks:
            hook(self, run or TriggerRun())

    def settle_sla(self) -> None:
        """What Zammad does right after a commit: count customers' tickets, reckon the SLA of the saved ones."""
        self._queue_recounts()
        for ticket_id in self.take_touched():
            self.sla_hook(self, ticket_id)
        self._queue_recounts()

    def _queue_recounts(self) -> None:
        recounts, self._recounts = self._recounts, []
        for customer_id, by in recounts:
            self.recount_hook(self, customer_id, by)
