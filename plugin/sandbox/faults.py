"""Faults on purpose: per route a status, a delay, a cut connection, stale or broken answers."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from plugin.sandbox.clock import SandboxClock

KINDS = frozenset(
    {
        "status",
        "delay",
        "cut_before",
        "cut_after",
        "stale",
        "content_type",
        "half_body",
        "login_page",
        "rate_limit",
        "bad_gateway",
        "late",
        "answer",
        "bent",
    }
)

_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule: calls whose method and path match are disturbed in this way.

    `path` is a regular expression searched in the path, `user_agent` one searched in who calls; `probability`
    from 0 to 1; `count` how often at most (None = no end); `seconds` is how long a delay lasts, for how long
    `bad_gateway` holds on, or how much later a `late` call takes effect that was answered 504 at once; `after`
    lets the call take effect before it is answered with the status.
    An `answer` has the status, `body` and `content_type` given. A `bent` one is the true JSON answer with other values
    `put` at dotted paths (`history.*.value_to`, `*` for every entry) and the keys at the paths of `drop` left out.
    """

    kind: str
    path: str = ".*"
    method: str = "*"
    status: int = 500
    seconds: float = 0.0
    probability: float = 1.0
    count: int | None = None
    retry_after: int = 2
    after: bool = False
    user_agent: str = ""
    body: str = ""
    content_type: str = "application/json; charset=utf-8"
    put: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: dict[str, Any]) -> Fault:
        """A fault from JSON; ValueError names what is wrong."""
        unknown = set(given) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        kind = given.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind: {kind!r}, allowed: {', '.join(sorted(KINDS))}")
        return cls(**given)


class FaultBook:
    """The faults in force, with their counts and one seeded source of chance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, datetime | None]] = []
        self._used: dict[int, int] = {}
        self._chance = random.Random(0)
        self.seed = 0

    def add(self, fault: Fault, *, now: datetime) -> None:
        """Puts a fault in force; a 502 phase ends by itself after its seconds of sandbox time."""
        ends = now + timedelta(seconds=fault.seconds) if fault.kind == "bad_gateway" and fault.seconds else None
        with self._lock:
            self._faults.append((fault, ends))

    def reseed(self, seed: int) -> None:
        """Starts the chance anew from a seed."""
        with self._lock:
            self.seed = seed
            self._chance = random.Random(seed)

    def clear(self) -> None:
        """Ends all faults."""
        with self._lock:
            self._faults.clear()
            self._used.clear()

    def list(self) -> list[dict[str, Any]]:
        """The faults in force with how often each struck."""
        with self._lock:
            return [
                {
                    **{name: getattr(fault, name) for name in Fault.__dataclass_fields__},
                    "struck": self._used.get(place, 0),
                }
                for place, (fault, _ends) in enumerate(self._faults)
            ]

    def strike(self, method: str, path: str, *, now: datetime, user_agent: str = "") -> Fault | None:
        """The fault that disturbs this call, if chance and counts have it so."""
        with self._lock:
            for place, (fault, ends) in enumerate(self._faults):
                if not _fits(fault, method, path, user_agent) or (ends is not None and now >= ends):
                    continue
                if fault.count is not None and self._used.get(place, 0) >= fault.count:
                    continue
                if self._chance.random() >= fault.probability:
                    continue
                self._used[place] = self._used.get(place, 0) + 1
                return fault
        return None


def _fits(fault: Fault, method: str, path: str, user_agent: str) -> bool:
    called = fault.method in ("*", method) and re.search(fault.path, path) is not None
    return called and re.search(fault.user_agent, user_agent) is not None


@dataclass(slots=True)
class _Captured:
    status: str
    headers: list[tuple[str, str]]
    body: bytes


Later = Callable[[Callable[[], None], datetime], None]


class Faulty:
    """WSGI middleware that disturbs Zammad's API, never the sandbox's own controls."""

    def __init__(self, application: Any, book: FaultBook, clock: SandboxClock, *, later: Later) -> None:
        """`later` runs something at a moment of the clock."""
        self._application = application
        self._book = book
        self._clock = clock
        self._later = later
        self._earlier: dict[str, _Captured] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """One request, disturbed or not."""
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith("/api/"):
            return list(self._application(environ, start_response))
        method = str(environ.get("REQUEST_METHOD", "GET"))
        agent = str(environ.get("HTTP_USER_AGENT", ""))
        fault = self._book.strike(method, path, now=self._clock.now(), user_agent=agent)
        if fault is None:
            return self._remembered(environ, start_response, method, path)
        return self._disturbed(fault, environ, start_response)

    def _remembered(self, environ: dict[str, Any], start_response: Any, method: str, path: str) -> Iterable[bytes]:
        captured = self._run(environ)
        key = f"{path}?{environ.get('QUERY_STRING', '')}"
        if method == "GET" and captured.status.startswith("200"):
            self._earlier.setdefault(key, captured)
        return _emit(captured, start_response)

    def _disturbed(self, fault: Fault, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if fault.kind == "delay":
            if self._waits_too_long(fault, environ):
                # the caller gives up; the server goes on and does it
                self._run(environ)
                return self._cut(environ, start_response, "timeout")
            return _emit(self._run(environ), start_response)
        if fault.kind == "cut_before":
            return self._cut(environ, start_response, "cut")
        if fault.kind == "cut_after":
            self._run(environ)
            return self._cut(environ, start_response, "cut")
        if fault.kind == "stale":
            return _emit(self._stale(environ), start_response)
        if fault.kind in ("content_type", "half_body"):
            return _emit(_spoiled(self._run(environ), fault.kind), start_response)
        if fault.kind == "bent":
            return _emit(_bent(self._run(environ), fault), start_response)
        if fault.kind == "late":
            again = _repeatable(environ)
            self._later(lambda: self._do_late(again), self._clock.now() + timedelta(seconds=fault.seconds))
        elif fault.after:
            self._run(environ)
        return _emit(_instead(fault), start_response)

    def _do_late(self, environ: dict[str, Any]) -> None:
        self._run(environ)

    def _waits_too_long(self, fault: Fault, environ: dict[str, Any]) -> bool:
        patience = environ.get("sandbox.timeout")
        if patience is not None and fault.seconds >= float(patience):
            return True
        if not self._clock.stands_still:
            time.sleep(fault.seconds / max(self._clock.speed, 1.0))
        return False

    def _stale(self, environ: dict[str, Any]) -> _Captured:
        key = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
        earlier = self._earlier.get(key)
        return earlier if earlier is not None else self._run(environ)

    def _cut(self, environ: dict[str, Any], start_response: Any, how: str) -> Iterable[bytes]:
        environ.get("sandbox.signals", {})["cut"] = how
        connection = environ.get("werkzeug.socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("cut by a fault")
        return _emit(_Captured("500 Connection cut", [("Connection", "close")], b""), start_response)

    def _run(self, environ: dict[str, Any]) -> _Captured:
        captured: dict[str, Any] = {}

        def note(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Any:
            captured["status"], captured["headers"] = status, headers
            return lambda _data: None

        chunks = self._application(environ, note)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return _Captured(captured["status"], captured["headers"], body)


def _repeatable(environ: dict[str, Any]) -> dict[str, Any]:
    """The request by itself, its body read, so that it can be done when its connection is long gone."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    return {**environ, "wsgi.input": BytesIO(body)}


def _emit(captured: _Captured, start_response: Any) -> Iterable[bytes]:
    start_response(captured.status, captured.headers)
    return [captured.body]


def _spoiled(captured: _Captured, kind: str) -> _Captured:
    if kind == "half_body":
        return _recounted(captured, captured.body[: len(captured.body) // 2])
    kept = [pair for pair in captured.headers if pair[0].lower() != "content-type"]
    return _Captured(captured.status, [*kept, ("Content-Type", "text/html; charset=utf-8")], captured.body)


def _bent(captured: _Captured, fault: Fault) -> _Captured:
    """The answer with values changed; an answer that is no JSON stays as it is."""
    try:
        answer = json.loads(captured.body)
    except ValueError:
        return captured
    for path, value in fault.put.items():
        for holder, key in _places(answer, path.split(".")):
            holder[key] = value
    for path in fault.drop:
        for holder, key in _places(answer, path.split(".")):
            holder.pop(key, None) if isinstance(holder, dict) else holder.pop(key)
    return _recounted(captured, json.dumps(answer).encode())


def _recounted(captured: _Captured, body: bytes) -> _Captured:
    kept = [pair for pair in captured.headers if pair[0].lower() != "content-length"]
    return _Captured(captured.status, [*kept, ("Content-Length", str(len(body)))], body)


def _places(value: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """The holders and keys a path names; of a list's entries the last comes first, so that they can be taken out."""
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        keys: list[Any] = list(value) if step == "*" else [step]
    elif isinstance(value, list):
        keys = list(reversed(range(len(value)))) if step == "*" else [int(step)] if int(step) < len(value) else []
    else:
        return
    for key in keys:
        if not rest:
            yield value, key
        elif isinstance(value, list) or key in value:
            yield from _places(value[key], rest)


def _instead(fault: Fault) -> _Captured:
    if fault.kind == "answer":
        return _Captured(f"{fault.status} Given", [("Content-Type", fault.content_type)], fault.body.encode())
    if fault.kind == "login_page":
        return _page("200 OK", _LOGIN_PAGE)
    if fault.kind == "late":
        return _page("504 Gateway Time-out", _GATEWAY.replace(b"502 Bad Gateway", b"504 Gateway Time-out"))
    if fault.kind == "bad_gateway":
        return _page("502 Bad Gateway", _GATEWAY)
    if fault.kind == "rate_limit":
        headers = [("Content-Type", "application/json"), ("Retry-After", str(fault.retry_after))]
        return _Captured("429 Too Many Requests", headers, b'{"error":"Too many requests"}')
    body = b'{"error":"injected"}'
    return _Captured(f"{fault.status} Injected", [("Content-Type", "application/json; charset=utf-8")], body)


def _page(status: str, body: bytes) -> _Captured:
    return _Captured(status, [("Content-Type", "text/html; charset=utf-8")], body)
