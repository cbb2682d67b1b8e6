"""Webhook deliveries: built when their job runs, signed, sent, logged and tried five times."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote_plus, urlsplit

import orjson

from plugin.sandbox.custom_payload import Unrenderable, custom_payload
from plugin.sandbox.engine import Engine
from plugin.sandbox.events import Event
from plugin.sandbox.payload import default_payload
from plugin.sandbox.rows import Row
from plugin.sandbox.values import rails_json, ruby_inner, ruby_text, shown, to_integer

ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=10)
"""Zammad waits 10, 20, 30, 40 seconds between its five attempts (contract 1.4)."""

OPEN_TIMEOUT = 4.0
READ_TIMEOUT = 30.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt as it goes over the wire: `headers` in their order, `body` the exact bytes.

    `attempt` counts from 1; `delivery_id` is the same in all of them. `method` is GET only where Zammad 6.1
    follows a redirect.
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    ticket_id: int
    trigger: str
    delivery_id: str
    attempt: int
    method: str = "POST"
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver did: its status (None = no answer), after how many seconds, and where it redirected."""

    status: int | None
    seconds: float = 0.0
    location: str | None = None


Deliver = Callable[[Delivery], "int | Reply | None"]


@dataclass(frozen=True, slots=True)
class Order:
    """What the job row holds: references, never the payload."""

    performer: tuple[str, int]
    webhook_id: str
    ticket_id: int
    article_id: int | None
    event: Event | None
    delivery_id: str
    attempt: int = 1


class Courier:
    """Queues and carries out deliveries; `deliver` is how one goes out."""

    def __init__(self, engine: Engine, deliver: Deliver) -> None:
        self._engine = engine
        self.deliver = deliver
        self.elapsed: Callable[[float], None] = lambda _seconds: None

    def queue(
        self,
        *,
        performer: tuple[str, int],
        webhook_id: str,
        ticket_id: int,
        article_id: int | None,
        event: Event | None,
    ) -> None:
        """Queues a delivery; `performer` is ("trigger" or "job", id)."""
        order = Order(performer, webhook_id, ticket_id, article_id, event, str(uuid.uuid4()))
        self._queue(order, timedelta())

    def _queue(self, order: Order, wait: timedelta) -> None:
        self._engine.jobs.add(
            "TriggerWebhookJob",
            lambda: self._carry_out(order),
            run_at=self._engine.world.now() + wait,
            retried=order.attempt > 1,
            about=order,
        )

    def _carry_out(self, order: Order) -> None:
        world = self._engine.world
        with world.lock:
            delivery = self._prepare(order)
        if delivery is None:
            return
        reply = self._send(delivery)
        self.elapsed(reply.seconds)
        with world.lock:
            if not _succeeded(reply) and order.attempt < ATTEMPTS:
                self._queue(replace(order, attempt=order.attempt + 1), FIRST_WAIT * order.attempt)

    def _prepare(self, order: Order) -> Delivery | None:
        world = self._engine.world
        kind, performer_id = order.performer
        performer = (world.triggers if kind == "trigger" else world.jobs).get(performer_id)
        ticket = world.tickets.get(order.ticket_id)
        article = world.articles.get(order.article_id)
        gone = performer is None or ticket is None or (order.article_id is not None and article is None)
        webhook = world.webhooks.get(to_integer(order.webhook_id))
        if gone or webhook is None or not webhook.active or performer is None or ticket is None:
            return None
        try:
            body = self._body(webhook, ticket, article, order.event)
        except Unrenderable:
            # merge events have no message template: the job dies without a retry (contract 2.2)
            return None
        headers = self._headers(webhook, performer, order.delivery_id, body)
        return Delivery(
            url=_bare(webhook.endpoint),
            headers=headers,
            body=body,
            ticket_id=ticket.id,
            trigger=performer.name,
            delivery_id=order.delivery_id,
            attempt=order.attempt,
            verify=bool(webhook.ssl_verify),
        )

    def _body(self, webhook: Row, ticket: Row, article: Row | None, event: Event | None) -> bytes:
        if webhook.customized_payload and webhook.custom_payload:
            return custom_payload(self._engine, webhook, ticket, article, event)
        return rails_json(default_payload(self._engine, ticket, article))

    def _headers(self, webhook: Row, performer: Row, delivery_id: str, body: bytes) -> tuple[tuple[str, str], ...]:
        headers = [
            ("Accept-Encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"),
            ("Accept", "*/*"),
            ("User-Agent", "Zammad User Agent"),
            ("Host", urlsplit(_bare(webhook.endpoint)).netloc),
            ("X-Zammad-Trigger", str(performer.name)),
            ("X-Zammad-Delivery", delivery_id),
            ("Content-Type", self._engine.world.manners.json_content_type),
        ]
        if webhook.basic_auth_username and webhook.basic_auth_password:
            pair = f"{webhook.basic_auth_username}:{webhook.basic_auth_password}".encode()
            headers.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
        if webhook.signature_token:
            digest = hmac.new(str(webhook.signature_token).encode(), body, hashlib.sha1).hexdigest()
            headers.append(("X-Hub-Signature", f"sha1={digest}"))
        return (*headers, ("Connection", "close"), ("Content-Length", str(len(body))))

    def _send(self, delivery: Delivery) -> Reply:
        reply = _as_reply(self.deliver(delivery))
        if reply.seconds > READ_TIMEOUT:
            return Reply(None, seconds=READ_TIMEOUT)
        redirected = reply.status in _REDIRECTS and reply.location
        if redirected and self._engine.world.manners.follows_redirects:
            followed = _as_reply(self.deliver(_as_get(delivery, str(reply.location))))
            return replace(followed, seconds=followed.seconds + reply.seconds)
        return reply


def over_http(delivery: Delivery) -> Reply:
    """Sends a delivery for real: a connection of its own, Zammad's time-outs, nothing followed."""
    parts = urlsplit(delivery.url)
    connection = _connection(parts.scheme, parts.netloc, verify=delivery.verify)
    try:
        connection.connect()
        if isinstance(connection.sock, socket.socket):
            connection.sock.settimeout(READ_TIMEOUT)
        path = parts.path or "/"
        connection.putrequest(
            delivery.method, f"{path}?{parts.query}" if parts.query else path,
            skip_host=True, skip_accept_encoding=True,
        )  # fmt: skip
        for name, value in delivery.headers:
            # non-ASCII names of triggers go out as raw UTF-8 (contract 1.3)
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders(delivery.body)
        response = connection.getresponse()
        response.read()
        return Reply(response.status, location=response.getheader("Location"))
    except (OSError, http.client.HTTPException):
        return Reply(None)
    finally:
        connection.close()


def _connection(scheme: str, netloc: str, *, verify: bool) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(netloc, timeout=OPEN_TIMEOUT)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(netloc, timeout=OPEN_TIMEOUT, context=context)


def _as_reply(answer: int | Reply | None) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(answer)


def _succeeded(reply: Reply) -> bool:
    return reply.status is not None and 200 <= reply.status < 300


def _bare(endpoint: str) -> str:
    """The endpoint without credentials, which Zammad ignores there."""
    parts = urlsplit(endpoint)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _as_get(delivery: Delivery, location: str) -> Delivery:
    """What 6.1 makes of a redirect: a GET with the payload in the query, as Ruby would print it."""
    payload = orjson.loads(delivery.body)
    query = "".join(
        f"&{quote_plus(key)}={quote_plus(ruby_text(value) if isinstance(value, (dict, list)) else ruby_inner(value))}"
        for key, value in shown(payload).items()
    )
    dropped = ("Content-Type", "X-Hub-Signature", "Content-Length", "Authorization")
    headers = tuple(pair for pair in delivery.headers if pair[0] not in dropped)
    joint = "&" if urlsplit(location).query else "?"
    return replace(delivery, url=f"{location}{joint}{query}", headers=headers, body=b"", method="GET")
