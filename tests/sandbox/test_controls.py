"""The sandbox's own calls: clock, age, mail, checks and faults."""

from __future__ import annotations

import http.server
import threading
from datetime import timedelta

import pytest

from plugin.sandbox.deliveries import over_http
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


def test_the_pages_show_a_ticket_with_all_that_hangs_on_it(town: Town) -> None:
    anna = town.person("anna")
    ticket_id = anna.opens_ticket("No <heating>", tags="steward:major")
    anna.post("ticket_articles", {"ticket_id": ticket_id, "body": "call back", "internal": True})
    client = town.sandbox.app.test_client()
    assert "No &lt;heating&gt;" in client.get("/").text
    page = client.get(f"/ticket/{ticket_id}").text
    assert all(part in page for part in ("steward:major", "call back", "Mei Lin 林", "internal"))
    assert client.get("/ticket/999").status_code == 404


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
        thread.join(timeout=60)
    ((path, agent, body),) = arrived
    assert (path, agent) == ("/zammad/main?x=1", "Zammad User Agent")
    assert b'"title":"No heating"' in body


def test_an_answer_is_given_as_it_is(town: Town) -> None:
    page = {"status": 413, "body": "<h1>Too large</h1>", "content_type": "text/html"}
    town.control("POST", "faults", json={"kind": "answer", "path": "users/me", **page})
    answer = town.person("anna").get("users/me")
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (413, "<h1>Too large</h1>", "text/html")


def test_a_bent_answer_is_the_true_one_but_for_what_is_named(town: Town) -> None:
    true = town.person("anna").get("ticket_states").json()
    bent = {"kind": "bent", "path": "ticket_states", "put": {"0.name": 7, "9.name": "x"}, "drop": ["*.note", "1"]}
    town.control("POST", "faults", json=bent)
    answer = town.person("anna").get("ticket_states").json()
    expected = [{name: value for name, value in row.items() if name != "note"} for row in true]
    assert answer == [{**expected[0], "name": 7}, *expected[2:]]
