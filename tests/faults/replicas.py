"""Two workers on one PostgreSQL: one of them dies or is stopped, over and over, and the other takes over."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import random
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import requests

from plugin.failpoints import NAMES
from plugin.store import meta
from tests.faults.postgresql import MODES, OwnPostgresql
from tests.faults.script import ROUND, Event, Players, script
from tests.faults.soak import A_MINUTE, RECEIVER, START, Counts, Plan, Soak, settings_for
from tests.faults.steward import STEWARD, StewardProcess
from tests.faults.zammad import SECRET, ZammadProcess
from tests.ports import free_port

TAKEOVER_SECONDS = 10.0
"""Death to taken over, as the issue states it."""
PATIENCE_SECONDS = 120.0
"""A test gives up here: something hangs."""
NAP_SECONDS = 4.0
"""Shorter than what ends a stopped worker's session, and long enough for a busy machine."""
LOOP = frozenset({"folded-before-commit", "folded", "claimed", "locked", "chore-done-before-commit"})
VISIT = tuple(sorted(NAMES - RECEIVER - LOOP))
"""Where a worker holds a ticket's lock."""
CALLS = ("GET /api/v1/tickets/", "GET /api/v1/ticket_history/", "PUT /api/v1/tickets/", "/api/v1/tags/")
EVENTS_A_FAILOVER = 8
FAILOVERS_A_ROUND = 4
AFTERWARDS = timedelta(hours=2)
BODY_BYTES = 9_000
"""What Zammad sends about an ordinary ticket."""


@dataclass(frozen=True, slots=True)
class Failover:
    """``how``: kill, stop (continued once taken over), sleep (continued after what was intended has been repeated).

    ``at`` names a failpoint, or begins with ``held`` and names calls whose answers Zammad keeps back meanwhile.
    """

    how: str
    at: str

    @property
    def failpoint(self) -> str:
        """What to arm the victim with."""
        if self.held:
            return ""
        return self.at if self.how == "kill" else f"{self.at}:1:stop"

    @property
    def held(self) -> str:
        """Method and path of the calls in whose midst it happens."""
        return self.at.removeprefix("held ") if self.at.startswith("held ") else ""


@dataclass(slots=True)
class Takeovers:
    """What failovers came to: seconds from death until nothing was left undone, by how, and how many held nothing."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    idle: int = 0

    def __str__(self) -> str:
        said = [f"{how} {len(s)}, median {statistics.median(s):.1f} s, max {max(s):.1f} s" for how, s in self.rows()]
        return f"takeovers: {'; '.join(said)}; {self.idle} held nothing"

    def rows(self) -> Iterator[tuple[str, list[float]]]:
        yield from sorted(self.seconds.items())

    @property
    def median(self) -> float:
        return statistics.median([s for _, seconds in self.rows() for s in seconds])

    @property
    def longest(self) -> float:
        return max((max(seconds) for _, seconds in self.rows()), default=0.0)

    def note(self, how: str, seconds: float) -> None:
        self.seconds.setdefault(how, []).append(seconds)


def failovers(*, seed: int, kills: int, stops: int) -> tuple[Failover, ...]:
    """In random order, two of three at failpoints of a visit, each as often as the others."""
    chance = random.Random(f"failovers {seed}")
    hows = ["kill"] * kills + ["stop", "sleep"] * (stops // 2) + ["stop"] * (stops % 2)
    chance.shuffle(hows)
    places: list[str] = []
    while len(places) < len(hows):
        places += chance.sample(VISIT, len(VISIT))
    at = (place if number % 3 else f"held {chance.choice(CALLS)}" for number, place in enumerate(places))
    return tuple(Failover(how, place) for how, place in zip(hows, at, strict=False))


def wait_until(
    is_so: Callable[[], bool],
    what: str,
    *,
    within: float = PATIENCE_SECONDS,
    hopeless: Callable[[], str] = lambda: "",
) -> float:
    """The seconds it took. ``hopeless`` says why it will never be so, and nothing where it may."""
    began, pause = time.monotonic(), threading.Event()
    while not is_so():
        assert not (why := hopeless()), f"{what}: never, for {why}"
        assert time.monotonic() - began < within, f"not within {within:g} s: {what}"
        pause.wait(0.01)
    return time.monotonic() - began


class Worker(StewardProcess):
    """A worker process that may be stopped as well as killed."""

    @property
    def name(self) -> str:
        """As it signs its signs of life."""
        return f"{socket.gethostname()}:{self.process.pid}"

    def is_down(self) -> bool:
        """Whether it has died, or is stopped."""
        wanted = os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, wanted) is not None

    def stop_here(self) -> None:
        """SIGSTOP: it stays, does nothing, and keeps its connections."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(self.is_down, "the process stops")

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


class LatePlayers(Players):
    """What they wanted to do earlier they do now: a failover may have taken Zammad's minutes."""

    def play(self, event: Event) -> None:
        """As it was planned, or at once."""
        super().play(replace(event, at=max(event.at, self.zammad.now - self.start)))


def batched(events: Sequence[Event], count: int) -> Iterator[Sequence[Event]]:
    """So many at a time."""
    return (events[start : start + count] for start in range(0, len(events), count))


@dataclass(slots=True)
class Replicas(Soak):
    """A web process and two workers, of which there is always one that lives."""

    takeovers: Takeovers = field(default_factory=Takeovers)

    @property
    def web(self) -> StewardProcess:
        return self.processes[0]

    @property
    def workers(self) -> tuple[Worker, ...]:
        return tuple(process for process in self.processes if isinstance(process, Worker))

    def begin(self) -> None:
        """All three are at work: none is still on its way up when the first of them falls."""
        Soak.begin(self)
        for worker in self.workers:
            self.wait_for_sign(worker)

    def _ended(self) -> str:
        """Who ended by himself, which nobody should, and his last words."""
        ends = ((process, process.process.poll()) for process in self.processes)
        return "\n".join(
            f"{process.log.name} ended with {end}:\n{process.tail()}"
            for process, end in ends
            if end not in (None, -signal.SIGKILL)
        )

    def play(self, failing: Sequence[Failover], *, on_each: Callable[[], object] = lambda: None) -> Counts:
        """Each failover in the midst of some events, and after each round time to come to rest."""
        began = time.monotonic()
        self.begin()
        players = LatePlayers(self.zammad, START)
        chance = random.Random(f"victims {self.plan.seed}")
        victims = itertools.cycle(self.workers)
        left = list(failing)
        for number, events in enumerate(self.plan.rounds):
            self.pass_until(START + number * ROUND)
            for some in batched(events, EVENTS_A_FAILOVER):
                self._fail_over(left.pop(0), next(victims), players, some, chance=chance)
                on_each()
            self._settle()
        assert not left
        return self.finish(players, began=began)

    def finish(self, players: Players, *, began: float) -> Counts:
        """Everything comes to rest, and is counted."""
        self.pass_until(self.zammad.now + self.plan.afterwards)
        self._settle()
        counts = self._count(players)
        counts.seconds = time.monotonic() - began
        return counts

    # -- failing over -------------------------------------------------------------------------------------------------

    def _fail_over(
        self, failover: Failover, victim: Worker, players: Players, events: Sequence[Event], *, chance: random.Random
    ) -> None:
        self.restart(victim, failover.failpoint)
        struck_at = chance.randrange(1, len(events)) if failover.held else 0
        has_failed = False
        for number, event in enumerate(events):
            if has_failed or number < struck_at:
                players.play(event)
            else:
                has_failed = self._work_alone(failover, victim, players, event)
                if has_failed:
                    self._take_over(failover, victim)
        if not has_failed:
            self.takeovers.idle += 1  # its failpoint lay on nobody's way
        if failover.how == "sleep" and has_failed:
            self.pass_until(self.zammad.now + 5 * A_MINUTE)
            self.wake(victim)
        if failover.how == "kill" or not has_failed:
            self.restart(victim)  # disarmed: it is the one that takes over next time

    def _work_alone(self, failover: Failover, victim: Worker, players: Players, event: Event) -> bool:
        """The event's work is the victim's; whether that was its end."""
        with self.napping(victim):
            if failover.held:
                self.zammad.hold(failover.held)
            players.play(event)
            ends = time.monotonic() + NAP_SECONDS
            while not (self.zammad.held() or victim.is_down() or self._is_idle()) and time.monotonic() < ends:
                threading.Event().wait(0.01)
            if failover.held and self.zammad.held():
                self._strike(failover, victim)
            self.zammad.hold(None)
        return victim.is_down()

    @contextmanager
    def napping(self, victim: Worker) -> Iterator[None]:
        """The other worker naps for a moment, so that what comes is the victim's."""
        (other,) = (worker for worker in self.workers if worker is not victim)
        other.stop_here()
        yield
        other.go_on()

    def _strike(self, failover: Failover, victim: Worker) -> None:
        """In the midst of a call: Zammad has done what was asked, and its answer is on the way."""
        if failover.how == "kill":
            victim.process.kill()
            wait_until(victim.is_down, "the process ends")
        else:
            victim.stop_here()

    def _take_over(self, failover: Failover, victim: Worker) -> None:
        if self._is_idle():
            self.takeovers.idle += 1
        else:
            self.takeovers.note(failover.how, self.wait_idle())
        if failover.how == "stop":
            self.wake(victim)

    def wait_idle(self) -> float:
        """Until nothing is due at this moment; the seconds it took."""
        try:
            return wait_until(self._is_idle, "everything due is done", hopeless=self._ended)
        except AssertionError as error:
            error.add_note(self._busy_with())
            for worker in self.workers:
                error.add_note(f"{worker.log.name}, {'down' if worker.is_down() else 'up'}:\n{worker.tail()}")
            raise

    def wake(self, victim: Worker) -> None:
        """It goes on where it stood, long after its lock fell, and does what it then does."""
        victim.go_on()
        self.wait_for_sign(victim)
        self.wait_idle()

    def restart(self, worker: Worker, failpoint: str = "") -> None:
        """Whatever it does now ends; back once it works, to die or stop at ``failpoint``."""
        if worker.process.poll() is None:
            worker.process.kill()
            worker.process.wait(PATIENCE_SECONDS)
        worker.start(failpoint)
        self.wait_for_sign(worker)

    def wait_for_sign(self, worker: Worker) -> None:
        """Until it gives a sign of life, of a moment after this one."""
        self.zammad.set_clock(self.zammad.now + timedelta(seconds=1))
        wait_until(lambda: self._has_signed(worker), f"{worker.name} works; see {worker.log}")

    def _has_signed(self, worker: Worker) -> bool:
        # a failpoint may have it the moment it starts: then it has worked
        assert worker.process.poll() in (None, -signal.SIGKILL), worker.tail()
        with self.store.read() as connection:
            signed = meta.beats(connection).get(worker.name)
        return worker.is_down() or (signed is not None and signed >= self.zammad.now)

    def _revive(self, *, within: float = 0.0) -> None:
        """Nobody is started again but by a failover."""
        assert not (said := self._ended()), said
        threading.Event().wait(within)

    # -- while Zammad keeps everybody waiting --------------------------------------------------------------------------

    def hold_every_case(self, tickets: int) -> list[int]:
        """So many tickets are looked at, and Zammad keeps every answer back; returns their ids."""
        known = [
            self.zammad.mail(sender="olga@customer.example", subject=f"Matter {n}", text="Where is it?").id
            for n in range(tickets)
        ]
        self.zammad.hold(r"GET /api/v1/tickets/\d+")
        self.zammad.set_clock(self.zammad.now + A_MINUTE)
        wait_until(lambda: len(self.zammad.held()) == tickets, "every case is held", hopeless=self._ended)
        return known

    def acknowledgements(self, tickets: Sequence[int], *, posts: int, connections: int) -> list[float]:
        """Seconds that webhooks about these tickets took to be answered 202, posted on so many connections."""
        url = f"http://{self.web.settings['listen']}/zammad/ticket"
        own = threading.local()

        def post(number: int) -> float:
            if not hasattr(own, "session"):
                own.session = requests.Session()
            ticket = {"id": tickets[number % len(tickets)], "updated_at": f"2026-03-02T10:00:00.{number:06}Z"}
            body = json.dumps({"ticket": {**ticket, "note": "x" * BODY_BYTES}}).encode()
            signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
            began = time.perf_counter()
            answer = own.session.post(
                url, data=body, headers={"X-Hub-Signature": f"sha1={signature}"}, timeout=PATIENCE_SECONDS
            )
            seconds = time.perf_counter() - began
            assert answer.status_code == 202, answer.status_code
            return seconds

        with ThreadPoolExecutor(connections) as threads:
            return sorted(threads.map(post, range(posts)))

    # -- PostgreSQL ---------------------------------------------------------------------------------------------------

    def play_restarting(
        self, server: OwnPostgresql, restarts: int, *, on_each: Callable[[], object] = lambda: None
    ) -> tuple[Counts, list[float]]:
        """The same script while PostgreSQL is restarted; the seconds from its return until all was well again."""
        began = time.monotonic()
        self.begin()
        players = LatePlayers(self.zammad, START)
        chance = random.Random(f"restarts {self.plan.seed}")
        total = sum(map(len, self.plan.rounds))
        after = {place: MODES[n % 2] for n, place in enumerate(sorted(chance.sample(range(total), restarts)))}
        recoveries: list[float] = []
        played = 0
        for number, events in enumerate(self.plan.rounds):
            self.pass_until(START + number * ROUND)
            for event in events:
                players.play(event)
                if played in after:
                    threading.Event().wait(chance.uniform(0.0, 0.08))
                    server.restart(after[played])
                    ready = wait_until(self._is_well, "ready again", hopeless=self._ended)
                    recoveries.append(ready + self.wait_idle())
                    on_each()
                played += 1
            self._settle()
        for process in self.processes:
            assert process.process.poll() is None, process.tail()
        return self.finish(players, began=began), recoveries

    def _is_well(self) -> bool:
        return self.web.is_ready_to_work()


@contextmanager
def replicas(plan: Plan, directory: Path, **settings: str) -> Iterator[Replicas]:
    """A sandbox, a web process and two workers on ``plan.postgresql``, all processes of their own."""
    directory.mkdir(parents=True, exist_ok=True)
    listen = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        zammad = ZammadProcess(like=plan.like, start=START, endpoint=f"http://{listen}/zammad/ticket")
        stack.callback(zammad.close)
        told = settings_for(zammad, database_url=plan.postgresql, listen=listen) | settings
        web = StewardProcess(settings=told, log=directory / "web.log", program=(STEWARD, "web"))
        workers = (
            Worker(settings=told, log=directory / f"worker-{name}.log", program=(STEWARD, "worker")) for name in "ab"
        )
        processes = (web, *workers)
        for process in processes:
            stack.callback(process.close)
        run = Replicas(plan=plan, zammad=zammad, processes=processes, url=plan.postgresql, left=[])
        stack.callback(run.close)
        yield run


def plan_of(*, seed: int, postgresql: str, failovers: int, like: str = "6.5") -> Plan:
    """A script with events for so many failovers, for two workers on that database."""
    a_round = FAILOVERS_A_ROUND * EVENTS_A_FAILOVER
    rounds = script(seed=seed, events=failovers * EVENTS_A_FAILOVER, a_round=a_round)
    return Plan(seed=seed, rounds=rounds, like=like, postgresql=postgresql, workers=2, afterwards=AFTERWARDS)
