"""The receiver: a signed delivery is on disk before it is answered, and that is all it does."""

from __future__ import annotations

import hashlib
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
from plugin.web.intake import Intake

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

    @bp.post("/zammad/<source>", provide_automatic_options=False)
    def receive(source: str) -> Response:
        status, result = _receive(request, source=source, keys=keys, intake=intake, clock=clock)
        metrics.deliveries.labels(result).inc()
        return _empty(status)

    return bp


def _receive(
    asked: Request, *, source: str, keys: Sequence[bytes], intake: Intake, clock: Callable[[], datetime]
) -> tuple[int, str]:
    """The status to answer with, and its name in the metrics."""
    refusal = _refuse_size(asked)
    if refusal:
        return refusal, "refused"
    try:
        body = asked.get_data(cache=False)
    except ClientDisconnected:
        return 400, "refused"
    if not _is_signed(body, asked.headers.get("X-Hub-Signature", ""), keys):
        return 401, "unauthorized"
    if not _SOURCE.fullmatch(source):
        return 404, "refused"
    try:
        return 202, intake.receive(_delivery(asked, source=source, body=body, now=clock()))
    except Unavailable as failure:
        log.warning("delivery turned away", source=source, cause=str(failure))
        return 503, "unavailable"


def _refuse_size(asked: Request) -> int | None:
    # Zammad always names the length. Chunked bodies are refused: beyond a limit they would be cut without a word
    length = asked.environ.get("CONTENT_LENGTH", "")
    if not _LENGTH.fullmatch(length) or "Transfer-Encoding" in asked.headers:
        return 411
    return 413 if int(length) > LARGEST_BODY else None


def _is_signed(body: bytes, header: str, keys: Sequence[bytes]) -> bool:
    # as bytes: comparing texts in constant time raises for what is not ASCII
    given = header.encode("latin-1", "replace")
    expected = [b"sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest().encode() for key in keys]
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


def _empty(status: int) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response
