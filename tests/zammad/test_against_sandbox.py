"""The room against the sandbox in process, both versions: reads and writes as the least role may do them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from plugin.model.errors import NotFound, OutOfSight, Refused, Unavailable, Unknown
from plugin.model.people import Role
from plugin.model.ticket import StateType, Ticket
from plugin.sandbox import Sandbox, SandboxClock
from plugin.sandbox.faults import Fault
from plugin.zammad.client import Call, ZammadClient
from plugin.zammad.notes import NoteDraft, mention, op_keys_of
from plugin.zammad.preflight import Severity, preflight
from plugin.zammad.room import Zammad, connect
from plugin.zammad.values import FIELDS

URL = "http://zammad.test"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOTE = NoteDraft(body="<p>Antworten bis Do 14:30 – 首次答复</p>", op_keys=("a1", "b2"))


class House:
    """The sandbox, Steward's room in it, and its people at their keyboards."""

    def __init__(self, like: Literal["6.1", "6.5"]) -> None:
        self.like = like
        self.clock = SandboxClock.virtual(START)
        self.sandbox = Sandbox(like=like, clock=self.clock)
        self.calls: list[Call] = []
        self.waited = 0.0
        self.zammad = connect(
            URL,
            token=self.sandbox.tokens["steward"],
            rate=10_000,
            adapter=self.sandbox.adapter(),
            on_call=self.calls.append,
            clock=self.clock.now,
            seconds=lambda: self.waited,
            wait=self.wait,
        )

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def as_person(self, name: str) -> ZammadClient:
        return ZammadClient(URL, token=self.sandbox.tokens[name], adapter=self.sandbox.adapter())

    def group(self, name: str) -> int:
        return next(key for key, value in self.zammad.catalogues.groups().items() if value == name)

    def ticket(self, *, group: str = "First line", title: str = "Lieferung fehlt 少货") -> Ticket:
        """A ticket anna takes down after a customer's call."""
        made = self.as_person("admin").post(
            "/tickets",
            json={
                "title": title,
                "group_id": self.group(group),
                "customer": "mei@customer.example",
                "article": {"type": "phone", "sender": "Customer", "body": "Wo bleibt sie?", "internal": False},
            },
        )
        self.clock.advance(timedelta(minutes=1))
        return self.zammad.reader.look(made["id"])


@pytest.fixture(params=["6.1", "6.5"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    made = House(request.param)
    yield made
    made.zammad.close()


@pytest.fixture
def zammad(house: House) -> Zammad:
    return house.zammad


def test_a_look_shows_ticket_names_and_fields(house: House) -> None:
    ticket = house.ticket()
    assert (ticket.group, ticket.state_type, ticket.has_owner) == ("First line", StateType.NEW, False)
    assert set(FIELDS) <= set(ticket.fields)
    assert len(ticket.article_ids) == 1


def test_steward_knows_itself_and_the_server(house: House, zammad: Zammad) -> None:
    house.ticket()
    assert zammad.people.me().login == "steward"
    features = zammad.reader.features
    assert features.checklists is (house.like == "6.5")
    assert all(features.quiet(name) for name in FIELDS)


def test_the_preflight_finds_nothing_to_complain_about(house: House, zammad: Zammad) -> None:
    house.ticket()
    assert [str(one) for one in preflight(zammad) if one.severity is not Severity.INFO] == []


def test_roles_are_told_apart(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    house.as_person("anna").put(f"/tickets/{ticket.id}", json={"priority_id": 3})
    zammad.writer.put_ticket(ticket.id, fields={"steward_kind": "complaint"})
    rows, users = zammad.reader.history(ticket.id)
    by_attribute = {row.attribute: row for row in rows if row.type == "updated"}
    roles = {
        name: zammad.people.actor(row.created_by_id, source=row.source, users=users).role
        for name, row in by_attribute.items()
    }
    assert roles["priority"] is Role.AGENT
    assert roles["steward_kind"] is Role.STEWARD
    assert zammad.people.actor(ticket.customer_id, users=users).role is Role.CUSTOMER


def test_one_put_writes_fields_marker_and_note(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    due = START + timedelta(hours=24)
    fields = {"steward_kind": "complaint", "steward_tier": "serious", "steward_next_due_at": due, "steward_hold": True}
    answer = zammad.writer.put_ticket(ticket.id, fields=fields, preferences={"steward": "a1 b2"}, article=NOTE)
    me = zammad.people.me().id
    assert answer.updated_by_id == me
    assert answer == zammad.reader.look(ticket.id)
    assert answer.version != ticket.version
    assert answer.fields["steward_tier"] == "serious"
    assert datetime.fromisoformat(answer.fields["steward_next_due_at"]) == due
    new = [one for one in answer.article_ids if one not in ticket.article_ids]
    (note,) = zammad.reader.articles(ticket.id, new, total=len(answer.article_ids))
    assert (note.sender, note.internal, note.type) == ("System", True, "note")
    assert op_keys_of(note, own_user_id=me) == ("a1", "b2")


def test_quiet_writes_cause_no_notice_to_agents(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    house.sandbox.work_off()
    before = len(notices(zammad, ticket))
    zammad.writer.put_ticket(ticket.id, fields={"steward_kind": "complaint"}, article=NOTE)
    zammad.writer.add_tag(ticket.id, "steward:serious")
    house.sandbox.work_off()
    # who has the permission of the quiet fields sees them, and hears of them
    assert [told for told in notices(zammad, ticket)[before:] if not told.startswith("admin@")] == []


def notices(zammad: Zammad, ticket: Ticket) -> list[str]:
    """To whom Zammad's history says that a notice went."""
    rows, _ = zammad.reader.history(ticket.id)
    return [row.value_to or "" for row in rows if row.type == "notification"]


def test_a_note_goes_where_a_put_does_not(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    note = zammad.writer.post_note(ticket.id, NOTE)
    assert note.id in zammad.reader.look(ticket.id).article_ids


def test_tags_are_read_added_and_removed(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    zammad.writer.add_tag(ticket.id, "steward:serious")
    zammad.writer.add_tag(ticket.id, "steward:serious")
    assert zammad.reader.tags(ticket.id) == {"steward:serious"}
    assert zammad.reader.look(ticket.id).version != ticket.version
    zammad.writer.remove_tag(ticket.id, "steward:serious")
    zammad.writer.remove_tag(ticket.id, "steward:serious")
    assert zammad.reader.tags(ticket.id) == frozenset()


def test_a_task_ticket_is_made_once(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    number = f"{ticket.number}T1-abcde"

    def make(owner_id: int | None) -> Ticket:
        return zammad.writer.create_task_ticket(
            number=number,
            group_id=ticket.group_id,
            title="Kunden anrufen 回访",
            customer_id=zammad.people.me().id,
            owner_id=owner_id,
            pending_until=START + timedelta(hours=24),
            tags=("steward:task",),
            parent_id=ticket.id,
            note=NOTE,
        )

    anna = zammad.people.user_by_login("anna@example.com")
    assert anna is not None
    assert zammad.people.can_own(anna.id, ticket.group_id)
    task = make(anna.id)
    assert (task.number, task.state_type, task.owner_id) == (number, StateType.PENDING_REMINDER, anna.id)
    with pytest.raises(Refused) as told:
        make(anna.id)
    assert told.value.status == 422
    found = zammad.reader.find_by_number(number)
    assert found is not None
    assert (found.id, found.created_by_id) == (task.id, zammad.people.me().id)
    assert zammad.reader.tags(task.id) == {"steward:task"}
    links, tickets = zammad.reader.linked(ticket.id)
    assert [(link.type, link.ticket_id) for link in links] == [("child", task.id)]
    assert [one.number for one in tickets] == [number]
    closed = zammad.writer.put_ticket(task.id, state=StateType.CLOSED)
    assert closed.state_type is StateType.CLOSED


def test_an_owner_without_full_access_is_refused(house: House, zammad: Zammad) -> None:
    ticket = house.ticket(group="Second line")
    anna = zammad.people.user_by_login("anna@example.com")
    assert anna is not None
    assert not zammad.people.can_own(anna.id, ticket.group_id)
    with pytest.raises(Refused) as told:
        zammad.writer.create_task_ticket(
            number=f"{ticket.number}T1-abcde",
            group_id=ticket.group_id,
            title="x",
            customer_id=zammad.people.me().id,
            owner_id=anna.id,
            note=NOTE,
        )
    assert told.value.status == 422
    assert zammad.reader.find_by_number(f"{ticket.number}T1-abcde") is None


def test_a_mention_is_taken(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    anna = zammad.people.user_by_login("anna@example.com")
    assert anna is not None
    body = f"<p>{mention(anna.id, anna.name)}: bitte antworten</p>"
    stored = zammad.writer.put_ticket(ticket.id, article=NoteDraft(body=body, op_keys=("a1",), notify=True))
    (note,) = zammad.reader.articles(ticket.id, stored.article_ids[-1:], total=2)
    assert f'data-mention-user-id="{anna.id}"' in note.body
    assert note.preferences["notification"] is True


def test_a_checklist_carries_tasks_where_there_are_checklists(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    if not zammad.reader.features.checklists:
        with pytest.raises(NotFound):
            zammad.writer.checklist_create(ticket.id)
        return
    made = zammad.writer.checklist_create(ticket.id)
    zammad.writer.item_update(made.items[0].id, text="Untersuchen")
    added = zammad.writer.item_add(made.id, "Kunden sprechen")
    zammad.writer.checklist_rename(made.id, "Antworten bis Do 14:30")
    assert zammad.reader.look(ticket.id).checklist_id == made.id
    house.as_person("anna").put(f"/checklist_items/{added.id}", json={"checked": True})
    read = zammad.reader.checklist(made.id)
    assert read is not None
    assert read.name == "Antworten bis Do 14:30"
    assert [(item.text, item.checked) for item in read.items] == [("Untersuchen", False), ("Kunden sprechen", True)]
    with pytest.raises(Refused) as told:
        zammad.writer.checklist_create(ticket.id)
    assert told.value.status == 422


def test_the_sweep_finds_what_changed(house: House, zammad: Zammad) -> None:
    old = house.ticket()
    house.clock.advance(timedelta(hours=1))
    since = house.clock.now()
    new = [house.ticket(title=f"T{place}").id for place in range(7)]
    zammad.writer.add_tag(old.id, "steward:warned")
    swept = [ticket.id for page in zammad.reader.changed_since(since, limit=3) for ticket in page]
    assert swept == [*new, old.id]


def test_a_merge_is_told_by_links_and_history(house: House, zammad: Zammad) -> None:
    source, target = house.ticket(title="A"), house.ticket(title="B")
    house.as_person("admin").put(f"/ticket_merge/{source.id}/{target.number}")
    merged = zammad.reader.look(source.id)
    assert merged.is_merged
    assert [(link.type, link.ticket_id) for link in zammad.reader.links(source.id)] == [("parent", target.id)]
    rows, _ = zammad.reader.history(source.id)
    row = next(row for row in rows if row.type == "merged_into")
    assert (row.id_from, row.id_to) == (source.id, target.id)


def test_what_is_gone_and_what_is_out_of_sight_differ(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    with pytest.raises(NotFound):
        zammad.reader.look(999_999)
    with pytest.raises(NotFound):
        zammad.reader.history(999_999)
    hidden = House.ticket(house, group="Complaints")
    anna = ZammadClient(URL, token=house.sandbox.tokens["anna"], adapter=house.sandbox.adapter())
    assert anna.get(f"/tickets/{ticket.id}")["id"] == ticket.id
    with pytest.raises(OutOfSight):
        anna.get(f"/tickets/{hidden.id}")


def test_the_workflow_names_what_we_see(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    flow = zammad.reader.workflow(ticket)
    assert flow.known
    assert "title" in flow.mandatory
    assert not flow.visible & set(FIELDS)
    assert flow.blockers(ticket) == frozenset()


def test_a_look_costs_one_call(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    house.calls.clear()
    zammad.reader.look(ticket.id)
    assert [call.route for call in house.calls] == ["GET /tickets/:id"]


def test_a_mandatory_field_blocks_the_put_and_nothing_else(house: House, zammad: Zammad) -> None:
    ticket = house.ticket()
    house.as_person("admin").put(f"/tickets/{ticket.id}", json={"state": "closed"})
    house.as_person("admin").post(
        "/core_workflows",
        json={
            "name": "closing needs a tier",
            "object": "Ticket",
            "preferences": {"screen": ["edit"]},
            "condition_selected": {"ticket.state_id": {"operator": "is", "value": ["4"]}},
            "condition_saved": {},
            "perform": {
                "ticket.steward_tier": {"operator": ["show", "set_mandatory"], "show": "true", "set_mandatory": "true"}
            },
            "active": True,
        },
    )
    with pytest.raises(Refused) as told:
        zammad.writer.put_ticket(ticket.id, fields={"steward_kind": "complaint"}, article=NOTE)
    assert told.value.status == 422
    closed = zammad.reader.look(ticket.id)
    assert zammad.reader.workflow(closed).blockers(closed) == {"steward_tier"}
    zammad.writer.post_note(ticket.id, NOTE)
    zammad.writer.add_tag(ticket.id, "steward:serious")
    zammad.writer.put_ticket(ticket.id, fields={"steward_kind": "complaint", "steward_tier": "serious"})


def own_notes(zammad: Zammad, ticket: Ticket) -> int:
    look = zammad.reader.look(ticket.id)
    articles = zammad.reader.articles(ticket.id, look.article_ids, total=len(look.article_ids))
    return len([article for article in articles if op_keys_of(article, own_user_id=zammad.people.me().id)])


FAULTS = [
    pytest.param(Fault("cut_after"), Unknown, 1, id="cut after the effect"),
    pytest.param(Fault("half_body"), Unknown, 1, id="half an answer"),
    pytest.param(Fault("content_type"), None, 1, id="another content type"),
    pytest.param(Fault("login_page"), Unknown, None, id="a login page"),
    pytest.param(Fault("status", status=500), Unknown, 0, id="500 before the effect"),
    pytest.param(Fault("status", status=500, after=True), Unknown, 1, id="500 after the effect"),
    pytest.param(Fault("bad_gateway"), Unknown, 0, id="502"),
    pytest.param(Fault("rate_limit"), Unavailable, 0, id="429"),
]


@pytest.mark.parametrize(("fault", "outcome", "notes"), FAULTS)
def test_a_disturbed_write_never_claims_that_nothing_was_done_when_it_was(
    house: House, zammad: Zammad, fault: Fault, outcome: type[Exception] | None, notes: int | None
) -> None:
    ticket = house.ticket()
    house.sandbox.faults.add(replace(fault, path="/tickets/", method="PUT", count=1), now=house.clock.now())
    with pytest.raises(outcome) if outcome else nullcontext():
        zammad.writer.put_ticket(ticket.id, fields={"steward_kind": "complaint"}, article=NOTE)
    house.sandbox.faults.clear()
    stored = own_notes(zammad, ticket)
    assert stored == notes if notes is not None else stored in (0, 1)
