"""A single visit under way: the steps in their order, and what each commits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from plugin import failpoints
from plugin.engine import decide
from plugin.handlers import observations
from plugin.model.decision import Decision
from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.model.errors import NotFound, OutOfSight, Refused, Unavailable, Unreadable
from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.pack import Pack
from plugin.model.said import tags_now
from plugin.model.ticket import Ticket
from plugin.model.work import (
    SETTLES_AN_HOUR,
    CaseStatus,
    Claim,
    Outcome,
    Verdict,
    Wake,
    WakeReason,
)
from plugin.observability.alarms import Alarms
from plugin.observability.metrics import Metrics
from plugin.plan import AddItem, Brake, NameChecklist, Plan, Standing, Terms, plan, withdraw
from plugin.plan.tasks import is_done
from plugin.settle import Settled, Settling, settle
from plugin.store import cases, clocks, effects, inbox, meta, switches
from plugin.store.database import Connection
from plugin.store.store import Store
from plugin.visit import circumstances, recovering
from plugin.visit.looking import Known, Looked, Looker
from plugin.zammad.room import Zammad

log = structlog.get_logger(__name__)

ROUNDS = 3
"""Looks of one visit at most; what is left then is for the next."""
ACROSS_A_SWEEP = timedelta(minutes=10)
"""A second 404 so long after the first is a deletion (promises 9)."""
FORESEEN = 5
"""Moments that are decided in advance, at most, to find the next one that changes anything."""
MANY_MISSES = 20
"""So many tickets missing within a sweep: the wrong server, or one that was restored."""
TASK_NUMBER = re.compile(r"(?P<parent>.+)T[0-9]+-[a-p]{5}")
"""What task tickets of ours are numbered like."""


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round of a visit came to."""

    decision: Decision
    planned: Plan
    settled: Settled | None
    by_person: bool
    foresee: Callable[[datetime], Decision]
    """What will hold then if nothing happens until then."""

    @property
    def wrote(self) -> bool:
        return self.settled is not None and self.settled.wrote


_WAITING = frozenset({EffectState.UNKNOWN, EffectState.REFUSED})
_LEFT = frozenset({EffectState.APPLIED, *recovering.UNSETTLED})
_TASKS = frozenset({EffectKind.ITEM})


class Visit:
    """See ``Visitor``. Made for one claim, run once."""

    def __init__(
        self,
        claim: Claim,
        *,
        store: Store,
        zammad: Zammad,
        pack: Pack,
        clock: Callable[[], datetime],
        metrics: Metrics,
        alarms: Alarms,
        customer_mail: bool,
        unknown_wait: timedelta,
        note_brake: int,
        stands_still: bool = False,
    ) -> None:
        self._claim = claim
        self._case = claim.case
        self._id = claim.ticket_id
        self._store = store
        self._zammad = zammad
        self._pack = pack
        self._clock = clock
        self._metrics = metrics
        self._alarms = alarms
        self._customer_mail = customer_mail
        self._unknown_wait = unknown_wait
        self._note_brake = note_brake
        self._stands_still = stands_still
        self._as_of: datetime | None = None
        self._paused = False

    def run(self) -> Verdict:
        try:
            seen = self._zammad.reader.look(self._id)
        except NotFound:
            return self._missing()
        except OutOfSight:
            return self._out_of_sight()
        failpoints.hit("looked")
        if self._is_own_task(seen):
            return self._own_task(seen)
        try:
            return self._rounds(seen)
        except (NotFound, OutOfSight) as refused:
            return self._turned_away(refused)

    def _turned_away(self, refused: Refused) -> Verdict:
        """The ticket went away between two calls, or only something that belongs to it may not be read."""
        try:
            self._zammad.reader.look(self._id)
        except NotFound:
            return self._missing()
        except OutOfSight:
            return self._out_of_sight()
        raise Unreadable(f"ticket {self._id} may be read, but not all of it: {refused}") from refused

    # -- looking, deciding, settling ----------------------------------------------------------------------------------

    def _rounds(self, seen: Ticket) -> Verdict:
        rounds: list[_Round] = []
        for number in range(ROUNDS):
            if number:
                seen = self._zammad.reader.look(self._id)
            rounds.append(self._round(seen, first=not number))
            settled = rounds[-1].settled
            if settled is None or not settled.look_again:
                break
        explained = self._is_explained(rounds)
        return Verdict(
            next_wake=self._next_wake(rounds[-1]),
            settled_unexplained=any(one.wrote for one in rounds) and not explained,
            as_of=self._as_of,
        )

    def _round(self, seen: Ticket, *, first: bool) -> _Round:
        now = self._clock()
        known = self._known(now)
        looker = Looker(self._zammad, pack=self._pack, now=now)
        reason = self._claim.wake.reason
        looked = looker.look(
            known,
            seen,
            in_full=first and reason is WakeReason.OPERATOR,
            owner_may_have_changed=reason is WakeReason.SWEEP,
            tasks_may_have_moved=reason not in (WakeReason.DEADLINE, WakeReason.RETRY),
            sources=self._source,
        )
        added, timeline, tags = self._commit_look(looked, known, now)
        evidence = recovering.Evidence(seen, tags, timeline, looked.checklist)
        now = self._moment_for(timeline, now)
        done = self._recover(known, evidence, now)
        decision = self._decide(timeline, known, now)
        foresee = partial(self._decided, timeline, known)
        failpoints.hit("decided")
        standing = Standing(seen, tags, timeline, looked.checklist)
        if seen.is_merged:
            planned = self._leave(standing, done, now)
        else:
            planned, standing = self._plan(decision, standing, done, looker, now)
        by_person = any(fact.by.is_person for fact in added)
        if self._must_wait(planned, decision, by_person=by_person, now=now):
            return _Round(decision, planned, None, by_person, foresee)
        settled = self._settle(planned, standing) if planned.calls else None
        return _Round(decision, planned, settled, by_person, foresee)

    def _moment_for(self, timeline: Timeline, now: datetime) -> datetime:
        """``now``; while the clocks are apart when the case was last decided: what is heard counts, time does not."""
        if self._stands_still:
            began = next((fact.at for fact in timeline.of(FactKind.CREATED)), now)
            self._as_of = self._as_of or self._case.last_looked_at or began
        return self._as_of or now

    def _known(self, now: datetime) -> Known:
        """What the store knows; intents whose process died rest from now on."""
        with self._store.read() as connection:
            case = cases.get(connection, self._id)
            known = Known(
                ticket_id=self._id,
                version=case.version if case else None,
                timeline=self._store.timeline(connection, self._id),
                effects=effects.of_case(connection, self._id),
                switches=switches.enforced_since(connection),
                bodies=inbox.bodies(connection, self._id, store_key=self._store.key),
            )
            self._paused = meta.paused_since(connection) is not None
        self._case = case or self._case
        resting = [*recovering.interrupted(known.effects, now=now, unknown_wait=self._unknown_wait)]
        return replace(known, effects=self._commit_found(known.effects, resting, now)) if resting else known

    def _source(self, ticket_id: int) -> Timeline:
        with self._store.read() as connection:
            return self._store.timeline(connection, ticket_id)

    def _commit_look(
        self, looked: Looked, known: Known, now: datetime
    ) -> tuple[tuple[Fact, ...], Timeline, frozenset[str]]:
        """Keep facts and look in one commit; returns what was new, the whole timeline, and the tags on the ticket."""
        told = frozenset(self._case.snapshot.get("tags") or ())
        if not looked.facts and not looked.full and self._is_as_observed(looked.ticket, told):
            return (), known.timeline, told
        with self._store.write() as connection:
            added = self._append(connection, looked, now) if looked.facts else ()
            timeline = Timeline(self._id, (*known.timeline, *added)) if added else known.timeline
            tags = tags_now(timeline) if looked.full else told
            if not self._is_as_observed(looked.ticket, tags):
                self._keep(connection, looked.ticket, tags, status=_status(looked.ticket), now=now)
            if not self._claim.lock.still_held():
                raise Unavailable(f"ticket {self._id}: its lock fell, somebody else may have looked meanwhile")
            failpoints.hit("facts-appended-before-commit")
        failpoints.hit("facts-appended")
        return added, timeline, tags

    def _append(self, connection: Connection, looked: Looked, now: datetime) -> tuple[Fact, ...]:
        added = self._store.append_facts(connection, self._id, looked.facts, now=now)
        adopted = next((f for f in added if f["what"] == "adopted"), None)
        if adopted is not None:
            baseline = {"created_at": adopted["created_at"], "older": adopted["older"]}
            cases.set_baseline(connection, self._id, baseline, now=now)
        for merged in (f for f in added if f.kind is FactKind.MERGED_INTO and f["target_id"]):
            cases.wake(connection, int(merged["target_id"]), at=now, reason=WakeReason.EVENT, now=now)
        return added

    def _is_as_observed(self, seen: Ticket, tags: frozenset[str]) -> bool:
        """The case says already what this look saw."""
        case = self._case
        same = case.version == seen.version and case.status is _status(seen) and not case.misses
        return same and case.pack_version == self._pack.version and case.snapshot == _snapshot(seen, tags)

    def _keep(
        self,
        connection: Connection,
        seen: Ticket,
        tags: frozenset[str],
        *,
        status: CaseStatus = CaseStatus.OPEN,
        now: datetime | None = None,
    ) -> None:
        cases.observe(
            connection,
            self._id,
            number=seen.number,
            version=seen.version,
            snapshot=_snapshot(seen, tags),
            pack_version=self._pack.version,
            status=status,
            owned=_owned(seen),
            now=now or self._clock(),
        )

    def _decide(self, timeline: Timeline, known: Known, now: datetime) -> Decision:
        decision = self._decided(timeline, known, now)
        with self._store.read() as connection:
            same = clocks.of_case(connection, self._id) == decision.clocks
        if not same:
            with self._store.write() as connection:
                clocks.replace(connection, self._id, decision.clocks)
        return decision

    def _decided(self, timeline: Timeline, known: Known, now: datetime) -> Decision:
        return decide(timeline, pack=self._pack, now=now, switches=known.switches, customer_mail=self._customer_mail)

    def _settle(self, planned: Plan, standing: Standing) -> Settled:
        settled = settle(
            planned,
            Settling(
                store=self._store,
                zammad=self._zammad,
                lock=self._claim.lock,
                clock=self._clock,
                metrics=self._metrics,
                unknown_wait=self._unknown_wait,
                keep=self._keep_merged if standing.ticket.is_merged else self._keep,
                keep_beside=self._keep_task,
                ticket=standing.ticket,
                tags=standing.tags,
                checklist=standing.checklist,
            ),
        )
        self._alarm(settled.alarms)
        rules = sorted({effect.rule for call in planned.calls for effect in call.effects})
        log.info("settled", ticket_id=self._id, calls=len(planned.calls), rules=rules)
        return settled

    def _keep_merged(self, connection: Connection, seen: Ticket, tags: frozenset[str]) -> None:
        self._keep(connection, seen, tags, status=CaseStatus.MERGED)

    def _keep_task(self, connection: Connection, made: Ticket) -> None:
        cases.observe(
            connection,
            made.id,
            number=made.number,
            version=made.version,
            snapshot=_snapshot(made, frozenset()),
            pack_version=self._pack.version,
            now=self._clock(),
        )

    # -- planning -----------------------------------------------------------------------------------------------------

    def _plan(
        self,
        decision: Decision,
        standing: Standing,
        done: tuple[Effect, ...],
        looker: Looker,
        now: datetime,
    ) -> tuple[Plan, Standing]:
        """Twice where the first draft shows that more must be known: people, brakes, the checklist."""
        terms = self._terms(now)
        draft = plan(decision, standing, done, terms)
        if draft.calls:
            standing, terms = self._know_more(draft, decision, standing, terms, looker)
            draft = plan(decision, standing, done, terms)
        if "option_missing" in draft.alarms:
            self._zammad.features.ask_again()
        self._record(draft, done)
        planned = frozenset(effect.op_key for call in draft.calls for effect in call.effects)
        self._commit_found(done, recovering.left_over(done, planned), now)
        self._alarm(draft.alarms)
        if draft.missing:
            log.debug("fields this Zammad does not have", ticket_id=self._id, fields=draft.missing)
        return draft, standing

    def _terms(self, now: datetime) -> Terms:
        with self._store.read() as connection:
            exhausted = circumstances.exhausted(connection, self._pack, self._id, now=now)
        return Terms(
            now=now,
            secret=self._store.op_secret,
            own_id=self._zammad.people.me().id,
            mode=circumstances.mode_of(self._pack),
            features=self._zammad.reader.features,
            office=self._pack.office_calendar,
            render=circumstances.renderer(self._pack),
            messages=circumstances.messages_of(self._pack),
            paused=self._paused,
            exhausted=exhausted,
            insist=self._claim.wake.reason is WakeReason.OPERATOR,
        )

    def _know_more(
        self, draft: Plan, decision: Decision, standing: Standing, terms: Terms, looker: Looker
    ) -> tuple[Standing, Terms]:
        if circumstances.needs_people(draft):
            people = circumstances.people_of(decision, standing.ticket, self._zammad.people)
            terms = replace(terms, people=people, brake=self._brake(terms.now))
        if standing.checklist is None and any(isinstance(call, AddItem | NameChecklist) for call in draft.calls):
            standing = replace(standing, checklist=looker.checklist(standing.ticket))
        return standing, terms

    def _brake(self, now: datetime) -> Brake:
        with self._store.read() as connection:
            return circumstances.brake_of(connection, note_brake=self._note_brake, now=now)

    def _record(self, planned: Plan, done: tuple[Effect, ...]) -> None:
        """Keep what would have been done, once."""
        known = {effect.op_key: effect for effect in done}
        fresh = [e for e in planned.observed if not _says_the_same(known.get(e.op_key), e)]
        if fresh:
            with self._store.write() as connection:
                effects.record(connection, fresh)

    # -- after a crash ------------------------------------------------------------------------------------------------

    def _recover(self, known: Known, evidence: recovering.Evidence, now: datetime) -> tuple[Effect, ...]:
        """The effects with what was found out about those whose outcome was lost."""
        if not recovering.doubtful(known.effects):
            return known.effects
        own_id = self._zammad.people.me().id
        found = recovering.found(known.effects, evidence, self._zammad.reader, own_id=own_id, now=now)
        return self._commit_found(known.effects, found, now)

    def _commit_found(
        self, before: tuple[Effect, ...], found: Iterable[recovering.Found], now: datetime
    ) -> tuple[Effect, ...]:
        ended = list(found)
        if not ended:
            return before
        with self._store.write() as connection:
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
            return effects.of_case(connection, self._id)

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _must_wait(self, planned: Plan, decision: Decision, *, by_person: bool, now: datetime) -> bool:
        """The loop guard: too many settles that nothing explains (promises 8)."""
        if not planned.calls or by_person or self._moment_explains(decision, now):
            return False
        if self._case.settles_within_an_hour(now) < SETTLES_AN_HOUR:
            return False
        self._alarm(("loop_guard",))
        return True

    def _moment_explains(self, decision: Decision, now: datetime) -> bool:
        if self._claim.wake.reason in (WakeReason.DEADLINE, WakeReason.OPERATOR, WakeReason.RETRY):
            return True
        last = self._case.last_looked_at
        return last is not None and any(last < look.at <= now for look in decision.looks)

    def _is_explained(self, rounds: list[_Round]) -> bool:
        now = self._clock()
        return any(one.by_person or self._moment_explains(one.decision, now) for one in rounds)

    def _next_wake(self, last: _Round) -> Wake | None:
        """The earliest of: a moment that changes something by itself, and what waits."""
        now = self._as_of or self._clock()
        wakes: list[Wake] = []
        at = self._next_change(last)
        if at is not None:
            wakes.append(Wake(at=at, reason=WakeReason.DEADLINE))
        moments = [last.planned.wakes_at]
        with self._store.read() as connection:
            waiting = [e.retry_not_before for e in effects.of_case(connection, self._id) if e.state in _WAITING]
        # whose moment had come before this look was tried in it, or is not wanted any more
        moments += [at for at in waiting if at is not None and at > last.decision.now]
        if last.planned.calls and last.settled is None:
            moments.append(min(self._case.settles, default=now) + timedelta(hours=1))
        elif last.settled is not None and last.settled.look_again:
            moments.append(now + timedelta(minutes=1))
        wakes += [Wake(at=max(at, now), reason=WakeReason.RETRY) for at in moments if at is not None]
        return min(wakes, key=lambda wake: (wake.at, wake.reason.rank), default=None)

    def _next_change(self, last: _Round) -> datetime | None:
        """When time alone next changes what should hold: a moment that changes nothing is not worth a look."""
        look = last.decision.next_look
        for _ in range(FORESEEN):
            if look is None:
                return None
            later = last.foresee(look.at)
            if later.calls_for_otherwise_than(last.decision):
                return look.at
            look = later.next_look
        return None if look is None else look.at

    def _alarm(self, names: Iterable[str]) -> None:
        for name in names:
            self._alarms.sound(name, ticket_id=self._id)

    # -- tickets that are not there, not ours to see, or our own ------------------------------------------------------

    def _missing(self) -> Verdict:
        """404: gone for good the second time across a sweep; many at once are another server (promises 9)."""
        now = self._clock()
        case = self._case
        again_at = now + ACROSS_A_SWEEP
        if case.misses and case.last_looked_at is not None and now - case.last_looked_at < ACROSS_A_SWEEP:
            return Verdict(next_wake=Wake(at=case.last_looked_at + ACROSS_A_SWEEP, reason=WakeReason.SWEEP))
        with self._store.write() as connection:
            misses = cases.miss(connection, self._id, now=now)
            many = cases.recent_misses(connection, since=now - ACROSS_A_SWEEP) >= MANY_MISSES
        if many:
            self._alarm(("many_missing",))
        if many or misses < 2:
            return Verdict(next_wake=Wake(at=again_at, reason=WakeReason.SWEEP))
        self._delete(now)
        return Verdict()

    def _delete(self, now: datetime) -> None:
        with self._store.write() as connection:
            timeline = self._store.timeline(connection, self._id)
            gone = observations.deleted(timeline, is_deleted=True, now=now)
            self._store.append_facts(connection, self._id, gone, now=now)
            for effect in recovering.unsettled(effects.of_case(connection, self._id)):
                effects.settle(connection, effect.op_key, state=EffectState.VOID, now=now, error="the ticket is gone")
            cases.set_status(connection, self._id, CaseStatus.GONE, now=now)

    def _out_of_sight(self) -> Verdict:
        """403: clocks go on, nothing is written, an alarm is raised."""
        now = self._clock()
        self._alarm(("out_of_sight",))
        with self._store.write() as connection:
            timeline = self._store.timeline(connection, self._id)
            hidden = observations.sight(timeline, visible=False, now=now)
            self._store.append_facts(connection, self._id, hidden, now=now)
            cases.set_status(connection, self._id, CaseStatus.OUT_OF_SIGHT, now=now)
        decision = self._decide(timeline, self._known(now), self._moment_for(timeline, now))
        look = decision.next_look
        return Verdict(next_wake=Wake(at=look.at, reason=WakeReason.DEADLINE) if look else None, as_of=self._as_of)

    def _is_own_task(self, seen: Ticket) -> bool:
        if seen.created_by_id != self._zammad.people.me().id:
            return False
        return TASK_NUMBER.fullmatch(seen.number) is not None

    def _own_task(self, seen: Ticket) -> Verdict:
        """A task ticket is never a case: what happens to it concerns the ticket it belongs to."""
        now = self._clock()
        number = TASK_NUMBER.fullmatch(seen.number)
        with self._store.write() as connection:
            parent = cases.by_number(connection, number["parent"]) if number else None
            if parent is not None and seen.version != self._case.version:
                cases.wake(connection, parent.ticket_id, at=now, reason=WakeReason.EVENT, now=now)
            self._keep(connection, seen, frozenset(), now=now)
        return Verdict(outcome=Outcome.DONE)

    def _leave(self, standing: Standing, done: tuple[Effect, ...], now: datetime) -> Plan:
        """Merged away: open tasks are void here, and made anew on the target by its own visit."""
        planned = withdraw(standing, done, self._terms(now))
        if self._paused or not any(e.state in _LEFT for e in done):
            return planned
        closing = {str(e.request.get("voids")) for call in planned.calls for e in call.effects}
        with self._store.write() as connection:
            for effect in done:
                is_open_item = effect.kind in _TASKS and effect.state is EffectState.APPLIED
                if is_open_item and effect.op_key not in closing and not is_done(effect, standing.timeline):
                    effects.withdraw(connection, effect.op_key, now=now)
                elif effect.state in recovering.UNSETTLED:
                    effects.settle(connection, effect.op_key, state=EffectState.VOID, now=now, error="merged away")
        return planned


def _status(seen: Ticket) -> CaseStatus:
    return CaseStatus.MERGED if seen.is_merged else CaseStatus.OPEN


def _snapshot(seen: Ticket, tags: frozenset[str]) -> dict[str, object]:
    """Ids and codes only."""
    return {
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
