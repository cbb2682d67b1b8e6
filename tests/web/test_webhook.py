"""The receiver lets signed deliveries in, once, and nothing else; whatever is sent, it does not break."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Blueprint
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import claiming, inbox
from plugin.store.store import Store
from plugin.web import payload, webhook
from plugin.web.app import create_web
from plugin.web.intake import Intake
from plugin.web.turned_away import TurnedAway

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = b'{"ticket":{"id":7,"updated_at":"2026-11-20T11:59:58.123Z","title":"K\xc3\xbche"},"article":{}}'


def signature(body: bytes, secret: str = "secret") -> str:
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def post(
    client: FlaskClient,
    body: bytes = BODY,
    *,
    path: str = "/zammad/ticket",
    delivery_id: str = "d1",
    environ: dict[str, str] | None = None,
) -> TestResponse:
    headers = {"X-Hub-Signature": signature(body), "X-Zammad-Delivery": delivery_id}
    length = {"CONTENT_LENGTH": str(len(body))}
    return client.post(path, data=body, headers=headers, environ_overrides=length | (environ or {}))


def rows(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return inbox.counts(connection)


def woken(store: Store) -> list[int]:
    """The tickets that all deliveries so far would wake."""
    with store.write() as connection:
        inbox.fold(connection, quiet=timedelta(0), now=NOON)
        return [case.ticket_id for case, _ in claiming.due(connection, now=NOON, limit=100)]


def test_a_signed_delivery_is_stored_and_answered_with_nothing(client: FlaskClient, store: Store) -> None:
    answer = post(client)
    assert (answer.status_code, answer.data) == (202, b"")
    assert "Content-Type" not in answer.headers
    assert rows(store) == {"new": 1}
    assert woken(store) == [7]


def test_the_version_is_zammads_own_text(client: FlaskClient, store: Store) -> None:
    post(client)
    with store.read() as connection:
        row = connection.exec_driver_sql("SELECT ticket_id, version, source FROM inbox").one()
    assert tuple(row) == (7, "2026-11-20T11:59:58.123Z", "ticket")


def test_the_secret_before_is_still_good_while_it_is_replaced(client: FlaskClient, store: Store) -> None:
    answer = client.post("/zammad/ticket", data=BODY, headers={"X-Hub-Signature": signature(BODY, "ältér")})
    assert answer.status_code == 202
    assert woken(store) == [7]


def test_an_exact_replay_is_accepted_and_wakes_nobody(client: FlaskClient, store: Store) -> None:
    post(client)
    assert woken(store) == [7]
    with store.write() as connection:
        [(case, _)] = claiming.due(connection, now=NOON, limit=1)
        claiming.mark_claimed(connection, [7])
        claiming.finish(connection, case, next_wake=None, now=NOON)
    assert post(client).status_code == 202
    assert post(client, path="/zammad/another").status_code == 202
    assert post(client, delivery_id="another").status_code == 202
    assert woken(store) == []
    assert rows(store) == {"folded": 1}


FORGERIES = {
    "no signature": {},
    "empty": {"X-Hub-Signature": ""},
    "another secret": {"X-Hub-Signature": signature(BODY, "guess")},
    "empty secret": {"X-Hub-Signature": signature(BODY, "")},
    "of another body": {"X-Hub-Signature": signature(BODY + b" ")},
    "of the empty body": {"X-Hub-Signature": signature(b"")},
    "without its prefix": {"X-Hub-Signature": signature(BODY)[5:]},
    "prefix alone": {"X-Hub-Signature": "sha1="},
    "cut short": {"X-Hub-Signature": signature(BODY)[:-1]},
    "one digit more": {"X-Hub-Signature": signature(BODY) + "0"},
    "upper case": {"X-Hub-Signature": signature(BODY).upper()},
    "upper case digits": {"X-Hub-Signature": "sha1=" + signature(BODY)[5:].upper()},
    "blank before": {"X-Hub-Signature": "sha1= " + signature(BODY)[5:]},
    "twice in one": {"X-Hub-Signature": signature(BODY) + "," + signature(BODY)},
    "forged, then right": {"X-Hub-Signature": signature(BODY, "guess") + ", " + signature(BODY)},
    "SHA-256 by name": {"X-Hub-Signature": "sha256=" + hmac.new(b"secret", BODY, hashlib.sha256).hexdigest()},
    "SHA-256 in another header": {
        "X-Hub-Signature-256": "sha256=" + hmac.new(b"secret", BODY, hashlib.sha256).hexdigest()
    },
    "SHA-1 without a key": {"X-Hub-Signature": "sha1=" + hashlib.sha1(BODY).hexdigest()},
    "secret itself": {"X-Hub-Signature": "sha1=secret"},
    "not ASCII": {"X-Hub-Signature": "sha1=ÿþüäößéèàâêîôûçñãõ¡¿ÿþüäößéèàâêîôûç"},
    "mojibake": {"X-Hub-Signature": "sha1=\udcff\udcfe"},
    "base64": {"X-Hub-Signature": "sha1=2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
    "wildcards": {"X-Hub-Signature": "sha1=*"},
    "null": {"X-Hub-Signature": "null"},
    "very long": {"X-Hub-Signature": "sha1=" + "0" * 60_000},
    "in the query": {},
    "in the authorization": {"Authorization": signature(BODY)},
    "method override": {"X-HTTP-Method-Override": "GET"},
    "trusted address": {"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1"},
}


@pytest.mark.parametrize("headers", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_delivery_is_turned_away_without_a_trace(
    client: FlaskClient, store: Store, headers: dict[str, str]
) -> None:
    query = f"?X-Hub-Signature={signature(BODY)}&signature={signature(BODY)}"
    answer = client.post("/zammad/ticket" + query, data=BODY, headers=headers)
    assert (answer.status_code, answer.data) == (401, b"")
    assert rows(store) == {}


UNREADABLE = {
    "empty": b"",
    "blank": b" ",
    "not JSON": b"hello",
    "cut short": BODY[:-1],
    "more behind": BODY + b"{}",
    "NaN": b'{"ticket":{"id":7,"x":NaN}}',
    "infinity": b'{"ticket":{"id":Infinity}}',
    "a lone surrogate": rb'{"ticket":{"id":7,"title":"\ud800"}}',
    "not UTF-8": b'{"ticket":{"id":7,"title":"\xff\xfe"}}',
    "UTF-16": '{"ticket":{"id":7}}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"ticket":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside": b'{"ticket":{"id":7,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "a list": b'[{"ticket":{"id":7}}]',
    "a number": b"7",
    "null": b"null",
    "no ticket": b'{"article":{"ticket_id":7}}',
    "ticket null": b'{"ticket":null}',
    "ticket a list": b'{"ticket":[7]}',
    "ticket a number": b'{"ticket":7}',
    "no id": b'{"ticket":{"number":"7"}}',
    "id null": b'{"ticket":{"id":null}}',
    "id zero": b'{"ticket":{"id":0}}',
    "id negative": b'{"ticket":{"id":-7}}',
    "id a text": b'{"ticket":{"id":"7"}}',
    "id true": b'{"ticket":{"id":true}}',
    "id a fraction": b'{"ticket":{"id":7.0}}',
    "id exponential": b'{"ticket":{"id":7e0}}',
    "id a list": b'{"ticket":{"id":[7]}}',
    "id an object": b'{"ticket":{"id":{"$gt":0}}}',
    "id 2^63": b'{"ticket":{"id":9223372036854775808}}',
    "id 2^64": b'{"ticket":{"id":18446744073709551616}}',
    "id 2^70": b'{"ticket":{"id":1180591620717411303424}}',
    "id of many digits": b'{"ticket":{"id":' + b"9" * 100_000 + b"}}",
    "the last of two ids wrong": b'{"ticket":{"id":7,"id":"x"}}',
    "the last of two tickets wrong": b'{"ticket":{"id":7},"ticket":[]}',
    "Zammad's own parse error": b'{"error":"unexpected token at \'x\'"}',
    "a form": b"ticket[id]=7",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_signed_but_unreadable_is_kept_apart_and_wakes_nobody(
    client: FlaskClient, store: Store, body: bytes
) -> None:
    assert post(client, body).status_code == 202
    assert rows(store) == {"quarantined": 1}
    assert woken(store) == []


ODD = {
    "no version": (b'{"ticket":{"id":7}}', None),
    "version null": (b'{"ticket":{"id":7,"updated_at":null}}', None),
    "version a number": (b'{"ticket":{"id":7,"updated_at":5}}', None),
    "version with NUL": (rb'{"ticket":{"id":7,"updated_at":"2026\u0000"}}', None),
    "version very long": (b'{"ticket":{"id":7,"updated_at":"' + b"9" * 5000 + b'"}}', None),
    "version in Rails' form": (b'{"ticket":{"id":7,"updated_at":"2026-01-31 10:00:00 UTC"}}', None),
    "version with an offset": (b'{"ticket":{"id":7,"updated_at":"2026-01-31T10:00+02:00"}}', "2026-01-31T10:00+02:00"),
    "NUL in the title": (rb'{"ticket":{"id":7,"title":"\u0000","updated_at":"v"}}', "v"),
    "odd neighbours": (b'{"ticket":{"id":7,"updated_at":"v","owner":5,"article_ids":"x"},"article":[[]]}', "v"),
    "2^70 beside it": (b'{"ticket":{"id":7,"updated_at":"v","time_unit":1180591620717411303424}}', "v"),
    "two ids": (b'{"ticket":{"id":9,"updated_at":"v","id":7}}', "v"),
    "blanks": (b' \n{ "ticket" : { "id" : 7 , "updated_at" : "v" } }\r\n', "v"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "version"), ODD.values(), ids=ODD)
def test_an_odd_body_with_a_ticket_id_is_understood(
    client: FlaskClient, store: Store, body: bytes, version: str | None
) -> None:
    assert post(client, body).status_code == 202
    assert woken(store) == [7]
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT version FROM inbox").scalar_one() == version


def test_the_largest_id_is_understood(client: FlaskClient, store: Store) -> None:
    post(client, b'{"ticket":{"id":9223372036854775807}}')
    assert woken(store) == [2**63 - 1]


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        pytest.param({"CONTENT_LENGTH": ""}, 411, id="no length"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "chunked"}, 411, id="chunked"),
        pytest.param({"CONTENT_LENGTH": str(webhook.LARGEST_BODY + 1)}, 413, id="too large"),
        pytest.param({"CONTENT_LENGTH": "99999999999999999999"}, 413, id="absurd"),
        pytest.param({"CONTENT_LENGTH": "-1"}, 411, id="negative"),
        pytest.param({"CONTENT_LENGTH": "ten"}, 411, id="a word"),
        pytest.param({"CONTENT_LENGTH": str(len(BODY) + 1)}, 400, id="client gave up"),
        pytest.param({"CONTENT_LENGTH": str(len(BODY) - 1)}, 401, id="cut by its length"),
    ],
)
def test_a_body_of_unfit_size_is_refused(
    client: FlaskClient, store: Store, environ: dict[str, str], status: int
) -> None:
    assert post(client, environ=environ).status_code == status
    assert rows(store) == {}


def test_the_largest_body_is_taken(client: FlaskClient, store: Store) -> None:
    body = json.dumps({"ticket": {"id": 7}, "x": ""}).encode()
    body = body[:-2] + b"x" * (webhook.LARGEST_BODY - len(body)) + b'"}'
    assert len(body) == webhook.LARGEST_BODY
    assert post(client, body).status_code == 202
    assert woken(store) == [7]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused_without_a_word(client: FlaskClient, store: Store, method: str) -> None:
    answer = client.open("/zammad/ticket", method=method, data=BODY, headers={"X-Hub-Signature": signature(BODY)})
    assert (answer.status_code, answer.data) == (405, b"")
    assert rows(store) == {}


@pytest.mark.parametrize(
    "path",
    [
        "/zammad",
        "/zammad/",
        "//zammad/ticket",
        "/zammad//ticket",
        "/zammad/ticket/more",
        "/zammad/Ticket",
        "/zammad/..%2fticket",
        "/zammad/" + "t" * 33,
        "/zammad/t%00",
        "/zammad/t%0d%0aLocation:x",
        "/zammad/工单",
        "/zammad/ti_cket",
    ],
)
def test_no_other_place_takes_deliveries_and_none_redirects(client: FlaskClient, store: Store, path: str) -> None:
    answer = post(client, path=path)
    assert (answer.status_code, answer.data) == (404, b"")
    assert "Location" not in answer.headers
    assert rows(store) == {}


def test_a_closing_slash_is_the_same_place(client: FlaskClient, store: Store) -> None:
    assert post(client, path="/zammad/ticket/").status_code == 202
    assert woken(store) == [7]


@pytest.mark.parametrize("given_id", ["", "x" * 65, "a\tb", "id;drop", "工"])
def test_an_odd_delivery_id_is_left_out(client: FlaskClient, store: Store, given_id: str) -> None:
    assert post(client, delivery_id=given_id).status_code == 202
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT delivery_id FROM inbox").scalar_one() is None


def test_a_receiver_without_a_secret_is_not_made(intake: Intake, metrics: Metrics) -> None:
    for secrets in ([], [""]):
        with pytest.raises(ValueError, match="no webhook secret"):
            webhook.create_receiver(intake=intake, secrets=secrets, clock=lambda: NOON, metrics=metrics)


def test_a_failing_store_is_told_to_zammad_and_to_health_without_customers_words(
    client: FlaskClient, store: Store, health: Health, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO inbox_away")
    answer = post(client)
    assert (answer.status_code, answer.data, answer.headers["Retry-After"]) == (503, b"", "10")
    told = health.part("store")
    assert told is not None
    assert not told.ok
    assert "inbox" in told.said
    assert "Küche" not in told.said + capsys.readouterr().out
    assert client.get("/readyz").status_code == 503
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox_away RENAME TO inbox")
    assert post(client).status_code == 202
    assert client.get("/readyz").status_code == 200


def test_turned_away_deliveries_are_counted_each_and_logged_once(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    turned_away = TurnedAway(metrics)
    for _ in range(100):
        turned_away.count("overloaded")
    assert metrics.registry.get_sample_value("steward_deliveries_total", {"result": "unavailable"}) == 100
    assert 1 <= capsys.readouterr().out.count("delivery turned away") < 100


def test_the_application_answers_errors_with_a_status_alone() -> None:
    app = create_web([Blueprint("none", __name__)])
    answer = app.test_client().get("/nothing")
    assert (answer.status_code, answer.data) == (404, b"")


KEYS = st.sampled_from(["ticket", "id", "updated_at", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)
REASONS = {"not JSON", "not a JSON object", "no ticket in it", "no ticket id in it"}


@given(st.binary(max_size=400) | VALUES.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_body_is_read_or_called_unreadable(body: bytes) -> None:
    said = reading(body)
    assert said in REASONS or 0 < int(said) <= payload.LARGEST_ID


def reading(body: bytes) -> str:
    try:
        return str(payload.read(body).ticket_id)
    except payload.Unreadable as reason:
        return str(reason)
