"""Granian in this very process: its event loop reads requests and has deliveries answered without a thread each.

Granian's own WSGI workers want processes of their own, and SQLite wants one. So its embedded server is used: bodies
are read without a thread, within a limit of bytes and seconds, and only whole requests reach Flask. Slow sockets hold
nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import resource
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import uvloop
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # said to be public by its manual
from granian.server.embed import Server

from plugin.web.later import KEY, PATIENCE_SECONDS, Later, too_late
from plugin.web.webhook import LARGEST_BODY

THREADS = 8
"""Requests other than ordinary deliveries that are answered at the same time: probes, figures, large bodies."""
UNDER_WAY = 512
"""Whole requests in the process, waiting ones counted; more are answered 503 at once."""
BODY_SECONDS = 20.0
"""How long a client may take to send its body. Zammad itself gives up a delivery after 60 s."""
HEADER_SECONDS = 5
"""How long a client may take to send its headers, or be silent between two requests."""
STOP_SECONDS = 8
CONNECTIONS = 2048
"""Connections that are open at the same time; more wait until one ends, or was silent for too long."""
SPARE_FILES = 128
"""File descriptors that connections leave to the store, to Zammad and to the log."""
SMALL = 64 * 1024
"""Bytes of a body that is read in one go and checked in the event loop itself: that takes a tenth of a millisecond."""
BUFFERED = 64 * 1024 * 1024
"""Bytes of bodies in memory, of all requests together; more are answered 503."""
LONGEST_HEAD = 64 * 1024
METHODS = frozenset({"GET", "HEAD", "POST"})
Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]
CLOSE: Headers = [("connection", "close")]
BUSY: Headers = [("retry-after", "10")]
_LENGTH = re.compile(r"[0-9]{1,20}")


class _Refused(Exception):
    """The request is answered with a status alone."""

    def __init__(self, status: int, headers: Headers) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class Bridge:
    """Granian's asynchronous interface on one side, a WSGI application on the other.

    Small deliveries are given to the application in the event loop, where nothing may wait: what is left to wait for
    is answered ``Later``. Everything else goes to a thread.
    """

    def __init__(self, app: Flask, *, turns_away: Callable[[], bool], patience: float) -> None:
        self._app = app
        self._turns_away = turns_away
        self._patience = patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="steward-web")
        self._given = _Given()
        self._under_way = 0
        self._buffered = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        held = 0
        try:
            _refuse_strange(scope)
            self._refuse_too_many(scope)
            body = await self._body(scope, protocol)
            held = len(body)
            self._buffered += held
            status, headers, content = await self._answer(scope, body)
        except _Refused as refused:
            protocol.response_empty(refused.status, refused.headers)
        else:
            protocol.response_bytes(status, headers, content)
        finally:
            self._buffered -= held

    async def _body(self, scope: Any, protocol: Any) -> bytes:
        if "transfer-encoding" in scope.headers:
            raise _Refused(411, CLOSE)  # nobody can say how much would follow
        named = scope.headers.get("content-length", "0")
        length = int(named) if _LENGTH.fullmatch(named) else LARGEST_BODY + 1
        if length == 0:
            return b""
        if length > LARGEST_BODY:
            raise _Refused(413, CLOSE)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body: bytes = await (protocol() if length <= SMALL else self._large_body(protocol))
        except TimeoutError:
            raise _Refused(408, CLOSE) from None
        except ProtocolClosed:  # the client hung up in the middle
            raise _Refused(400, CLOSE) from None
        self._refuse_too_many(scope)
        return body

    def _refuse_too_many(self, scope: Any) -> None:
        # before anything that takes time; probes are answered all the same, or the receiver would be killed for it
        if scope.method == "POST" and (self._under_way >= UNDER_WAY or self._turns_away()):
            raise _Refused(503, BUSY)

    async def _large_body(self, protocol: Any) -> bytes:
        """What was only announced takes no share of the memory: counted is what has come."""
        parts: list[bytes] = []
        held = 0
        try:
            async for part in protocol:
                parts.append(bytes(part))
                held += len(part)
                self._buffered += len(part)
                if self._buffered > BUFFERED:
                    raise _Refused(503, [*CLOSE, *BUSY])
            return b"".join(parts)
        finally:
            self._buffered -= held

    async def _answer(self, scope: Any, body: bytes) -> Answer:
        self._under_way += 1
        loop = asyncio.get_running_loop()
        given: asyncio.Future[Any] = loop.create_future()
        later = Later(partial(self._given.give, loop, given))
        try:
            if scope.method == "POST" and 0 < len(body) <= SMALL:  # probes are no POST, and read the store
                answer = self._call(scope, body, later)
            else:
                answer = await loop.run_in_executor(self._threads, self._call, scope, body, later)
            # a view that failed on its way has said so, and nobody will give another answer
            if later.answer is None or answer[0] >= 500:
                return answer
            status = later.answer(await self._outcome(given))
            return status, BUSY if status == 503 else [], b""
        finally:
            self._under_way -= 1

    async def _outcome(self, given: asyncio.Future[Any]) -> Any:
        late = given.get_loop().call_later(self._patience, _give_up, given)
        try:
            return await given
        finally:
            late.cancel()

    def _call(self, scope: Any, body: bytes, later: Later) -> Answer:
        answer: list[Any] = []

        def start_response(status: str, headers: Headers, _failure: object = None) -> None:
            answer[:] = [int(status.split(" ", 1)[0]), headers]

        environ = _environ(scope, body)
        environ[KEY] = later
        parts: Iterable[bytes] = self._app.wsgi_app(environ, start_response)  # type: ignore[arg-type]
        try:
            content = b"".join(parts)
        finally:
            close: Callable[[], None] | None = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = answer
        return status, [(name.lower(), value) for name, value in headers], content

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _give_up(given: asyncio.Future[Any]) -> None:
    if not given.done():
        given.set_result(too_late())


class _Given:
    """Outcomes on their way from other threads to the event loop: a whole batch of them wakes it once."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self._is_woken = False

    def give(self, loop: asyncio.AbstractEventLoop, given: asyncio.Future[Any], outcome: Any) -> None:
        """Safe from any thread, also when the loop is over: then nobody waits for the outcome any more."""
        self._waiting.append((given, outcome))
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._is_woken = False  # before the last look: what is appended afterwards wakes again
        while self._waiting:
            given, outcome = self._waiting.popleft()
            if not given.done():  # the client may have gone, or its time be over
                given.set_result(outcome)


class WebServer:
    """Serves ``app`` at ``host``:``port`` until ``stop``; ``run`` it in the main thread of the process.

    ``turns_away`` says of a delivery that it is one too many: then it is answered 503 before it is read. ``patience``:
    seconds after which a later answer is ``too_late``.
    """

    def __init__(
        self,
        app: Flask,
        *,
        host: str,
        port: int,
        turns_away: Callable[[], bool] = lambda: False,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._bridge = Bridge(app, turns_away=turns_away, patience=patience)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._host, self._port = host, port
        self._stopped = False

    def run(self, *, on_ready: Callable[[], None] | None = None) -> None:
        """Serve. ``on_ready`` is called once the port is bound. Raises OSError where it cannot be."""
        self._host = _bindable(self._host, self._port)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve(on_ready))
        finally:
            self._bridge.close()

    def stop(self) -> None:
        """Have ``run`` return when what is under way was answered, in 8 s at most. Safe from any thread or signal."""
        self._stopped = True
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it is over already
                loop.call_soon_threadsafe(self._server.stop)

    async def _serve(self, on_ready: Callable[[], None] | None) -> None:
        # made here: it ties itself to the loop that runs
        self._server = Server(
            self._bridge,
            address=self._host,
            port=self._port,
            interface=Interfaces.RSGI,
            backlog=CONNECTIONS,
            backpressure=_affordable_connections(),
            websockets=False,
            log_enabled=False,
            http=HTTPModes.http1,  # Zammad speaks nothing else, and two protocols are two doors
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=LONGEST_HEAD),
        )
        self._server.workers_kill_timeout = STOP_SECONDS
        self._loop = asyncio.get_running_loop()
        if self._stopped:
            return
        serving = asyncio.create_task(self._server.serve())
        if on_ready is not None and await self._accepts(serving):
            on_ready()
        await serving

    async def _accepts(self, serving: asyncio.Task[None]) -> bool:
        """Whether connections are taken; granian does not say, so it is tried until one is."""
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection(self._host, self._port)
            except OSError:
                await asyncio.sleep(0.005)
            else:
                writer.close()
                return True
        return False


def _affordable_connections() -> int:
    """How many connections the process has descriptors for; its own limit is raised where the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError):  # some sandboxes forbid even that
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(CONNECTIONS, soft - SPARE_FILES))


def _bindable(host: str, port: int) -> str:
    """The numeric address of ``host``, which granian needs. Raises OSError where nobody can listen there."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # granian's own failure comes late, and with a stack of Rust
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
    return str(address[0])


def _refuse_strange(scope: Any) -> None:
    """Werkzeug would take ``post`` for POST, and ``//zammad`` for ``/zammad``."""
    if scope.method not in METHODS:
        raise _Refused(405, CLOSE)
    if scope.path.startswith("//"):
        raise _Refused(404, CLOSE)


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    """WSGI's view of the request. A body of unnamed length stays one: the receiver refuses it."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),  # WSGI's way to write bytes
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue  # x_hub_signature would pass for X-Hub-Signature
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        # two headers of one name are one list: a second signature never replaces the first
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
