"""A merge carries acceptance, responsibility and kind of the source to its target (standard.md 9, contract 5.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from plugin.engine import decide
from plugin.handlers.who import Who
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import Pack
from plugin.model.ticket import HistoryRow


def sources(rows: Iterable[HistoryRow], *, known: Timeline) -> tuple[HistoryRow, ...]:
    """Rows of tickets that came in and are not known yet; ``id_from`` is the source."""
    keys = {fact.key for fact in known}
    return tuple(r for r in rows if r.type == "received_merge" and f"history:{r.id}" not in keys)


def received(row: HistoryRow, source: Timeline, who: Who, *, pack: Pack, now: datetime) -> Fact:
    """What came in, read by the pack as it stood just before the merge."""
    by = who.actor(row.created_by_id, source=row.source)
    data = {"source_id": row.id_from, **carried(source, pack=pack, at=row.created_at)}
    return Fact(f"history:{row.id}", FactKind.RECEIVED_MERGE, row.created_at, now, by, data)


def carried(source: Timeline, *, pack: Pack, at: datetime) -> Mapping[str, Any]:
    """Acceptance, first asked, accountable, kind and tier of the source; all empty where nothing is known of it.

    Of a complaint that is only suspected: when the customer voiced it, and the tier his words would give it. Of a tier
    an agent gave: which articles came along, as their words do not weigh against it.
    """
    before = Timeline(source.ticket_id, _before_merge(source, at))
    findings = {f.name: f.value for f in decide(before, pack=pack, now=at).findings}
    by_agent = findings.get("tier_by_agent") is True
    return {
        "accepted_at": _moment(findings.get("accepted_at")),
        "voiced_at": _moment(findings.get("voiced_at")),
        "voiced_tier": _code(findings.get("voiced_tier")),
        "first_asked": _asked(findings.get("first_asked"), findings.get("first_asked_at")),
        "accountable": findings.get("accountable"),
        "kind": _code(findings.get("kind")),
        "tier": _code(findings.get("tier")),
        "tier_by_agent": by_agent,
        "articles": [article.key for article in before.of(FactKind.ARTICLE)] if by_agent else [],
        "tasks_done": _tasks_done(before),
    }


def articles_of_source(rows: Iterable[HistoryRow]) -> frozenset[int]:
    """Ids of the articles that were written on the source: they moved to the target and kept their ids."""
    return frozenset(row.o_id for row in rows if row.object == "Ticket::Article" and row.type == "created")


def _before_merge(source: Timeline, at: datetime) -> Iterator[Fact]:
    merging = [f.at for f in source.of(FactKind.MERGED_INTO) if f.at <= at]
    # Zammad writes the source's rows some seconds before the target's (`merge`)
    end = max(merging, default=at)
    for fact in source:
        merged_now = fact.kind is FactKind.CHANGED and fact["state_type_to"] == "merged"
        if fact.at <= end and not merged_now and fact.kind is not FactKind.MERGED_INTO:
            yield fact


def _tasks_done(source: Timeline) -> list[str]:
    """Keys of the tasks people did there: they are not done again on the target."""
    last = {str(f["task"]): f.kind for f in source.of(FactKind.TASK_DONE, FactKind.TASK_REOPENED)}
    return sorted(task for task, kind in last.items() if kind is FactKind.TASK_DONE)


def _asked(login: object, at: object) -> Mapping[str, str] | None:
    return {"login": login, "at": at.isoformat()} if isinstance(login, str) and isinstance(at, datetime) else None


def _moment(value: object) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None


def _code(value: object) -> str | None:
    return None if value is None else str(value)
