"""One call to Zammad: limits around it, zammad-py's session beneath it, one of three outcomes after it."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import orjson
import requests
import structlog
from requests.adapters import BaseAdapter
from requests.cookies import RequestsCookieJar
from zammad_py import ZammadAPI

from plugin import baton
from plugin.model.errors import OutOfSight, Refused, StewardError, Unavailable, Unknown, Unreadable
from plugin.skew import Skew
from plugin.zammad import fence
from plugin.zammad.fence import FencedBody, Overtaken
from plugin.zammad.limits import Breaker, Limiter
from plugin.zammad.outcomes import Answer, Request, judge, judge_failure, not_done, retry_after
from plugin.zammad.patience import PatientAdapter, at_most

CONNECT_TIMEOUT = 4.0
"""Seconds until a connection must stand; as long as Zammad itself gives a webhook."""
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of one answer we are ready to hold; decoded they take several times as many."""
_CHUNK = 64 * 1024
_DATE_STEP = timedelta(seconds=1)
"""``Date`` names whole seconds."""
_OUTCOMES: tuple[tuple[type[StewardError], str], ...] = (
    (OutOfSight, "out_of_sight"),
    (Refused, "refused"),
    (Unreadable, "unreadable"),
    (Unavailable, "unavailable"),
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One finished call, for metrics and logs: ``route`` without ids, ``ms`` until the last byte.

    ``outcome`` is ok, refused, out_of_sight, unknown, unreadable or unavailable; ``status`` None where no answer came.
    """

    method: str
    route: str
    status: int | None
    ms: float
    outcome: str


class TooLarge(Unreadable):
    """The answer is larger than we are ready to hold; asking for parts of it may help."""


class ZammadClient:
    """Speaks to one Zammad as one user, from any number of threads; each thread has a session of its own.

    zammad-py gives address, login and session. Its verbs are not used: they neither time out, nor expand
    names, nor tell a refusal from an unknown outcome, and they hand back pages that are not JSON (contract 8).
    ``timeout`` is in seconds, for a silence of Zammad and for a whole answer. ``ca`` is a bundle to trust
    instead of the system's. ``adapter`` is mounted instead of real HTTP (the sandbox in process).
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        timeout: float = 30.0,
        ca: Path | str | None = None,
        proxy: str | None = None,
        limiter: Limiter | None = None,
        breaker: Breaker | None = None,
        adapter: BaseAdapter | None = None,
        on_call: Callable[[Call], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        clocks: Skew | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.breaker = breaker or Breaker(clock=time.monotonic)
        self.limiter = limiter or Limiter(
            rate=5, burst=10, clock=time.monotonic, wait=time.sleep, share=self.breaker.share
        )
        self.clocks = clocks or Skew(clock=clock, seconds=lambda: clock().timestamp())
        """Hears of Zammad's time from ``Date`` headers (only proxies send one), our own notes, and what is read."""
        self._token = token
        self._timeout = timeout
        self._connect_timeout = min(CONNECT_TIMEOUT, timeout)
        self._ca = str(ca) if ca else None
        self._proxy = proxy
        self._adapter = adapter
        self._on_call = on_call
        self._clock = clock
        self._log = log.bind()
        self._sessions: list[requests.Session] = []
        self._own = threading.local()
        self._lock = threading.Lock()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The decoded JSON; raises ``Unavailable``, ``Unreadable``, ``NotFound``, ``OutOfSight`` or ``Refused``."""
        return self.call(Request("GET", path), params=params)

    def post(self, path: str, params: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """As ``call``, with a body."""
        return self.call(Request("POST", path), params=params, json=json)

    def put(self, path: str, params: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """As ``call``, with a body."""
        return self.call(Request("PUT", path), params=params, json=json)

    def delete(self, path: str, params: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """As ``call``; hosted front ends strip the body of a DELETE, so give parameters (contract 10)."""
        return self.call(Request("DELETE", path), params=params, json=json)

    def call(self, request: Request, *, params: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """The decoded JSON of one call, None for an empty answer. ``path`` is below ``/api/v1``.

        Raises ``Refused`` (nothing was done; 404 is ``NotFound``, 403 for one record ``OutOfSight``), ``Unavailable``
        (nothing was done, later; ``Unreadable`` where only this record is in trouble), and for writes ``Unknown``:
        every 5xx, cut answer, time-out, and page that is not JSON (promises 4).
        """
        # the bucket first: who waits there must not take the breaker's one probe along
        self.limiter.take()
        self.breaker.admit()
        body = None if json is None else orjson.dumps(json)
        began, status = time.perf_counter(), None
        try:
            answer = self._exchange(request, params=params, body=body)
            status = answer.status
            self._note_headers(answer)
            result = judge(request, answer, now=self._clock())
        except StewardError as error:
            self._finish(request, error, status, began=began)
            raise
        self._finish(request, None, status, began=began)
        return result

    @property
    def skew(self) -> timedelta | None:
        """Zammad's clock less ours, None before anything told it."""
        ahead = self.clocks.seconds_ahead
        return None if ahead is None else timedelta(seconds=-ahead)

    def note_clock(self, moment: datetime) -> None:
        """Zammad stamped ``moment`` while it worked on this thread's last call."""
        self.clocks.shown(moment, since=self._own.asked_at)

    def close(self) -> None:
        """Close the sessions of all threads."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
        self._own = threading.local()

    def _exchange(self, request: Request, *, params: Mapping[str, Any] | None, body: bytes | None) -> Answer:
        if self._adapter is not None:  # in process: it computes, and nobody waits
            return self._send(request, params=params, body=body)
        with baton.put_down(), at_most(self._connect_timeout + self._timeout) as exchange:
            answer = self._send(request, params=params, body=body)
        if exchange.was_cut:
            raise not_done(request, f"no whole answer within {self._timeout:g} s")
        return answer

    def _send(self, request: Request, *, params: Mapping[str, Any] | None, body: bytes | None) -> Answer:
        sent = fence.body_of(body) if request.writes else body
        self._own.asked_at = self.clocks.mark()
        try:
            line = self._line()
            # past the session, which would keep cookies and look where a redirect leads: neither is wanted
            with line.adapter.send(
                line.prepared(request, params=params, body=sent),
                timeout=(self._connect_timeout, self._timeout),
                verify=self._ca or True,
                proxies=line.proxies,
                stream=True,
            ) as response:
                return Answer(response.status_code, dict(response.headers.lower_items()), self._read(request, response))
        except (requests.RequestException, OSError) as error:
            raise judge_failure(request, error) from error

    def _read(self, request: Request, response: requests.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                text = f"{request}: an answer of more than {LARGEST_ANSWER} bytes"
                raise Unknown(text, status=response.status_code) if request.writes else TooLarge(text)
        return bytes(body)

    def _line(self) -> _Line:
        """This thread's own."""
        known: _Line | None = getattr(self._own, "line", None)
        if known is None:
            known = self._own.line = _Line(self._session(), f"{self.url}/api/v1")
        return known

    def _session(self) -> requests.Session:
        known: requests.Session | None = getattr(self._own, "session", None)
        if known is None:
            known = self._own.session = self._new_session()
            with self._lock:
                self._sessions.append(known)
        return known

    def _new_session(self) -> requests.Session:
        session: requests.Session = ZammadAPI(url=f"{self.url}/api/v1/", http_token=self._token).session
        # zammad-py pins each session until the process ends
        atexit.unregister(session.close)
        session.trust_env = False
        session.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(
            {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": f"zammad-steward/{version('zammad-steward')}",
            }
        )
        if self._proxy:
            session.proxies = {"http": self._proxy, "https": self._proxy}
        adapter = self._adapter or PatientAdapter()
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    def _note_headers(self, answer: Answer) -> None:
        if answer.status in (429, 503):
            self.limiter.hold(retry_after(answer.headers, now=self._clock()) or 0.0)
        if (date := _date(answer.headers.get("date"))) is not None:
            self.clocks.shown(date, since=self._own.asked_at, within=_DATE_STEP, own=False)

    def _heed(self, request: Request, error: StewardError | None, status: int | None) -> None:
        """Tell the breaker whether Zammad is alive: a refusal is an answer; silence, pages, 5xx are none.

        What cannot be read of one record says nothing of the others: whoever asks waits longer and longer by himself.
        """
        if isinstance(error, Overtaken):
            return
        if error is None or (isinstance(error, Refused) and (status is None or status >= 400)):
            self.breaker.succeeded()
        elif status == 429 or isinstance(error, Unreadable):
            return
        else:
            self.breaker.failed(str(request) if status == 500 else "")

    def _finish(self, request: Request, error: StewardError | None, status: int | None, *, began: float) -> None:
        self._heed(request, error, status)
        ms = round((time.perf_counter() - began) * 1000, 1)
        call = Call(request.method, request.route, status, ms, outcome_of(error))
        self._log.debug("zammad call", route=call.route, status=status, ms=ms, outcome=call.outcome)
        if self._on_call is not None:
            self._on_call(call)


class _Line:
    """What is the same in every request of one thread, prepared and checked once: address, headers, no cookies."""

    def __init__(self, session: requests.Session, address: str) -> None:
        self.adapter = session.get_adapter(address)
        self.proxies = session.proxies
        self._blank = session.prepare_request(requests.Request("GET", address))
        self._sized = self._blank.headers.copy()
        """Of requests with a body; a thread makes one at a time."""

    def prepared(
        self, request: Request, *, params: Mapping[str, Any] | None, body: bytes | FencedBody | None
    ) -> requests.PreparedRequest:
        blank, prepared = self._blank, requests.PreparedRequest()
        prepared.method = request.method
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        prepared.url = f"{blank.url}{request.path}{query}"
        if request.method == "GET" and body is None:
            prepared.headers = blank.headers  # which nobody changes
        else:
            self._sized["Content-Length"] = str(len(body or b""))
            prepared.headers = self._sized
            prepared.body = cast("bytes | None", body)  # the adapter sends whatever has a length and iterates
        return prepared


def outcome_of(error: StewardError | None) -> str:
    """The outcome's name, for metrics and logs."""
    if error is None:
        return "ok"
    return next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "unknown")


def _date(header: str | None) -> datetime | None:
    if not header:
        return None  # app servers send none
    try:
        return datetime.strptime(header, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None
