"""The sandbox's own calls: clock, age, mail, checks and faults."""

from __future__ import annotations

import http.server
import threading
from datetime import timedelta
from typing import Any

import pytest
import requests

from plugin.sandbox.deliveries import over_http
from plugin.sandbox.serve import listen
from tests.sandbox.conftest import START, MakeTown, Town


def mail(subject: str, *headers: str, sender: str = "Olga Sommer <olga@customer.example>") -> str:
    lines = [f"From: {sender}", "To: support@example.com", f"Subject: {subject}", "Message-ID: <1@customer.example>"]
    return "\r\n".join([*lines, *headers, "Content-Type: text/plain; charset=utf-8", "", "It is broken.", ""])


def test_the_clock_advances_as_told_and_works_on_the_way(town: Town) -> None:
    town.person("anna").opens_ticket()
    now = town.control("POST", "clock", json={"advance": "25 h"}).json()["now"]
    assert now == "2026-11-24T10:00:00.000Z"
    assert len(town.receiver.deliveries) == 1


def test_a_span_that_is_none_is_refused_with_the_way_out(town: Town) -> None:
    answer = town.control("POST", "clock", json={"advance": "soon"})
    assert answer.status_code == 422
    assert "s, min, h or d" in answer.json()["error"]


def test_an_aged_ticket_was_made_earlier_but_changed_now(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket()
    before = anna.get(f"tickets/{ticket_id}").json()["updated_at"]
    town.control("POST", "age", json={"ticket_id": ticket_id, "hours": 25})
    ticket = town.sandbox.world.tickets[ticket_id]
    assert START - ticket.created_at > timedelta(hours=24, minutes=59)
    assert town.sandbox.world.history_of(ticket_id)[0].created_at == ticket.created_at
    assert anna.get(f"tickets/{ticket_id}").json()["updated_at"] > before


def test_a_mail_of_a_stranger_makes_a_customer_and_a_ticket(town: Town) -> None:
    raw = mail("Gerät kaputt 投诉", sender="Neue Kundin <neu@elsewhere.example>")
    outcome = town.control("POST", "mail", data=raw.encode("utf-8")).json()
    ticket = town.sandbox.world.tickets[outcome["ticket_id"]]
    assert (ticket.title, town.sandbox.world.groups[ticket.group_id].name) == ("Gerät kaputt 投诉", "First line")
    assert town.sandbox.world.users[outcome["user_id"]].email == "neu@elsewhere.example"
    assert ticket.steward_tier is None
    town.passes(seconds=5)
    assert len(town.receiver.deliveries) == 1


def test_a_mail_with_the_number_reopens_the_ticket(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket(state="closed")
    number = town.sandbox.world.tickets[ticket_id].number
    outcome = town.control("POST", "mail", data=mail(f"Re: [Ticket#{number}] No heating").encode()).json()
    assert outcome["ticket_id"] == ticket_id
    assert anna.get(f"tickets/{ticket_id}?expand=true").json()["state"] == "open"


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "Precedence: bulk", "X-Auto-Response-Suppress: All"],
)
def test_an_automatic_mail_says_that_it_wants_no_answer(town: Town, header: str) -> None:
    outcome = town.control("POST", "mail", data=mail("Away", header).encode()).json()
    article = town.sandbox.world.articles[outcome["article_id"]]
    assert article.preferences["send-auto-response"] is False


def test_an_absence_note_leaves_a_closed_ticket_closed(town: Town) -> None:
    ticket_id = town.person("anna").opens_ticket(state="closed")
    number = town.sandbox.world.tickets[ticket_id].number
    town.control("POST", "mail", data=mail(f"[Ticket#{number}]", "Auto-Submitted: auto-replied").encode())
    assert town.sandbox.world.state_type(town.sandbox.world.tickets[ticket_id].state_id) == "closed"


def test_the_pending_check_closes_what_waited_for_it(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket(state="open")
    anna.put(f"tickets/{ticket_id}", {"state": "pending close", "pending_time": "2026-11-23T10:00:00Z"})
    town.passes(hours=2)
    town.control("POST", "check", json={"name": "pending"})
    town.passes(seconds=5)
    assert anna.get(f"tickets/{ticket_id}?expand=true").json()["state"] == "closed"
    assert town.sandbox.world.tickets[ticket_id].updated_by_id == 1


def test_an_idle_owner_is_dropped_after_the_groups_timeout(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket(state="open")
    group = town.sandbox.world.tickets[ticket_id].group_id
    town.person("admin").put(f"groups/{group}", {"assignment_timeout": 30})
    anna.put(f"tickets/{ticket_id}", {"owner": "anna"})
    town.passes(minutes=45)
    town.sandbox.check("auto_unassign")
    assert town.sandbox.world.tickets[ticket_id].owner_id == 1


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


def test_the_pages_show_a_ticket_with_all_that_hangs_on_it(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket("No <heating>", tags="steward:major")
    anna.post("ticket_articles", {"ticket_id": ticket_id, "body": "call back", "internal": True})
    client = town.sandbox.app.test_client()
    assert "No &lt;heating&gt;" in client.get("/").text
    page = client.get(f"/ticket/{ticket_id}").text
    assert all(part in page for part in ("steward:major", "call back", "Mei Lin 林", "internal"))
    assert client.get("/ticket/999").status_code == 404


def test_over_the_wire_a_cut_is_a_connection_that_ends(make_town: MakeTown) -> None:
    town = make_town("6.5")
    server = listen(town.sandbox, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/api/v1/users/me"
    town.control("POST", "faults", json={"kind": "cut_before", "path": "users/me", "count": 1})
    try:
        with pytest.raises(requests.ConnectionError):
            requests.get(address, auth=("anna", "anna"), timeout=5)
        assert requests.get(address, auth=("anna", "anna"), timeout=5).json()["login"] == "anna"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def test_a_delivery_goes_out_over_the_wire_as_zammad_sends_it(make_town: MakeTown) -> None:
    arrived: list[tuple[str, str, bytes]] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.path, self.headers["User-Agent"], body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    town = make_town("6.5")
    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        town.sandbox.deliver = over_http
        webhook = next(iter(town.sandbox.world.webhooks))
        endpoint = f"http://user:secret@127.0.0.1:{server.server_port}/zammad/main?x=1"
        town.person("admin").put(f"webhooks/{webhook.id}", {"endpoint": endpoint})
        town.person("anna").opens_ticket()
        town.passes(seconds=5)
        server.shutdown()
        thread.join(timeout=5)
    ((path, agent, body),) = arrived
    assert (path, agent) == ("/zammad/main?x=1", "Zammad User Agent")
    assert b'"title":"No heating"' in body
