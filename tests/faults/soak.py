"""The crash soak: a script of events, Steward killed at failpoints and Zammad disturbed on the way, all counted."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy

from plugin.model.effects import EffectState
from plugin.model.work import CaseStatus
from plugin.sandbox.worker import POLL
from plugin.store import cases, chores, inbox, waking
from plugin.store.store import Store
from plugin.store.tables import cases as cases_table
from plugin.store.tables import effects as effects_table
from plugin.store.tables import inbox as inbox_table
from tests.faults import outcome, processor
from tests.faults.outcome import Standing
from tests.faults.script import ROUND, Event, Players
from tests.faults.steward import READY_SECONDS, STEWARD, StewardProcess
from tests.faults.zammad import SECRET, ZammadProcess
from tests.oracle.judge import disagreements
from tests.ports import free_port

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""An ordinary working Monday, half past ten in Berlin; rounds begin at half past, so that no limit falls together with
the opening of the office, where a warning held back over night and its breach would be a matter of seconds."""
A_MINUTE = timedelta(minutes=1)
RETRIES = timedelta(minutes=2)
"""What is tried again is waited for in steps of this; between two rounds there is room for very many."""
GRID = timedelta(hours=1)
"""Deadlines between rounds are waited for in steps of this, but never from office hours into the evening."""
OFFICE_CLOSES = timedelta(hours=16)
"""By UTC; 17:00 in Berlin's winter. A note that is due before it is told today, one a moment later tomorrow."""
BEFORE_A_ROUND = timedelta(minutes=10)
"""So long before the events of a round all that is due is done, so that a write may fail and be tried again."""
SWEEP = timedelta(minutes=11)
"""A little more than the time between two sweeps."""
REST_SECONDS = 300.0
"""How long Steward may be busy with one and the same at one moment of Zammad's clock."""
LONGEST_REST_SECONDS = 900.0
"""And with all that is due in one moment."""
NUDGE, NUDGE_SECONDS = timedelta(seconds=5), 0.5
"""After so many seconds in which nobody did anything Zammad's clock goes on by so much: whoever waits for a dead Zammad
to come back counts by it, and would wait forever while it stands still. Who only waits for the processor on a busy
machine does not count: the next event would come late by Zammad's clock, and what is written would say so."""
AFTERWARDS = timedelta(days=2)

TWO_ALREADY = "two unasked notes already"
RECEIVER = frozenset({"received", "inbox-inserted-before-commit", "inbox-committed-before-answer"})
"""Failpoints on the way to an acknowledgement; the others are a worker's."""

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500, "probability": 0.02},
    {"kind": "status", "status": 500, "after": True, "probability": 0.02},
    {"kind": "status", "status": 503, "probability": 0.01},
    {"kind": "status", "status": 422, "method": "PUT", "probability": 0.02},
    {"kind": "bad_gateway", "probability": 0.02},
    {"kind": "bad_gateway", "after": True, "probability": 0.02},
    {"kind": "cut_before", "probability": 0.03},
    {"kind": "cut_after", "probability": 0.03},
    {"kind": "half_body", "probability": 0.03},
    {"kind": "content_type", "probability": 0.01},
    {"kind": "login_page", "probability": 0.01},
    {"kind": "rate_limit", "retry_after": 0, "probability": 0.01},
    {"kind": "late", "method": "PUT", "seconds": 100, "probability": 0.05},
    {"kind": "late", "method": "POST", "path": "ticket", "seconds": 100, "probability": 0.05},
)
"""About every fifth call of Steward's, in every way the sandbox knows but stale answers, which no Zammad gives."""


def _up(moment: datetime | None, *, to: timedelta) -> datetime | None:
    """The first full minute, half hour … that is not before ``moment``; itself where the office closes meanwhile."""
    if moment is None:
        return None
    closes = moment.replace(hour=0, minute=0, second=0, microsecond=0) + OFFICE_CLOSES
    on_grid = moment + (START - moment) % to
    return moment if moment < closes <= on_grid else on_grid


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to go through: kills at ``failpoints``, and after the events counted in ``kills_between``.

    On ``postgresql`` (an empty database) run ``steward web`` and so many ``workers``, on SQLite ``steward serve``.
    """

    seed: int
    rounds: tuple[tuple[Event, ...], ...]
    failpoints: tuple[str, ...] = ()
    kills_between: frozenset[int] = frozenset()
    disturbed: bool = False
    like: str = "6.5"
    postgresql: str = ""
    workers: int = 0
    afterwards: timedelta = AFTERWARDS


@dataclass(slots=True)
class Counts:
    """What a run came to."""

    seconds: float = 0.0
    events: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    steps: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    struck: int = 0
    calls: int = 0
    written: dict[str, int] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    judged: int = 0
    words: dict[str, int] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        share = 100 * self.struck / max(self.calls, 1)
        return (
            f"{self.events} events, {self.acknowledged} acknowledged, {self.unanswered} unanswered, "
            f"{len(self.kills)} kills, {self.struck} of {self.calls} calls disturbed ({share:.0f} %), "
            f"written {self.written}: {len(self.lost)} lost, {len(self.doubled)} doubled, "
            f"{len(self.unsettled)} unsettled, {len(self.denied)} of {sum(self.words.values())} words of the oracle "
            f"about {self.judged} tickets not kept, {self.steps} steps, {self.seconds:.0f} s"
        )


def failpoints(*, seed: int, names: Sequence[str], kills: int, hits: int) -> tuple[str, ...]:
    """``kills`` times ``name:n``, every name as often as the others, n up to ``hits``."""
    chance = random.Random(f"failpoints {seed}")
    chosen: list[str] = []
    while len(chosen) < kills:
        chosen += chance.sample(sorted(names), len(names))
    return tuple(f"{name}:{_hit(chance, name, hits)}" for name in chosen[:kills])


def _hit(chance: random.Random, name: str, hits: int) -> int:
    # a chore is done every ten minutes, the rest with every event
    return chance.randint(1, 2 if name.startswith("chore") else hits)


def run(plan: Plan, directory: Path, *, on_event: Callable[[], object] = lambda: None) -> Counts:
    """Play the script to its end and let everything come to rest. ``on_event`` is called after each event."""
    with opened(plan, directory) as soak:
        return soak.run(on_event)


def settings_for(zammad: ZammadProcess, *, database_url: str, listen: str) -> dict[str, str]:
    """What a Steward is told that writes to ``zammad`` as often as it wants, by its clock."""
    return {
        "zammad_url": zammad.url,
        "zammad_token": zammad.token,
        "webhook_secret": SECRET,
        "database_url": database_url,
        "mode": "enforce",
        "clock": "sandbox",
        "listen": listen,
        "rate": "1000",
        "note_brake": "100000",
        "log": "json",
    }


@contextmanager
def opened(plan: Plan, directory: Path, **settings: str) -> Iterator[Soak]:
    """A sandbox and a Steward, each a process of its own, that know of each other."""
    directory.mkdir(parents=True, exist_ok=True)
    listen = f"127.0.0.1:{free_port()}"
    url = plan.postgresql or f"sqlite:///{directory / 'steward.db'}"
    with ExitStack() as stack:
        zammad = ZammadProcess(like=plan.like, start=START, endpoint=f"http://{listen}/zammad/ticket")
        stack.callback(zammad.close)
        told = settings_for(zammad, database_url=url, listen=listen) | settings
        parts = ("web", *["worker"] * plan.workers) if plan.postgresql else ("serve",)
        processes = tuple(
            StewardProcess(settings=told, log=directory / f"{part}-{number}.log", program=(STEWARD, part))
            for number, part in enumerate(parts)
        )
        for process in processes:
            stack.callback(process.close)
        soak = Soak(plan=plan, zammad=zammad, processes=processes, url=url, left=list(plan.failpoints))
        stack.callback(soak.close)
        yield soak


@dataclass(slots=True)
class Soak:
    """One run under way."""

    plan: Plan
    zammad: ZammadProcess
    processes: tuple[StewardProcess, ...]
    url: str
    left: list[str]
    steps: int = 0
    _played: int = 0
    _starting: bool = False
    _store: Store | None = None

    def run(self, on_event: Callable[[], object] = lambda: None) -> Counts:
        began = time.monotonic()
        self.begin()
        if self.plan.disturbed:
            self.zammad.disturb(list(FAULTS), seed=self.plan.seed)
        players = Players(self.zammad, START)
        for number, events in enumerate(self.plan.rounds):
            self._settle_before(START + number * ROUND)
            for event in events:
                players.play(event)
                self._after_event()
                on_event()
            self._settle()
        self.pass_until(self.zammad.now + self.plan.afterwards)
        self._settle()
        counts = self._count(players)
        counts.seconds = time.monotonic() - began
        return counts

    @property
    def steward(self) -> StewardProcess:
        """The one that hears: all of Steward on SQLite."""
        return self.processes[0]

    def begin(self) -> None:
        """Start Steward, and open its store beside it."""
        for process in self.processes:
            self._start(process)
        self._wait_ready()
        self._store = Store.open_for_reading(self.url)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    # -- Steward's life -----------------------------------------------------------------------------------------------

    def _start(self, process: StewardProcess) -> None:
        """Armed with the next failpoint that lies on its way."""
        fitting = (armed for armed in self.left if self._passes(process, armed))
        armed = next(fitting, "")
        if armed:
            self.left.remove(armed)
        process.start(armed)
        self._starting = self._starting or process is self.steward

    def _passes(self, process: StewardProcess, armed: str) -> bool:
        hears = armed.partition(":")[0] in RECEIVER
        return len(self.processes) == 1 or hears is (process is self.steward)

    def _revive(self, *, within: float = 0.0) -> None:
        """Start again what a failpoint has killed in the last ``within`` seconds."""
        for process in self.processes:
            if process.died(within=within):
                self._start(process)
            within = 0.0

    def _after_event(self) -> None:
        self._played += 1
        if self._played in self.plan.kills_between:
            process = self.processes[self._played % len(self.processes)]
            self.left[:0] = [process.armed] if process.armed else []
            process.kill()
            self._start(process)
        self._revive()
        self._wait_ready()

    def _wait_ready(self) -> None:
        """Zammad tries again while Steward starts, so hardly anything stays unheard."""
        ends = time.monotonic() + READY_SECONDS
        while self._starting and not self.steward.is_ready():
            self._revive(within=0.02)
            assert time.monotonic() < ends, self.steward.tail()
        self._starting = False

    # -- time ---------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Past the next sweep, and on until nothing waits for a retry, nor what came due while it was waited for."""
        is_quiet = False
        while not is_quiet:
            self.pass_until(self.zammad.now + SWEEP)
            is_quiet = True
            while (moment := self._next_retry()) is not None:
                self.pass_until(moment + timedelta(seconds=1))
                is_quiet = False

    def _settle_before(self, start: datetime) -> None:
        """What came due before the round begins is done, and tried again, while nothing has changed yet."""
        self.pass_until(start - BEFORE_A_ROUND)
        while (moment := self._next_retry()) is not None and moment < start:
            self.pass_until(moment + timedelta(seconds=1))
        self.pass_until(start)

    def pass_until(self, end: datetime) -> None:
        """Time goes by until ``end``, with everything that comes due on the way done at about its moment."""
        self._rest()
        while (moment := self._next_moment()) is not None and moment < end:
            self.zammad.set_clock(moment)
            self.steps += 1
            self._rest()
        if self.zammad.now < end:
            self.zammad.set_clock(end)
        self._rest()

    def _rest(self) -> None:
        """Until Steward has nothing to do at this moment."""
        busy, stuck_at, asleep = "", time.monotonic() + REST_SECONDS, 0.0
        ends = time.monotonic() + LONGEST_REST_SECONDS
        while not self._is_idle():
            asleep += self._asleep_for(0.01)
            if asleep > NUDGE_SECONDS and not self._starting:
                asleep, before, busy = 0.0, busy, self._busy_with()
                if busy == before:
                    self.zammad.set_clock(self.zammad.now + NUDGE)
                else:
                    stuck_at = time.monotonic() + REST_SECONDS
            at, log = self.zammad.now, self.processes[-1]
            assert time.monotonic() < min(stuck_at, ends), f"no rest at {at}: {busy}\n{log.tail()}"

    def _asleep_for(self, within: float) -> float:
        """The seconds that passed, unless somebody was at work when they were over; who died is back."""
        began = time.monotonic()
        self._revive(within=within)
        everybody = [self.zammad.pid, *(process.process.pid for process in self.processes)]
        return 0.0 if processor.is_wanted(everybody) else time.monotonic() - began

    def _is_idle(self) -> bool:
        now = self.zammad.now
        if self._starting and not self.steward.is_ready():
            return False
        self._starting = False
        with self.store.read() as connection:
            busy = inbox.has_new(connection) or chores.due(connection, now=now)
            return not busy and waking.oldest_due(connection, now=now) is None

    def _busy_with(self) -> str:
        with self.store.read() as connection:
            due = [row.name for row in chores.due(connection, now=self.zammad.now)]
            oldest = waking.oldest_due(connection, now=self.zammad.now)
            return f"new deliveries {inbox.has_new(connection)}, chores {due}, oldest case {oldest}"

    def _next_moment(self) -> datetime | None:
        """When something happens next: a delivery at its moment, a retry a little later, a deadline on the grid."""
        retry, delivery = self._next_retry(), self._next_delivery()
        with self.store.read() as connection:
            wake = waking.next_wake(connection, now=self.zammad.now)
        soon = wake is not None and wake - self.zammad.now < A_MINUTE
        moments = [
            delivery,
            _up(retry, to=RETRIES),
            _up(wake, to=timedelta(seconds=1) if soon else GRID),
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    def _next_delivery(self) -> datetime | None:
        """Zammad's worker looks for work every four seconds."""
        moment = self.zammad.next_delivery()
        return None if moment is None else max(moment, self.zammad.now) + POLL

    def _next_retry(self) -> datetime | None:
        """The next moment at which an effect or a case is tried again."""
        effects, held = effects_table.c, cases_table.c
        waiting = (EffectState.UNKNOWN, EffectState.REFUSED)
        queries = (
            sqlalchemy.select(sqlalchemy.func.min(effects.retry_not_before)).where(
                effects.state.in_(waiting), effects.retry_not_before > self.zammad.now
            ),
            sqlalchemy.select(sqlalchemy.func.min(held.not_before)).where(held.not_before > self.zammad.now),
        )
        with self.store.read() as connection:
            found = [connection.execute(query).scalar() for query in queries]
        return min((moment for moment in found if moment is not None), default=None)

    # -- counting -----------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    def _count(self, players: Players) -> Counts:
        world = self.zammad.world()
        heard = world["heard"]
        acknowledged = [(digest, ticket) for digest, ticket, status in heard if status == 202]
        cost = self.zammad.control("GET", "cost?login=steward")
        struck = self.zammad.struck()
        standings = outcome.standings(world, players.tickets)
        said = disagreements(world, players.tickets, now=self.zammad.now)
        return Counts(
            events=sum(map(len, self.plan.rounds)),
            acknowledged=len(acknowledged),
            unanswered=len(heard) - len(acknowledged),
            steps=self.steps,
            lost=list(self._lost(acknowledged)),
            doubled=list(outcome.doubled(world)),
            unsettled=list(self._unsettled()),
            kills=[kill for process in self.processes for kill in process.killed_at],
            struck=struck,
            calls=sum(row["calls"] for row in cost["rows"]) + struck,
            written=outcome.count(world),
            standings=standings,
            withheld=self._withheld(players),
            judged=said.judged,
            words=dict(said.words),
            denied=list(said.lines),
        )

    def _lost(self, acknowledged: Sequence[tuple[str, int]]) -> Iterator[str]:
        """Deliveries answered 202 that are not on disk, or whose ticket nobody looked at."""
        with self.store.read() as connection:
            rows = connection.execute(sqlalchemy.select(inbox_table.c.digest, inbox_table.c.state)).all()
            looked = set(
                connection.execute(sqlalchemy.select(cases_table.c.ticket_id).where(cases_table.c.looks > 0)).scalars()
            )
        states = {bytes(row.digest).hex(): row.state for row in rows}
        for digest, ticket in acknowledged:
            if states.get(digest) != inbox.InboxState.FOLDED or ticket not in looked:
                yield f"delivery {digest[:12]} about ticket {ticket}: {states.get(digest, 'not there')}"

    def _withheld(self, players: Players) -> dict[str, int]:
        """By name, the notes that were due and not written because the ticket had its two."""
        effect = effects_table.c
        query = sqlalchemy.select(effect.ticket_id).where(effect.error == TWO_ALREADY)
        with self.store.read() as connection:
            times = Counter(connection.execute(query).scalars())
        return {name: times[known.id] for name, known in players.tickets.items() if times[known.id]}

    def _unsettled(self) -> Iterator[str]:
        waiting = (EffectState.INTENDED, EffectState.UNKNOWN, EffectState.REFUSED)
        with self.store.read() as connection:
            for row in connection.execute(sqlalchemy.select(effects_table).where(effects_table.c.state.in_(waiting))):
                yield f"ticket {row.ticket_id}: {row.kind} of {row.rule} is {row.state}: {row.error}"
            for case in cases.listed(connection, limit=100_000):
                if case.status == CaseStatus.PARKED:
                    yield f"ticket {case.ticket_id} is parked: {case.parked_reason}"
