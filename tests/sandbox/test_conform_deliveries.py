"""A webhook of the sandbox is held to the recorded one: headers, signature, address and content."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.sandbox.conform.comparison import Comparison
from plugin.sandbox.conform.deliveries import Receivers, arrival_of, compare_delivery, sign
from plugin.sandbox.conform.identities import Identities
from plugin.sandbox.conform.moments import Moments
from plugin.sandbox.conform.stories import Step
from plugin.sandbox.deliveries import Delivery

SECRET = "steward-webhook-secret-42"
BODY = {"ticket": {"id": 6, "title": "Größe"}, "article": {}}
OWN_BODY = json.dumps({"ticket": {"id": 2, "title": "Größe"}, "article": {}}, ensure_ascii=False).encode()
NAME = "Steward: Ticket geändert 工单"


def recorded_step() -> Step:
    raw = json.dumps(BODY, ensure_ascii=False)
    headers = [
        ["Host", "127.0.0.1:4061"],
        ["X-Zammad-Trigger", NAME.encode().decode("latin-1")],
        ["X-Zammad-Delivery", "fa215a44-a397-408b-a1eb-261dd7313b78"],
        ["Content-Type", "application/json"],
        ["X-Hub-Signature", sign(SECRET, raw.encode())],
        ["Content-Length", "99"],
    ]
    request = {"method": "POST", "path": "/steward/ticket", "headers": headers, "body_raw": raw}
    return Step(index=1, kind="webhook", seconds=1.0, lasts=0.0, record={"request": request, "replied": 202})


DELIVERY_ID = "0828abee-9c9e-4171-9021-112b8bcca2ca"
PREPARED = Delivery(
    url="http://127.0.0.1:4061/steward/ticket",
    headers=(
        ("Host", "127.0.0.1:4061"),
        ("X-Zammad-Trigger", NAME),
        ("X-Zammad-Delivery", DELIVERY_ID),
        ("Content-Type", "application/json"),
        ("X-Hub-Signature", sign(SECRET, OWN_BODY)),
        ("Content-Length", str(len(OWN_BODY))),
    ),
    body=OWN_BODY,
    ticket_id=2,
    trigger=NAME,
    delivery_id=DELIVERY_ID,
    attempt=1,
)


def header(name: str, value: str) -> dict[str, Any]:
    return {"headers": tuple((key, value if key == name else old) for key, old in PREPARED.headers)}


def found(own: Delivery, *, identities: Identities | None = None) -> list[tuple[str, str]]:
    comparison = Comparison(identities or Identities(), Moments(begins=datetime(2026, 11, 21, tzinfo=UTC)))
    receivers = Receivers(secrets={SECRET})
    deviations = compare_delivery(arrival_of(recorded_step()), own, comparison=comparison, receivers=receivers)
    return [(deviation.path, deviation.what) for deviation in deviations]


def test_the_same_delivery_under_other_ids_is_the_same() -> None:
    assert found(PREPARED) == []


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        pytest.param(
            {"headers": PREPARED.headers[1:] + PREPARED.headers[:1]}, ("headers", "names and order"), id="order"
        ),
        pytest.param({"headers": PREPARED.headers[:-1]}, ("headers", "names and order"), id="a header too few"),
        pytest.param(header("Content-Type", "text/plain"), ("headers.Content-Type", "value"), id="media type"),
        pytest.param(header("Content-Length", "3"), ("headers.Content-Length", "value"), id="length"),
        pytest.param(
            header("X-Hub-Signature", sign("other", OWN_BODY)), ("headers.X-Hub-Signature", "signature"), id="secret"
        ),
        pytest.param(
            header("X-Hub-Signature", sign(SECRET, OWN_BODY + b" ")),
            ("headers.X-Hub-Signature", "signature"),
            id="signed other bytes",
        ),
        pytest.param({"trigger": "zz"}, ("headers.X-Zammad-Trigger", "value"), id="another trigger"),
        pytest.param({"url": "http://127.0.0.1:4061/observe"}, ("path", "value"), id="another address"),
    ],
)
def test_a_planted_deviation_is_found(planted: dict[str, Any], expected: tuple[str, str]) -> None:
    assert found(replace(PREPARED, **planted)) == [expected]


def test_a_planted_value_in_the_body_is_found() -> None:
    body = OWN_BODY.replace("Größe".encode(), b"Size")
    headers = {**dict(PREPARED.headers), "X-Hub-Signature": sign(SECRET, body), "Content-Length": str(len(body))}
    assert found(replace(PREPARED, body=body, headers=tuple(headers.items()))) == [("ticket.title", "value")]


def test_a_retry_keeps_its_delivery_id() -> None:
    identities = Identities()
    assert found(PREPARED, identities=identities) == []
    assert found(PREPARED, identities=identities) == []
    again = "11111111-9c9e-4171-9021-112b8bcca2ca"
    retried = replace(PREPARED, delivery_id=again, **header("X-Zammad-Delivery", again))
    assert found(retried, identities=identities) == [("headers.X-Zammad-Delivery", "delivery id")]


def test_who_listened_follows_from_what_arrived() -> None:
    receivers = Receivers(reachable={("http", "127.0.0.1:4061"), ("https", "127.0.0.1:4161")})
    receivers.verified.add("https://127.0.0.1:4161/tls/verify")
    assert receivers.hears("http://u:p@127.0.0.1:4061/x")
    assert not receivers.hears("http://127.0.0.1:4999/refused")
    assert not receivers.hears("https://127.0.0.1:4061/plain")
    assert not receivers.hears("https://127.0.0.1:4161/tls/verify")
    assert receivers.hears("https://127.0.0.1:4161/tls/noverify")
