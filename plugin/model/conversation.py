"""Who said what to whom: the customer's messages, answers, and the last public word (standard.md 9)."""

from __future__ import annotations

from datetime import datetime

from plugin.model.facts import Fact, FactKind, Timeline, once
from plugin.model.people import Role


def articles(timeline: Timeline) -> tuple[Fact, ...]:
    return timeline.of(FactKind.ARTICLE)


def is_automatic(article: Fact) -> bool:
    """An automatic reply, bulk mail, or what Steward or a robot wrote: never answers, resumes or accepts."""
    return bool(article["automatic"] or article["ours"])


def is_from_customer(article: Fact) -> bool:
    """The customer's own words, also when an agent typed them in after a call."""
    return article["sender"] == "Customer" and not is_automatic(article) and not article["internal"]


def is_call_taken(article: Fact) -> bool:
    """An agent took a call and recorded it: asked and answered in one."""
    return article.by.is_agent and article["type"] == "phone" and article["sender"] == "Customer"


def is_by_agent(article: Fact) -> bool:
    """An agent's article is one created by an agent, whatever its sender (macros write as System)."""
    return article.by.is_agent and not is_automatic(article)


def is_answer(article: Fact) -> bool:
    """By a person, public, of a communication type, to the customer, not known to have failed."""
    if not is_by_agent(article) or article["internal"] or article["failed"]:
        return False
    if is_call_taken(article):
        return True
    spoken = article["communication"] and article["sender"] != "Customer"
    return bool(spoken and article["to_customer"])


def is_our_message(article: Fact) -> bool:
    """A public message of Steward's own to the customer that was not found to have failed."""
    ours = article.by.role is Role.STEWARD and bool(article["communication"])
    return ours and not article["internal"] and not article["failed"]


def is_public_word(article: Fact) -> bool:
    return is_from_customer(article) or is_answer(article)


@once
def customer_articles(timeline: Timeline) -> tuple[Fact, ...]:
    return tuple(a for a in articles(timeline) if is_from_customer(a))


@once
def answers(timeline: Timeline) -> tuple[Fact, ...]:
    return tuple(a for a in articles(timeline) if is_answer(a))


@once
def public_words(timeline: Timeline) -> tuple[Fact, ...]:
    return tuple(a for a in articles(timeline) if is_public_word(a))


def last_public_word(timeline: Timeline, *, before: datetime) -> Fact | None:
    """The newest public message at or before ``before``, of either side."""
    return next((a for a in reversed(public_words(timeline)) if a.at <= before), None)


def last_word_is_ours(timeline: Timeline, *, at: datetime) -> bool:
    word = last_public_word(timeline, before=at)
    return word is not None and is_answer(word) and not is_call_taken(word)


@once
def agent_acts(timeline: Timeline) -> tuple[Fact, ...]:
    """Everything an agent did: articles, changes of the ticket, tags."""
    kinds = (FactKind.ARTICLE, FactKind.CHANGED, FactKind.TAG_ADDED, FactKind.TAG_REMOVED)
    return tuple(f for f in timeline.of(*kinds) if f.by.is_agent and not f["automatic"])


@once
def is_opened_by_our_message(timeline: Timeline) -> bool:
    """An agent opened the ticket by writing or calling out himself: he owes no answer to it."""
    created = timeline.of(FactKind.CREATED)
    first = next(iter(articles(timeline)), None)
    if not created or first is None or not created[0].by.is_agent:
        return False
    return bool(first.by.is_agent and first["communication"] and first["sender"] == "Agent" and not first["internal"])
