"""What a visit commits of what it saw: facts, the case's row, what was found out about effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from plugin.model.effects import Effect
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.said import tags_now
from plugin.model.ticket import Ticket
from plugin.model.work import CaseStatus, WakeReason
from plugin.plan import Plan
from plugin.settle import Commit
from plugin.store import cases, effects, waking
from plugin.store.database import Connection
from plugin.visit.looking import Known, Looked
from plugin.visit.recovering import Found, unsettled
from plugin.visit.under_way import UnderWay


def take_in(
    visit: UnderWay, looked: Looked, known: Known, now: datetime
) -> tuple[tuple[Fact, ...], Timeline, frozenset[str]]:
    """Facts and look are to be kept; returns what is new, the whole timeline, and the tags on the ticket."""
    told = frozenset(visit.case.snapshot.get("tags") or ())
    if not looked.facts and not looked.full and _is_as_observed(visit, looked.ticket, told):
        return (), known.timeline, told
    visit.read = looked.ticket.version if looked.full else visit.read
    added = visit.findings.see((*looked.facts, *_moved(visit, now)), now=now)
    for commit in _consequences(visit, added, now):
        visit.findings.beside(commit)
    timeline = Timeline(visit.ticket_id, (*known.timeline, *added)) if added else known.timeline
    tags = tags_now(timeline) if looked.full else told
    if not _is_as_observed(visit, looked.ticket, tags):
        visit.findings.note(_row(visit, looked.ticket, tags, status=_status(looked.ticket), now=now))
    return added, timeline, tags


def keep(
    visit: UnderWay,
    connection: Connection,
    seen: Ticket,
    tags: frozenset[str],
    *,
    status: CaseStatus = CaseStatus.OPEN,
    now: datetime | None = None,
) -> None:
    """The newest look at the ticket, and its tags."""
    row = _row(visit, seen, tags, status=status, now=now or visit.means.clock())
    cases.keep(connection, visit.ticket_id, row)


def keep_merged(visit: UnderWay, connection: Connection, seen: Ticket, tags: frozenset[str]) -> None:
    """The same, of a ticket that went into another one."""
    keep(visit, connection, seen, tags, status=CaseStatus.MERGED)


def keep_task(visit: UnderWay, connection: Connection, made: Ticket) -> None:
    """A task ticket that was made: its version is known, so that nobody looks at it for that."""
    cases.keep(
        connection,
        made.id,
        cases.seen(
            number=made.number,
            version=made.version,
            snapshot=_snapshot(made, frozenset(), read=made.version),
            pack_version=visit.pack.version,
            now=visit.means.clock(),
        ),
    )


def commit_found(
    visit: UnderWay, before: tuple[Effect, ...], found: Iterable[Found], now: datetime
) -> tuple[Effect, ...]:
    """What was found out about effects; returns them as they stand now, ``before`` where nothing was."""
    ended = list(found)
    if not ended:
        return before
    with visit.findings.transaction() as connection:
        for one in ended:
            effects.settle(
                connection,
                one.op_key,
                state=one.state,
                now=now,
                outcome=one.outcome,
                error=one.error,
                retry_not_before=one.retry_not_before,
            )
        return effects.of_case(connection, visit.ticket_id)


def record(visit: UnderWay, planned: Plan, done: tuple[Effect, ...]) -> None:
    """Keep what would have been done, once."""
    known = {effect.op_key: effect for effect in done}
    doubtful = {effect.op_key for effect in unsettled(done)}  # what became of them is still to be found out
    fresh = [e for e in planned.observed if e.op_key not in doubtful and not _says_the_same(known.get(e.op_key), e)]
    if fresh:
        with visit.findings.transaction() as connection:
            effects.record(connection, fresh)


def _moved(visit: UnderWay, now: datetime) -> Iterator[Fact]:
    """The ledger says so where another version of the pack decides the case from now on."""
    before, version = visit.case.pack_version, visit.pack.version
    if before is not None and before != version:
        rollout = visit.means.rollout
        said = {"what": "pack_version", "value": version, "from": before, "kept": list(rollout.kept_by(visit.pack))}
        yield Fact(f"observed:pack_version:{rollout.number}", FactKind.OBSERVED, now, now, data=said)


def _consequences(visit: UnderWay, added: tuple[Fact, ...], now: datetime) -> Iterator[Commit]:
    """What is kept because of new facts."""
    for fact in added:
        if fact["what"] == "adopted":
            baseline = {"created_at": fact["created_at"], "older": fact["older"]}
            yield partial(cases.set_baseline, ticket_id=visit.ticket_id, baseline=baseline, now=now)
        if fact.kind is FactKind.MERGED_INTO and fact["target_id"]:
            target_id = int(fact["target_id"])
            yield partial(waking.wake, ticket_id=target_id, at=now, reason=WakeReason.EVENT, now=now)


def _row(visit: UnderWay, seen: Ticket, tags: frozenset[str], *, status: CaseStatus, now: datetime) -> dict[str, Any]:
    return cases.seen(
        number=seen.number,
        version=visit.read,
        snapshot=_snapshot(seen, tags, read=visit.read),
        pack_version=visit.pack.version,
        status=status,
        owned=_owned(seen),
        now=now,
    )


def _is_as_observed(visit: UnderWay, seen: Ticket, tags: frozenset[str]) -> bool:
    """The case says already what this look saw."""
    case = visit.case
    same = case.version == visit.read and case.status is _status(seen) and not case.misses
    snapshot = _snapshot(seen, tags, read=visit.read)
    return same and case.pack_version == visit.pack.version and case.snapshot == snapshot


def _status(seen: Ticket) -> CaseStatus:
    return CaseStatus.MERGED if seen.is_merged else CaseStatus.OPEN


def _snapshot(seen: Ticket, tags: frozenset[str], *, read: str | None) -> dict[str, object]:
    """Ids and codes only."""
    own = {} if seen.version == read else {"own_version": seen.version}
    return own | {
        "tags": sorted(tags),
        "state_type": str(seen.state_type),
        "group_id": seen.group_id,
        "owner_id": seen.owner_id,
        "checklist_id": seen.checklist_id,
    }


def _owned(seen: Ticket) -> tuple[int, int] | None:
    """Owner and group of an open ticket somebody owns."""
    return None if seen.is_closed or not seen.has_owner else (seen.owner_id, seen.group_id)


def _says_the_same(known: Effect | None, effect: Effect) -> bool:
    return known is not None and known.state is effect.state and known.error == effect.error
