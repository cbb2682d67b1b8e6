"""A merge carries what the source knew to its target."""

from __future__ import annotations

from datetime import timedelta

from plugin.handlers import merge
from plugin.model.facts import FactKind, Timeline
from plugin.packs import load
from tests.handlers.looks import MONDAY, NOW, Known, article, look, row, stated, ticket

MERGED = row(9, "received_merge", id_from=7, id_to=8, after=5)
"""On the target; Zammad writes the source's own rows some seconds before."""


def source() -> Timeline:
    """A complaint ben answered, then merged away."""
    complaint = article(1, body="I want to complain about this!")
    answered = article(2, by=8, sender="Agent", to="mei@customer.example", after=2)
    facts = look(
        row(3, "added", attribute="tag", value_to="steward:say:serious", by=8, after=3),
        stated(4, 2, 5, after=4.99),
        row(5, "merged_into", id_from=7, id_to=8, after=4.99),
        on=ticket(article_ids=()),
        articles=[complaint, answered],
    )
    return Timeline(7, facts)


def test_the_source_is_read_as_it_stood_just_before() -> None:
    fact = merge.received(MERGED, source(), Known(), pack=load("service-standard"), now=NOW)
    assert (fact.key, fact.kind, fact.at) == ("history:9", FactKind.RECEIVED_MERGE, MONDAY + timedelta(hours=5))
    assert dict(fact.data) == {
        "source_id": 7,
        "accepted_at": MONDAY.isoformat(),
        "voiced_at": None,
        "voiced_tier": None,
        "first_asked": {"login": "ben@example.com", "at": (MONDAY + timedelta(hours=2)).isoformat()},
        "accountable": "ben@example.com",
        "kind": "complaint",
        "tier": "serious",
        "tier_by_agent": True,
        "articles": ["article:1", "article:2"],
        "tasks_done": [],
    }


def test_a_source_nobody_knows_anything_of_carries_nothing() -> None:
    fact = merge.received(MERGED, Timeline(7, ()), Known(), pack=load("service-standard"), now=NOW)
    assert (fact["source_id"], fact["kind"], fact["first_asked"]) == (7, None, None)


def test_a_merge_is_told_once() -> None:
    assert merge.sources([MERGED], known=Timeline(8, ())) == (MERGED,)
    known = merge.received(MERGED, Timeline(7, ()), Known(), pack=load("service-standard"), now=NOW)
    assert merge.sources([MERGED], known=Timeline(8, [known])) == ()


def test_the_sources_articles_are_known_by_its_history() -> None:
    rows = [row(2, "created", object="Ticket::Article"), row(3, "created")]
    assert merge.articles_of_source(rows) == {7}
