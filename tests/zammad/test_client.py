"""What the client makes of Zammad's answers, at the wire."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
import responses
import urllib3
from responses import matchers

from plugin.model.errors import NotFound, OutOfSight, Refused, StewardError, Unavailable, Unknown, Unreadable
from plugin.zammad import client as client_module
from plugin.zammad.client import Call, TooLarge, ZammadClient
from plugin.zammad.limits import Breaker, BreakerState, Limiter
from plugin.zammad.outcomes import nothing_was_sent
from tests.zammad.conftest import API, NOW, URL

LOGIN_PAGE = "<!DOCTYPE html><html><body>Sign in, please</body></html>"


@pytest.fixture
def zammad(calls: list[Call]) -> Iterator[ZammadClient]:
    breaker = Breaker(clock=lambda: 0.0)
    limiter = Limiter(rate=1000, burst=1000, clock=lambda: 0.0, wait=lambda _: None)
    client = ZammadClient(URL, token="t0ken", limiter=limiter, breaker=breaker, on_call=calls.append, clock=lambda: NOW)
    yield client
    client.close()


def test_a_call_carries_the_token_and_asks_for_json(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    headers = {
        "Authorization": "Token token=t0ken",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    wire.get(f"{API}/users/me", json={"id": 6}, match=[matchers.header_matcher(headers)])
    assert zammad.get("/users/me") == {"id": 6}
    assert wire.calls[0].request.headers["User-Agent"].startswith("zammad-steward/")


def test_cookies_are_not_kept(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/users/me", json={}, headers={"Set-Cookie": "_zammad_session=1; path=/"})
    zammad.get("/users/me")
    zammad.get("/users/me")
    assert "Cookie" not in wire.calls[1].request.headers


def test_the_environment_proxy_is_not_used(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/users/me", json={})
    zammad.get("/users/me")
    assert zammad._session().trust_env is False


READS = [
    pytest.param({"status": 401, "json": {"error": "Can't find User for Token"}}, Unavailable, id="dead token"),
    pytest.param({"status": 403, "json": {"error": "Not authorized"}}, OutOfSight, id="no access"),
    pytest.param({"status": 404, "json": {"error": "Couldn't find Ticket"}}, NotFound, id="gone"),
    pytest.param({"status": 404, "body": LOGIN_PAGE}, Unavailable, id="404 of a proxy"),
    pytest.param({"status": 422, "json": {"error": "Error ID x"}}, Refused, id="422"),
    pytest.param({"status": 429, "json": {}}, Unavailable, id="too many"),
    pytest.param({"status": 500, "json": {"error": "Error ID x"}}, Unreadable, id="500"),
    pytest.param({"status": 500, "body": LOGIN_PAGE}, Unavailable, id="500 of a proxy"),
    pytest.param({"status": 502, "body": "Bad Gateway"}, Unavailable, id="502"),
    pytest.param({"status": 200, "body": LOGIN_PAGE, "content_type": "text/html"}, Unavailable, id="login page"),
    pytest.param({"status": 200, "body": '{"id": 7, "ti'}, Unreadable, id="half a body"),
    pytest.param({"status": 200, "body": '{"id": NaN}'}, Unreadable, id="no number"),
    pytest.param({"status": 200, "body": "[" * 100_000 + "]" * 100_000}, Unreadable, id="nested 100,000 deep"),
    pytest.param({"status": 200, "body": b'{"title": "\xff\xfe"}'}, Unreadable, id="not UTF-8"),
    pytest.param({"status": 301, "headers": {"Location": "https://other.test/"}}, Refused, id="redirect"),
    pytest.param({"body": requests.ConnectTimeout()}, Unavailable, id="no connection in time"),
    pytest.param({"body": requests.ReadTimeout()}, Unavailable, id="no answer in time"),
    pytest.param({"body": requests.ConnectionError("cut")}, Unavailable, id="cut"),
]


@pytest.mark.parametrize(("answer", "outcome"), READS)
def test_a_read_ends_in_refused_or_unavailable(
    wire: responses.RequestsMock, zammad: ZammadClient, answer: dict[str, object], outcome: type[Exception]
) -> None:
    wire.add(responses.GET, f"{API}/tickets/7", **answer)  # type: ignore[arg-type]
    with pytest.raises(outcome) as told:
        zammad.get("/tickets/7", {"expand": "true"})
    assert type(told.value) is outcome


WRITES = [
    pytest.param({"status": 401, "json": {"error": "x"}}, Unavailable, id="dead token"),
    pytest.param({"status": 403, "json": {"error": "Not authorized"}}, Refused, id="no right"),
    pytest.param({"status": 404, "json": {"error": "Couldn't find Ticket"}}, NotFound, id="gone"),
    pytest.param({"status": 409, "json": {"error": "x"}}, Refused, id="409"),
    pytest.param({"status": 413, "body": LOGIN_PAGE}, Refused, id="413 of a proxy"),
    pytest.param({"status": 415, "body": ""}, Refused, id="415"),
    pytest.param({"status": 422, "json": {"error": "Error ID x"}}, Refused, id="422"),
    pytest.param({"status": 429, "body": "", "headers": {"Retry-After": "7"}}, Unavailable, id="429"),
    pytest.param({"status": 500, "json": {"error": "Error ID x"}}, Unknown, id="500"),
    pytest.param({"status": 503, "body": "", "headers": {"Retry-After": "7"}}, Unknown, id="503"),
    pytest.param({"status": 504, "body": "timeout"}, Unknown, id="504"),
    pytest.param({"status": 200, "body": LOGIN_PAGE, "content_type": "text/html"}, Unknown, id="login page"),
    pytest.param({"status": 201, "body": '{"id": 7, "ti'}, Unknown, id="half a body"),
    pytest.param({"status": 302, "headers": {"Location": "https://other.test/"}}, Refused, id="redirect"),
    pytest.param({"body": requests.ConnectTimeout()}, Unavailable, id="no connection in time"),
    pytest.param({"body": requests.exceptions.ProxyError()}, Unavailable, id="no proxy"),
    pytest.param({"body": requests.ReadTimeout()}, Unknown, id="no answer in time"),
    pytest.param({"body": requests.ConnectionError("cut")}, Unknown, id="cut"),
    pytest.param({"body": requests.exceptions.ChunkedEncodingError()}, Unknown, id="cut in the answer"),
]


@pytest.mark.parametrize(("answer", "outcome"), WRITES)
def test_a_write_is_refused_or_unknown_and_never_merely_failed(
    wire: responses.RequestsMock, zammad: ZammadClient, answer: dict[str, object], outcome: type[Exception]
) -> None:
    wire.add(responses.PUT, f"{API}/tickets/7", **answer)  # type: ignore[arg-type]
    with pytest.raises(StewardError) as told:
        zammad.put("/tickets/7", json={"title": "x"})
    assert type(told.value) is outcome


@pytest.mark.parametrize("path", ["/tickets/search", "/core_workflows/perform"])
def test_a_post_that_only_asks_is_a_read(wire: responses.RequestsMock, zammad: ZammadClient, path: str) -> None:
    wire.post(f"{API}{path}", status=500, json={"error": "Error ID x"})
    with pytest.raises(Unavailable):
        zammad.post(path, json={})


def handshake(reason: str) -> requests.exceptions.SSLError:
    inner = ssl.SSLError(1, f"[SSL: {reason}] text")
    return requests.exceptions.SSLError(
        urllib3.exceptions.MaxRetryError(pool=None, url="/", reason=urllib3.exceptions.SSLError(inner))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("error", "unsent"),
    [
        pytest.param(requests.ConnectTimeout(), True, id="connect time-out"),
        pytest.param(requests.exceptions.ProxyError(), True, id="proxy"),
        pytest.param(handshake("WRONG_VERSION_NUMBER"), True, id="no TLS there"),
        pytest.param(handshake("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), False, id="TLS breaks later"),
        pytest.param(requests.ReadTimeout(), False, id="silence"),
        pytest.param(
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError())),
            False,
            id="reset",
        ),
    ],
)
def test_only_what_failed_before_the_first_byte_was_certainly_not_done(error: Exception, unsent: bool) -> None:
    assert nothing_was_sent(error) is unsent


def test_an_error_handled_meanwhile_does_not_say_that_nothing_was_sent() -> None:
    silence = requests.ReadTimeout()
    silence.__context__ = requests.ConnectTimeout()
    assert nothing_was_sent(silence) is False


def test_a_redirect_names_its_place_and_the_setting(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/users/me", status=301, headers={"Location": "https://help.example.com/api?token=x"})
    wire.get("https://help.example.com/api", json={"id": 6})  # where nobody must ever ask
    with pytest.raises(Refused) as told:
        zammad.get("/users/me")
    assert "help.example.com" in str(told.value)
    assert "STEWARD_ZAMMAD_URL" in str(told.value)
    assert "token" not in str(told.value)
    assert len(wire.calls) == 1


def test_what_zammad_said_is_kept_apart_and_shortened(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.put(f"{API}/tickets/7", status=422, json={"error": "Kunde Müller " * 100})
    with pytest.raises(Refused) as told:
        zammad.put("/tickets/7", json={})
    assert told.value.status == 422
    assert len(told.value.detail) == 200
    assert "Müller" not in str(told.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("17", 17.0, id="seconds"),
        pytest.param("86400", 300.0, id="capped"),
        pytest.param("Sat, 21 Nov 2026 09:01:30 GMT", 90.0, id="date"),
        pytest.param("Sat, 21 Nov 2026 08:00:00 GMT", 0.0, id="date gone by"),
        pytest.param("soon", None, id="nonsense"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_understood_and_holds_everybody(
    wire: responses.RequestsMock, zammad: ZammadClient, status: int, header: str, seconds: float | None
) -> None:
    wire.get(f"{API}/tickets/7", status=status, headers={"Retry-After": header})
    with pytest.raises(Unavailable) as told:
        zammad.get("/tickets/7")
    assert told.value.retry_after == seconds
    assert zammad.limiter.held_for == (seconds or 0.0)


def test_a_dead_zammad_is_left_alone(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/tickets/7", body=requests.ConnectionError("down"))
    for _ in range(50):
        with pytest.raises(Unavailable):
            zammad.get("/tickets/7")
    assert len(wire.calls) == 5
    assert zammad.breaker.state is BreakerState.OPEN


def test_refusals_keep_the_breaker_closed(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/tickets/7", status=404, json={"error": "Couldn't find Ticket"})
    for _ in range(10):
        with pytest.raises(NotFound):
            zammad.get("/tickets/7")
    assert zammad.breaker.state is BreakerState.CLOSED


def test_an_answer_beyond_the_cap_is_not_read_to_its_end(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    huge = b" " * (client_module.LARGEST_ANSWER + 1)
    wire.get(f"{API}/ticket_articles/by_ticket/7", body=huge)
    wire.put(f"{API}/tickets/7", body=huge)
    with pytest.raises(TooLarge):
        zammad.get("/ticket_articles/by_ticket/7")
    with pytest.raises(Unknown):
        zammad.put("/tickets/7", json={})


def test_each_call_is_told_without_ids(wire: responses.RequestsMock, zammad: ZammadClient, calls: list[Call]) -> None:
    wire.get(f"{API}/ticket_articles/by_ticket/7", json=[])
    wire.put(f"{API}/tickets/7", status=500)
    zammad.get("/ticket_articles/by_ticket/7")
    with pytest.raises(Unknown):
        zammad.put("/tickets/7", json={})
    told = [(call.route, call.status, call.outcome) for call in calls]
    assert told == [
        ("GET /ticket_articles/by_ticket/:id", 200, "ok"),
        ("PUT /tickets/:id", 500, "unknown"),
    ]


def test_zammads_clock_is_read_where_a_proxy_tells_it(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/users/me", json={}, headers={"Date": "Sat, 21 Nov 2026 09:02:00 GMT"})
    assert zammad.skew is None
    zammad.get("/users/me")
    assert zammad.skew == timedelta(minutes=2)


def test_each_thread_has_a_session_of_its_own(wire: responses.RequestsMock, zammad: ZammadClient) -> None:
    wire.get(f"{API}/users/me", json={"id": 6})
    sessions = []

    def ask() -> None:
        zammad.get("/users/me")
        sessions.append(zammad._session())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(session) for session in sessions}) == 3


def test_nobody_at_the_address_means_nothing_was_done() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        client = ZammadClient(f"http://127.0.0.1:{reserved.getsockname()[1]}", token="x")
        with pytest.raises(Unavailable):
            client.put("/tickets/7", json={})
        client.close()


def test_a_connection_cut_after_the_request_leaves_it_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def cut() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=cut)
        thread.start()
        client = ZammadClient(f"http://127.0.0.1:{server.getsockname()[1]}", token="x")
        with pytest.raises(Unknown):
            client.put("/tickets/7", json={})
        thread.join()
        client.close()
