"""The parts of Steward joined: ground, receiver, Zammad, pack and worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Any

import structlog
from flask import Flask
from requests.adapters import BaseAdapter

from plugin import clock as clocks
from plugin import commands
from plugin import ground as grounds
from plugin import rollout as rollouts
from plugin.ground import Ground
from plugin.handlers.sweep import Sweep
from plugin.model.decision import Mode
from plugin.model.pack import Pack
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health, Part
from plugin.observability.metrics import Metrics
from plugin.receiver import Receiver
from plugin.rollout import Rollout
from plugin.settings import Settings
from plugin.skew import Skew
from plugin.store.store import Store
from plugin.timekeeper import Timekeeper
from plugin.visit import Means, Visitor
from plugin.web.intake import Intake
from plugin.worker import Chore, Worker
from plugin.zammad import timing
from plugin.zammad.client import Call
from plugin.zammad.limits import BreakerState
from plugin.zammad.naming import naming
from plugin.zammad.preflight import CHECKED_EVERY, Finding, Severity, preflight, signs
from plugin.zammad.reach import reach
from plugin.zammad.room import Zammad, connect

log = structlog.get_logger(__name__)

PREFLIGHT_EVERY = timedelta(minutes=10)


@dataclass(slots=True)
class Service:
    """The parts of one process. Open it whole with ``open``, or ``upon`` what is open; it closes what it opened."""

    settings: Settings
    store: Store
    zammad: Zammad
    rollout: Rollout
    clock: clocks.Clock
    health: Health
    metrics: Metrics
    alarms: Alarms
    worker: Worker | None
    intake: Intake | None
    app: Flask | None
    closing: ExitStack

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        web: bool,
        worker: bool,
        clock: clocks.Clock | None = None,
        adapter: BaseAdapter | None = None,
        seconds: Callable[[], float] | None = None,
        alone: bool = False,
    ) -> Service:
        """Open and join everything; nothing runs yet.

        ``clock``, ``seconds`` (which run on when the clock is set; those of ``clock`` where None) and ``adapter`` stand
        in for the system's time and real HTTP; ``alone``: for one command, where no other process runs. Raises
        SettingsError, PackError and StoreError with one line that says what to do.
        """
        grounds.check(settings, web=web, worker=worker, alone=alone)
        is_first_start = settings.is_sqlite and not settings.sqlite_file.exists()
        pack = rollouts.of_setting(settings) if is_first_start else None  # a mistake in it leaves no store behind
        with ExitStack() as opened:
            ground = opened.enter_context(Ground.open(settings, clock=clock))
            receiver = Receiver.open(ground) if web else None
            if receiver is not None:
                opened.callback(receiver.close)
            service = cls.upon(ground, receiver, pack=pack, worker=worker, adapter=adapter, seconds=seconds)
            opened.push(service.closing)
            service.closing = opened.pop_all()
        return service

    @classmethod
    def upon(
        cls,
        ground: Ground,
        receiver: Receiver | None,
        *,
        pack: Pack | None = None,
        worker: bool,
        adapter: BaseAdapter | None = None,
        seconds: Callable[[], float] | None = None,
    ) -> Service:
        """Join what is open already with Zammad and, where there is to be one, a worker.

        ``pack`` is that of the settings where it was read already. Raises PackError and StoreUnavailable.
        """
        settings, metrics, clock = ground.settings, ground.metrics, ground.clock
        # first, for a store that cannot be written now leaves nothing half joined
        rollout = Rollout.begin(ground.store, settings, now=ground.opened_at, pack=pack)
        ages = seconds or (monotonic if clock is clocks.system else _seconds_of(clock))
        skew = _skew(settings, clock, seconds)
        alarms = Alarms(metrics, ground.health, clock)
        zammad = _zammad(settings, metrics, clock, adapter, ages=ages, skew=skew, on_alarm=alarms.sound)
        service = cls(
            settings=settings,
            store=ground.store,
            zammad=zammad,
            rollout=rollout,
            clock=clock,
            health=ground.health,
            metrics=metrics,
            alarms=alarms,
            worker=None,
            intake=receiver.intake if receiver else None,
            app=receiver.app if receiver else None,
            closing=ExitStack(),
        )
        service.worker = service._make_worker(ages) if worker else None
        if receiver is not None:
            receiver.probes["zammad"] = service._zammad_part
        service.closing.callback(zammad.close)
        return service

    @property
    def pack(self) -> Pack:
        """The pack in force, held back as the settings say."""
        return self.rollout.active

    # -- parts --------------------------------------------------------------------------------------------------------

    def _make_worker(self, ages: Callable[[], float]) -> Worker:
        settings, keeper = self.settings, self._make_timekeeper()
        means = Means(
            store=self.store,
            zammad=self.zammad,
            rollout=self.rollout,
            clock=self.clock,
            metrics=self.metrics,
            alarms=self.alarms,
            customer_mail=settings.customer_mail,
            unknown_wait=timedelta(seconds=settings.unknown_wait),
            note_brake=settings.note_brake,
        )
        sweep = Sweep(
            store=self.store,
            zammad=self.zammad,
            health=self.health,
            clock=self.clock,
            office=lambda: self.pack.office_calendar,
        )
        every = timedelta(seconds=settings.sweep_interval)
        return Worker(
            self.store,
            visit=Visitor(means, keeper.stands_still).visit,
            clock=self.clock,
            chores=[
                Chore(name="sweep", every=every, run=sweep.run),
                Chore(name="preflight", every=PREFLIGHT_EVERY, run=self._check_again),
            ],
            concurrency=settings.concurrency,
            quiet=timedelta(seconds=settings.quiet_time),
            health=self.health,
            metrics=self.metrics,
            timekeeper=keeper,
            ages=ages,
        )

    def _make_timekeeper(self) -> Timekeeper:
        zammad, skew = self.zammad, self.zammad.client.clocks
        meaning = "Our clock less Zammad's, as near as it is known."
        self.metrics.gauge("clock_ahead_seconds", meaning, lambda: skew.seconds_ahead or 0.0)
        return Timekeeper(
            skew,
            partial(timing.ask, zammad.reader, skew, clock=self.clock),
            alarms=self.alarms,
            health=self.health,
        )

    def _zammad_part(self) -> Part:
        client = self.zammad.client
        state, held_for = client.breaker.state, round(client.limiter.held_for)
        said = ""
        if held_for:
            said = f"{client.url} asked to be left alone for another {held_for} s"
        elif state is not BreakerState.CLOSED:
            said = f"{client.url} does not answer; it is asked every 15 s"
        return Part(ok=not said, said=said, more={"breaker": state.value})

    # -- preflight ----------------------------------------------------------------------------------------------------

    def check(self) -> tuple[Finding, ...]:
        """What is missing on this Zammad; kept for /readyz, never a reason not to go on."""
        server = preflight(self.zammad, writes=self.settings.mode is Mode.ENFORCE)
        found = (*server, *self._reach(), *naming(self.zammad.catalogues, self.pack))
        told = [finding for finding in found if finding.severity is not Severity.INFO]
        self.health.tell("preflight", ok=not told, said="; ".join(map(str, told)))
        return (*found, *self._pack_beside(), *self._deaf())

    def _check_again(self, cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """Asks while something is missing, when looks show another server than before, and once a week."""
        trusted = "well_at" in cursor and now - datetime.fromisoformat(cursor["well_at"]) < CHECKED_EVERY
        if trusted and cursor["signs"] == signs(self.zammad):
            return cursor
        found = self.check()
        is_well = all(finding.severity is Severity.INFO for finding in found)
        return {"well_at": now.isoformat(), "signs": signs(self.zammad)} if is_well else {}

    def _reach(self) -> tuple[Finding, ...]:
        """Whether every step of the ladder finds somebody there today."""
        return reach(self.zammad.people, self.pack, day=self.pack.office_calendar.day_of(self.clock()))

    def _pack_beside(self) -> tuple[Finding, ...]:
        """Where the setting names another pack than somebody activated: that setting is not what counts."""
        said = rollouts.beside(self.store, self.settings)
        if not said:
            return ()
        return (Finding("pack", Severity.INFO, said, "STEWARD_PACK", "steward pack activate puts it in force"),)

    def _deaf(self) -> tuple[Finding, ...]:
        """A trial may go without a webhook; who forgot its secret is told."""
        if self.app is None or self.settings.webhook_secrets:
            return ()
        said = f"no webhook can be received: changes are found every {self.settings.sweep_interval:g} s"
        way_out = "set it to the webhook's signature token, unless this is a trial"
        return (Finding("webhook_secret", Severity.INFO, said, "STEWARD_WEBHOOK_SECRET", way_out),)

    # -- life ---------------------------------------------------------------------------------------------------------

    def hands(self) -> commands.Hands:
        """What commands work with; needs the worker's side of the process."""
        assert self.worker is not None
        return commands.Hands(store=self.store, zammad=self.zammad, worker=self.worker, clock=self.clock)

    def close(self) -> None:
        self.closing.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _seconds_of(clock: clocks.Clock) -> Callable[[], float]:
    """What is remembered grows old, and a dead Zammad is asked again, by the clock that stands in."""
    return lambda: clock().timestamp()


def _zammad(
    settings: Settings,
    metrics: Metrics,
    clock: clocks.Clock,
    adapter: BaseAdapter | None,
    *,
    ages: Callable[[], float],
    skew: Skew,
    on_alarm: Callable[[str], None],
) -> Zammad:
    def count(call: Call) -> None:
        metrics.zammad_calls.labels(call.method, call.route, call.outcome).inc()
        metrics.zammad_seconds.labels(call.method).observe(call.ms / 1000)

    return connect(
        **settings.zammad_access(),
        adapter=adapter,
        on_call=count,
        clock=clock,
        ages=ages,
        clocks=skew,
        on_alarm=on_alarm,
    )


def _skew(settings: Settings, clock: clocks.Clock, seconds: Callable[[], float] | None) -> Skew:
    runs = clocks.running if clock is clocks.system else _seconds_of(clock)
    follows = isinstance(clock, clocks.FollowedClock)
    return Skew(clock=clock, seconds=seconds or runs, follows=follows, calm=timedelta(seconds=settings.unknown_wait))
