"""Reads Zammad as nouns, with as few and as cheap calls as the question allows (promises, "What a call costs")."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from plugin.model.errors import NotFound, OutOfSight
from plugin.model.features import Features
from plugin.model.people import User
from plugin.model.ticket import Article, ChangedTicket, Checklist, HistoryRow, Link, LinkedTicket, Ticket
from plugin.zammad import schemas
from plugin.zammad.catalogues import Catalogues
from plugin.zammad.client import TooLarge, ZammadClient
from plugin.zammad.features import FeatureWatch
from plugin.zammad.people import People
from plugin.zammad.workflow import Workflow, perform

PAGE = 200
"""Rows of one search at most; Zammad clips larger wishes silently (contract 4.4)."""
_ONE_ARTICLE_MS = 24.0
_ALL_ARTICLES_MS = ((2, 33.0), (10, 114.0), (40, 222.0), (150, 960.0))
"""Articles of a ticket and what reading all of them costs Zammad (promises, table)."""


class Reader:
    """Shared by all threads of a process. Every method raises ``Unavailable``, ``NotFound`` or ``OutOfSight``."""

    def __init__(
        self,
        client: ZammadClient,
        *,
        catalogues: Catalogues,
        people: People,
        watch: FeatureWatch,
        on_alarm: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._client = client
        self._watch = watch
        self._on_alarm = on_alarm
        self.catalogues = catalogues
        self.people = people

    @property
    def features(self) -> Features:
        """What the server has, as the newest look showed it."""
        return self._watch.current

    def look(self, ticket_id: int) -> Ticket:
        """The cheap look (27 ms): all fields with names, article ids, and the version."""
        # never auto_assign: it would make us the owner (contract 4.6)
        raw = schemas.entries(self._client.get(f"/tickets/{ticket_id}", {"expand": "true"}), "ticket")
        ticket = schemas.ticket(raw, names=self.catalogues)
        if ticket.group:
            self.catalogues.learn_group(ticket.group_id, ticket.group)
        self._watch.saw(raw, ticket)
        self._client.clocks.reached(ticket.updated_at)
        return ticket

    def history(self, ticket_id: int) -> tuple[tuple[HistoryRow, ...], Mapping[int, User]]:
        """All history rows in Zammad's order, and the users who came along with them."""
        raw = schemas.entries(self._client.get(f"/ticket_history/{ticket_id}"), "history")
        found = schemas.rows(raw.get("history"), "history")
        self.catalogues.learn_groups(raw)
        users = self.people.learn(raw)
        return tuple(schemas.history_row(one, path=f"history[{place}]") for place, one in enumerate(found)), users

    def articles(self, ticket_id: int, ids: Sequence[int], *, total: int | None = None) -> tuple[Article, ...]:
        """The wanted articles in the order of ``ids``; those that are gone, or moved by a merge, are left out.

        ``total`` is how many the ticket has (``len(ticket.article_ids)``): one by one where few are new, all at once
        where many are, whatever costs Zammad less.
        """
        if not ids:
            return ()
        if _all_at_once_is_cheaper(len(ids), total or len(ids)):
            try:
                found = self._all_articles(ticket_id)
            except TooLarge:
                found = self._single_articles(ids)
        else:
            found = self._single_articles(ids)
        return tuple(found[one] for one in ids if one in found and found[one].ticket_id == ticket_id)

    def tags(self, ticket_id: int) -> frozenset[str]:
        """The ticket's tags. Zammad answers none for a ticket we may not see: look first (contract 4.8)."""
        raw = schemas.entries(self._client.get("/tags", {"object": "Ticket", "o_id": ticket_id}), "tags")
        return frozenset(str(tag) for tag in schemas.rows(raw.get("tags"), "tags"))

    def links(self, ticket_id: int) -> tuple[Link, ...]:
        """The ticket's links, each naming the role of the other ticket."""
        return self.linked(ticket_id)[0]

    def linked(self, ticket_id: int) -> tuple[tuple[Link, ...], tuple[LinkedTicket, ...]]:
        """The links, and those of the linked tickets we may see: one call for both."""
        query = {"link_object": "Ticket", "link_object_value": ticket_id}
        raw = schemas.entries(self._client.get("/links", query), "links")
        links = tuple(
            schemas.link(one, path=f"links[{place}]")
            for place, one in enumerate(schemas.rows(raw.get("links"), "links"))
            if isinstance(one, Mapping) and one.get("link_object", "Ticket") == "Ticket"
        )
        self.people.learn(raw)
        records = schemas.assets(raw, "Ticket")
        others = dict.fromkeys(str(link.ticket_id) for link in links if str(link.ticket_id) in records)
        return links, tuple(schemas.readable(self._linked_ticket, [records[one] for one in others]))

    def _linked_ticket(self, raw: Any) -> LinkedTicket:
        return schemas.linked_ticket(raw, names=self.catalogues, path="links.assets.Ticket")

    def checklist(self, checklist_id: int) -> Checklist | None:
        """The checklist with its items in their shown order; None where it is gone, or checklists were switched off."""
        try:
            raw = self._client.get(f"/checklists/{checklist_id}", {"full": "true"})
        except NotFound:
            return None
        except OutOfSight:
            self._watch.checklists_refused()
            return None
        return checklist_of(schemas.entries(raw, "checklist"))

    def find_by_number(self, number: str) -> Ticket | None:
        """The ticket with exactly this number, None where there is none we may see."""
        condition = {"ticket.number": {"operator": "is", "value": number}}
        found = [schemas.ticket(raw, names=self.catalogues, path="search") for raw in self._search(condition, limit=10)]
        return next((ticket for ticket in found if ticket.number == number), None)

    def changed_since(self, moment: datetime, *, limit: int = PAGE) -> Iterator[tuple[ChangedTicket, ...]]:
        """Pages of tickets changed at or after ``moment``, oldest change first, each change once.

        Each page starts at the moment the one before ended with, not at an offset: a ticket that changes meanwhile
        moves to the end and is not missed, nor does it push another one out.
        """
        seen: set[tuple[int, str]] = set()
        offset = 1
        while True:
            page, count = self._changed_page(moment, limit=limit, page=offset)
            fresh = tuple(ticket for ticket in page if (ticket.id, ticket.version) not in seen)
            seen = {(ticket.id, ticket.version) for ticket in page} | (seen if offset > 1 else set())
            if fresh:
                yield fresh
            if count < limit:
                return
            # a whole page of one instant: only an offset leads past it
            offset = offset + 1 if page[-1].updated_at <= moment else 1
            moment = max(moment, page[-1].updated_at)

    def newest(self, count: int) -> tuple[Mapping[str, Any], ...]:
        """The tickets that changed last, as Zammad answers them: for what can be learnt from their keys and values."""
        condition = {"ticket.updated_at": {"operator": "after (absolute)", "value": "2000-01-01T00:00:00Z"}}
        return tuple(self._search(condition, limit=count, order="desc"))

    def changed_within(self, minutes: int, ids: Sequence[int]) -> Mapping[int, datetime]:
        """Of these tickets, those that changed in the last ``minutes`` by Zammad's clock, and when they last did."""
        condition = {
            "ticket.id": {"operator": "is", "value": list(ids)},
            "ticket.updated_at": {"operator": "within last (relative)", "range": "minute", "value": str(minutes)},
        }
        found = [schemas.changed_ticket(raw, path="search") for raw in self._search(condition, limit=PAGE)]
        return {ticket.id: ticket.updated_at for ticket in found}

    def workflow(self, ticket: Ticket) -> Workflow:
        """What the core workflow says about changing this ticket, for our user."""
        return perform(self._client, screen="edit", params={"id": ticket.id})

    def _changed_page(self, moment: datetime, *, limit: int, page: int) -> tuple[tuple[ChangedTicket, ...], int]:
        """The tickets of the page that can be read, and how many there were: one bent row hides no other."""
        since = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        condition = {"ticket.updated_at": {"operator": "after (absolute)", "value": since}}
        found = self._search(condition, limit=limit, page=page)
        page_read = schemas.readable(schemas.changed_ticket, found)
        if found and not page_read:
            raise schemas.Misshapen("search", "no ticket that can be read")
        if len(page_read) < len(found):
            self._on_alarm("unreadable")
        return tuple(page_read), len(found)

    def _search(
        self, condition: Mapping[str, Any], *, limit: int, page: int = 1, order: str = "asc"
    ) -> list[Mapping[str, Any]]:
        """Tickets by condition, which is always fresh and needs no Elasticsearch; ``full`` is the cheap shape."""
        body = {
            "condition": condition,
            "sort_by": ["updated_at", "id"],
            "order_by": [order, order],
            "per_page": limit,
            "page": page,
            "full": True,
        }
        raw = self._client.post("/tickets/search", json=body)
        if isinstance(raw, Mapping):
            # the tickets' people come along: nobody need ask who owns what changed
            self.people.learn(raw)
        return found_tickets(raw)

    def _all_articles(self, ticket_id: int) -> dict[int, Article]:
        raw = schemas.rows(self._client.get(f"/ticket_articles/by_ticket/{ticket_id}"), "articles")
        found = (schemas.article(one, path=f"ticket.articles[{place}]") for place, one in enumerate(raw))
        return {article.id: article for article in found}

    def _single_articles(self, ids: Sequence[int]) -> dict[int, Article]:
        found = {}
        for one in ids:
            try:
                found[one] = schemas.article(self._client.get(f"/ticket_articles/{one}"))
            except NotFound:
                continue
        return found


def found_tickets(raw: Any) -> list[Mapping[str, Any]]:
    """The tickets of a search in their order, whatever shape the version answers in (contract 4.5)."""
    if isinstance(raw, list):
        return [schemas.entries(one, f"search[{place}]") for place, one in enumerate(raw)]
    answer = schemas.entries(raw, "search")
    ids = schemas.rows(answer.get("record_ids", answer.get("tickets")), "search.tickets")
    records = schemas.assets(answer, "Ticket")
    return [schemas.entries(records[str(one)], f"search.assets.Ticket[{one}]") for one in ids if str(one) in records]


def checklist_of(raw: Mapping[str, Any]) -> Checklist:
    """A checklist from an answer with assets (``full``, or a creation)."""
    records = schemas.assets(raw, "Checklist")
    if str(raw.get("id")) not in records:
        raise schemas.Misshapen("checklist.assets.Checklist", "not there")
    return schemas.checklist(records[str(raw["id"])], items=schemas.assets(raw, "ChecklistItem"))


def _all_at_once_is_cheaper(wanted: int, total: int) -> bool:
    return wanted > 1 and _interpolated(_ALL_ARTICLES_MS, max(total, wanted)) < wanted * _ONE_ARTICLE_MS


def _interpolated(table: Sequence[tuple[int, float]], count: int) -> float:
    """The line between the two nearest points, continued at both ends."""
    pairs = list(pairwise(table))
    (low, low_ms), (high, high_ms) = next((pair for pair in pairs if count <= pair[1][0]), pairs[-1])
    return low_ms + (count - low) * (high_ms - low_ms) / (high - low)
