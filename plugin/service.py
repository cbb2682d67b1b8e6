"""One process of Steward: settings, store, Zammad, pack, worker and web, joined, started and stopped."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from types import FrameType, TracebackType
from typing import Any

import structlog
from flask import Flask
from requests.adapters import BaseAdapter

from plugin import clock as clocks
from plugin import commands, packs
from plugin.control import ControlServer, socket_path
from plugin.handlers.sweep import Sweep
from plugin.model.decision import Mode
from plugin.model.errors import PackError
from plugin.model.pack import Pack
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health, Part
from plugin.observability.metrics import Metrics
from plugin.settings import Settings, SettingsError
from plugin.store import cases, switches
from plugin.store import packs as kept_packs
from plugin.store.store import Store
from plugin.visit import Visitor
from plugin.web import health as health_routes
from plugin.web import metrics as metrics_routes
from plugin.web import webhook
from plugin.web.app import create_web
from plugin.web.intake import Intake
from plugin.web.server import WebServer
from plugin.worker import Chore, Worker
from plugin.zammad import sandbox_clock
from plugin.zammad.client import Call
from plugin.zammad.limits import BreakerState
from plugin.zammad.preflight import CHECKED_EVERY, Finding, Severity, preflight, signs
from plugin.zammad.room import Zammad, connect

log = structlog.get_logger(__name__)

PREFLIGHT_EVERY = timedelta(minutes=10)
STOP_SECONDS = 7.0
"""SIGTERM to exit; what is under way ends within it or is taken up by the next process."""


@dataclass(slots=True)
class Service:
    """The parts of one process. Open it with ``Service.open``; as a context manager it closes them."""

    settings: Settings
    store: Store
    zammad: Zammad
    pack: Pack
    clock: clocks.Clock
    health: Health
    metrics: Metrics
    worker: Worker | None
    intake: Intake | None
    app: Flask | None
    control: ControlServer | None = None

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        web: bool,
        worker: bool,
        clock: clocks.Clock | None = None,
        adapter: BaseAdapter | None = None,
        alone: bool = False,
    ) -> Service:
        """Join the parts; nothing runs yet.

        ``clock`` and ``adapter`` stand in for the system's time and real HTTP; ``alone``: for one command,
        where no other process runs. Raises SettingsError,
        PackError and StoreError with one line that says what to do.
        """
        settings.require("zammad_url", "zammad_token", *(["webhook_secret"] if web else []))
        if settings.is_sqlite and web is not worker and not alone:
            raise SettingsError(
                f"STEWARD_DATABASE_URL: found the SQLite file {settings.database}, which one process holds; "
                "use steward serve, or a PostgreSQL URL to run steward web and steward worker apart"
            )
        pack = held_back(_pack(settings), settings.mode)
        health, metrics = Health(), Metrics()
        secret = settings.secret_key.reveal().encode() if settings.secret_key else None
        store = Store.open(settings.database_url.reveal(), secret_key=secret)
        try:
            now = clock or _clock(settings, store)
            ages = monotonic if now is clocks.system else _seconds_of(now)
            zammad = _zammad(settings, metrics, now, adapter, ages=ages)
            _keep_pack(store, pack, packs.text_of(settings.pack), now())
            intake = Intake(store, health=health, metrics=metrics) if web else None
            service = cls(
                settings=settings,
                store=store,
                zammad=zammad,
                pack=pack,
                clock=now,
                health=health,
                metrics=metrics,
                worker=None,
                intake=intake,
                app=None,
            )
            service.worker = service._make_worker() if worker else None
            service.app = service._make_app() if intake is not None else None
        except BaseException:
            store.close()
            raise
        return service

    # -- parts --------------------------------------------------------------------------------------------------------

    def _make_worker(self) -> Worker:
        settings = self.settings
        visitor = Visitor(
            store=self.store,
            zammad=self.zammad,
            pack=self.pack,
            clock=self.clock,
            health=self.health,
            metrics=self.metrics,
            customer_mail=settings.customer_mail,
            unknown_wait=timedelta(seconds=settings.unknown_wait),
            note_brake=settings.note_brake,
        )
        sweep = Sweep(store=self.store, zammad=self.zammad, health=self.health, clock=self.clock)
        every = timedelta(seconds=settings.sweep_interval)
        return Worker(
            self.store,
            visit=visitor.visit,
            clock=self.clock,
            chores=[
                Chore(name="sweep", every=every, run=sweep.run),
                Chore(name="preflight", every=PREFLIGHT_EVERY, run=self._check_again),
            ],
            concurrency=settings.concurrency,
            quiet=timedelta(seconds=settings.quiet_time),
            health=self.health,
            metrics=self.metrics,
        )

    def _make_app(self) -> Flask:
        assert self.intake is not None
        probes: dict[str, health_routes.Probe] = {
            "store": health_routes.store_probe(self.store),
            "worker": health_routes.worker_probe(self.store, clock=self.clock),
            "lag": health_routes.lag_probe(self.store, clock=self.clock),
            "zammad": self._zammad_part,
            "alarms": Alarms(self.metrics, self.health, self.clock).part,
        }
        secrets = [secret.reveal() for secret in self.settings.webhook_secrets]
        return create_web(
            [
                webhook.create_blueprint(intake=self.intake, secrets=secrets, clock=self.clock, metrics=self.metrics),
                health_routes.create_blueprint(health=self.health, probes=probes),
                metrics_routes.create_blueprint(self.metrics),
            ]
        )

    def _zammad_part(self) -> Part:
        state = self.zammad.client.breaker.state
        said = (
            "" if state is BreakerState.CLOSED else f"{self.zammad.client.url} does not answer; it is asked every 15 s"
        )
        return Part(ok=state is BreakerState.CLOSED, said=said, more={"breaker": state.value})

    # -- preflight ----------------------------------------------------------------------------------------------------

    def check(self) -> tuple[Finding, ...]:
        """What is missing on this Zammad; kept for /readyz, never a reason not to go on."""
        found = preflight(self.zammad)
        told = [finding for finding in found if finding.severity is not Severity.INFO]
        self.health.tell("preflight", ok=not told, said="; ".join(map(str, told)))
        return (*found, *_people_missing(self.pack))

    def _check_again(self, cursor: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """Asks while something is missing, when looks show another server than before, and once a day."""
        trusted = "well_at" in cursor and now - datetime.fromisoformat(cursor["well_at"]) < CHECKED_EVERY
        if trusted and cursor["signs"] == signs(self.zammad):
            return cursor
        found = self.check()
        is_well = all(finding.severity is Severity.INFO for finding in found)
        return {"well_at": now.isoformat(), "signs": signs(self.zammad)} if is_well else {}

    # -- life ---------------------------------------------------------------------------------------------------------

    def serve_commands(self) -> None:
        """On SQLite, answer ``steward pause`` and the like from other processes."""
        if self.worker is not None and self.settings.is_sqlite:
            handlers = commands.handlers(self.hands())
            self.control = ControlServer(socket_path(self.store.database.file), handlers)
            self.control.start()

    def hands(self) -> commands.Hands:
        """What commands work with; needs the worker's side of the process."""
        assert self.worker is not None
        return commands.Hands(store=self.store, zammad=self.zammad, worker=self.worker, clock=self.clock)

    def close(self) -> None:
        if self.control is not None:
            self.control.close()
        if self.intake is not None:
            self.intake.close()
        if isinstance(self.clock, clocks.FollowedClock):
            self.clock.stop()
        self.zammad.close()
        self.store.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def held_back(pack: Pack, mode: Mode) -> Pack:
    """``STEWARD_MODE`` caps every rule's own mode."""
    if mode is Mode.ENFORCE:
        return pack
    return replace(pack, rules=tuple(replace(rule, mode=Mode.OBSERVE) for rule in pack.rules))


def _pack(settings: Settings) -> Pack:
    try:
        return packs.load(settings.pack)
    except PackError as error:
        raise PackError(f"STEWARD_PACK: {error}") from error


def _clock(settings: Settings, store: Store) -> clocks.Clock:
    if settings.clock == "system":
        return clocks.system
    assert settings.zammad_url is not None
    try:
        return clocks.FollowedClock(sandbox_clock.reader(settings.zammad_url), on_jump=store.bell.ring)
    except OSError as error:
        raise SettingsError(
            f"STEWARD_CLOCK: found sandbox, but the clock of {settings.zammad_url} cannot be read; "
            "start the sandbox first, or leave STEWARD_CLOCK away"
        ) from error


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
) -> Zammad:
    assert settings.zammad_url is not None
    assert settings.zammad_token is not None

    def count(call: Call) -> None:
        metrics.zammad_calls.labels(call.method, call.route, call.outcome).inc()
        metrics.zammad_seconds.labels(call.method).observe(call.ms / 1000)

    return connect(
        settings.zammad_url,
        token=settings.zammad_token.reveal(),
        timeout=settings.client_timeout,
        ca=settings.zammad_ca,
        proxy=settings.zammad_proxy.reveal() if settings.zammad_proxy else None,
        rate=settings.rate,
        adapter=adapter,
        on_call=count,
        clock=clock,
        ages=ages,
    )


def _keep_pack(store: Store, pack: Pack, text: str, now: datetime) -> None:
    """Keep the version for good, note since when each rule is enforced, look again at cases of another version."""
    enforced = [rule.name for rule in pack.rules if rule.mode is Mode.ENFORCE]
    with store.write() as connection:
        kept_packs.keep(connection, name=pack.name, version=pack.version, text=text, now=now)
        switches.switch(connection, enforced, now=now)
    woken = 1
    while woken:  # some at a time: the receiver waits while we write
        with store.write() as connection:
            woken = cases.wake_outdated(connection, pack_version=pack.version, now=now)


def _people_missing(pack: Pack) -> tuple[Finding, ...]:
    if pack.people.supervisors:
        return ()
    return (
        Finding(
            "supervisors",
            Severity.INFO,
            "the pack names no supervisors: what is late goes to first responder and owner",
            f"pack {pack.name}",
            "name logins under people: supervisors",
        ),
    )


# -- running ----------------------------------------------------------------------------------------------------------


def run_service(service: Service) -> None:
    """Run until SIGTERM or SIGINT: the web in this thread, the worker beside it."""
    for finding in service.check():
        sys.stderr.write(f"steward: {finding}\n")
    service.serve_commands()
    server = _server(service)
    worker_thread = _start_worker(service)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if service.worker is not None:
            service.worker.stop()
        if server is not None:
            server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if server is not None:
        _serve(server, service)
    if service.worker is not None:
        service.worker.stop() if server is not None else None
    if worker_thread is not None:
        _join(worker_thread, service)
    log.info("stopped")


def _server(service: Service) -> WebServer | None:
    if service.app is None:
        return None
    listen = service.settings.listen
    return WebServer(service.app, host=listen.host, port=listen.port)


def _serve(server: WebServer, service: Service) -> None:
    listen = service.settings.listen
    try:
        server.run(on_ready=lambda: _say_ready(service))
    except OSError as error:
        if service.worker is not None:
            service.worker.stop()
        raise SettingsError(
            f"STEWARD_LISTEN: found {listen}, which cannot be listened on ({error.strerror or error}); name a free port"
        ) from error


def _say_ready(service: Service) -> None:
    log.info("listening", address=str(service.settings.listen), mode=service.settings.mode.value)


def _start_worker(service: Service) -> threading.Thread | None:
    if service.worker is None:
        return None
    thread = threading.Thread(target=service.worker.run, name="steward-worker", daemon=True)
    thread.start()
    return thread


def _join(thread: threading.Thread, service: Service) -> None:
    """Wait for the worker; without a web side this is where the process lives."""
    if service.app is not None:
        thread.join(STOP_SECONDS)
        return
    while thread.is_alive():
        thread.join(0.5)
