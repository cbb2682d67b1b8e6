"""Zammad's webhook never comes: the sweep does the work, and health says what is missing."""

from __future__ import annotations

from tests.scenarios.helpdesk import Helpdesk


def test_without_a_webhook_the_sweep_does_the_work_and_says_what_is_missing(helpdesk: Helpdesk) -> None:
    helpdesk.works()
    helpdesk.drop_deliveries = True
    tickets = [helpdesk.mails("Where is my order?") for _ in range(3)]
    helpdesk.passes(minutes=21)
    assert {ticket.field("kind") for ticket in tickets} == {"request"}
    part = helpdesk.service.health.part("webhook")
    assert part is not None
    assert not part.ok
    assert "STEWARD_WEBHOOK_SECRET" in part.said


def test_a_webhook_that_comes_is_no_news(helpdesk: Helpdesk) -> None:
    helpdesk.works()
    helpdesk.mails("Where is my order?")
    helpdesk.passes(minutes=21)
    part = helpdesk.service.health.part("webhook")
    assert part is None or part.ok
