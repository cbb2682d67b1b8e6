"""The look: one cheap read, more only where its version moved, and the facts that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog

from plugin.handlers import history, links, merge, observations, tasks, ticket
from plugin.handlers.who import ZammadWho
from plugin.model.clocks import Clock
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.errors import Refused
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.linked import Interruption
from plugin.model.pack import Pack
from plugin.model.people import User
from plugin.model.ticket import Article, Checklist, HistoryRow, Ticket
from plugin.visit import relating
from plugin.zammad import schemas
from plugin.zammad.room import Zammad

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the ticket when a look begins.

    ``version`` is the one last looked at, ``own_version`` one of our own making since; ``bodies`` are signed deliveries
    that were not looked at yet; ``interruptions`` are those it is linked to, None where nobody asked.
    """

    ticket_id: int
    version: str | None
    timeline: Timeline
    effects: tuple[Effect, ...]
    switches: Mapping[str, datetime]
    own_version: str | None = None
    bodies: tuple[bytes, ...] = ()
    clocks: tuple[Clock, ...] = ()
    interruptions: tuple[Interruption, ...] | None = None

    @property
    def is_new(self) -> bool:
        return not self.timeline.of(FactKind.CREATED)

    @property
    def is_in_doubt(self) -> bool:
        """Something was, or may have been, done whose outcome is not known."""
        return any(effect.state in (EffectState.INTENDED, EffectState.UNKNOWN) for effect in self.effects)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found. ``full``: the history was read, so tags and facts are as new as the ticket."""

    ticket: Ticket
    facts: tuple[Fact, ...] = ()
    full: bool = False
    checklist: Checklist | None = None


LONGEST_NAME = 100
"""Characters; what is longer is a sentence, and nobody is looked for."""
Sources = Callable[[int], Timeline]
"""What the store knows of a ticket that was merged into this one, by its id."""


class Looker:
    """Reads one ticket for one visit."""

    def __init__(self, zammad: Zammad, *, pack: Pack, now: datetime) -> None:
        self._reader = zammad.reader
        self._zammad = zammad
        self._pack = pack
        self._now = now

    def look(
        self,
        known: Known,
        seen: Ticket,
        *,
        in_full: bool,
        heard: bool,
        owner_may_have_changed: bool,
        tasks_may_have_moved: bool,
        sources: Sources,
    ) -> Looked:
        """Everything ``seen`` (the cheap read) gives reason to read; ``in_full``: what is known already too.

        ``heard``: a hint named another version. Of our own writes nobody is told (promises 8): where the version is
        ours, somebody was a moment faster, and Zammad did not tell us in its answer (he set the very field we set).
        """
        is_known = seen.version == known.version or (seen.version == known.own_version and not heard)
        full = in_full or known.is_new or known.is_in_doubt or not is_known
        found: list[Fact] = []
        users: Mapping[int, User] = {}
        checklist = None
        if full:
            rows, users = self._reader.history(seen.id)
            who = self._who(users)
            articles = self._articles(seen, known, anew=in_full or history.is_moved(seen, known=known.timeline))
            whole = ticket.Seen(seen, rows, articles)
            found += ticket.facts_of(
                whole, who, known=known.timeline, now=self._now, switches=known.switches, intended=_intended(known)
            )
            named = sorted(relating.attributes_of(self._pack))
            found += observations.filled_at_creation(seen, rows, who, names=named, known=known.timeline, now=self._now)
            found += self._merges(rows, articles, known, sources=sources)
            checklist = self._checklist(seen, known)
            if checklist is not None:
                found += tasks.of_items(checklist, known.effects, who, known=known.timeline, now=self._now)
        elif owner_may_have_changed:
            who = self._who(users)
            found += observations.owner(seen, who, known=known.timeline, now=self._now)
        if full or tasks_may_have_moved or links.are_awaited(known.timeline):
            found += self._linked(seen, known, users, sources=sources, found=found)
        if known.interruptions is not None:
            found += observations.interrupted(known.interruptions, known=known.timeline, now=self._now)
        return Looked(seen, tuple(found), full=full, checklist=checklist)

    def named(self, timeline: Timeline) -> tuple[Fact, ...]:
        """Who answers to the names agents wrote down, asked once; nothing where Zammad lets nobody be looked for."""
        try:
            return tuple(observations.named(timeline, self._pack.record.items, self._answering_to, now=self._now))
        except Refused:
            log.warning("users may not be searched", ticket_id=timeline.ticket_id)
            return ()

    def _answering_to(self, name: str) -> tuple[str, ...]:
        if len(name) > LONGEST_NAME:
            return ()
        return tuple(user.login.casefold() for user in self._zammad.people.answering_to(name))

    def checklist(self, seen: Ticket) -> Checklist | None:
        """The ticket's checklist, None without one."""
        return self._reader.checklist(seen.checklist_id) if seen.checklist_id is not None else None

    def _who(self, users: Mapping[int, User]) -> ZammadWho:
        return ZammadWho(self._zammad.people, self._zammad.catalogues, users)

    # -- articles -----------------------------------------------------------------------------------------------------

    def _articles(self, seen: Ticket, known: Known, *, anew: bool) -> tuple[Article, ...]:
        """The articles that are not known (``anew``: all): from signed deliveries that brought them, else read."""
        told = set() if anew else {f["id"] for f in known.timeline.of(FactKind.ARTICLE)}
        told |= set(_own_notes(known.effects))
        wanted = [one for one in seen.article_ids if one not in told]
        if not wanted:
            return ()
        delivered = {article.id: article for article in _delivered(known.bodies) if article.ticket_id == seen.id}
        lacking = [one for one in wanted if one not in delivered]
        read = {a.id: a for a in self._reader.articles(seen.id, lacking, total=len(seen.article_ids))}
        found = delivered | read
        return tuple(found[one] for one in wanted if one in found)

    # -- tasks --------------------------------------------------------------------------------------------------------

    def _checklist(self, seen: Ticket, known: Known) -> Checklist | None:
        concerned = any(e.kind in (EffectKind.ITEM, EffectKind.CHECKLIST) for e in known.effects)
        return self.checklist(seen) if concerned else None

    def _linked(
        self, seen: Ticket, known: Known, users: Mapping[int, User], *, sources: Sources, found: Iterable[Fact]
    ) -> Iterator[Fact]:
        """Of the linked tickets: our tasks as people left them, and whom an interruption concerns."""
        has_tasks = any(e.kind is EffectKind.TASK and e.state is EffectState.APPLIED for e in known.effects)
        since = links.interrupted_since((*known.timeline, *found))
        if not has_tasks and since is None:
            return
        try:
            linked, tickets = self._reader.linked(seen.id)
        except Refused:
            log.warning("links may not be read", ticket_id=seen.id)
            return
        if since is not None:
            all_others = links.concerned(linked, tickets, own_id=self._zammad.people.me().id)
            others, beyond = all_others[: links.MOST], len(all_others[links.MOST :])
            told = links.told(others, sources, known=known.timeline, since=since)
            yield from observations.linked(others, told, beyond=beyond, known=known.timeline, now=self._now)
        histories: dict[int, Iterable[HistoryRow]] = {}
        for one in tasks.moved(tickets, known.effects, known=known.timeline):
            histories[one] = self._reader.history(one)[0]
        yield from tasks.of_tickets(
            tickets, known.effects, self._who(users), known=known.timeline, histories=histories, now=self._now
        )

    # -- merges -------------------------------------------------------------------------------------------------------

    def _merges(
        self, rows: tuple[HistoryRow, ...], articles: tuple[Article, ...], known: Known, *, sources: Sources
    ) -> Iterator[Fact]:
        for row in merge.sources(rows, known=known.timeline):
            if row.id_from is not None:
                source = self._source(row.id_from, articles, sources(row.id_from))
                yield merge.received(row, source, self._who({}), pack=self._pack, now=self._now)

    def _source(self, source_id: int, articles: tuple[Article, ...], known: Timeline) -> Timeline:
        """The source's timeline as Zammad has it now: its rows, and its articles, which are on the target."""
        try:
            seen = self._reader.look(source_id)
            rows, users = self._reader.history(source_id)
        except Refused:
            return known  # out of sight, or deleted since: what we knew must do
        moved = merge.articles_of_source(rows)
        whole = ticket.Seen(seen, rows, tuple(a for a in articles if a.id in moved))
        facts = ticket.facts_of(whole, self._who(users), known=known, now=self._now, switches={})
        return Timeline(source_id, (*known, *facts))


def _intended(known: Known) -> frozenset[str]:
    """Attributes of Zammad's own that a write of ours meant to change."""
    states = (EffectState.INTENDED, EffectState.UNKNOWN, EffectState.APPLIED)
    reopened = any(e.kind is EffectKind.STATE and e.state in states for e in known.effects)
    return frozenset({"state"}) if reopened else frozenset()


def _own_notes(effects: Iterable[Effect]) -> Iterator[int]:
    """Articles we know to be ours without reading them."""
    for effect in effects:
        article_id = effect.outcome.get("article_id")
        if effect.kind is EffectKind.NOTE and effect.state is EffectState.APPLIED and article_id:
            yield int(article_id)


def _delivered(bodies: Iterable[bytes]) -> Iterator[Article]:
    """The articles that signed deliveries carried: rendered when they were sent, as good as read."""
    for body in bodies:
        try:
            raw = orjson.loads(body)
            if isinstance(raw, dict) and isinstance(raw.get("article"), dict) and raw["article"].get("id"):
                yield schemas.article(raw["article"])
        except (ValueError, schemas.Misshapen):
            continue  # then it is read
