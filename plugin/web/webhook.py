"""The receiver: a signed delivery is on disk before it is answered, and that is all it does."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import ClientDisconnected

from plugin.model.errors import Unavailable
from plugin.observability.metrics import Metrics
from plugin.store.inbox import Delivery
from plugin.web import payload
from plugin.web.intake import Intake, Received
from plugin.web.later import KEY, Later
from plugin.web.turned_away import TurnedAway

log = structlog.get_logger(__name__)

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes; Zammad's own largest article makes a delivery of 1.5 MB."""
_SIGNATURE = re.compile(rb"sha1=[0-9a-f]{40}")
_DELIVERY_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_LENGTH = re.compile(r"[0-9]{1,20}")
_SOURCE = re.compile(r"[a-z0-9-]{1,32}")


def create_blueprint(
    *, intake: Intake, secrets: Sequence[str], clock: Callable[[], datetime], metrics: Metrics
) -> Blueprint:
    """``POST /zammad/<source>``. ``secrets``: the current signature secret, and the one before while it is replaced.

    Raises ValueError without a secret: an open door would let anybody wake cases.
    """
    keys = [secret.encode() for secret in secrets if secret]
    if not keys:
        raise ValueError("no webhook secret")
    bp = Blueprint("webhook", __name__)
    turned_away = TurnedAway(metrics)

    def ended(received: Received | Unavailable) -> int:
        """The status to answer with, once it is known what became of the delivery."""
        if isinstance(received, Unavailable):
            turned_away.count(str(received))
            return 503
        metrics.deliveries.labels(received.value).inc()
        return 202

    @bp.post("/zammad/<source>", provide_automatic_options=False)
    def receive(source: str) -> Response:
        read = _read(request, source=source, keys=keys, clock=clock)
        if isinstance(read, int):
            metrics.deliveries.labels("unauthorized" if read == 401 else "refused").inc()
            return empty(read)
        later: Later | None = request.environ.get(KEY)
        if later is None:
            return empty(ended(_waited_for(intake, read)))
        give = later.expect()
        try:
            intake.submit(read, lambda received: give(ended(received)))
        except Unavailable as failure:
            give(ended(failure))
        return empty(202)

    return bp


def _waited_for(intake: Intake, delivery: Delivery) -> Received | Unavailable:
    try:
        return intake.receive(delivery)
    except Unavailable as failure:
        return failure


def _read(asked: Request, *, source: str, keys: Sequence[bytes], clock: Callable[[], datetime]) -> Delivery | int:
    """The delivery, or the status it is refused with."""
    refusal = _refuse_size(asked)
    if refusal:
        return refusal
    try:
        body = asked.get_data(cache=False)
    except ClientDisconnected:
        return 400
    if not _is_signed(body, asked.headers.get("X-Hub-Signature", ""), keys):
        return 401
    if not _SOURCE.fullmatch(source):
        return 404
    return _delivery(asked, source=source, body=body, now=clock())


def _refuse_size(asked: Request) -> int | None:
    # Zammad always names the length. Chunked bodies are refused: beyond a limit they would be cut without a word
    length = asked.environ.get("CONTENT_LENGTH", "")
    if not _LENGTH.fullmatch(length) or "Transfer-Encoding" in asked.headers:
        return 411
    return 413 if int(length) > LARGEST_BODY else None


def _is_signed(body: bytes, header: str, keys: Sequence[bytes]) -> bool:
    # as bytes: comparing texts in constant time raises for what is not ASCII
    given = header.encode("latin-1", "replace")
    expected = [b"sha1=" + hmac.digest(key, body, "sha1").hex().encode() for key in keys]
    matches = [hmac.compare_digest(given, signature) for signature in expected]
    return bool(_SIGNATURE.fullmatch(given)) and any(matches)


def _delivery(asked: Request, *, source: str, body: bytes, now: datetime) -> Delivery:
    given_id = asked.headers.get("X-Zammad-Delivery", "")
    delivery_id = given_id if _DELIVERY_ID.fullmatch(given_id) else None
    try:
        hint = payload.read(body)
    except payload.Unreadable as reason:
        log.warning("delivery quarantined", source=source, delivery_id=delivery_id, reason=str(reason))
        return Delivery(body=body, source=source, received_at=now, delivery_id=delivery_id, reason=str(reason))
    return Delivery(
        body=body,
        source=source,
        received_at=now,
        delivery_id=delivery_id,
        ticket_id=hint.ticket_id,
        version=hint.version,
    )


def empty(status: int) -> Response:
    """An answer that says nothing but its status, and after 503 when to come back."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response
