"""Probes say what keeps the process from its work, and figures never name a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.model.work import WakeReason
from plugin.observability.alarms import Alarms
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store import meta, waking
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened


def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_without_a_worker_it_is_ready_to_receive_and_says_what_is_missing(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["ready"] is True
    assert answer.json["parts"]["worker"]["said"].startswith("no worker gave a sign of life; start steward worker")


@pytest.mark.parametrize(("age", "ok"), [(29, True), (31, False)], ids=["just now", "too long ago"])
def test_a_worker_is_there_while_it_gives_signs_of_life(client: FlaskClient, store: Store, age: int, ok: bool) -> None:
    with store.write() as connection:
        meta.beat(connection, worker="w", now=NOON - timedelta(seconds=age))
    answer = client.get("/readyz").json
    assert answer is not None
    assert answer["parts"]["worker"]["ok"] is ok


def test_the_lag_is_that_of_the_case_due_longest(client: FlaskClient, store: Store) -> None:
    with store.write() as connection:
        waking.wake(connection, 1, at=NOON - timedelta(seconds=90), reason=WakeReason.SWEEP, now=NOON)
    answer = client.get("/readyz").json
    assert answer is not None
    assert answer["parts"]["lag"] == {"ok": True, "said": "", "seconds": 90.0}


def test_a_pause_is_said_with_its_way_out(client: FlaskClient, store: Store) -> None:
    with store.write() as connection:
        meta.pause(connection, now=NOON)
    answer = client.get("/readyz").json
    assert answer is not None
    assert answer["parts"]["lag"]["said"] == "writing is paused since 2026-11-20 12:00 UTC; steward resume ends it"


@pytest.mark.parametrize(("part", "status"), [("store", 503), ("zammad", 200), ("preflight", 200)])
def test_only_a_store_that_fails_makes_the_process_unready(
    client: FlaskClient, health: Health, part: str, status: int
) -> None:
    health.tell(part, ok=False, said="why, and what to do", since="noon")
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["parts"][part] == {"ok": False, "said": "why, and what to do", "since": "noon"}


def test_a_part_that_is_well_again_is_ready_again(client: FlaskClient, health: Health) -> None:
    health.tell("store", ok=False, said="disk full")
    health.tell("store", ok=True)
    assert client.get("/readyz").status_code == 200


def test_what_workers_of_other_processes_tell_is_shown(client: FlaskClient, store: Store) -> None:
    other = Health()
    other.tell("sweep", ok=True, said="", woken=3)
    other.tell("webhook", ok=False, said="no webhook is heard")
    other.tell("store", ok=False, said="disk full over there")
    Alarms(Metrics(), other, lambda: NOON - timedelta(minutes=5)).sound("parked", ticket_id=7)
    beats(store, "elsewhere:1", other, at=NOON - timedelta(seconds=3))
    answer = client.get("/readyz")
    assert (answer.status_code, parts(answer)["sweep"]) == (200, {"ok": True, "said": "", "woken": 3})
    assert parts(answer)["webhook"]["said"] == "no webhook is heard"
    assert parts(answer)["store"]["said"] == "disk full over there"
    assert parts(answer)["alarms"]["parked"] == {"last_at": "2026-11-20T11:55:00+00:00", "tickets": [7]}


def test_of_a_worker_that_fell_silent_the_alarms_remain(client: FlaskClient, store: Store) -> None:
    other = Health()
    other.tell("webhook", ok=False, said="no webhook is heard")
    moments = iter([NOON - timedelta(minutes=20), NOON - timedelta(minutes=10)])
    alarms = Alarms(Metrics(), other, lambda: next(moments))
    alarms.sound("parked", ticket_id=7)
    alarms.sound("parked", ticket_id=8)
    beats(store, "elsewhere:1", other, at=NOON - timedelta(minutes=9))
    answer = client.get("/readyz")
    assert "webhook" not in parts(answer)
    assert parts(answer)["alarms"]["parked"]["tickets"] == [8, 7]


def test_alarms_of_several_workers_are_one_list(client: FlaskClient, health: Health, store: Store) -> None:
    other = Health()
    Alarms(Metrics(), other, lambda: NOON - timedelta(minutes=5)).sound("parked", ticket_id=7)
    Alarms(Metrics(), health, lambda: NOON).sound("parked", ticket_id=8)
    beats(store, "elsewhere:1", other, at=NOON)
    shown = parts(client.get("/readyz"))["alarms"]["parked"]
    assert shown == {"last_at": "2026-11-20T12:00:00+00:00", "tickets": [8, 7]}


def beats(store: Store, worker: str, health: Health, *, at: datetime) -> None:
    with store.write() as connection:
        meta.beat(connection, worker=worker, now=at, told=health.told())


def parts(answer: TestResponse) -> dict[str, Any]:
    assert answer.json is not None
    shown: dict[str, Any] = answer.json["parts"]
    return shown


def test_figures_are_shown_as_prometheus_reads_them(client: FlaskClient, metrics: Metrics) -> None:
    metrics.deliveries.labels("new").inc()
    metrics.gauge("queue_length", "What waits.", lambda: 3.0)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert 'steward_deliveries_total{result="new"} 1.0' in answer.text
    assert "steward_queue_length 3.0" in answer.text
    names = [line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")]
    assert [name for name in names if not name.startswith("steward_")] == []
