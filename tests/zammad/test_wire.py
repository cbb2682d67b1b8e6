"""What the client makes of a wire that lies, drips or breaks: real sockets, one bad server each."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from plugin.model.errors import StewardError, Unavailable, Unknown, Unreadable
from plugin.zammad.client import LARGEST_ANSWER, TooLarge, ZammadClient
from plugin.zammad.limits import Limiter
from tests.ports import free_port

PATIENCE, HURRY = 120.0, 0.4
"""Time-outs of the client in seconds: where it is not to matter, and where it is."""
DRIP = 0.05
Behaviour = Callable[[socket.socket, threading.Event], None]


@contextmanager
def server(behaves: Behaviour) -> Iterator[str]:
    """A server of this behaviour, one connection after another; its URL."""
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with closing(connection):
                    try:
                        behaves(connection, over)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join(60)


def answers(*parts: bytes, pause: float = 0.0, endless: bytes = b"") -> Behaviour:
    """Reads the request, then sends the parts, ``pause`` seconds between them, and ``endless`` until nobody listens."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)
            over.wait(pause)
        while endless and not over.is_set():
            connection.sendall(endless)
            over.wait(pause)

    return behave


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: application/json", *lines, "", ""]).encode()


def client_of(url: str, *, timeout: float = PATIENCE) -> ZammadClient:
    limiter = Limiter(rate=1000, burst=1000, clock=lambda: 0.0, wait=lambda _: None)
    return ZammadClient(url, token="t0ken", timeout=timeout, limiter=limiter)


BOMB = gzip.compress(b" " * (2 * LARGEST_ANSWER), 9)

WIRES = [
    pytest.param(answers(), Unavailable, id="closed without a word"),
    pytest.param(answers(b"SSH-2.0-OpenSSH_9.2\r\n"), Unavailable, id="another protocol"),
    pytest.param(answers(head("Content-Length: 100"), b'{"id": 7}'), Unavailable, id="less than it promised"),
    pytest.param(answers(head("Content-Length: 4"), b'{"id": 7}'), Unreadable, id="more than it promised"),
    pytest.param(answers(head("Content-Length: many"), b"{"), Unreadable, id="a length that is no number"),
    pytest.param(answers(head("Transfer-Encoding: chunked"), b"zz\r\n{}\r\n"), Unavailable, id="a chunk of no size"),
    pytest.param(answers(head("Transfer-Encoding: chunked"), b"5\r\n{}"), Unavailable, id="a chunk cut off"),
    pytest.param(answers(head("Content-Encoding: gzip", "Content-Length: 3"), b"abc"), Unavailable, id="no gzip"),
    pytest.param(
        answers(head("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}"), BOMB), TooLarge, id="a gzip bomb"
    ),
    pytest.param(answers(head(), endless=b"[" * 1_000_000), TooLarge, id="an answer without an end"),
    pytest.param(answers(b"HTTP/1.1 200 OK\r\n", endless=b"X-Much: more\r\n"), Unavailable, id="headers without end"),
    pytest.param(answers(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), Unavailable, id="a header without end"),
]

DRIPS = [
    pytest.param(answers(head("Content-Length: 9000"), pause=DRIP, endless=b" "), id="of a body"),
    pytest.param(answers(head("Transfer-Encoding: chunked"), b"2328\r\n", pause=DRIP, endless=b" "), id="of a chunk"),
    pytest.param(answers(head(), pause=DRIP, endless=b" "), id="of a body without a length"),
    pytest.param(answers(b"HTTP/1.1 200 OK\r\nX: ", pause=DRIP, endless=b"x"), id="of a header"),
]


@pytest.mark.parametrize(("behaves", "outcome"), WIRES)
def test_a_wire_that_lies_is_named(behaves: Behaviour, outcome: type[StewardError]) -> None:
    with server(behaves) as url, closing(client_of(url)) as client, pytest.raises(outcome) as told:
        client.get("/tickets/7")
    assert type(told.value) is outcome


@pytest.mark.parametrize(("behaves", "_outcome"), WIRES)
def test_a_write_on_a_wire_that_lies_is_unknown(behaves: Behaviour, _outcome: type[StewardError]) -> None:
    with server(behaves) as url, closing(client_of(url)) as client, pytest.raises(Unknown):
        client.put("/tickets/7", json={"title": "x"})


@pytest.mark.parametrize("behaves", DRIPS)
def test_a_drip_is_cut_off(behaves: Behaviour) -> None:
    with server(behaves) as url, closing(client_of(url, timeout=HURRY)) as client:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            client.get("/tickets/7")
        print(f"\na drip was cut off after {time.monotonic() - began:.2f} s, the time-out was {HURRY} s")
        with pytest.raises(Unknown):
            client.put("/tickets/7", json={"title": "x"})


def test_after_a_drip_the_next_call_goes_well() -> None:
    first = threading.Event()

    def behave(connection: socket.socket, over: threading.Event) -> None:
        good = head("Content-Length: 2", "Connection: close")
        if first.is_set():
            answers(good, b"{}")(connection, over)
        else:
            first.set()
            answers(head("Content-Length: 9000"), pause=DRIP, endless=b" ")(connection, over)

    with server(behave) as url, closing(client_of(url, timeout=4.0)) as client:
        with pytest.raises(Unavailable):
            client.get("/tickets/7")
        assert client.get("/tickets/7") == {}


def test_a_server_without_tls_is_not_written_to() -> None:
    with server(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        secure = client_of(url.replace("http:", "https:"))
        with closing(secure), pytest.raises(Unavailable, match="cannot be reached"):
            secure.put("/tickets/7", json={})


def test_a_name_nobody_knows_is_not_written_to() -> None:
    with closing(client_of("http://zammad.invalid")) as client, pytest.raises(Unavailable, match="cannot be reached"):
        client.put("/tickets/7", json={})


def test_a_closed_port_is_not_written_to() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with closing(client_of(url)) as client, pytest.raises(Unavailable, match="cannot be reached"):
        client.put("/tickets/7", json={})
