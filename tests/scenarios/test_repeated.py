"""A customer complains again: what was seen of the earlier complaint, and what comes of it (C4.3, C5.1, D5.4, C2.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugin.model.related import Earlier, Related, related
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, Ticket, write_pack

OLGA, TOM, JUERGEN = "olga@customer.example", "tom@handel.example", "juergen@handel.example"
ASKED = {"Find the root cause", "technology, process or people"}
BROKEN = "I want to complain: the device is broken."


def seen(helpdesk: Helpdesk, ticket: Ticket) -> Related | None:
    return related(helpdesk.timeline_of(ticket))


def test_a_second_complaint_of_the_same_nature_is_repeated(helpdesk: Helpdesk) -> None:
    first = helpdesk.complains(BROKEN)
    helpdesk.passes(days=2)
    second = helpdesk.complains(BROKEN)
    accepted_at = first.clock("resolution").starts_at
    assert seen(helpdesk, second) == Related(earlier=(Earlier(first.id, accepted_at, "product", by_customer=True),))
    assert "repeat" in second.ours
    assert [
        any(words in task for task in second.todo) for words in ("root cause", "technology, process or people")
    ] == [
        True,
        True,
    ]
    # the older one is not woken, and knows nothing
    assert seen(helpdesk, first) is None
    assert not any("root cause" in task for task in first.todo)
    assert second.notes == []


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        pytest.param(OLGA, "I want to complain: the staff was rude.", id="of another nature"),
        pytest.param("mei@customer.example", BROKEN, id="of another customer"),
    ],
)
def test_another_matter_is_not_repeated(helpdesk: Helpdesk, sender: str, text: str) -> None:
    helpdesk.complains(BROKEN, sender=OLGA)
    other = helpdesk.complains(text, sender=sender)
    assert not any("root cause" in task for task in other.todo)
    assert "repeat" not in other.ours


def test_a_colleagues_complaint_counts_for_the_organization(helpdesk: Helpdesk) -> None:
    first = helpdesk.complains(BROKEN, sender=TOM)
    second = helpdesk.complains(BROKEN, sender=JUERGEN)
    assert first.row.organization_id is not None
    assert first.row.organization_id == second.row.organization_id
    known = seen(helpdesk, second)
    assert known is not None
    assert [(one.ticket_id, one.by_customer) for one in known.earlier] == [(first.id, False)]
    assert any("root cause" in task for task in second.todo)


def test_what_is_no_complaint_any_more_repeats_nothing(helpdesk: Helpdesk) -> None:
    first = helpdesk.complains(BROKEN)
    first.said(helpdesk.anna, "request")
    helpdesk.works()
    second = helpdesk.complains(BROKEN)
    assert seen(helpdesk, second) is None
    first.said(helpdesk.anna, "complaint")
    helpdesk.works()
    second.noted(helpdesk.anna)
    helpdesk.works()
    assert [one.ticket_id for one in (seen(helpdesk, second) or Related()).earlier] == [first.id]


def test_a_merged_complaint_is_none_of_its_own(helpdesk: Helpdesk) -> None:
    first = helpdesk.complains(BROKEN)
    second = helpdesk.complains(BROKEN)
    first.merged(helpdesk.chief, into=second)
    helpdesk.works()
    assert (seen(helpdesk, second) or Related()).earlier == ()
    third = helpdesk.complains(BROKEN)
    assert [one.ticket_id for one in (seen(helpdesk, third) or Related()).earlier] == [second.id]


def test_looking_again_says_nothing_new(helpdesk: Helpdesk) -> None:
    helpdesk.complains(BROKEN)
    second = helpdesk.complains(BROKEN)
    writes = helpdesk.writes
    for _ in range(3):
        helpdesk.passes(hours=1)
        second.noted(helpdesk.anna)
        helpdesk.works()
    told = [fact for fact in helpdesk.timeline_of(second) if fact["what"] == "related"]
    assert len(told) == 1
    assert {name: calls for name, calls in helpdesk.writes.items() if calls != writes.get(name)} == {}


def test_a_grave_one_gets_a_case_report_after_its_closing(helpdesk: Helpdesk) -> None:
    helpdesk.complains(BROKEN)
    second = helpdesk.complains(BROKEN)
    second.said(helpdesk.anna, "serious")
    second.owned(helpdesk.anna)
    helpdesk.works()
    assert not any("case report" in task for task in second.todo)
    second.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    reports = [task for task in second.tasks if "case report" in task.row.title]
    assert len(reports) == 1


def test_a_problem_many_have_becomes_knowledge_once(opens: Open, tmp_path: Path) -> None:
    helpdesk = opens(pack=write_pack(tmp_path, ("common_customers: 5", "common_customers: 3")))
    tickets = [helpdesk.complains(BROKEN, sender=f"customer{number}@many.example") for number in range(5)]
    for ticket in tickets:
        ticket.owned(helpdesk.anna)
        ticket.answered(helpdesk.anna, state="closed")
        helpdesk.works()
    asked = [any("knowledge base" in task.row.title for task in ticket.tasks) for ticket in tickets]
    assert asked == [False, False, True, False, False]


def test_an_attribute_of_the_ticket_says_what_is_the_same(opens: Open, tmp_path: Path) -> None:
    changes = (("common_customers: 5", "common_customers: 2\n      attribute: product"),)
    helpdesk = opens(pack=write_pack(tmp_path, *changes))
    product: dict[str, Any] = {
        "name": "product", "object": "Ticket", "display": "Product", "data_type": "input", "position": 90,
        "data_option": {"type": "text", "maxlength": 100, "default": "", "null": True}, "screens": {}, "active": True,
    }  # fmt: skip
    helpdesk.admin.call("POST", "/object_manager_attributes", product)
    helpdesk.admin.call("POST", "/object_manager_attributes_execute_migrations")
    tickets = []
    for number, name in enumerate(["pump", "lamp", "pump"]):
        ticket = helpdesk.mails(BROKEN, sender=f"customer{number}@many.example")
        ticket.put(helpdesk.anna, product=name)
        ticket.said(helpdesk.anna, "complaint")
        helpdesk.works()
        tickets.append(ticket)
    counted = [(seen(helpdesk, ticket) or Related()).alike for ticket in tickets]
    assert [alike and (alike.customers, alike.by) for alike in counted] == [None, None, (1, "subject")]
    # what was written there is in no row of ours but the sealed ledger
    with helpdesk.service.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT subject FROM complaints").fetchall()
    assert all(row[0] and "pump" not in row[0] for row in rows)
