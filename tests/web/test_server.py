"""The server on a real port: slow, large and strange clients hold nobody up, and it ends when told to."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from flask import Flask, Response, request

from plugin.store.store import Store
from plugin.web import server
from plugin.web.app import create_web
from plugin.web.later import KEY, PATIENCE_SECONDS
from plugin.web.server import WebServer
from plugin.web.webhook import LARGEST_BODY
from tests.ports import free_port
from tests.web import wire

PATIENCE = 60.0
"""Who waits so long waits in vain, however busy the machine is."""


def make_app(release: threading.Event, came: threading.Event | None = None) -> Flask:
    """Answers ``/wait`` once ``release`` is set; ``came``: somebody has asked for it."""
    app = Flask("echo")

    @app.post("/echo")
    def echo() -> Response:
        shown = [request.headers.get(name, "-") for name in ("X-Zammad-Trigger", "X-Hub-Signature", "X-Twice")]
        return Response(repr([*shown, request.content_length, len(request.get_data())]), status=202)

    @app.get("/wait")
    def wait() -> Response:
        if came is not None:
            came.set()
        release.wait(PATIENCE)
        return Response("done")

    @app.post("/later")
    def later() -> Response:
        give = request.environ[KEY].expect(lambda outcome: outcome if isinstance(outcome, int) else 504)
        if request.get_data() == b"fails":
            raise ValueError("after it said that the answer will come")
        threading.Timer(0.05, give, [503]).start()
        return Response(status=202)

    return app


@pytest.fixture(scope="module")
def release() -> threading.Event:
    return threading.Event()


@pytest.fixture(scope="module")
def address(release: threading.Event) -> Iterator[tuple[str, int]]:
    with running(make_app(release)) as (_, port):
        yield "127.0.0.1", port


@pytest.fixture
def served(address: tuple[str, int]) -> tuple[str, int]:
    return address


@contextmanager
def running(
    app: Flask, host: str = "127.0.0.1", turns_away: Callable[[], bool] = lambda: False
) -> Iterator[tuple[WebServer, int]]:
    port = free_port()
    web = WebServer(app, host=host, port=port, turns_away=turns_away)
    ready = threading.Event()
    thread = threading.Thread(target=web.run, kwargs={"on_ready": ready.set})
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield web, port
    finally:
        web.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def connect(address: tuple[str, int]) -> socket.socket:
    client = socket.create_connection(address)
    client.settimeout(PATIENCE)
    return client


def ask(address: tuple[str, int], raw: bytes) -> bytes:
    with connect(address) as client:
        client.sendall(raw)
        return client.recv(65536)


def post(address: tuple[str, int], body: bytes = b"hello", path: str = "/echo") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    connection.request("POST", path, body=body)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_request_reaches_flask_and_its_answer_the_client(served: tuple[str, int]) -> None:
    assert post(served) == (202, b"['-', '-', '-', 5, 5]")


@pytest.mark.parametrize("body", [b"small", b"x" * (server.SMALL + 1)], ids=["in the loop", "in a thread"])
def test_an_answer_may_be_given_later_by_a_thread(served: tuple[str, int], body: bytes) -> None:
    assert post(served, body, path="/later") == (503, b"")


def test_a_view_that_fails_has_answered(served: tuple[str, int]) -> None:
    began = time.monotonic()
    assert post(served, b"fails", path="/later")[0] == 500
    assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_delivery_whose_commit_takes_too_long_is_counted_as_it_was_answered(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as store, wire.door(store, patience=3.0) as door:
        with store.write():
            assert door.talk(wire.request()) == [503]
        assert door.talk(wire.request()) == [202]  # once the first one is on disk
        assert {result: door.counted(result) for result in ("unavailable", "new", "replay")} == {
            "unavailable": 1,
            "new": 0,
            "replay": 1,
        }


def test_a_mistake_of_the_receiver_is_said_and_answered() -> None:
    def breaks(_environ: object, _start_response: object) -> Iterable[bytes]:
        raise ValueError("nobody expected this")

    with structlog.testing.capture_logs() as said, running(create_web([], receiver=breaks)) as (_, port):
        assert [post(("127.0.0.1", port), path="/zammad/ticket")[0] for _ in range(2)] == [500, 500]
    assert [line["event"] for line in said].count("the receiver made a mistake") == 2


def test_probes_are_answered_where_deliveries_are_turned_away(release: threading.Event) -> None:
    release.set()
    with running(make_app(release), turns_away=lambda: True) as (_, port):
        assert post(("127.0.0.1", port)) == (503, b"")
        assert b"done" in ask(("127.0.0.1", port), b"GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


def test_strange_headers_are_left_out_and_two_of_a_name_are_one_list(served: tuple[str, int]) -> None:
    answer = ask(
        served,
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX-Zammad-Trigger: ge\xc3\xa4ndert\r\n"
        b"x_hub_signature: forged\r\nX-Twice: one\r\nX-Twice: two\r\n\r\n",
    )
    assert b" 202 " in answer
    # granian leaves out what is not ASCII, and we what would pass for another name
    assert b"['-', '-', 'one,two', 0, 0]" in answer


def test_slow_bodies_hold_nobody_up(served: tuple[str, int]) -> None:
    slow = [connect(served) for _ in range(200)]
    try:
        for client in slow:
            client.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nslo")
        began = time.monotonic()
        assert [post(served)[0] for _ in range(20)] == [202] * 20
        assert time.monotonic() - began < server.BODY_SECONDS  # so long they may take
        for client in slow[:3]:
            client.sendall(b"w" * 97)
            assert b" 202 " in client.recv(4096)
    finally:
        for client in slow:
            client.close()


def test_a_body_without_end_is_cut_off_at_the_limit(served: tuple[str, int]) -> None:
    block = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    sent = 0
    with connect(served) as client, contextlib.suppress(ConnectionError):
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent < 64:
            client.sendall(block)
            sent += 1
    assert sent < 64
    assert post(served)[0] == 202


def test_what_is_no_http_gets_no_further(served: tuple[str, int]) -> None:
    assert b" 400 " in ask(served, b"hello\r\n\r\n")
    assert post(served)[0] == 202


def test_what_is_under_way_is_answered_before_the_end(release: threading.Event) -> None:
    release.clear()
    came = threading.Event()
    with running(make_app(release, came)) as (web, port), connect(("127.0.0.1", port)) as client:
        client.sendall(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        assert came.wait(PATIENCE)
        web.stop()
        release.set()
        assert b"done" in client.recv(4096)


def test_a_host_name_is_looked_up(release: threading.Event) -> None:
    with running(make_app(release), host="localhost") as (_, port):
        assert post(("localhost", port))[0] == 202


def test_a_port_that_is_taken_is_an_error_at_once(served: tuple[str, int]) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        WebServer(Flask("echo"), host=served[0], port=served[1]).run()


def test_it_can_be_told_to_stop_before_it_began() -> None:
    web = WebServer(Flask("echo"), host="127.0.0.1", port=free_port())
    web.stop()
    web.run()


def test_the_limits_leave_room_for_zammads_largest_delivery() -> None:
    assert server.BODY_SECONDS < 60
    assert server.BUFFERED > LARGEST_BODY


@pytest.mark.skipif(sys.platform != "linux", reason="granian brings its allocator on Linux only")
@pytest.mark.parametrize(
    ("own", "counts"),
    [
        pytest.param(None, "dirty_decay_ms:500", id="ours"),
        pytest.param("dirty_decay_ms:2000", "dirty_decay_ms:2000", id="an administrator's"),
    ],
)
def test_what_requests_took_is_given_back_soon(own: str | None, counts: str) -> None:
    """Granian's allocator says what it goes by: a name it does not read would change nothing, and nobody would see."""
    name = "_RJEM_MALLOC_CONF"
    bare = {key: value for key, value in os.environ.items() if key != name} | ({} if own is None else {name: own})
    begin = f"import os, plugin.web; os.environ['{name}'] += ',confirm_conf:true'; import plugin.web.server"
    said = subprocess.run([sys.executable, "-c", begin], env=bare, capture_output=True, text=True, check=True)
    assert f"Set conf value: {counts}" in said.stderr
