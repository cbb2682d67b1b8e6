"""The lock is asked when a write is about to leave: after connecting, after the headers, before the body."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import responses

from plugin.zammad.client import ZammadClient
from plugin.zammad.fence import Overtaken, allowed_by
from plugin.zammad.limits import Breaker, BreakerState
from tests.zammad.conftest import API, URL

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{"id": 7}'


@dataclass
class Wire:
    """A server that notes what arrives on one connection, and answers once the body is whole."""

    url: str
    headers_came: threading.Event = field(default_factory=threading.Event)
    head: bytes = b""
    body: bytes = b""


@contextmanager
def listening() -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(f"http://127.0.0.1:{server.getsockname()[1]}")

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while b"\r\n\r\n" not in wire.head and (more := connection.recv(65536)):
                    wire.head += more
                wire.head, _, wire.body = wire.head.partition(b"\r\n\r\n")
                wire.headers_came.set()
                while len(wire.body) < len(b'{"title":"x"}') and (more := connection.recv(65536)):
                    wire.body += more
                if wire.body:
                    connection.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        yield wire
        thread.join(60)


def test_a_write_is_asked_about_when_its_headers_are_through() -> None:
    with listening() as wire:
        client = ZammadClient(wire.url, token="x")
        with allowed_by(lambda: wire.headers_came.wait(60)):
            assert client.put("/tickets/7", json={"title": "x"}) == {"id": 7}
        assert wire.body == b'{"title":"x"}'
        assert b"Content-Length: 13" in wire.head
        client.close()


def test_a_lock_that_fell_keeps_the_body_back_and_says_nothing_of_zammad() -> None:
    with listening() as wire:
        client = ZammadClient(wire.url, token="x", breaker=Breaker(clock=lambda: 0.0, threshold=1))
        with pytest.raises(Overtaken), allowed_by(lambda: not wire.headers_came.wait(60)):
            client.put("/tickets/7", json={"title": "x"})
        assert client.breaker.state is BreakerState.CLOSED
        client.close()
    assert wire.head
    assert wire.body == b""


@pytest.mark.parametrize("method", ["delete", "post"])
def test_a_write_without_a_body_is_not_even_begun(method: str) -> None:
    with responses.RequestsMock() as wire:
        client = ZammadClient(URL, token="x")
        with pytest.raises(Overtaken), allowed_by(lambda: False):
            getattr(client, method)("/tags/remove", {"item": "a"})
        assert len(wire.calls) == 0
        client.close()


def test_what_only_reads_is_never_asked_about() -> None:
    with responses.RequestsMock() as wire:
        wire.get(f"{API}/users/me", json={"id": 6})
        wire.post(f"{API}/tickets/search", json=[])
        client = ZammadClient(URL, token="x")
        with allowed_by(lambda: False):
            assert client.get("/users/me") == {"id": 6}
            assert client.post("/tickets/search", json={"query": "*"}) == []
        client.close()


def test_outside_the_block_nobody_asks() -> None:
    with responses.RequestsMock() as wire:
        wire.put(f"{API}/tickets/7", json={"id": 7})
        client = ZammadClient(URL, token="x")
        with allowed_by(lambda: False):
            pass
        assert client.put("/tickets/7", json={}) == {"id": 7}
        client.close()
