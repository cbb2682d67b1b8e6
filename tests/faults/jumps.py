"""Many deadlines while Steward's clock is set to and fro and Steward dies: when each was written, and when due."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import requests
from requests.adapters import BaseAdapter

from plugin.service import Service
from plugin.settings import Settings
from tests.faults import outcome
from tests.faults.zammad import tables
from tests.scenarios.helpdesk import Helpdesk, Ticket

LIMIT = timedelta(hours=24)
SPREAD = timedelta(hours=8)
"""The tickets come in within so long, and so their limits lie in as long a stretch of the next day."""
AFTERWARDS = timedelta(hours=1)
PROMPT = timedelta(minutes=5)
CALM = timedelta(minutes=3)
"""For so long the clocks must agree before deadlines go on."""
A_STEP = timedelta(minutes=1)

JUMPS: tuple[tuple[float, float, timedelta], ...] = (
    # hours into the stretch of limits, for how many hours, how far off
    (0.5, 0.4, timedelta(days=-30)),
    (1.5, 0.5, timedelta(hours=3)),
    (2.7, 0.4, timedelta(days=365 * 12)),
    (3.8, 0.3, timedelta(minutes=4)),
    (4.8, 0.3, timedelta(minutes=-4)),
    (5.8, 0.4, timedelta(days=-365)),
    (6.8, 0.3, timedelta(hours=9)),
)


class Killed(BaseException):
    """The process ends here; nothing may catch this."""


class Deadly(BaseAdapter):
    """Passes calls on to Zammad; at the chosen ones Steward dies: behind their effect or, as ``before`` says, ahead."""

    def __init__(self, within: BaseAdapter, *, before: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._within = within
        self._before = before
        self._deaths: list[int] = []
        self._calls = 0

    def die_at(self, call: int) -> None:
        """Once more, at that call of those behind the last death that is to come."""
        self._deaths.append(max([self._calls, *self._deaths]) + call)

    def send(self, *arguments: Any, **named: Any) -> requests.Response:
        self._calls += 1
        dies = self._calls in self._deaths
        if dies and self._before():
            raise Killed
        answer: requests.Response = self._within.send(*arguments, **named)
        if dies:
            raise Killed
        return answer

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(slots=True)
class Run:
    """What became of the deadlines."""

    deadlines: int = 0
    kills: int = 0
    early: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    late: list[timedelta] = field(default_factory=list)
    """Beyond the limit, or beyond the moment the clocks agreed again where it fell into a jump."""
    wrong: list[int] = field(default_factory=list)
    """Answered in time, and called late all the same."""
    seconds: float = 0.0

    def __str__(self) -> str:
        worst = max(self.late, default=timedelta(0)).total_seconds()
        return (
            f"{self.deadlines} deadlines, {len(JUMPS)} jumps, {self.kills} kills: {len(self.early)} early, "
            f"{len(self.twice)} twice, {len(self.missed)} missed, {len(self.wrong)} wrong, worst {worst:.0f} s late; "
            f"took {self.seconds:.1f} s"
        )


class Jumps:
    """One run on one helpdesk. ``seed`` chooses who answers and where Steward dies."""

    def __init__(
        self,
        helpdesk: Helpdesk,
        *,
        deadlines: int,
        kills: int,
        seed: int,
        on_step: Callable[[float], object] = lambda _: None,
    ) -> None:
        """``on_step`` is told which part of the two days is over, from 0 to 1."""
        self._helpdesk = helpdesk
        self._on_step = on_step
        self._starts_at = helpdesk.now
        self._chance = random.Random(f"jumps {seed}")
        self._deadlines, self._kills = deadlines, kills
        self._off = timedelta(0)
        self._deadly = Deadly(helpdesk.sandbox.adapter(), before=lambda: self._chance.random() < 0.5)
        self._tickets: dict[int, datetime] = {}
        self._answered: set[int] = set()
        self._run = Run(deadlines=deadlines)

    def run(self) -> Run:
        began = time.monotonic()
        self._helpdesk.service.close()
        self._open()
        starts_at = self._helpdesk.now
        self._come_in()
        self._go_on(starts_at + LIMIT - A_STEP, step=timedelta(minutes=30))
        self._jump(starts_at + LIMIT)
        self._judge(starts_at + LIMIT)
        self._run.seconds = time.monotonic() - began
        return self._run

    # -- the story ----------------------------------------------------------------------------------------------------

    def _come_in(self) -> None:
        """Tickets all through a day's work, some of them answered at once."""
        millisecond = timedelta(milliseconds=1)  # of which the sandbox's clock knows no parts
        pause = SPREAD / self._deadlines // millisecond * millisecond
        for _ in range(self._deadlines):
            ticket = self._helpdesk.mails("Where is my order?")
            self._tickets[ticket.id] = self._created_at(ticket)
            if self._chance.random() < 0.1:
                self._answered.add(ticket.id)
                ticket.answered(self._helpdesk.anna)
            self._go_on(self._helpdesk.now + pause, step=pause)

    def _jump(self, first: datetime) -> None:
        acts: list[tuple[datetime, Callable[[], None]]] = [
            (first + timedelta(seconds=self._chance.randrange(int(SPREAD.total_seconds()))), self._die_soon)
            for _ in range(self._kills)
        ]
        for after, lasts, off in JUMPS:
            at = first + timedelta(hours=after)
            acts += [(at, partial(self._set, off)), (at + timedelta(hours=lasts), partial(self._set, timedelta(0)))]
        for at, act in sorted(acts, key=lambda one: one[0]):
            self._go_on(at)
            act()
        self._go_on(first + SPREAD + AFTERWARDS)

    def _die_soon(self) -> None:
        self._deadly.die_at(self._chance.randint(1, 6))

    def _set(self, off: timedelta) -> None:
        self._off = off

    def _go_on(self, until: datetime, *, step: timedelta = A_STEP) -> None:
        """Time passes step by step, and Steward, where it died, is started again."""
        sandbox = self._helpdesk.sandbox
        while self._helpdesk.now < until:
            sandbox.run_until(min(until, self._helpdesk.now + step))
            self._work()
            self._on_step((self._helpdesk.now - self._starts_at) / (LIMIT + SPREAD + AFTERWARDS))

    def _work(self) -> None:
        worker = self._helpdesk.service.worker
        assert worker is not None
        try:
            worker.drain()
        except Killed:
            self._run.kills += 1
            self._helpdesk.service.store.close()
            self._open()
            self._work()

    def _open(self) -> None:
        known = Settings.from_environ(self._helpdesk.environ)
        self._helpdesk.service = Service.open(
            known,
            web=True,
            worker=True,
            clock=lambda: self._helpdesk.now + self._off,
            adapter=self._deadly,
            seconds=lambda: self._helpdesk.now.timestamp(),
        )

    # -- the judgement, by Zammad's own history -----------------------------------------------------------------------

    def _judge(self, first: datetime) -> None:
        marked = self._marked()
        for ticket_id, created_at in self._tickets.items():
            times = marked.get(ticket_id, [])
            if ticket_id in self._answered:
                self._run.wrong += [ticket_id] * bool(times)
                continue
            limit = created_at + LIMIT
            if not times:
                self._run.missed.append(ticket_id)
                continue
            if times[0] < limit:
                self._run.early.append(ticket_id)
            self._run.twice += [f"ticket {ticket_id} was marked {len(times)} times"] * (len(times) > 1)
            self._run.late.append(times[0] - self._may_be_written_from(limit, first))
        self._run.twice += outcome.doubled(tables(self._helpdesk.sandbox))

    def _marked(self) -> Mapping[int, list[datetime]]:
        """When each ticket got the tag that calls it late."""
        found: dict[int, list[datetime]] = {}
        for row in self._helpdesk.sandbox.world.history:
            if row.kind == "added" and row.value_to == "steward:breached":
                found.setdefault(row.ticket_id, []).append(row.created_at)
        return found

    @staticmethod
    def _may_be_written_from(limit: datetime, first: datetime) -> datetime:
        for after, lasts, _ in JUMPS:
            since = first + timedelta(hours=after)
            until = since + timedelta(hours=lasts) + CALM
            if since <= limit <= until:
                return until
        return limit

    @staticmethod
    def _created_at(ticket: Ticket) -> datetime:
        moment: datetime = ticket.row.created_at
        return moment
