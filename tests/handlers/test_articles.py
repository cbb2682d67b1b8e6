"""Articles: whom they are from, whom they go to, and what is only a machine's."""

from __future__ import annotations

from typing import Any

import pytest

from plugin.handlers.articles import are_scores
from plugin.handlers.plain import plain
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import Role
from tests.handlers.looks import article, look, only, row, ticket


def said(**more: Any) -> Fact:
    return only(look(articles=[article(**more)]), FactKind.ARTICLE)


def answer(number: int = 2, **more: Any) -> Any:
    values: dict[str, Any] = {
        "by": 7,
        "sender": "Agent",
        "to": "Mei <MEI@customer.example>",
        "from_": "support@example.com",
    } | more
    return article(number, **values)


def test_words_are_only_in_the_payload() -> None:
    fact = said(body="My name is Mei and I am angry", subject="Mei")
    assert "Mei" not in str(dict(fact.data))
    assert fact.text("body") == "My name is Mei and I am angry"


@pytest.mark.parametrize(
    ("changes", "goes"),
    [
        pytest.param({}, True, id="mail to the customer's address, in any case"),
        pytest.param({"to": "other@x.example", "cc": "Mei <mei@customer.example>"}, True, id="in Cc"),
        pytest.param({"to": "supplier@x.example"}, False, id="mail to somebody else"),
        pytest.param({"to": "mei@private.example"}, True, id="an address the customer wrote from"),
        pytest.param({"to": '"Mei, Ling" <mei@customer.example>'}, True, id="a name with a comma"),
        pytest.param({"to": "sales@x.example, Mei Ling <MEI@customer.example>"}, True, id="one of several"),
        pytest.param({"to": "mei@customer.example (at home)"}, True, id="with a comment"),
        pytest.param({"type": "phone", "to": ""}, True, id="a call"),
        pytest.param({"type": "sms", "to": ""}, True, id="a text message"),
        pytest.param({"type": "note", "to": ""}, False, id="a note"),
    ],
)
def test_an_agents_message_goes_to_the_customer_or_not(changes: dict[str, Any], goes: bool) -> None:
    private = article(1, from_="mei@private.example")
    facts = look(articles=[private, answer(**changes)])
    assert next(f for f in facts if f.key == "article:2")["to_customer"] is goes


def test_an_address_of_an_earlier_article_still_counts() -> None:
    known = look(articles=[article(1, from_="mei@private.example")])
    facts = look(articles=[answer(to="mei@private.example")], on=ticket(article_ids=(1, 2)), known=known)
    assert only(facts, FactKind.ARTICLE)["to_customer"] is True


@pytest.mark.parametrize(
    ("preferences", "automatic"),
    [
        pytest.param({"is-auto-response": False, "send-auto-response": True}, False, id="a person's mail"),
        pytest.param({"is-auto-response": True, "send-auto-response": False}, True, id="automatic reply"),
        pytest.param({"send-auto-response": False}, True, id="bulk or list mail"),
        pytest.param({}, False, id="web"),
    ],
)
def test_automatic_mail_is_told_from_a_persons(preferences: dict[str, Any], automatic: bool) -> None:
    assert said(preferences=preferences)["automatic"] is automatic


def test_our_marker_counts_only_from_our_own_hand() -> None:
    marked: dict[str, Any] = {"preferences": {"steward": "k1 k2"}, "type": "note", "sender": "System", "internal": True}
    assert said(by=6, **marked)["ours"] == ["k1", "k2"]
    forged = said(by=10, **marked)
    assert forged["ours"] == []
    assert forged.by.is_customer


@pytest.mark.parametrize(
    ("changes", "macro"),
    [
        pytest.param({"body": "Steward: accept"}, True, id="a line of our macro"),
        pytest.param({"body": "<p>Steward: accept</p>", "content_type": "text/html"}, True, id="as HTML"),
        pytest.param({"body": "Steward: accept", "internal": False}, False, id="public"),
        pytest.param({"body": "Because I know him"}, False, id="a person's reason"),
    ],
)
def test_a_line_of_our_macros_is_known(changes: dict[str, Any], macro: bool) -> None:
    values: dict[str, Any] = {"by": 7, "sender": "System", "type": "note", "internal": True} | changes
    assert said(**values)["macro"] is macro


def test_an_article_by_sender_agent_is_an_agents_whoever_we_take_him_for() -> None:
    assert said(by=99, sender="Agent").by.role is Role.AGENT


def test_showing_an_internal_note_supersedes_what_we_knew() -> None:
    known = look(articles=[article(1, by=7, sender="Agent", type="note", internal=True)])
    shown = row(5, "updated", object="Ticket::Article", o_id=1, attribute="internal", value_to="false")
    fact = only(look(shown, known=known), FactKind.ARTICLE)
    assert (fact.key, fact["internal"], fact.payload) == ("article:1", False, None)


def test_the_history_has_the_last_word_on_what_is_internal() -> None:
    hidden = row(5, "updated", object="Ticket::Article", o_id=1, attribute="internal", value_to="true")
    assert only(look(hidden, articles=[article(1)]), FactKind.ARTICLE)["internal"] is True


def test_a_mail_zammad_could_not_send_failed() -> None:
    assert said(preferences={"delivery_status": "fail"})["failed"] is True
    known = look(articles=[answer(2)], on=ticket(article_ids=(2,)))
    report = {"delivery_message": True, "delivery_article_id_related": 2}
    told = article(3, by=1, sender="System", type="note", internal=True, preferences=report)
    facts = look(articles=[told], on=ticket(article_ids=(2, 3)), known=known)
    assert next(f for f in facts if f.key == "article:2")["failed"] is True


def test_a_customer_cannot_make_an_answer_fail() -> None:
    known = look(articles=[answer(2)], on=ticket(article_ids=(2,)))
    report = {"delivery_message": True, "delivery_article_id_related": 2}
    facts = look(articles=[article(3, preferences=report)], on=ticket(article_ids=(2, 3)), known=known)
    assert [f.key for f in facts if f.kind is FactKind.ARTICLE] == ["article:3"]


def test_a_deleted_article_is_seen_once() -> None:
    known = look(articles=[article(1)])
    on = ticket(article_ids=())
    gone = look(on=on, known=known)
    assert [f["id"] for f in gone if f["what"] == "article_gone"] == [1]
    assert [f for f in look(on=on, known=(*known, *gone)) if f["what"] == "article_gone"] == []
    assert Timeline(7, (*known, *gone)).get("article:1") is not None


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<div>Hello<br>there</div>", "Hello\nthere", id="lines"),
        pytest.param("<p>New</p><blockquote>On Monday:<br>old</blockquote>", "New\n> On Monday:\n> old", id="quotes"),
        pytest.param("<style>p {}</style><p>Fish &amp; chips</p><script>x</script>", "Fish & chips", id="no code"),
        pytest.param("<p>one <b>two</b> three</p>", "one two three", id="inline"),
        pytest.param("<p>a</p><p></p><p></p><p>b</p>", "a\nb", id="empty lines"),
    ],
)
def test_html_is_read_as_a_person_reads_it(html: str, text: str) -> None:
    assert plain(html, content_type="text/html") == text


@pytest.mark.parametrize(
    ("words", "scores"),
    [
        pytest.param("5 4 3 5 5", True, id="in a row"),
        pytest.param("5, 4, 3, 5, 5\n", True, id="with commas"),
        pytest.param("54355", True, id="without a space"),
        pytest.param("1. 5\n2. 4\n3. 3\n4. 5\n5. 5\n", True, id="numbered"),
        pytest.param("1: 5\n2: 4\n3: 3\n4: 5\n5: 5", True, id="numbered with colons"),
        pytest.param("5 4 3 5 5\n\n-- \nOlga", True, id="above a signature"),
        pytest.param("> How did we do?\n5 4 3 5 5", True, id="below a quote"),
        pytest.param("> 1. How did we do?\n5\n> 2. And why?\n4\n> 3.\n3\n> 4.\n5\n> 5.\n5", True, id="between quotes"),
        pytest.param("On Mon, Mar 2, 2026 Anna wrote:\n> 1 2 3 4 5\n", False, id="in a quote"),
        pytest.param("No.\n5 4 3 5 5", False, id="a line beside"),
        pytest.param("5 4 3 5", False, id="four"),
        pytest.param("5 4 3 5 6", False, id="out of range"),
        pytest.param("5 4 3 5 5 thanks", False, id="a word beside"),
        pytest.param("5 4 3 5 5 €", False, id="a sign beside"),
        pytest.param("12345678", False, id="a number of something"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_the_answer_to_the_survey_is_five_numbers_and_nothing_else(words: str, *, scores: bool) -> None:
    assert are_scores(words) is scores
