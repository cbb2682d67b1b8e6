"""A receiver on a real port, and requests written byte by byte."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import inbox
from plugin.store.store import Store
from plugin.web import health as health_routes
from plugin.web import webhook
from plugin.web.app import create_web
from plugin.web.intake import Intake
from plugin.web.later import PATIENCE_SECONDS
from plugin.web.server import WebServer
from tests.ports import free_port

SECRET = "secret"
BODY = b'{"ticket":{"id":7,"updated_at":"2026-11-20T11:59:58.123Z","title":"K\xc3\xbche"},"article":{}}'
SECONDS = 60.0
"""How long a client of these tests waits for a word."""


@dataclass(frozen=True, slots=True)
class Door:
    """The receiver, its store and where it listens."""

    address: tuple[str, int]
    store: Store
    intake: Intake
    metrics: Metrics

    def counted(self, result: str) -> float:
        """How many deliveries were answered like this."""
        return self.metrics.registry.get_sample_value("steward_deliveries_total", {"result": result}) or 0.0

    def stored(self) -> dict[str, int]:
        with self.store.read() as connection:
            return inbox.counts(connection)

    def talk(self, raw: bytes, *, answers: int = 1, gives_up: bool = False) -> list[int]:
        """The statuses that come back for the bytes ``raw``, at most ``answers``; none where the line was cut.

        ``gives_up``: the client says that it will send no more.
        """
        with socket.create_connection(self.address, timeout=SECONDS) as client:
            with contextlib.suppress(OSError):  # it may answer and hang up before it has heard everything
                client.sendall(raw)
                if gives_up:
                    client.shutdown(socket.SHUT_WR)
            return statuses(client, answers=answers)


def statuses(client: socket.socket, *, answers: int) -> list[int]:
    """Statuses as they come, "go on" left out, until there are so many or the other side hangs up."""
    heard = b""
    while len(_final(heard)) < answers or not heard.endswith(b"\r\n\r\n"):
        try:
            part = client.recv(65536)
        except OSError:
            break
        if not part:
            break
        heard += part
    return _final(heard)


def _final(heard: bytes) -> list[int]:
    found = [int(part.split(b" ", 2)[1]) for part in heard.split(b"HTTP/1.")[1:] if part.count(b" ") > 1]
    return [status for status in found if status != 100]


@contextmanager
def door(
    store: Store, *, secret: str = SECRET, longest_queue: int = 512, patience: float = PATIENCE_SECONDS
) -> Iterator[Door]:
    """Serve a receiver of deliveries signed with ``secret`` on ``store``, until the block is left.

    ``patience``: seconds that one delivery waits for its commit.
    """
    health, metrics = Health(), Metrics()
    # however busy the machine is, nobody is turned away for the time a commit takes
    intake = Intake(store, health=health, metrics=metrics, longest_queue=longest_queue, longest_wait=SECONDS)

    def clock() -> datetime:
        return datetime.now(UTC)

    app = create_web(
        [health_routes.create_blueprint(health=health, probes={"store": health_routes.store_probe(store)})],
        receiver=webhook.create_receiver(intake=intake, secrets=[secret, "older"], clock=clock, metrics=metrics),
    )
    port = free_port()
    server = WebServer(app, host="127.0.0.1", port=port, turns_away=intake.is_full, patience=patience)
    ready = threading.Event()
    thread = threading.Thread(target=server.run, kwargs={"on_ready": ready.set})
    thread.start()
    try:
        assert ready.wait(SECONDS)
        yield Door(("127.0.0.1", port), store, intake, metrics)
    finally:
        server.stop()
        thread.join(SECONDS)
        intake.close()


def signature(body: bytes, secret: str = SECRET, kind: str = "sha1") -> str:
    return f"{kind}=" + hmac.new(secret.encode(), body, kind).hexdigest()


def plain_digest(body: bytes) -> str:
    return "sha1=" + hashlib.sha1(body).hexdigest()


def request(
    body: bytes = BODY,
    *headers: str,
    start: str = "POST /zammad/ticket HTTP/1.1",
    signed: str | None = None,
    length: str | None = None,
    secret: str = SECRET,
) -> bytes:
    """A request with a right signature and length, but where ``signed`` or ``length`` say otherwise ("" leaves out)."""
    lines = [start, "Host: steward.example"]
    signed = signature(body, secret) if signed is None else signed
    length = str(len(body)) if length is None else length
    lines += [f"X-Hub-Signature: {signed}"] * bool(signed)
    lines += [f"Content-Length: {length}"] * bool(length)
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body
