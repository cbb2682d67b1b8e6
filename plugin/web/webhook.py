"""The receiver: a signed delivery is on disk before it is answered, and that is all it does.

It is a WSGI application of its own, for what Flask does around a view takes longer than all that is done here.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from plugin.model.errors import Unavailable
from plugin.observability.metrics import Metrics
from plugin.store.inbox import Delivery
from plugin.web import payload
from plugin.web.intake import Intake, Received
from plugin.web.later import KEY, Later
from plugin.web.turned_away import TurnedAway

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

PLACE = "/zammad/"
"""What is asked for below it is asked of the receiver."""
LARGEST_BODY = 8 * 1024 * 1024
"""Bytes; Zammad's own largest article makes a delivery of 1.5 MB."""
_SIGNATURE = re.compile(rb"sha1=[0-9a-f]{40}")
_DELIVERY_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_LENGTH = re.compile(r"[0-9]{1,20}")
_SOURCE = re.compile(r"[a-z0-9-]{1,32}")
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def create_receiver(
    *, intake: Intake, secrets: Sequence[str], clock: Callable[[], datetime], metrics: Metrics
) -> WSGIApplication:
    """``POST /zammad/<source>``. ``secrets``: the current signature secret, and the one before while it is replaced.

    Raises ValueError without a secret: an open door would let anybody wake cases.
    """
    keys = [secret.encode() for secret in secrets if secret]
    if not keys:
        raise ValueError("no webhook secret")
    turned_away = TurnedAway(metrics)

    def answer(outcome: Received | Unavailable) -> int:
        """The status to answer with, once it is known what became of the delivery."""
        if isinstance(outcome, Unavailable):
            turned_away.count(str(outcome))
            return 503
        metrics.deliveries.labels(outcome.value).inc()
        return 202

    def receive(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        read = _read(environ, keys=keys, clock=clock)
        if isinstance(read, int):
            metrics.deliveries.labels("unauthorized" if read == 401 else "refused").inc()
            return _empty(read, start_response)
        later: Later | None = environ.get(KEY)
        if later is None:
            return _empty(answer(_waited_for(intake, read)), start_response)
        give = later.expect(answer)
        try:
            intake.submit(read, give)
        except Unavailable as failure:
            give(failure)
        return _empty(202, start_response)

    return receive


def _waited_for(intake: Intake, delivery: Delivery) -> Received | Unavailable:
    try:
        return intake.receive(delivery)
    except Unavailable as failure:
        return failure


def _read(environ: WSGIEnvironment, *, keys: Sequence[bytes], clock: Callable[[], datetime]) -> Delivery | int:
    """The delivery, or the status it is refused with."""
    refusal = _refuse_form(environ)
    if refusal:
        return refusal
    length = int(environ["CONTENT_LENGTH"])
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) < length:  # the client hung up in the middle
        return 400
    if not _is_signed(body, environ.get("HTTP_X_HUB_SIGNATURE", ""), keys):
        return 401
    # one closing slash more is the same place: old Zammads follow a redirect as GET (contract 1.4)
    source = environ["PATH_INFO"].removeprefix(PLACE).removesuffix("/")
    if not _SOURCE.fullmatch(source):
        return 404
    return _delivery(environ.get("HTTP_X_ZAMMAD_DELIVERY", ""), source=source, body=body, now=clock())


def _refuse_form(environ: WSGIEnvironment) -> int | None:
    if environ["REQUEST_METHOD"] != "POST":
        return 405
    # Zammad always names the length. Chunked bodies are refused: beyond a limit they would be cut without a word
    length = environ.get("CONTENT_LENGTH", "")
    if not _LENGTH.fullmatch(length) or "HTTP_TRANSFER_ENCODING" in environ:
        return 411
    return 413 if int(length) > LARGEST_BODY else None


def _is_signed(body: bytes, header: str, keys: Sequence[bytes]) -> bool:
    # as bytes: comparing texts in constant time raises for what is not ASCII
    given = header.encode("latin-1", "replace")
    expected = [b"sha1=" + hmac.digest(key, body, "sha1").hex().encode() for key in keys]
    matches = [hmac.compare_digest(given, signature) for signature in expected]
    return bool(_SIGNATURE.fullmatch(given)) and any(matches)


def _delivery(given_id: str, *, source: str, body: bytes, now: datetime) -> Delivery:
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


def _empty(status: int, start_response: StartResponse) -> Iterable[bytes]:
    """An answer that says nothing but its status, and after 503 when to come back."""
    headers = [("Content-Length", "0")]
    if status == 503:
        headers.append(("Retry-After", "10"))
    start_response(_STATUS_LINES[status], headers)
    return ()
