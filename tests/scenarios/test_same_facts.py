"""However much of a story Steward hears, its facts and the ticket end the same (issue: "Timeline of facts")."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from plugin.model.facts import Fact, FactKind
from plugin.model.people import Role
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk, Ticket

Story = Callable[[Helpdesk], Ticket]


def answered_and_closed(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.passes(hours=2)
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    ticket.answered(helpdesk.anna)
    helpdesk.passes(hours=3)
    helpdesk.mails("And the invoice?", to=ticket)
    helpdesk.works()
    ticket.answered(helpdesk.ben, state="closed")
    helpdesk.works()
    return ticket


def complaint_by_words_of_agents(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("Ich möchte mich beschweren: Das Gerät ist kaputt. 投诉")
    helpdesk.works()
    ticket.said(helpdesk.anna, "complaint")
    helpdesk.passes(hours=1)
    ticket.said(helpdesk.anna, "serious")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    ticket.said(helpdesk.anna, "assessed")
    ticket.answered(helpdesk.anna, "Which number?")
    ticket.said(helpdesk.anna, "waiting")
    helpdesk.passes(hours=5)
    helpdesk.mails("4711", to=ticket)
    helpdesk.works()
    return ticket


def hand_overs(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.calls_in(helpdesk.anna, "She asks where her order is.")
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    ticket.owned(helpdesk.anna, helpdesk.ben)
    helpdesk.passes(hours=1)
    ticket.noted(helpdesk.ben)
    helpdesk.works()
    ticket.put(helpdesk.ben, group="Second line")
    helpdesk.works()
    return ticket


def closed_and_reopened(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("Where is my order?")
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.passes(hours=4)
    helpdesk.mails("Thank you!", to=ticket)
    helpdesk.works()
    ticket.closed(helpdesk.anna)
    helpdesk.passes(days=1)
    ticket.put(helpdesk.anna, state="open")
    helpdesk.works()
    return ticket


def customers_fields(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.creates(helpdesk.olga, steward_kind="none", steward_nature="system")
    helpdesk.works()
    ticket.noted(helpdesk.anna)
    helpdesk.passes(hours=1)
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    return ticket


def hidden_and_shown(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    answer = [a for a in helpdesk.sandbox.world.articles if a.ticket_id == ticket.id][-1]
    helpdesk.anna.call("PUT", f"/ticket_articles/{answer.id}", {"internal": True})
    helpdesk.passes(minutes=11)
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    return ticket


STORIES = [
    answered_and_closed,
    complaint_by_words_of_agents,
    hand_overs,
    closed_and_reopened,
    customers_fields,
    hidden_and_shown,
]


def rows_of(helpdesk: Helpdesk, ticket: Ticket) -> list[tuple[object, ...]]:
    """The facts that have a row in Zammad and are not our own doing, without ids, which count our rows too."""
    facts = [f for f in helpdesk.timeline_of(ticket) if f.kind is not FactKind.OBSERVED]
    return [_told(fact) for fact in facts if fact.by.role is not Role.STEWARD]


def _told(fact: Fact) -> tuple[object, ...]:
    data = {name: value for name, value in fact.data.items() if name not in ("id", "number")}
    payload = {name: value for name, value in (fact.payload or {}).items() if name != "message_id"}
    stands = (fact.kind, fact.at.replace(microsecond=0), fact.by.login)
    return (*stands, str(sorted(data.items(), key=str)), str(sorted(payload.items(), key=str)))


def end_of(ticket: Ticket) -> tuple[object, ...]:
    fields = {name: str(value)[:19] for name, value in ticket.fields.items()}
    return (fields, ticket.ours, ticket.state)


def settled(helpdesk: Helpdesk, story: Story) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    ticket = story(helpdesk)
    helpdesk.deaf = False
    helpdesk.passes(minutes=11)
    return rows_of(helpdesk, ticket), end_of(ticket)


@pytest.mark.parametrize("story", STORIES)
def test_hearing_everything_or_only_the_last_is_the_same(opens: Open, tmp_path: Path, story: Story) -> None:
    hears_all = settled(opens(), story)
    late = opens(database_url=f"sqlite:///{tmp_path / 'late.db'}")
    late.deaf = True
    assert settled(late, story) == hears_all


@pytest.mark.parametrize(("seed", "story"), list(enumerate(STORIES, start=1)))
def test_lost_and_doubled_webhooks_change_nothing(opens: Open, tmp_path: Path, story: Story, seed: int) -> None:
    hears_all = settled(opens(), story)
    unsteady = opens(database_url=f"sqlite:///{tmp_path / 'unsteady.db'}")
    unsteady.chance = random.Random(seed)
    assert settled(unsteady, story) == hears_all
