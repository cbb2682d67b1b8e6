"""Webhooks on the wire: headers, credentials, redirects, time-outs, templates (contract 1.2 to 1.5, 2.2)."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from plugin.sandbox import Delivery, Reply
from tests.sandbox.conftest import MakeTown, Town


def the_webhook(town: Town, **changes: Any) -> int:
    """Steward's webhook, changed as an administrator would."""
    made = next(iter(town.sandbox.world.webhooks))
    answer = town.person("admin").put(f"webhooks/{made.id}", changes)
    assert answer.status_code == 200, answer.text
    return int(made.id)


def delivered(town: Town, **more: Any) -> Delivery:
    """What comes of a new ticket."""
    town.person("anna").opens_ticket(**more)
    town.passes(seconds=5)
    return town.receiver.deliveries[-1]


@pytest.mark.parametrize(
    ("changes", "authorization"),
    [
        pytest.param({"basic_auth_username": "ü", "basic_auth_password": "p:ß"}, "ü:p:ß", id="both"),
        pytest.param({"basic_auth_username": "only"}, None, id="a name alone"),
        pytest.param({"basic_auth_password": "only"}, None, id="a password alone"),
        pytest.param({"endpoint": "http://user:secret@other.test/x"}, None, id="in the address"),
    ],
)
def test_credentials_go_along_only_where_both_are_set(
    town: Town, changes: dict[str, Any], authorization: str | None
) -> None:
    the_webhook(town, **changes)
    delivery = delivered(town)
    header = dict(delivery.headers).get("Authorization")
    expected = None if authorization is None else f"Basic {base64.b64encode(authorization.encode()).decode()}"
    assert header == expected
    assert "secret" not in delivery.url


def test_without_a_token_nothing_is_signed_and_the_query_is_kept(town: Town) -> None:
    the_webhook(town, signature_token="", endpoint="http://other.test/hook?key=1")
    delivery = delivered(town)
    assert "X-Hub-Signature" not in dict(delivery.headers)
    assert delivery.url == "http://other.test/hook?key=1"


@pytest.mark.parametrize(
    ("endpoint", "status"),
    [
        pytest.param("https://other.test/x", 200, id="https"),
        pytest.param("ftp://other.test/x", 422, id="another scheme"),
        pytest.param("http://öther.test/x", 422, id="not ASCII"),
        pytest.param("nonsense", 422, id="no address"),
    ],
)
def test_an_endpoint_must_be_one(town: Town, endpoint: str, status: int) -> None:
    made = next(iter(town.sandbox.world.webhooks))
    assert town.person("admin").put(f"webhooks/{made.id}", {"endpoint": endpoint}).status_code == status


def test_versions_name_their_content_and_cut_endpoints(make_town: MakeTown) -> None:
    kinds, lengths = [], []
    for town in (make_town("6.1"), make_town("6.5")):
        the_webhook(town, endpoint="http://other.test/" + "x" * 3000)
        delivery = delivered(town)
        kinds.append(dict(delivery.headers)["Content-Type"])
        lengths.append(len(delivery.url))
    assert kinds == ["application/json", "application/json; charset=utf-8"]
    assert lengths == [300, 2000]


def test_endpoint_and_secret_are_read_at_each_attempt(town: Town) -> None:
    town.receiver.answer = 500
    first = delivered(town)
    the_webhook(town, endpoint="http://moved.test/x", signature_token="new")
    town.passes(seconds=15)
    second = town.receiver.deliveries[-1]
    assert (second.delivery_id, second.attempt, second.url) == (first.delivery_id, 2, "http://moved.test/x")
    assert dict(second.headers)["X-Hub-Signature"] != dict(first.headers)["X-Hub-Signature"]


def test_an_inactive_webhook_ends_quietly(town: Town) -> None:
    the_webhook(town, active=False)
    town.person("anna").opens_ticket()
    town.passes(minutes=3)
    assert town.receiver.deliveries == []


def test_retries_come_after_ten_twenty_thirty_and_forty_seconds(town: Town) -> None:
    moments: list[datetime] = []

    def refuse(_delivery: Delivery) -> int:
        moments.append(town.sandbox.clock.now())
        return 503

    town.sandbox.deliver = refuse
    town.person("anna").opens_ticket()
    town.passes(minutes=4)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert len(moments) == 5
    assert all(wait <= gap <= wait + 4.5 for wait, gap in zip((10, 20, 30, 40), gaps, strict=True)), gaps


def test_an_answer_after_thirty_seconds_is_none_and_holds_the_queue(town: Town) -> None:
    moments: list[tuple[int, datetime]] = []

    def slow(delivery: Delivery) -> Reply:
        moments.append((delivery.ticket_id, town.sandbox.clock.now()))
        return Reply(202, seconds=35 if len(moments) == 1 else 0)

    town.sandbox.deliver = slow
    first, second = (town.person("anna").opens_ticket(title) for title in ("slow", "waits"))
    town.passes(minutes=2)
    assert [ticket_id for ticket_id, _ in moments] == [first, second, first]
    assert 30 <= (moments[1][1] - moments[0][1]).total_seconds() < 31


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_followed_as_a_get_by_6_1_only(make_town: MakeTown, status: int) -> None:
    methods: dict[str, list[str]] = {}
    for town in (make_town("6.1"), make_town("6.5")):
        seen = methods.setdefault(town.sandbox.world.manners.version, [])

        def send_on(delivery: Delivery, seen: list[str] = seen) -> Reply:
            seen.append(delivery.method)
            return Reply(200) if delivery.method == "GET" else Reply(status, location="https://other.test/new")

        town.sandbox.deliver = send_on
        town.person("anna").opens_ticket()
        town.passes(minutes=4)
    assert methods == {"6.1": ["POST", "GET"], "6.5": ["POST"] * 5}


def with_template(town: Town, template: dict[str, Any] | str) -> None:
    """Lets Steward's webhook send an administrator's template."""
    text = template if isinstance(template, str) else json.dumps(template)
    the_webhook(town, customized_payload=True, custom_payload=text)


@pytest.mark.parametrize(
    ("placeholder", "older", "newer"),
    [
        pytest.param("#{ticket.id}", "1", 1, id="a number"),
        pytest.param("#{ticket.title}", 'say "hi"\n', 'say "hi"\n', id="quotes and lines"),
        pytest.param("#{ticket.note}", "", "", id="nothing"),
        pytest.param("#{ticket.steward_hold}", "#{ticket.steward_hold / no such method}", False, id="a boolean"),
        pytest.param("#{ticket.customer.email}", "mei@customer.example", "mei@customer.example", id="somebody's"),
        pytest.param("#{ticket.nonsense}", "#{ticket.nonsense / no such method}", "#{ticket.nonsense / no such method}",
                     id="unknown"),
        pytest.param("#{article.body}", "It is cold.", "It is cold.", id="the article's"),
    ],
)  # fmt: skip
def test_a_placeholder_becomes(make_town: MakeTown, placeholder: str, older: Any, newer: Any) -> None:
    for town, expected in ((make_town("6.1"), older), (make_town("6.5"), newer)):
        with_template(town, {"x": placeholder})
        assert json.loads(delivered(town, title='say "hi"\n').body)["x"] == expected


def test_a_time_is_written_as_ruby_prints_it(town: Town) -> None:
    with_template(town, {"x": "#{ticket.created_at}"})
    assert json.loads(delivered(town).body)["x"] == "2026-11-23 09:00:00 UTC"


def test_a_backslash_breaks_a_template_into_an_error_that_is_delivered(town: Town) -> None:
    with_template(town, {"x": "#{ticket.title}"})
    body = json.loads(delivered(town, title="ends with \\").body)
    assert body.keys() == {"error"}
    assert body["error"].startswith("unexpected token")


def test_a_template_that_is_no_json_is_refused(town: Town) -> None:
    made = next(iter(town.sandbox.world.webhooks))
    changes = {"customized_payload": True, "custom_payload": '{"x": '}
    assert town.person("admin").put(f"webhooks/{made.id}", changes).status_code == 422


def test_a_merge_kills_the_jobs_of_a_template(make_town: MakeTown) -> None:
    arrived: list[list[Any]] = []
    for town in (make_town("6.1"), make_town("6.5")):
        with_template(town, {"x": "#{ticket.title}"})
        anna = town.person("anna")
        source, target = anna.opens_ticket("source"), anna.opens_ticket("target")
        town.passes(seconds=5)
        town.receiver.deliveries.clear()
        anna.put(f"ticket_merge/{source}/{town.sandbox.world.tickets[target].number}")
        town.passes(minutes=3)
        arrived.append([json.loads(delivery.body)["x"] for delivery in town.receiver.deliveries])
    assert arrived == [[], ["source"]]


def test_an_older_worker_knows_a_new_field_only_after_a_restart(make_town: MakeTown) -> None:
    said: list[list[Any]] = []
    for town in (make_town("6.1"), make_town("6.5")):
        attribute = {"name": "colour", "object": "Ticket", "display": "Colour", "data_type": "input", "position": 1}
        option = {"type": "text", "maxlength": 50, "default": "red"}
        admin = town.person("admin")
        assert admin.post("object_manager_attributes", {**attribute, "data_option": option}).status_code == 201
        admin.post("object_manager_attributes_execute_migrations")
        with_template(town, {"x": "#{ticket.colour}"})
        before = json.loads(delivered(town).body)["x"]
        town.sandbox.stop_workers()
        town.sandbox.start_workers()
        said.append([before, json.loads(delivered(town).body)["x"]])
    assert said == [["#{ticket.colour / no such method}", "red"], ["red", "red"]]


@pytest.mark.parametrize(
    ("placeholder", "older", "newer"),
    [
        pytest.param("#{config.fqdn}", "#{config / no such object}", "127.0.0.1:3065", id="the configuration"),
        pytest.param("#{webhook.name}", "#{webhook / no such object}", "#{webhook / no such object}", id="the webhook"),
        pytest.param(
            "#{ticket.preferences}",
            "#{ticket.preferences / no such method}",
            "#{ticket.preferences / no such method}",
            id="preferences",
        ),
        pytest.param("#{notification.subject}", "No heating", "No heating", id="the subject"),
    ],
)
def test_what_a_template_cannot_read_stays_a_placeholder(
    make_town: MakeTown, placeholder: str, older: str, newer: str
) -> None:
    for town, expected in ((make_town("6.1"), older), (make_town("6.5"), newer)):
        with_template(town, {"x": placeholder})
        assert json.loads(delivered(town).body)["x"] == expected


def test_the_older_parser_reads_on_after_an_odd_escape(make_town: MakeTown) -> None:
    said = []
    for town in (make_town("6.1"), make_town("6.5")):
        with_template(town, {"x": "#{ticket.title}"})
        said.append(json.loads(delivered(town, title="C:\\dir").body))
    assert said[0] == {"x": "C:dir"}
    assert said[1].keys() == {"error"}


def test_internal_notes_members_and_markup_arrive_in_full(town: Town) -> None:
    article = {"body": "<b>secret</b> & more", "content_type": "text/html", "internal": True}
    delivery = delivered(town, customer="juergen@handel.example", article=article)
    assert b"\\u003cb\\u003esecret\\u003c/b\\u003e" in delivery.body
    ticket = json.loads(delivery.body)["ticket"]
    assert ticket["organization"]["members"] == ["juergen@handel.example", "tom@handel.example"]
    assert "Jürgen".encode() in delivery.body
    assert {"tags", "links", "mentions"}.isdisjoint(ticket)


def test_the_preview_needs_a_ticket(town: Town) -> None:
    admin = town.person("admin")
    assert admin.get("webhooks/preview").status_code == 500
    admin.opens_ticket(group="Users")
    assert set(admin.get("webhooks/preview").json()) == {"ticket", "article"}
    assert town.person("anna").get("webhooks/preview").status_code == 403


def test_a_webhook_in_use_stays(town: Town) -> None:
    made = next(iter(town.sandbox.world.webhooks))
    admin = town.person("admin")
    assert admin.delete(f"webhooks/{made.id}").status_code == 422
    trigger = next(row for row in town.sandbox.world.triggers if row.name.startswith("Steward"))
    assert admin.delete(f"triggers/{trigger.id}").status_code == 200
    assert admin.delete(f"webhooks/{made.id}").status_code == 200
