"""Faults on purpose, each kind per route: what the caller gets, and what took effect nevertheless."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from plugin.sandbox.serve import listen
from tests.sandbox.conftest import BASE, MakeTown, Town


def set_fault(town: Town, **fault: Any) -> None:
    """Puts one fault in force."""
    answer = town.control("POST", "faults", json=fault)
    assert answer.status_code == 200, answer.text


def patient_for(town: Town, seconds: float, path: str, **body: Any) -> requests.Response:
    """A call of Steward's that waits so long and no longer."""
    session = requests.Session()
    session.mount(BASE, town.sandbox.adapter())
    session.headers["Authorization"] = f"Token token={town.sandbox.tokens['steward']}"
    return session.post(f"{BASE}/api/v1/{path}", json=body, timeout=seconds)


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        pytest.param({"kind": "status", "status": 503}, 503, "application/json", id="a status"),
        pytest.param({"kind": "rate_limit", "retry_after": 7}, 429, "application/json", id="too many requests"),
        pytest.param({"kind": "login_page"}, 200, "text/html", id="a login page with status 200"),
        pytest.param({"kind": "bad_gateway"}, 502, "text/html", id="a proxy's 502"),
        pytest.param({"kind": "content_type"}, 200, "text/html", id="the wrong content type"),
    ],
)
def test_a_fault_answers_in_zammads_place(town: Town, fault: dict[str, Any], status: int, content_type: str) -> None:
    town.control("POST", "faults", json={"path": "users/me", **fault})
    answer = town.person("anna").get("users/me")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(content_type)
    town.control("DELETE", "faults")
    assert town.person("anna").get("users/me").json()["login"] == "anna"


@pytest.mark.parametrize(("kind", "stored"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection_does_or_does_not_take_effect(town: Town, kind: str, stored: int) -> None:
    ticket_id = town.person("anna").opens_ticket()
    town.control("POST", "faults", json={"kind": kind, "path": "ticket_articles", "method": "POST", "count": 1})
    note = {"ticket_id": ticket_id, "body": "once", "internal": True}
    with pytest.raises(requests.ConnectionError):
        town.person("steward").post("ticket_articles", note)
    assert sum(article.body == "once" for article in town.sandbox.world.articles_of(ticket_id)) == stored


def test_a_late_call_takes_effect_long_after_it_was_answered(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    late = {"kind": "late", "path": "ticket_articles", "method": "POST", "seconds": 100, "count": 1}
    town.control("POST", "faults", json=late)
    note = {"ticket_id": ticket_id, "body": "late", "internal": True}
    assert town.person("steward").post("ticket_articles", note).status_code == 504
    town.passes(seconds=95)
    assert all(article.body != "late" for article in town.sandbox.world.articles_of(ticket_id))
    town.passes(seconds=10)
    assert sum(article.body == "late" for article in town.sandbox.world.articles_of(ticket_id)) == 1


def test_a_fault_can_be_for_one_caller_alone(town: Town) -> None:
    fault = {"kind": "status", "path": "users/me", "user_agent": "^zammad-steward/"}
    town.control("POST", "faults", json=fault)
    assert town.person("anna").get("users/me").status_code == 200
    session = requests.Session()
    session.mount("http://sandbox.test", town.sandbox.adapter())
    answer = session.get("http://sandbox.test/api/v1/users/me", headers={"User-Agent": "zammad-steward/1"})
    assert answer.status_code == 500


def test_half_a_body_is_no_json(town: Town) -> None:
    town.control("POST", "faults", json={"kind": "half_body", "path": "users/me"})
    with pytest.raises(requests.JSONDecodeError):
        town.person("anna").get("users/me").json()


def test_a_stale_answer_is_the_first_one_again(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    first = anna.get(f"tickets/{ticket_id}").json()["updated_at"]
    anna.put(f"tickets/{ticket_id}", {"title": "changed"})
    town.control("POST", "faults", json={"kind": "stale", "path": rf"tickets/{ticket_id}$", "method": "GET"})
    assert anna.get(f"tickets/{ticket_id}").json()["updated_at"] == first


def test_a_seed_makes_the_same_faults_again(town: Town) -> None:
    runs = []
    for _ in range(2):
        town.control("DELETE", "faults")
        fault = {"kind": "status", "path": "users/me", "probability": 0.5}
        town.control("POST", "faults", json={"seed": 7, "faults": [fault]})
        runs.append([town.person("anna").get("users/me").status_code for _ in range(12)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


def test_an_unknown_fault_is_refused_by_name(town: Town) -> None:
    answer = town.control("POST", "faults", json={"kind": "earthquake"})
    assert answer.status_code == 422
    assert "earthquake" in answer.json()["error"]


def test_over_the_wire_a_cut_is_a_connection_that_ends(make_town: MakeTown) -> None:
    town = make_town("6.5")
    server = listen(town.sandbox, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/api/v1/users/me"
    town.control("POST", "faults", json={"kind": "cut_before", "path": "users/me", "count": 1})
    try:
        with pytest.raises(requests.ConnectionError):
            requests.get(address, auth=("anna", "anna"), timeout=60)
        assert requests.get(address, auth=("anna", "anna"), timeout=60).json()["login"] == "anna"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=60)


@pytest.mark.parametrize(
    ("patience", "answered"),
    [pytest.param(5, False, id="longer than the caller waits"), pytest.param(30, True, id="shorter")],
)
def test_a_delayed_call_takes_effect_whether_or_not_its_caller_still_waits(
    town: Town, patience: float, answered: bool
) -> None:
    ticket_id = town.person("anna").opens_ticket()
    set_fault(town, kind="delay", path="ticket_articles", method="POST", seconds=20, count=1)
    note = {"ticket_id": ticket_id, "body": "slow", "internal": True}
    if answered:
        assert patient_for(town, patience, "ticket_articles", **note).status_code == 201
    else:
        with pytest.raises(requests.ReadTimeout):
            patient_for(town, patience, "ticket_articles", **note)
    assert sum(article.body == "slow" for article in town.sandbox.world.articles_of(ticket_id)) == 1


def test_too_many_requests_say_when_to_come_again(town: Town) -> None:
    set_fault(town, kind="rate_limit", path="users/me", retry_after=7, count=2)
    answers = [town.person("anna").get("users/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_a_proxy_is_down_for_a_minute(town: Town) -> None:
    set_fault(town, kind="bad_gateway", path=".*", seconds=60)
    statuses = []
    for _ in range(4):
        statuses.append(town.person("anna").get("users/me").status_code)
        town.passes(seconds=25)
    assert statuses == [502, 502, 502, 200]


@pytest.mark.parametrize(
    ("after", "stored"), [pytest.param(False, 0, id="before the effect"), pytest.param(True, 1, id="after it")]
)
def test_a_status_comes_before_or_after_the_effect(town: Town, after: bool, stored: int) -> None:
    ticket_id = town.person("anna").opens_ticket()
    set_fault(town, kind="status", status=500, path="ticket_articles", method="POST", after=after, count=1)
    note = {"ticket_id": ticket_id, "body": "once", "internal": True}
    assert town.person("steward").post("ticket_articles", note).status_code == 500
    assert sum(article.body == "once" for article in town.sandbox.world.articles_of(ticket_id)) == stored


def test_a_fault_is_for_one_method_and_route(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket()
    set_fault(town, kind="status", status=503, path=rf"/tickets/{ticket_id}$", method="PUT")
    anna = town.person("anna")
    assert anna.put(f"tickets/{ticket_id}", {"title": "x"}).status_code == 503
    assert anna.get(f"tickets/{ticket_id}").status_code == 200
    assert anna.get(f"ticket_history/{ticket_id}").status_code == 200


def test_a_stale_list_is_that_of_the_same_question(town: Town) -> None:
    anna = town.person("anna")
    anna.opens_ticket("first")
    asked = [len(anna.get(f"tickets?per_page={size}").json()) for size in (50, 60)]
    anna.opens_ticket("second")
    set_fault(town, kind="stale", path="/tickets$", method="GET")
    assert [len(anna.get(f"tickets?per_page={size}").json()) for size in (50, 60)] == asked
    assert len(anna.get("tickets?per_page=70").json()) == 2


def test_how_often_a_fault_struck_is_told(town: Town) -> None:
    set_fault(town, kind="status", path="users/me", count=2)
    for _ in range(3):
        town.person("anna").get("users/me")
    ((struck,),) = [[row["struck"] for row in town.control("GET", "faults").json()["faults"]]]
    assert struck == 2
    assert town.control("DELETE", "faults").json()["faults"] == []


def test_the_controls_themselves_are_never_disturbed(town: Town) -> None:
    set_fault(town, kind="cut_before", path=".*")
    assert town.control("GET", "clock").status_code == 200
