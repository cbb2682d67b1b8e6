"""Customers of tickets linked to an interruption: written to once, and once more when it is over (E4.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin.sandbox.rows import Row
from plugin.store import cases
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, Ticket, write_pack
from tests.scenarios.test_interruptions import linked, waits
from tests.scenarios.test_messages import public_articles_of_steward

pytestmark = pytest.mark.parametrize("like", ["6.5"])
"""Links and mails are alike on both Zammads, and ``test_interruptions`` runs on both."""

OLGA, MEI = "olga@customer.example", "mei@customer.example"
TASK = "Tell the customers of the linked tickets"


@pytest.fixture
def mailing(opens: Open) -> Helpdesk:
    return opens(customer_mail="on")


def interrupted(helpdesk: Helpdesk) -> Ticket:
    """Anna has a ticket that stands for an interruption."""
    incident = helpdesk.mails("The shop is down.", sender=MEI)
    incident.owned(helpdesk.anna)
    incident.said(helpdesk.anna, "interruption")
    helpdesk.works()
    return incident


def joined(helpdesk: Helpdesk, incident: Ticket, *, sender: str = OLGA) -> Ticket:
    """A customer's ticket, linked to the incident."""
    ticket = helpdesk.mails("I cannot order anything.", sender=sender)
    linked(helpdesk, ticket, to=incident)
    return ticket


def found(helpdesk: Helpdesk) -> None:
    """Of links nobody tells us: the sweep finds them, and ten minutes later the customers are written to."""
    helpdesk.passes(minutes=11)
    helpdesk.passes(minutes=15)


def mails(helpdesk: Helpdesk, ticket: Ticket) -> list[str]:
    """Subjects of what Steward wrote to the customer, without the number, oldest first."""
    return [str(mail.subject).partition(": ")[2] for mail in sent(helpdesk, ticket)]


def sent(helpdesk: Helpdesk, ticket: Ticket) -> list[Row]:
    return public_articles_of_steward(helpdesk, ticket)


def looks_at(helpdesk: Helpdesk, ticket: Ticket) -> int:
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    return case.looks


KNOWN, OVER = "we know of the interruption", "the interruption is over"


def test_a_linked_customer_is_told_once_and_once_more_when_it_is_restored(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    incident.noted(mailing.anna, "Back: 18:00")
    mailing.passes(minutes=30)
    assert mails(mailing, other) == [KNOWN]
    assert "18:00" in sent(mailing, other)[0].body
    assert sent(mailing, other)[0].to == OLGA
    mailing.passes(hours=5)
    assert not waits(incident, TASK)
    incident.said(mailing.anna, "restored")
    mailing.passes(hours=30)
    assert mails(mailing, other) == [KNOWN, OVER]
    assert other.row.first_response_at is None
    assert mails(mailing, incident) == []


@pytest.mark.parametrize("written", ["this evening", "6 pm", "25:00", "02.03.2026 18:00"])
def test_who_writes_a_time_nobody_can_read_is_told_once_how_to_write_it(mailing: Helpdesk, written: str) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    incident.noted(mailing.anna, f"Back: {written}")
    mailing.passes(minutes=30)
    assert mails(mailing, other) == [KNOWN]
    assert "expected" not in sent(mailing, other)[0].body
    told = [note for note in incident.notes if "names no time" in note]
    assert len(told) == 1
    day = f"{mailing.now:%Y-%m-%d}"
    assert f"“Back: …” names no time. Write “Back: 18:00”, or with its day “Back: {day} 18:00”." in told[0]
    assert f"Back: {written}" not in told[0]
    incident.noted(mailing.anna, "Back: 19:00")
    mailing.passes(hours=1)
    assert sum("names no time" in note for note in incident.notes) == 1


def test_without_an_interruption_nobody_reads_when_something_is_back(mailing: Helpdesk) -> None:
    ticket = mailing.mails("Is Anna there?")
    ticket.noted(mailing.anna, "Back: on Thursday")
    mailing.works()
    assert ticket.notes == []


def test_whom_an_agent_answered_he_tells_himself(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    other.answered(mailing.anna, "It will be back at six.")
    mailing.passes(hours=2)
    incident.said(mailing.anna, "restored")
    mailing.passes(hours=2)
    assert mails(mailing, other) == []
    assert not waits(incident, TASK)


def test_who_was_told_hears_of_the_end_though_an_agent_answered_meanwhile(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    found(mailing)
    mailing.mails("When?", to=other)
    other.answered(mailing.anna, "At six.")
    mailing.passes(hours=1)
    incident.said(mailing.anna, "restored")
    mailing.passes(hours=1)
    assert mails(mailing, other) == [KNOWN, OVER]


def test_what_was_restored_before_anybody_was_written_to_is_one_message(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    mailing.works()
    other = joined(mailing, incident)
    incident.said(mailing.anna, "restored")
    mailing.passes(hours=2)
    assert mails(mailing, other) == [OVER]


def test_a_link_taken_back_at_once_tells_nobody(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    incident.noted(mailing.anna)
    mailing.works()
    back = {"link_type": "normal", "link_object_source": "Ticket", "link_object_source_value": other.id}
    target = {"link_object_target": "Ticket", "link_object_target_value": incident.id}
    mailing.anna.call("DELETE", "/links/remove", {**back, **target})
    incident.noted(mailing.anna)
    mailing.passes(hours=2)
    assert mails(mailing, other) == []


def test_a_closed_ticket_and_one_out_of_scope_are_left_alone(opens: Open, tmp_path: Path) -> None:
    pack = write_pack(tmp_path, ("  exclude_groups: []", "  exclude_groups: [Complaints]"))
    mailing = opens(customer_mail="on", pack=pack)
    incident = interrupted(mailing)
    closed, excluded = joined(mailing, incident), joined(mailing, incident)
    closed.closed(mailing.anna)
    excluded.put(mailing.admin, group="Complaints")
    found(mailing)
    mailing.passes(hours=2)
    assert (mails(mailing, closed), mails(mailing, excluded)) == ([], [])
    assert waits(incident, TASK)


def test_two_interruptions_of_one_ticket_are_told_once_each(mailing: Helpdesk) -> None:
    first, second = interrupted(mailing), interrupted(mailing)
    other = joined(mailing, first)
    linked(mailing, other, to=second)
    found(mailing)
    assert mails(mailing, other) == [KNOWN, KNOWN]
    first.said(mailing.anna, "restored")
    mailing.passes(hours=2)
    assert mails(mailing, other) == [KNOWN, KNOWN, OVER]


def test_a_ticket_steward_never_heard_of_is_found_by_its_link(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    mailing.drop_deliveries = True
    other = joined(mailing, incident)
    found(mailing)
    assert mails(mailing, other) == [KNOWN]


def test_more_customers_than_the_limit_are_left_to_a_person(opens: Open, tmp_path: Path) -> None:
    mailing = opens(customer_mail="on", pack=write_pack(tmp_path, ("    limit: 100\n", "    limit: 3\n")))
    incident = interrupted(mailing)
    others = [joined(mailing, incident) for _ in range(5)]
    found(mailing)
    assert sorted(mails(mailing, other) for other in others) == [[], [], [KNOWN], [KNOWN], [KNOWN]]
    assert mailing.alarms("rule_limit") > 0
    mailing.passes(hours=2)
    assert waits(incident, TASK)
    mailing.passes(hours=30)
    assert sum(bool(mails(mailing, other)) for other in others) == 3


def test_an_answer_lost_after_zammad_took_the_mail_doubles_nothing(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    mailing.passes(minutes=11)
    fault = {"path": "/ticket_articles", "method": "POST", "kind": "cut_after", "count": 1}
    mailing.post("/sandbox/faults", json=fault)
    mailing.passes(hours=1)
    assert mails(mailing, other) == [KNOWN]


def test_what_was_announced_before_steward_was_started_again_is_written_once(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    mailing.passes(minutes=11)
    mailing.restarts()
    mailing.passes(minutes=15)
    assert mails(mailing, other) == [KNOWN]
    incident.said(mailing.anna, "restored")
    mailing.works()
    mailing.restarts()
    mailing.passes(minutes=15)
    assert mails(mailing, other) == [KNOWN, OVER]


@pytest.mark.parametrize(
    ("group", "written"),
    [
        pytest.param("First line", [], id="rolled out to customers' tickets only"),
        pytest.param("Complaints", [KNOWN], id="rolled out to both"),
    ],
)
def test_a_rule_on_trial_on_the_incident_has_nothing_written(
    opens: Open, tmp_path: Path, group: str, written: list[str]
) -> None:
    rolled_out = "    limit: 100\n    groups: [Complaints]\n"
    mailing = opens(customer_mail="on", pack=write_pack(tmp_path, ("    limit: 100\n", rolled_out)))
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    incident.put(mailing.admin, group=group)
    other.put(mailing.admin, group="Complaints")
    found(mailing)
    assert mails(mailing, other) == written


def test_on_trial_it_is_recorded_who_would_be_written_to(opens: Open) -> None:
    mailing = opens(customer_mail="on", mode="observe")
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    found(mailing)
    assert mails(mailing, other) == []
    recorded = [effect.error for effect in mailing.effects_of(other) if effect.rule == "linked_customers.interruption"]
    assert recorded == ["observe"]


def test_a_linked_ticket_is_not_read_again_while_nothing_changes(mailing: Helpdesk) -> None:
    incident = interrupted(mailing)
    other = joined(mailing, incident)
    found(mailing)
    mailing.passes(hours=1)
    looks = looks_at(mailing, other)
    for _ in range(6):
        mailing.passes(minutes=30)
    incident.noted(mailing.anna)
    mailing.works()
    assert looks_at(mailing, other) == looks
