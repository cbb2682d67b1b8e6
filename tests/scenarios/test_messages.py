"""Messages to customers: only with the switch on, once, from the pack's own text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugin.sandbox.rows import Row
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk


@pytest.fixture
def mailing(like: str, store_url: str) -> Iterator[Helpdesk]:
    helpdesk = open_helpdesk(like=like, store_url=store_url, customer_mail="on")
    yield helpdesk
    helpdesk.service.close()


def closed_complaint(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.mails("I want to complain.", subject="Broken again")
    helpdesk.works()
    ticket.said(helpdesk.anna, "complaint")
    ticket.owned(helpdesk.anna)
    ticket.answered(helpdesk.anna)
    helpdesk.passes(hours=1)
    ticket.closed(helpdesk.anna)
    helpdesk.passes(hours=1)
    return ticket


def public_articles_of_steward(helpdesk: Helpdesk, ticket: Ticket) -> list[Row]:
    steward = helpdesk.user_id("steward")
    written = [a for a in helpdesk.sandbox.world.articles if a.ticket_id == ticket.id and a.created_by_id == steward]
    return [article for article in written if not article.internal]


def test_with_the_switch_on_the_confirmation_is_one_mail_in_steward_s_own_words(mailing: Helpdesk) -> None:
    ticket = closed_complaint(mailing)
    mailing.passes(hours=30)
    mails = public_articles_of_steward(mailing, ticket)
    assert len(mails) == 1
    assert (mails[0].to, mails[0].subject) == (
        "olga@customer.example",
        f"Your complaint {ticket.row.number} is settled – is it?",
    )
    assert "from 1 (very bad) to 5 (very good)" in mails[0].body
    assert "Broken again" not in mails[0].body
    assert ticket.tasks == []
    assert "confirmation" not in (ticket.field("breached") or "")
    assert ticket.row.first_response_at is not None


def test_with_the_switch_off_no_customer_is_written_to(helpdesk: Helpdesk) -> None:
    ticket = closed_complaint(helpdesk)
    assert public_articles_of_steward(helpdesk, ticket) == []
    assert len(ticket.tasks) == 1


def test_a_customer_is_surveyed_once_in_thirty_days_whatever_he_complains_of(mailing: Helpdesk) -> None:
    subjects = []
    for days in (0, 10, 31):
        mailing.passes(days=days)
        ticket = closed_complaint(mailing)
        mailing.passes(hours=3)
        subjects += [mail.subject.partition("settled")[2] for mail in public_articles_of_steward(mailing, ticket)]
    assert subjects == [" – is it?", "", " – is it?"]


SCORES = """5 4 3 5 5

On 2 March 2026 support@example.com wrote:
> Five short questions, from 1 (very bad) to 5 (very good).
"""


def test_the_answer_to_the_survey_opens_nothing_again(mailing: Helpdesk) -> None:
    ticket = closed_complaint(mailing)
    mailing.passes(hours=3)
    before = len(ticket.notes)
    mailing.mails(SCORES, to=ticket)
    mailing.passes(days=5)
    assert ticket.state == "open"  # Zammad does that
    assert (ticket.field("next_due"), ticket.field("breached"), ticket.ours) == (None, None, set())
    assert len(ticket.notes) == before
    ticket.closed(mailing.anna)
    mailing.works()
    assert ticket.field("stage") == "done"
    assert ticket.field("erase_after") is not None


@pytest.mark.parametrize(
    "words", ["5 4 3 5 5, and it is broken again.", "1"], ids=["more than the answer", "no answer to five questions"]
)
def test_what_is_more_than_the_answer_is_heard_after_a_working_day(mailing: Helpdesk, words: str) -> None:
    ticket = closed_complaint(mailing)
    mailing.passes(hours=3)
    mailing.mails(words, to=ticket)
    mailing.passes(hours=25)
    assert ticket.field("next_due") is not None


def test_what_is_written_behind_the_answer_is_heard_a_working_day_later(mailing: Helpdesk) -> None:
    ticket = closed_complaint(mailing)
    mailing.passes(hours=3)
    mailing.mails(SCORES, to=ticket)
    mailing.passes(hours=24)
    assert ticket.field("next_due") is None
    mailing.mails("By the way, it is broken again.", to=ticket)
    mailing.passes(hours=25)
    assert ticket.field("next_due") is not None
