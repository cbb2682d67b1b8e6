"""What an answer of Zammad, or the lack of one, means to the caller: the three outcomes of promises 4."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import urllib3

from plugin.model.errors import NotFound, OutOfSight, Refused, StewardError, Unavailable, Unknown, Unreadable

LONGEST_PAUSE = 300.0
"""Seconds a ``Retry-After`` can make us wait at most."""
DETAIL_LENGTH = 200

_ONE_RECORD = re.compile(
    r"/(tickets|ticket_articles|ticket_history|users|checklists|checklist_items)(/by_ticket)?/\d+$"
)
_AN_ID = re.compile(r"/[0-9]+(?=/|$)")
_ABOUT_ONE_RECORD = ("/tags", "/links")
"""Routes that name the record in their parameters."""
_HANDSHAKE = ("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "HANDSHAKE_FAILURE", "ALERT_PROTOCOL_VERSION")
"""TLS errors that end a handshake: no byte of the request was written."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call as its outcome needs it: ``path`` is below ``/api/v1``, without parameters."""

    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it may change something. Searches and workflow questions are POSTs that only read."""
        return self.method != "GET" and self.path not in ("/tickets/search", "/core_workflows/perform")

    @property
    def route(self) -> str:
        """The route with ids left out, for logs and metrics."""
        return f"{self.method} {_AN_ID.sub('/:id', self.path)}"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body; raises ``ValueError`` where it is not JSON."""
        return orjson.loads(self.body)

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "") or self.body.lstrip()[:1] == b"<"


def judge(request: Request, answer: Answer, *, now: datetime) -> Any:
    """The decoded JSON of a good answer; otherwise raises what its status and shape mean."""
    if 200 <= answer.status < 300:
        return _decoded(request, answer)
    if answer.status == 429:
        pause = retry_after(answer.headers, now=now)
        raise Unavailable(f"{request}: Zammad asks for fewer calls (429)", retry_after=pause)
    raise _refusal(request, answer) if 300 <= answer.status < 500 else _failure(request, answer, now=now)


def not_done(request: Request, message: str, *, status: int | None = None) -> StewardError:
    """No usable answer: later for a read, unknown for a write."""
    text = f"{request}: {message}"
    return Unknown(text, status=status) if request.writes else Unavailable(text)


def judge_failure(request: Request, error: Exception) -> StewardError:
    """What a call without a whole answer means: nothing was done if no byte of it was written."""
    if nothing_was_sent(error):
        return Unavailable(f"{request}: Zammad cannot be reached ({_kind(error)}); see STEWARD_ZAMMAD_URL")
    return not_done(request, f"no whole answer ({_kind(error)})")


def nothing_was_sent(error: Exception) -> bool:
    """Whether the failure came before the first byte of the request was written."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidProxyURL)):
        return True
    return any(_ends_before_sending(cause) for cause in _causes(error))


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds from a ``Retry-After`` header, given in seconds or as a date, at most ``LONGEST_PAUSE``."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdigit():
        return min(float(text), LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_PAUSE)


def _decoded(request: Request, answer: Answer) -> Any:
    if answer.status == 204 or not answer.body.strip():
        return None
    try:
        return answer.json()
    except ValueError:
        if _is_about_one_record(request) and not answer.is_html:
            raise Unreadable(f"{request}: status {answer.status} with something that is not JSON") from None
        what = "an HTML page, a login page perhaps," if answer.is_html else "something"
        raise not_done(request, f"{what} instead of JSON, status {answer.status}", status=answer.status) from None


def _refusal(request: Request, answer: Answer) -> StewardError:
    status, detail = answer.status, _detail(answer)
    if status < 400:
        place = urlsplit(answer.headers.get("location", "")).netloc or "somewhere else"
        return Refused(
            f"{request}: redirected ({status}) to {place}; set STEWARD_ZAMMAD_URL to where Zammad really is",
            status=status,
        )
    if status == 401:
        return Unavailable(f"{request}: Zammad does not take the token (401); see STEWARD_ZAMMAD_TOKEN")
    if not request.writes and detail is None:
        return Unavailable(f"{request}: status {status} without Zammad's JSON; is a proxy in between?")
    kinds = {403: OutOfSight if _is_look(request) else Refused, 404: NotFound}
    text = f"{request}: refused with status {status}"
    return kinds.get(status, Refused)(text, status=status, detail=detail or "")


def _failure(request: Request, answer: Answer, *, now: datetime) -> StewardError:
    pause = retry_after(answer.headers, now=now)
    if _is_about_one_record(request) and answer.status == 500 and _detail(answer) is not None:
        return Unreadable(f"{request}: an error of Zammad's own (500); its production.log has the cause")
    if not request.writes:
        return Unavailable(f"{request}: status {answer.status}", retry_after=pause)
    return Unknown(f"{request}: status {answer.status}; whether it was done is unknown", status=answer.status)


def _is_look(request: Request) -> bool:
    return request.method == "GET" and _ONE_RECORD.search(request.path) is not None


def _is_about_one_record(request: Request) -> bool:
    return _is_look(request) or (request.method == "GET" and request.path in _ABOUT_ONE_RECORD)


def _detail(answer: Answer) -> str | None:
    """What Zammad said about a refusal; None where the answer is not Zammad's."""
    try:
        body = answer.json()
    except ValueError:
        return None
    text = body.get("error") if isinstance(body, dict) else None
    return text[:DETAIL_LENGTH] if isinstance(text, str) else ""


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all it wraps, but not its ``__context__``: that may be the error of another call."""
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        one = queue.pop()
        if not isinstance(one, BaseException) or any(one is known for known in found):
            continue
        found.append(one)
        queue += [*one.args, getattr(one, "reason", None), one.__cause__]
    return found


def _ends_before_sending(cause: BaseException) -> bool:
    if isinstance(cause, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)):
        return True
    if isinstance(cause, ssl.SSLCertVerificationError):
        return True
    return isinstance(cause, ssl.SSLError) and any(word in str(cause) for word in _HANDSHAKE)


def _kind(error: Exception) -> str:
    """Names an error without its text, which may hold addresses and parameters."""
    return type(error).__name__
