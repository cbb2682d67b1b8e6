"""Granian in this very process: its event loop reads requests, a few threads answer them.

Granian's own WSGI workers want processes of their own, and SQLite wants one. So its embedded server is used: bodies
are read without a thread, within a limit of bytes and seconds, and only whole requests reach Flask. Slow sockets hold
nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from plugin.web.webhook import LARGEST_BODY

THREADS = 64
"""Requests answered at the same time; most of them wait for the commit they share."""
UNDER_WAY = 512
"""Whole requests in the process, waiting ones counted; more are answered 503 at once."""
BODY_SECONDS = 20.0
"""How long a client may take to send its body. Zammad itself gives up a delivery after 60 s."""
STOP_SECONDS = 8
BACKLOG = 2048
Headers = list[tuple[str, str]]


BUFFERED = 64 * 1024 * 1024
"""Bytes of bodies in memory, of all requests together; more are answered 503."""


class TooLarge(Exception):
    """The body goes on beyond the limit."""


class TooMuch(Exception):
    """The bodies under way fill their share of the memory."""


class Bridge:
    """Granian's asynchronous interface on one side, a WSGI application on the other."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="steward-web")
        self._under_way = 0
        self._buffered = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if self._under_way >= UNDER_WAY:
            protocol.response_empty(503, [("retry-after", "10")])
            return
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await self._read(protocol, parts)
            await self._answer(scope, protocol, b"".join(parts))
        except TimeoutError:
            protocol.response_empty(408, [("connection", "close")])
        except TooLarge:
            protocol.response_empty(413, [("connection", "close")])
        except TooMuch:
            protocol.response_empty(503, [("connection", "close"), ("retry-after", "10")])
        finally:
            self._buffered -= sum(map(len, parts))

    async def _read(self, protocol: Any, parts: list[bytes]) -> None:
        size = 0
        async for part in protocol:
            parts.append(bytes(part))
            size += len(part)
            self._buffered += len(part)
            if size > LARGEST_BODY:
                raise TooLarge
            if self._buffered > BUFFERED:
                raise TooMuch

    async def _answer(self, scope: Any, protocol: Any, body: bytes) -> None:
        self._under_way += 1
        try:
            loop = asyncio.get_running_loop()
            status, headers, content = await loop.run_in_executor(self._threads, self._call, scope, body)
        finally:
            self._under_way -= 1
        protocol.response_bytes(status, headers, content)

    def _call(self, scope: Any, body: bytes) -> tuple[int, Headers, bytes]:
        answer: list[Any] = []

        def start_response(status: str, headers: Headers, _failure: object = None) -> None:
            answer[:] = [int(status.split(" ", 1)[0]), headers]

        parts: Iterable[bytes] = self._app.wsgi_app(_environ(scope, body), start_response)  # type: ignore[arg-type]
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


class WebServer:
    """Serves ``app`` at ``host``:``port`` until ``stop``; ``run`` it in the main thread of the process."""

    def __init__(self, app: Flask, *, host: str, port: int) -> None:
        self._bridge = Bridge(app)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._host, self._port = host, port
        self._stopped = False

    def run(self, *, on_ready: Callable[[], None] | None = None) -> None:
        """Serve. ``on_ready`` is called once the port is bound. Raises OSError where it cannot be."""
        self._host = _bindable(self._host, self._port)
        try:
            asyncio.run(self._serve(on_ready))
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
            backlog=BACKLOG,
            backpressure=BACKLOG,
            websockets=False,
            log_enabled=False,
            http1_settings=HTTP1Settings(header_read_timeout=int(BODY_SECONDS * 1000)),
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


def _bindable(host: str, port: int) -> str:
    """The numeric address of ``host``, which granian needs. Raises OSError where nobody can listen there."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # granian's own failure comes late, and with a stack of Rust
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
    return str(address[0])


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    """WSGI's view of the request. A body of unnamed length stays one: the receiver refuses it."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path,
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
