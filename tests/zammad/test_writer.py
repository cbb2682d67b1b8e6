"""Writes: what is sent, and what an answer proves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import responses
from responses import matchers

from plugin.model.errors import NotFound, Refused, Unknown
from plugin.model.ticket import Article, StateType
from plugin.zammad import values
from plugin.zammad.client import Call
from plugin.zammad.notes import MailDraft, NoteDraft, mention, op_keys_of
from plugin.zammad.room import Zammad
from tests.zammad.conftest import API, Body

NOTE = NoteDraft(body="<p>Answer by Thu 14:30</p>", op_keys=("a1", "b2"), notify=True)
ITEM = {"id": 6, "text": "x", "checked": False, "checklist_id": 3, "ticket_id": None}


def sent(wire: responses.RequestsMock) -> Any:
    """The body of the newest write."""
    newest = next(call for call in reversed([*wire.calls]) if call.request.method != "GET")
    return json.loads(newest.request.body or b"null")


def put(wire: responses.RequestsMock, body: Body, **changes: Any) -> int:
    """Answers a PUT of the recorded ticket; returns its id."""
    raw = {**body("ticket"), **changes}
    wire.put(f"{API}/tickets/{body('ticket')['id']}", json=raw)
    return int(body("ticket")["id"])


def test_one_put_carries_fields_marker_and_note(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    ticket_id = put(server, body)
    due = datetime(2026, 11, 24, 15, 30, tzinfo=timezone(timedelta(hours=1)))
    fields = {"steward_kind": "complaint", "steward_next_due_at": due, "steward_hold": False, "steward_next_due": None}
    answer = zammad.writer.put_ticket(ticket_id, fields=fields, preferences={"steward": "a1 b2"}, article=NOTE)
    assert answer.id == ticket_id
    assert answer.group == "First line"
    assert sent(server) == {
        "steward_kind": "complaint",
        "steward_next_due_at": "2026-11-24T14:30:00.000Z",
        "steward_hold": False,
        "steward_next_due": None,
        "preferences": {"steward": "a1 b2"},
        "article": {
            "type": "note",
            "sender": "System",
            "internal": True,
            "content_type": "text/html",
            "subject": "",
            "body": "<p>Answer by Thu 14:30</p>",
            "preferences": {"steward": "a1 b2", "notification": True},
            "message_id": "<steward.a1@zammad-steward.invalid>",
        },
    }


def test_a_quiet_note_asks_for_no_notice(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    ticket_id = put(server, body)
    zammad.writer.put_ticket(ticket_id, article=NoteDraft(body="x", op_keys=("a1",)))
    assert sent(server)["article"]["preferences"] == {"steward": "a1"}


def test_our_own_note_shows_how_zammads_clock_runs(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    ticket_id = put(server, body, updated_at="2026-11-21T08:58:00.000Z")
    zammad.writer.put_ticket(ticket_id, fields={"steward_kind": "request"})
    assert zammad.client.skew is None
    zammad.writer.put_ticket(ticket_id, article=NOTE)
    assert zammad.client.skew == timedelta(minutes=-2)


def test_a_state_is_set_by_its_type(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    ticket_id = put(server, body)
    zammad.writer.put_ticket(ticket_id, state=StateType.OPEN)
    assert sent(server) == {"state_id": 2}


UNREADABLE = [
    pytest.param({"json": {"id": 7777}}, id="half a ticket"),
    pytest.param({"json": []}, id="a list"),
    pytest.param({"body": ""}, id="nothing"),
    pytest.param({"body": "<html>Sign in</html>"}, id="a page"),
]


@pytest.mark.parametrize("answer", UNREADABLE)
def test_a_good_status_without_the_ticket_leaves_it_unknown(
    server: responses.RequestsMock, zammad: Zammad, answer: dict[str, Any]
) -> None:
    server.put(f"{API}/tickets/7", **answer)
    server.post(f"{API}/tickets", status=201, **answer)
    server.post(f"{API}/ticket_articles", status=201, **answer)
    for write in (
        lambda: zammad.writer.put_ticket(7, fields={}),
        lambda: zammad.writer.post_note(7, NOTE),
        lambda: zammad.writer.create_task_ticket(number="7T1-a", group_id=2, title="x", customer_id=6, note=NOTE),
    ):
        with pytest.raises(Unknown):
            write()


def test_an_answer_about_another_ticket_leaves_it_unknown(
    server: responses.RequestsMock, zammad: Zammad, body: Body
) -> None:
    ticket_id = put(server, body, id=7777)
    with pytest.raises(Unknown, match="another ticket"):
        zammad.writer.put_ticket(ticket_id, fields={"steward_kind": "request"})


def test_a_catalogue_that_fails_after_the_write_does_not_undo_it(
    wire: responses.RequestsMock, zammad: Zammad, body: Body
) -> None:
    wire.get(f"{API}/ticket_states", status=502)
    ticket_id = put(wire, body)
    with pytest.raises(Unknown):
        zammad.writer.put_ticket(ticket_id, fields={"steward_kind": "request"})


BENT = [
    pytest.param("steward_kind", "Complaint!", "code", id="select with signs"),
    pytest.param("steward_kind", 7, "code", id="select with a number"),
    pytest.param("steward_next_due", "x" * 251, "250", id="too long"),
    pytest.param("steward_next_due_at", datetime(2026, 11, 24, 15, 30), "zone", id="no zone"),  # noqa: DTZ001
    pytest.param("steward_next_due_at", "tomorrow", "zone", id="text for a moment"),
    pytest.param("steward_erase_after", datetime(2026, 11, 24, tzinfo=UTC), "day", id="moment for a day"),
    pytest.param("steward_hold", "maybe", "true or false", id="text for a boolean"),
    pytest.param("title", "x", "not a field", id="not ours"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), BENT)
def test_what_zammad_would_bend_is_not_sent(
    zammad: Zammad, calls: list[Call], name: str, value: Any, allowed: str
) -> None:
    with pytest.raises(Refused, match=allowed) as told:
        zammad.writer.put_ticket(7, fields={name: value})
    assert name in str(told.value)
    assert calls == []


def test_a_value_outside_the_options_the_server_names_is_not_sent() -> None:
    assert values.as_json("steward_tier", "major", options=frozenset({"major"})) == "major"
    with pytest.raises(Refused, match="general, major"):
        values.as_json("steward_tier", "critical", options=frozenset({"major", "general"}))


def test_days_and_texts_are_sent_as_zammad_keeps_them() -> None:
    assert values.as_json("steward_erase_after", date(2027, 5, 21)) == "2027-05-21"
    assert values.as_json("steward_first_responder", "an\x00na\ud800") == "anna?"


def test_tags_go_one_by_one(wire: responses.RequestsMock, zammad: Zammad) -> None:
    query = {"object": "Ticket", "o_id": "7", "item": "steward:serious"}
    wire.post(f"{API}/tags/add", status=201, json=True)
    wire.delete(f"{API}/tags/remove", json=True, match=[matchers.query_param_matcher(query)])
    zammad.writer.add_tag(7, "steward:serious")
    assert sent(wire) == {"object": "Ticket", "o_id": 7, "item": "steward:serious"}
    zammad.writer.remove_tag(7, "steward:serious")
    assert wire.calls[-1].request.body is None


def test_a_tag_that_is_not_confirmed_is_unknown(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.post(f"{API}/tags/add", status=201, json=False)
    with pytest.raises(Unknown):
        zammad.writer.add_tag(7, "steward:serious")


@pytest.mark.parametrize("tag", ["", " spaced ", "a,b", "a*"])
def test_a_tag_zammad_would_split_or_refuse_is_not_sent(zammad: Zammad, calls: list[Call], tag: str) -> None:
    with pytest.raises(Refused):
        zammad.writer.add_tag(7, tag)
    assert calls == []


def test_a_task_ticket_is_one_post(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    server.post(f"{API}/tickets", status=201, json={**body("ticket"), "number": "81137T1-abcde"})
    made = zammad.writer.create_task_ticket(
        number="81137T1-abcde",
        group_id=2,
        title="T" * 300,
        customer_id=6,
        owner_id=7,
        pending_until=datetime(2026, 11, 24, 15, 30, tzinfo=UTC),
        tags=("steward:task",),
        parent_id=140,
        note=NOTE,
    )
    assert made.number == "81137T1-abcde"
    asked = sent(server)
    assert asked.pop("article")["sender"] == "System"
    assert asked == {
        "number": "81137T1-abcde",
        "title": "T" * 250,
        "group_id": 2,
        "customer_id": 6,
        "owner_id": 7,
        "state_id": 3,
        "pending_time": "2026-11-24T15:30:00.000Z",
        "tags": "steward:task",
        "links": {"Ticket": {"child": [140]}},
    }


def test_another_number_in_the_answer_is_not_our_ticket(
    server: responses.RequestsMock, zammad: Zammad, body: Body
) -> None:
    server.post(f"{API}/tickets", status=201, json=body("ticket"))
    with pytest.raises(Unknown):
        zammad.writer.create_task_ticket(number="7T1-abcde", group_id=2, title="x", customer_id=6, note=NOTE)


@pytest.mark.parametrize("number", ["", "9" * 61])
def test_a_number_zammad_would_cut_is_not_sent(zammad: Zammad, calls: list[Call], number: str) -> None:
    with pytest.raises(Refused):
        zammad.writer.create_task_ticket(number=number, group_id=2, title="x", customer_id=6, note=NOTE)
    assert calls == []


def test_a_number_that_is_taken_is_refused_for_the_caller_to_look(
    server: responses.RequestsMock, zammad: Zammad
) -> None:
    server.post(f"{API}/tickets", status=422, json={"error": "Error ID dYSh1vYB: Please contact your administrator."})
    with pytest.raises(Refused) as told:
        zammad.writer.create_task_ticket(number="7T1-abcde", group_id=2, title="x", customer_id=6, note=NOTE)
    assert told.value.status == 422


def checklist_answers(wire: responses.RequestsMock) -> None:
    created = {"id": 3, "name": "", "sorted_item_ids": ["4"], "item_ids": [4]}
    assets = {"Checklist": {"3": created}, "ChecklistItem": {"4": {**ITEM, "id": 4, "text": ""}}}
    wire.post(f"{API}/checklists", status=201, json={"id": 3, "assets": assets})
    wire.put(f"{API}/checklists/3", json=created)
    wire.post(f"{API}/checklist_items", status=201, json=ITEM)
    wire.put(f"{API}/checklist_items/6", json={**ITEM, "checked": True})


def test_a_checklist_is_made_named_and_filled(wire: responses.RequestsMock, zammad: Zammad) -> None:
    checklist_answers(wire)
    made = zammad.writer.checklist_create(7)
    assert [item.id for item in made.items] == [4]
    zammad.writer.checklist_rename(3, "Ticket#81137: answer by Thu" + "!" * 300)
    assert sent(wire) == {"name": ("Ticket81137: answer by Thu" + "!" * 300)[:250]}
    assert zammad.writer.item_add(3, "Investigate #81137").id == 6
    assert sent(wire) == {"checklist_id": 3, "text": "Investigate 81137"}
    assert zammad.writer.item_update(6, checked=True).checked
    assert sent(wire) == {"checked": True}


def test_checklists_that_are_switched_off_are_no_feature_any_more(
    server: responses.RequestsMock, zammad: Zammad, body: Body, like: str
) -> None:
    ticket_id = body("ticket")["id"]
    zammad.reader.look(ticket_id)
    assert zammad.reader.features.checklists is (like == "6.5")
    server.post(f"{API}/checklists", status=403, json={"error": "Not authorized"})
    with pytest.raises(Refused):
        zammad.writer.checklist_create(ticket_id)
    zammad.reader.look(ticket_id)
    assert not zammad.reader.features.checklists


def test_an_item_that_is_gone_says_so(wire: responses.RequestsMock, zammad: Zammad) -> None:
    wire.put(f"{API}/checklist_items/6", status=404, json={"error": "Couldn't find Checklist::Item"})
    with pytest.raises(NotFound):
        zammad.writer.item_update(6, checked=True)


def test_a_mail_to_the_customer_is_sent_as_system(server: responses.RequestsMock, zammad: Zammad, body: Body) -> None:
    server.post(f"{API}/ticket_articles", status=201, json=body("article"))
    mail = MailDraft(to="mei@customer.example.com", subject="您好", body="<p>x</p>", op_keys=("c3",))
    zammad.writer.post_message(body("article")["ticket_id"], mail)
    asked = sent(server)
    assert (asked["type"], asked["sender"], asked["internal"]) == ("email", "System", False)
    assert asked["preferences"] == {"steward": "c3"}


def article(created_by_id: int, preferences: dict[str, Any]) -> Article:
    return Article(
        id=1,
        ticket_id=7,
        type="note",
        sender="System",
        internal=True,
        body="",
        content_type="text/html",
        subject="",
        from_="",
        to="",
        cc="",
        created_by_id=created_by_id,
        origin_by_id=None,
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        preferences=preferences,
    )


@pytest.mark.parametrize(
    ("author", "preferences", "op_keys"),
    [
        pytest.param(6, {"steward": "a1 b2"}, ("a1", "b2"), id="ours"),
        pytest.param(10, {"steward": "a1 b2"}, (), id="forged by a customer"),
        pytest.param(6, {}, (), id="without marker"),
        pytest.param(6, {"steward": {"op": "a1"}}, (), id="another shape"),
    ],
)
def test_a_marker_counts_only_in_our_own_articles(
    author: int, preferences: dict[str, Any], op_keys: tuple[str, ...]
) -> None:
    assert op_keys_of(article(author, preferences), own_user_id=6) == op_keys


def test_a_mention_is_escaped() -> None:
    assert mention(7, "<Anna>") == '<a data-mention-user-id="7" href="#user/profile/7">&lt;Anna&gt;</a>'
