"""Articles as facts: codes for the rules, the customer's words only in the erasable payload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import getaddresses
from functools import cache, partial

from plugin.handlers.plain import plain
from plugin.handlers.who import Who
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import NOBODY_ID
from plugin.model.quoting import strip_quoted
from plugin.model.ticket import Article, HistoryRow, Ticket
from plugin.zammad.notes import op_keys_of

MACRO_PREFIX = "Steward:"
"""What the note lines of our macros begin with (design.md, "What agents say")."""
_ADDRESS = r"([a-zA-Z0-9_+-]+(?:\.[a-zA-Z0-9_+-]+)*@[a-zA-Z0-9.-]+)"
_ONE_ADDRESS = re.compile(rf"{_ADDRESS}|[a-zA-Z0-9 ]*<{_ADDRESS}>")
"""As nearly all are written: nobody need read them letter by letter."""
QUESTIONS = 5
"""Of the survey (E3.4, A4.3)."""
_BESIDE_NUMBERS = re.compile(r"[^0-9\s.,;:/|()\-–=]", re.ASCII)
FAILED = "fail"
"""Zammad's ``delivery_status`` of a mail that did not go out."""


def key_of(article_id: int) -> str:
    return f"article:{article_id}"


def said(
    articles: Iterable[Article],
    rows: Iterable[HistoryRow],
    ticket: Ticket,
    who: Who,
    *,
    known: Timeline,
    now: datetime,
) -> tuple[Fact, ...]:
    """The articles read now; ``rows`` have the last word on whether they are internal."""
    shown = _shown(rows)
    read = tuple(replace(a, internal=shown[a.id]) if a.id in shown else a for a in articles)
    addresses = cache(partial(_customer_addresses, ticket, read, who, known=known))
    return tuple(_fact(article, who, addresses=addresses, now=now) for article in read)


def changed(
    rows: Iterable[HistoryRow], articles: Iterable[Article], *, known: Timeline, now: datetime
) -> Iterator[Fact]:
    """Known articles that say something else now: shown or hidden by somebody, or found not to have been delivered."""
    shown = _shown(rows)
    read = {article.id for article in articles}
    failed = {related for article in articles if (related := _delivery_failed_of(article)) is not None}
    for fact in known.of(FactKind.ARTICLE):
        article_id = int(fact["id"])
        if article_id in read:
            continue
        data = dict(fact.data)
        data["internal"] = shown.get(article_id, data.get("internal"))
        data["failed"] = bool(data.get("failed")) or article_id in failed
        if data != dict(fact.data):
            yield replace(fact, data=data, payload=None, seen_at=now, revision=fact.revision + 1)


def gone(ticket: Ticket, *, known: Timeline, now: datetime) -> Iterator[Fact]:
    """Articles that were deleted. A merged ticket's went to the target and are not gone."""
    if ticket.is_merged:
        return
    present = set(ticket.article_ids)
    keys = {fact.key for fact in known.of(FactKind.OBSERVED)}
    for fact in known.of(FactKind.ARTICLE):
        key = f"observed:article_gone:{fact['id']}"
        if fact["id"] not in present and key not in keys:
            yield Fact(key, FactKind.OBSERVED, now, now, data={"what": "article_gone", "value": True, "id": fact["id"]})


def _fact(article: Article, who: Who, *, addresses: Callable[[], frozenset[str]], now: datetime) -> Fact:
    ours = op_keys_of(article, own_user_id=who.own_id)
    body = plain(article.body, content_type=article.content_type)
    attachments = article.extra.get("attachments")
    return Fact(
        key=key_of(article.id),
        kind=FactKind.ARTICLE,
        at=article.created_at,
        seen_at=now,
        by=who.actor(article.created_by_id, wrote_as_agent=article.sender == "Agent"),
        data={
            "id": article.id,
            "type": article.type,
            "sender": article.sender,
            "internal": article.internal,
            "communication": article.is_communication,
            "to_customer": _is_to_customer(article, addresses),
            "origin_by_id": article.origin_by_id,
            "automatic": _is_automatic(article),
            "failed": article.preferences.get("delivery_status") == FAILED,
            "ours": list(ours),
            "macro": not ours and article.internal and body.startswith(MACRO_PREFIX),
            "attachments": len(attachments) if isinstance(attachments, list) else 0,
            # a code beside the words, which may be erased; only where it is so, as older rows know nothing of it
            **({"scores": True} if article.sender == "Customer" and are_scores(body) else {}),
        },
        payload={
            "subject": article.subject,
            "body": body,
            "from": article.from_,
            "to": article.to,
            "cc": article.cc,
            "message_id": article.message_id,
        },
    )


def are_scores(body: str) -> bool:
    """Five numbers from 1 to 5 and nothing else but quotes, numbered or not: the answer to the survey's questions."""
    # hardly a mail has a line of numbers alone, and finding what is quoted takes long
    if all(_BESIDE_NUMBERS.search(line) or not line.strip() for line in body.splitlines()):
        return False
    words = strip_quoted(body)
    if _BESIDE_NUMBERS.search(words):
        return False
    numbers = re.findall(r"[0-9]+", words)
    if numbers[::2] == list("12345"):
        numbers = numbers[1::2]
    given = list(numbers[0]) if len(numbers) == 1 else numbers
    return len(given) == QUESTIONS and all(number in "12345" and len(number) == 1 for number in given)


def _is_automatic(article: Article) -> bool:
    """An automatic reply, bulk or list mail: Zammad marks them when it fetches them."""
    said_so = article.preferences.get("is-auto-response")
    answerable = article.preferences.get("send-auto-response")
    return article.sender == "Customer" and (said_so is True or answerable is False)


def _is_to_customer(article: Article, addresses: Callable[[], frozenset[str]]) -> bool:
    """Calls, web and chat messages of an agent go to the customer; a mail goes to whom it is addressed."""
    if not article.is_communication or article.sender == "Customer":
        return False
    if article.type != "email":
        return True
    return bool(_addresses(article.to, article.cc) & addresses())


def _customer_addresses(ticket: Ticket, read: tuple[Article, ...], who: Who, *, known: Timeline) -> frozenset[str]:
    """The customer's address, and those a customer wrote from on this ticket."""
    customer = who.user(ticket.customer_id)
    texts = [customer.email] if customer else []
    texts += [article.from_ for article in read if article.sender == "Customer" and article.type == "email"]
    texts += [f.text("from") for f in known.of(FactKind.ARTICLE) if f["sender"] == "Customer" and f["type"] == "email"]
    return _addresses(*texts)


def _addresses(*texts: str) -> frozenset[str]:
    found: set[str] = set()
    for text in filter(None, texts):
        plain = _ONE_ADDRESS.fullmatch(text)
        addresses = (plain[1] or plain[2],) if plain else (address for _, address in getaddresses([text]))
        found.update(address.casefold() for address in addresses if "@" in address)
    return frozenset(found)


def _shown(rows: Iterable[HistoryRow]) -> dict[int, bool]:
    """Articles somebody showed or hid, and whether they are internal since."""
    toggles = [r for r in rows if r.object == "Ticket::Article" and r.type == "updated" and r.attribute == "internal"]
    return {row.o_id: row.value_to == "true" for row in sorted(toggles, key=lambda r: (r.created_at, r.id))}


def _delivery_failed_of(article: Article) -> int | None:
    """The article a System note of Zammad's reports as not delivered."""
    # customers can forge preferences, but not user 1
    if article.created_by_id != NOBODY_ID or article.preferences.get("delivery_message") is not True:
        return None
    related = article.preferences.get("delivery_article_id_related")
    return related if isinstance(related, int) else None
