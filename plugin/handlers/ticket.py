"""What one look at a ticket says, as facts for its timeline.

Facts with a row in Zammad are the same whether every event was heard or only the last; what has no row is an
observation, said when it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from plugin.handlers import articles, history, observations
from plugin.handlers.who import Who
from plugin.model.facts import Fact, Timeline
from plugin.model.ticket import Article, HistoryRow, Ticket


@dataclass(frozen=True, slots=True)
class Seen:
    """One full look: the ticket, its whole history, and the articles that were not known yet."""

    ticket: Ticket
    rows: tuple[HistoryRow, ...]
    articles: tuple[Article, ...] = ()


def facts_of(
    seen: Seen,
    who: Who,
    *,
    known: Timeline,
    now: datetime,
    switches: Mapping[str, datetime],
    intended: frozenset[str] = frozenset(),
) -> tuple[Fact, ...]:
    """Everything the look adds to what is known.

    ``switches`` say since when rules are enforced (for the baseline); ``intended`` are attributes beside ``steward_*``
    that writes of ours meant to change.
    """
    return tuple(_facts(seen, who, known, now, switches, intended))


def _facts(
    seen: Seen, who: Who, known: Timeline, now: datetime, switches: Mapping[str, datetime], intended: frozenset[str]
) -> Iterator[Fact]:
    ticket, rows = seen.ticket, seen.rows
    yield from history.created(ticket, rows, who, known=known, now=now)
    yield from history.moved(ticket, rows, known=known, now=now)
    yield from articles.said(seen.articles, rows, ticket, who, known=known, now=now)
    yield from articles.changed(rows, seen.articles, known=known, now=now)
    yield from articles.gone(ticket, known=known, now=now)
    yield from history.changes(rows, who, known=known, now=now, intended=intended)
    yield from history.revivals(rows, who, known=known, now=now)
    yield from observations.observations(ticket, rows, who, known=known, switches=switches, now=now)
    yield from observations.sight(known, visible=True, now=now)
    yield from observations.deleted(known, is_deleted=False, now=now)
