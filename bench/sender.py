"""Signed deliveries as a real Zammad sent them, and a client cheap enough not to be what is measured."""

from __future__ import annotations

import hashlib
import hmac
import json
import lzma
import select
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECRET = "bench-webhook-secret"
STORY = Path(__file__).parents[1] / "tests" / "recordings" / "zammad-6.5" / "sla_breach.json.xz"
WANTED_BYTES = 9_000
TICKETS = 1_000
"""Different tickets that deliveries are about, one after another."""
ANNOUNCED = b"Content-Length: "
"""The last header of each request."""
SILENT_SECONDS = 60.0
IDLE_SECONDS = 2.0
"""A connection that was silent for so long is opened anew: the receiver ends it after five, maybe just now."""
SENT_AT_ONCE = 16
HEARD_AT_ONCE = 64
"""So many between two looks: an answer that has come should not wait until a thousand others were dealt with."""
_TICKET, _VERSION = 999_999_999_999, "the-version"


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Bodies made from one recorded delivery: another ticket and version in each, all else as it was."""

    template: bytes

    @classmethod
    def recorded(cls) -> Deliveries:
        """From the recorded delivery whose body is nearest to 9 KB."""
        steps = json.loads(lzma.decompress(STORY.read_bytes()))["steps"]
        bodies = [step["request"]["body_raw"].encode() for step in steps if step["kind"] == "webhook"]
        body = min(bodies, key=lambda found: abs(len(found) - WANTED_BYTES))
        ticket = json.loads(body)["ticket"]
        body = _replaced(body, b'"id":%d' % ticket["id"], b'"id":%d' % _TICKET)
        return cls(_replaced(body, ticket["updated_at"].encode(), _VERSION.encode()))

    def request(self, number: int) -> bytes:
        """The ``number``-th delivery as it goes over the wire, signed."""
        body = self.template.replace(str(_TICKET).encode(), str(1 + number % TICKETS).encode())
        body = body.replace(_VERSION.encode(), f"v{number:09}".encode())
        return signed(body, delivery_id=f"bench-{number}")


def _replaced(body: bytes, old: bytes, new: bytes) -> bytes:
    if old not in body:
        raise ValueError(f"the recorded delivery holds no {old!r}")
    return body.replace(old, new)


def signed(body: bytes, *, delivery_id: str = "bench", path: str = "/zammad/ticket") -> bytes:
    """A request with ``body`` and the headers a Zammad sends."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: steward.example\r\nAccept: */*\r\nUser-Agent: Zammad User Agent\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nX-Zammad-Trigger: Steward\r\n"
        f"X-Zammad-Delivery: {delivery_id}\r\nX-Hub-Signature: sha1={signature}\r\n"
    )
    return head.encode() + ANNOUNCED + b"%d\r\n\r\n" % len(body) + body


@dataclass(slots=True)
class Answers:
    """What came back: seconds of each answer by status, in the order they came."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    took: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        self.seconds.setdefault(status, []).append(seconds)

    @property
    def counts(self) -> dict[int, int]:
        """Answers by status."""
        return {status: len(seconds) for status, seconds in sorted(self.seconds.items())}

    def a_second(self, status: int = 202) -> float:
        """Answers of that status in a second."""
        return len(self.seconds.get(status, ())) / self.took


@dataclass(slots=True)
class _Line:
    """One connection with at most one request under way."""

    socket: socket.socket
    sent_at: float = 0.0
    left: bytes = b""

    def push(self) -> None:
        """Send what the connection takes now of what is left."""
        try:
            self.left = self.left[self.socket.send(self.left) :]
        except BlockingIOError:
            pass
        except ConnectionError:
            self.left = b""  # the answer says why, or its lack does


def send(address: tuple[str, int], requests: Sequence[bytes], *, connections: int) -> Answers:
    """Send every request once, over ``connections`` that are kept alive, each waiting for its answer.

    A connection the server ends is opened anew. Raises TimeoutError where nothing comes for 60 s.
    """
    waiting = iter(requests)
    answers = Answers()
    with selectors.DefaultSelector() as selector:
        open_lines = sum(_begin(selector, address, waiting) for _ in range(connections))
        began = time.perf_counter()
        while open_lines:
            ready = selector.select(timeout=SILENT_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer for {SILENT_SECONDS:g} s; so far {answers.counts}")
            for key, events in ready:
                open_lines -= _turn(selector, address, key.data, events, waiting, answers)
        answers.took = time.perf_counter() - began
    return answers


def flood(address: tuple[str, int], requests: Sequence[bytes], *, a_second: float, connections: int) -> Answers:
    """Send the requests at their own pace, whatever the answers; where all connections are taken they come late.

    Raises TimeoutError where nothing comes for 60 s.
    """
    with _Flood(address, connections) as lines:
        began = lines.last = time.perf_counter()
        sent = 0
        while sent < len(requests) or lines.busy:
            due = min(len(requests), 1 + int((time.perf_counter() - began) * a_second)) - sent
            now = min(due, len(lines.free), SENT_AT_ONCE)
            for request in requests[sent : sent + now]:
                lines.send(request)
            sent += now
            lines.look(seconds=0.0 if now else 0.001)
        lines.answers.took = time.perf_counter() - began
    return lines.answers


class _Flood:
    """Connections that are watched as long as they are open: a request costs one call to send and one to hear."""

    def __init__(self, address: tuple[str, int], connections: int) -> None:
        self.answers = Answers()
        self.last = 0.0
        """When the last answer was heard."""
        self.busy: dict[int, _Line] = {}
        self.free: list[_Line] = []
        self._address = address
        self._number = connections
        self._watch = select.epoll()

    def __enter__(self) -> _Flood:
        for _ in range(self._number):
            self.free.append(self._opened())
        return self

    def __exit__(self, *_: object) -> None:
        for line in [*self.free, *self.busy.values()]:
            line.socket.close()
        self._watch.close()

    def send(self, request: bytes) -> None:
        line = self.free.pop()
        if time.perf_counter() - line.sent_at > IDLE_SECONDS:
            line.socket.close()
            line = self._opened()
        line.sent_at, line.left = time.perf_counter(), request
        self.busy[line.socket.fileno()] = line
        line.push()
        if line.left:
            self._watch.modify(line.socket, select.EPOLLIN | select.EPOLLOUT)

    def look(self, *, seconds: float) -> None:
        """Hear what has come, waiting so long for a first word. Raises TimeoutError after 60 s without one."""
        for number, events in self._watch.poll(seconds, HEARD_AT_ONCE):
            line = self.busy.get(number)
            if line is None:
                self._watch.unregister(number)  # silent for so long that the receiver hung up; it is opened anew
            elif events & ~select.EPOLLOUT:
                self._hear(line)
            else:
                self._go_on(line)
        if self.busy and time.perf_counter() - self.last > SILENT_SECONDS:
            raise TimeoutError(f"no answer for {SILENT_SECONDS:g} s; so far {self.answers.counts}")

    def _opened(self) -> _Line:
        line = _Line(socket.create_connection(self._address), time.perf_counter())
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.socket.setblocking(False)
        self._watch.register(line.socket, select.EPOLLIN)
        return line

    def _hear(self, line: _Line) -> None:
        status = _status(_heard(line))
        self.last = time.perf_counter()
        self.answers.add(status, self.last - line.sent_at)
        del self.busy[line.socket.fileno()]
        if status == 0 or line.left:  # nothing more can be said on it
            line.socket.close()
            line = self._opened()
        self.free.append(line)

    def _go_on(self, line: _Line) -> None:
        line.push()
        if not line.left:
            self._watch.modify(line.socket, select.EPOLLIN)


def _heard(line: _Line) -> bytes:
    try:
        return line.socket.recv(4096)
    except ConnectionError:
        return b""


def _begin(selector: selectors.BaseSelector, address: tuple[str, int], waiting: Iterator[bytes]) -> bool:
    request = next(waiting, None)
    if request is None:
        return False
    line = _Line(socket.create_connection(address))
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.socket.setblocking(False)
    line.sent_at, line.left = time.perf_counter(), request
    selector.register(line.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, line)
    return True


def _turn(
    selector: selectors.BaseSelector,
    address: tuple[str, int],
    line: _Line,
    events: int,
    waiting: Iterator[bytes],
    answers: Answers,
) -> bool:
    """Whether the line ended for good."""
    if events & selectors.EVENT_READ:
        answer = _heard(line)
        now = time.perf_counter()
        answers.add(_status(answer), now - line.sent_at)
        if not answer or b"connection: close" in answer.lower():
            selector.unregister(line.socket)
            line.socket.close()
            return not _begin(selector, address, waiting)
        request = next(waiting, None)
        if request is None:
            selector.unregister(line.socket)
            line.socket.close()
            return True
        line.sent_at, line.left = now, request
    _push(selector, line)
    return False


def _push(selector: selectors.BaseSelector, line: _Line) -> None:
    if line.left:
        line.push()
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.left else 0)
    selector.modify(line.socket, wanted, line)


def _status(answer: bytes) -> int:
    """0 where the connection ended without an answer; ours have no body, so one read has it all."""
    parts = answer[:16].split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1][:3].isdigit() else 0
