"""The stage: a sandbox Zammad and Steward beside it in one process, speaking real HTTP with each other."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from werkzeug.serving import BaseWSGIServer

from plugin import packs
from plugin.demo.people import People
from plugin.demo.story import BEGINS_AT
from plugin.model.errors import StewardError
from plugin.sandbox import Delivery, Reply, Sandbox, SandboxClock
from plugin.sandbox.deliveries import over_http
from plugin.sandbox.manners import Like
from plugin.sandbox.serve import listen
from plugin.service import Service
from plugin.settings import Settings
from plugin.web.server import WebServer
from plugin.worker import Worker

HOST = "127.0.0.1"
READY_SECONDS = 10.0
STOP_SECONDS = 10.0
SUPERVISOR, MANAGEMENT = "chief", "admin@example.com"


class StageError(StewardError):
    """The demo cannot start: what is in the way, and the way out."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A delivery and what the receiver answered; ``version`` is the ticket's ``updated_at`` in the payload."""

    at: datetime
    ticket_id: int
    delivery_id: str
    attempt: int
    version: str
    status: int | None

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class Ear:
    """Hands deliveries to the receiver over HTTP, and remembers each."""

    clock: SandboxClock
    heard: list[Heard] = field(default_factory=list)

    def __call__(self, delivery: Delivery) -> Reply:
        reply = over_http(delivery)
        version = str(orjson.loads(delivery.body)["ticket"]["updated_at"])
        self.heard.append(
            Heard(
                at=self.clock.now(),
                ticket_id=delivery.ticket_id,
                delivery_id=delivery.delivery_id,
                attempt=delivery.attempt,
                version=version,
                status=reply.status,
            )
        )
        return reply


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that takes part. ``zammad_url`` is also the address of the sandbox's pages."""

    sandbox: Sandbox
    service: Service
    worker: Worker
    people: People
    ear: Ear
    zammad_url: str
    steward_url: str

    def go_live(self) -> None:
        """Let time flow by itself and both work on their own, until the stage is struck."""
        self.sandbox.clock.run(speed=1.0)
        self.sandbox.start()
        threading.Thread(target=self.worker.run, name="steward-worker", daemon=True).start()


@contextmanager
def set_up(*, like: Like, zammad_port: int, steward_port: int) -> Iterator[Stage]:
    """Build the stage on an embedded database in a directory of its own, and strike it afterwards.

    Ports of 0 are free ones. Raises StageError where one cannot be listened on.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="steward-demo-")))
        clock = SandboxClock.virtual(BEGINS_AT)
        sandbox = Sandbox(like=like, clock=clock)
        stack.callback(sandbox.stop)
        zammad_url = f"http://{HOST}:{stack.enter_context(_zammad(sandbox, zammad_port))}"
        port = steward_port or _free_port()
        secret = secrets.token_hex(16)
        settings = _settings(folder, zammad_url=zammad_url, token=sandbox.tokens["steward"], secret=secret, port=port)
        service = stack.enter_context(Service.open(settings, web=True, worker=True, clock=clock.now))
        assert service.worker is not None
        stack.callback(service.worker.stop)
        stack.enter_context(_receiver(service, port))
        ear = Ear(clock)
        sandbox.deliver = ear
        steward_url = f"http://{HOST}:{port}"
        sandbox.connect_steward(f"{steward_url}/zammad/ticket", secret)
        people = People(zammad_url, tokens=sandbox.tokens)
        stack.callback(people.close)
        people.make_macros()
        sandbox.reset_cost()
        yield Stage(sandbox, service, service.worker, people, ear, zammad_url, steward_url)


@contextmanager
def _zammad(sandbox: Sandbox, port: int) -> Iterator[int]:
    try:
        server: BaseWSGIServer = listen(sandbox, host=HOST, port=port)
    except OSError as error:
        raise _taken("--port", port, error) from error
    thread = threading.Thread(target=server.serve_forever, name="sandbox-http", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(STOP_SECONDS)


@contextmanager
def _receiver(service: Service, port: int) -> Iterator[None]:
    assert service.app is not None
    server = WebServer(service.app, host=HOST, port=port)
    ready, failures = threading.Event(), list[OSError]()

    def run() -> None:
        try:
            server.run(on_ready=ready.set)
        except OSError as error:
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="steward-http", daemon=True)
    thread.start()
    if not ready.wait(READY_SECONDS):
        raise StageError(f"--steward-port: nothing listens on {HOST}:{port} after {READY_SECONDS:g} s; start it again")
    if failures:
        raise _taken("--steward-port", port, failures[0])
    try:
        yield
    finally:
        server.stop()
        thread.join(STOP_SECONDS)


def _taken(option: str, port: int, error: OSError) -> StageError:
    said = error.strerror or str(error)
    return StageError(
        f"{option}: found {HOST}:{port}, which cannot be listened on ({said}); name another port, 0 is a free one"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(folder: Path, *, zammad_url: str, token: str, secret: str, port: int) -> Settings:
    """What a person would set, and nothing of this process's own environment."""
    return Settings.from_environ(
        {
            "STEWARD_ZAMMAD_URL": zammad_url,
            "STEWARD_ZAMMAD_TOKEN": token,
            "STEWARD_WEBHOOK_SECRET": secret,
            "STEWARD_DATABASE_URL": f"sqlite:///{folder / 'steward.db'}",
            "STEWARD_PACK": str(_pack(folder)),
            "STEWARD_MODE": "enforce",
            "STEWARD_LISTEN": f"{HOST}:{port}",
            # the bucket refills by the wall, where days are seconds
            "STEWARD_RATE": "1000",
        }
    )


def _pack(folder: Path) -> Path:
    """The shipped pack with the sandbox's people in it, as an administrator would copy and change it."""
    text = packs.text_of("service-standard")
    for key, login in (("supervisors", SUPERVISOR), ("management", MANAGEMENT)):
        before, after = f"  {key}: []\n", f"  {key}: [{login}]\n"
        if before not in text:
            raise StageError(f"pack service-standard: found no line “{before.strip()}” to name the demo's people in")
        text = text.replace(before, after, 1)
    file = folder / "service-standard.yaml"
    file.write_text(text, encoding="utf-8")
    return file
