"""Whether a webhook of the sandbox is the recorded one: who gets it, how it is signed, what it says."""

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from plugin.sandbox.conform.comparison import Comparison
from plugin.sandbox.conform.deviations import Deviation
from plugin.sandbox.conform.identities import Identities
from plugin.sandbox.conform.stories import Step, Story
from plugin.sandbox.deliveries import Delivery

PROSE = re.compile(r'"(\w+)"\s*:\s*"[^"]*#\{notification\.(?:changes|message)\}')
MADE_EACH_TIME = frozenset({"X-Zammad-Delivery", "X-Hub-Signature", "Content-Length", "X-Zammad-Trigger"})
"""Headers whose values are checked for what they mean instead of being compared."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook as the recorder received it."""

    step: Step
    trigger: str
    path: str
    host: str
    method: str
    delivery_id: str
    body: Any

    @property
    def ticket_id(self) -> int | None:
        """The ticket the delivery is about; ``None`` where a custom payload does not say."""
        ticket = self.body.get("ticket") if isinstance(self.body, dict) else None
        return ticket.get("id") if isinstance(ticket, dict) else None

    @property
    def article_id(self) -> int | None:
        """The article of the event; ``None`` where the event had none."""
        article = self.body.get("article") if isinstance(self.body, dict) else None
        return article.get("id") if isinstance(article, dict) else None

    @property
    def in_full(self) -> bool:
        """Whether the payload is Zammad's own, not one an administrator wrote."""
        return self.method == "GET" or (isinstance(self.body, dict) and self.body.keys() >= {"ticket", "article"})

    def only_ids(self) -> "Arrival":
        """The same, of which only is known whom it is about: it was rendered while many wrote at once."""
        return replace(self, body={"ticket": {"id": self.ticket_id}, "article": {}})


def arrival_of(step: Step) -> Arrival:
    """The recorded webhook of a step."""
    request = step.record["request"]
    headers = dict(request["headers"])
    return Arrival(
        step=step,
        trigger=headers["X-Zammad-Trigger"].encode("latin-1").decode("utf-8", errors="replace"),
        path=request["path"],
        host=headers["Host"],
        method=request["method"],
        delivery_id=headers["X-Zammad-Delivery"],
        body=_body(request),
    )


@dataclass(slots=True)
class Receivers:
    """Who listened while the stories were recorded, and with which secrets the webhooks were signed."""

    secrets: set[str] = field(default_factory=set)
    reachable: set[tuple[str, str]] = field(default_factory=set)
    """Scheme and host of every endpoint that received something."""
    prose: set[str] = field(default_factory=set)
    """Keys of administrators' templates that hold Zammad's own words on what changed."""
    verified: set[str] = field(default_factory=set)
    """Endpoints whose certificate Zammad was told to check."""

    @classmethod
    def of(cls, stories: Iterable[Story]) -> "Receivers":
        """What the stories tell of receivers: webhooks made by request, and where deliveries arrived."""
        receivers = cls()
        endpoints: list[str] = []
        arrived: set[tuple[str, str]] = set()
        for story in stories:
            for step in story.steps:
                if step.kind == "webhook":
                    arrival = arrival_of(step)
                    arrived.add((arrival.host, urlsplit(arrival.path).path))
                elif step.kind == "rest" and "/webhooks" in step.record["request"]["path"]:
                    receivers._take(step.record["request"]["body"], endpoints)
        for endpoint in endpoints:
            parts = urlsplit(endpoint)
            host = parts.netloc.rpartition("@")[2]
            if (host, parts.path) in arrived:
                receivers.reachable.add((parts.scheme, host))
        return receivers

    def hears(self, url: str) -> bool:
        """Whether somebody listens at a URL, and Zammad would talk to it."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return (parts.scheme, host) in self.reachable and not (parts.scheme == "https" and url in self.verified)

    def signed_well(self, signature: str, body: bytes) -> bool:
        """Whether a signature is that of the body under one of the recorded secrets."""
        return any(hmac.compare_digest(signature, sign(secret, body)) for secret in self.secrets)

    def _take(self, webhook: object, endpoints: list[str]) -> None:
        if not isinstance(webhook, dict):
            return
        if webhook.get("signature_token"):
            self.secrets.add(webhook["signature_token"])
        if isinstance(webhook.get("endpoint"), str):
            endpoints.append(webhook["endpoint"])
            self.prose.update(PROSE.findall(str(webhook.get("custom_payload") or "")))
            if webhook.get("ssl_verify", True):
                self.verified.add(webhook["endpoint"])


def sign(secret: str, body: bytes) -> str:
    """The ``X-Hub-Signature`` Zammad sends: HMAC-SHA1 over the raw bytes."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def compare_delivery(
    arrival: Arrival, own: Delivery, *, comparison: Comparison, receivers: Receivers
) -> Iterator[Deviation]:
    """In what a delivery of the sandbox deviates from the recorded one."""
    yield from _compare_headers(arrival, own, identities=comparison.identities, receivers=receivers)
    if arrival.method != own.method:
        yield Deviation(path="method", what="value", recorded=arrival.method, own=own.method)
    parts = urlsplit(own.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if own.method == "GET":
        yield from _compare_query(arrival.path, path)
        return
    if path != arrival.path:
        yield Deviation(path="path", what="value", recorded=arrival.path, own=path)
    try:
        body = json.loads(own.body)
    except ValueError:
        yield Deviation(path="body", what="no JSON", recorded=arrival.body, own=repr(own.body[:80]))
        return
    if arrival.in_full:
        yield from comparison.bodies(arrival.body, body)
    else:
        yield from _compare_custom(arrival.body, body, comparison=comparison, prose=receivers.prose)


def _compare_custom(recorded: Any, own: Any, *, comparison: Comparison, prose: Collection[str]) -> Iterator[Deviation]:
    """A payload an administrator wrote: all of it but the words in which Zammad tells what changed.

    Where the template became no JSON both are an ``error``, whose text is the parser's.
    """
    broken = [isinstance(body, dict) and body.keys() == {"error"} for body in (recorded, own)]
    if broken[0] != broken[1]:
        yield Deviation(path="body", what="no JSON", recorded=recorded, own=own)
    elif not broken[0] and isinstance(recorded, dict) and isinstance(own, dict):
        theirs, ours = ({key: value for key, value in body.items() if key not in prose} for body in (recorded, own))
        yield from comparison.bodies(theirs, ours, kind="Ticket")


def _compare_query(recorded: str, own: str) -> Iterator[Deviation]:
    """A redirect Zammad 6.1 followed: the query holds the payload as Ruby prints it, so only its keys count."""
    theirs, ours = urlsplit(recorded), urlsplit(own)
    if theirs.path != ours.path:
        yield Deviation(path="path", what="value", recorded=theirs.path, own=ours.path)
    keys, our_keys = ([key for key, _ in parse_qsl(parts.query)] for parts in (theirs, ours))
    if keys != our_keys:
        yield Deviation(path="query", what="keys", recorded=keys, own=our_keys)


def _compare_headers(
    arrival: Arrival, own: Delivery, *, identities: Identities, receivers: Receivers
) -> Iterator[Deviation]:
    recorded = arrival.step.record["request"]["headers"]
    names, our_names = [name for name, _ in recorded], [name for name, _ in own.headers]
    if names != our_names:
        yield Deviation(path="headers", what="names and order", recorded=names, own=our_names)
    ours: Mapping[str, str] = dict(own.headers)
    for name, value in recorded:
        if name in ours and name not in MADE_EACH_TIME and ours[name] != value:
            yield Deviation(path=f"headers.{name}", what="value", recorded=value, own=ours[name])
    if own.trigger != arrival.trigger:
        yield Deviation(path="headers.X-Zammad-Trigger", what="value", recorded=arrival.trigger, own=own.trigger)
    if not identities.match("delivery", recorded=arrival.delivery_id, own=own.delivery_id):
        path = "headers.X-Zammad-Delivery"
        yield Deviation(path=path, what="delivery id", recorded=arrival.delivery_id, own=own.delivery_id)
    if ours.get("Content-Length", str(len(own.body))) != str(len(own.body)):
        length = ours["Content-Length"]
        yield Deviation(path="headers.Content-Length", what="value", recorded=len(own.body), own=length)
    signature = ours.get("X-Hub-Signature")
    if signature is not None and not receivers.signed_well(signature, own.body):
        yield Deviation(path="headers.X-Hub-Signature", what="signature", recorded="valid", own="not valid")


def _body(request: Mapping[str, Any]) -> Any:
    if "body" in request:
        return request["body"]
    raw = request.get("body_raw")
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw
