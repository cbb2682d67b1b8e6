"""A single visit: look, decide, plan, settle, in this order, as often as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from plugin import failpoints
from plugin.engine import decide
from plugin.model.decision import Decision
from plugin.model.effects import Effect
from plugin.model.errors import NotFound, OutOfSight, Refused, Unreadable
from plugin.model.facts import FactKind, Timeline
from plugin.model.linked import Interruption
from plugin.model.ticket import Ticket
from plugin.model.work import CaseRow, Verdict, Wake, WakeReason
from plugin.plan import Plan, Standing
from plugin.settle import Commit, Settled, Settling, settle
from plugin.store import cases, clocks, effects, inbox, interrupted, meta, packs, switches
from plugin.store.database import Connection
from plugin.store.errors import StoreUnavailable
from plugin.visit import absent, announcing, keeping, planning, recovering, relating, waiting
from plugin.visit.looking import Known, Looker
from plugin.visit.under_way import UnderWay
from plugin.visit.waiting import Round
from plugin.zammad.fence import Overtaken

log = structlog.get_logger(__name__)

ROUNDS = 3
"""Looks of one visit at most; what is left then is for the next."""


class Visit:
    """See ``Visitor``. Made for one claimed case, run once."""

    def __init__(self, visit: UnderWay) -> None:
        self._visit = visit
        self._means = visit.means
        self._newest_pack = 0

    def run(self) -> Verdict:
        """What was found out goes with the verdict; where there is none it is kept, but for the store's own trouble."""
        findings = self._visit.findings
        try:
            verdict = self._run()
        except (StoreUnavailable, Overtaken):
            raise
        except BaseException:
            findings.keep()
            raise
        return replace(verdict, unkept=findings.with_verdict(verdict.unkept)) if findings.holds else verdict

    def _run(self) -> Verdict:
        try:
            seen = self._means.zammad.reader.look(self._visit.ticket_id)
        except NotFound:
            return absent.missing(self._visit)
        except OutOfSight:
            return self._out_of_sight()
        failpoints.hit("looked")
        if absent.is_own_task(self._visit, seen):
            return absent.own_task(self._visit, seen)
        try:
            return self._rounds(seen)
        except (NotFound, OutOfSight) as refused:
            return self._turned_away(refused)

    def _turned_away(self, refused: Refused) -> Verdict:
        """The ticket went away between two calls, or only something that belongs to it may not be read."""
        try:
            self._means.zammad.reader.look(self._visit.ticket_id)
        except NotFound:
            return absent.missing(self._visit)
        except OutOfSight:
            return self._out_of_sight()
        raise Unreadable(f"ticket {self._visit.ticket_id} may be read, but not all of it: {refused}") from refused

    # -- looking, deciding, settling ----------------------------------------------------------------------------------

    def _rounds(self, seen: Ticket) -> Verdict:
        rounds: list[Round] = []
        for number in range(ROUNDS):
            if number:
                seen = self._means.zammad.reader.look(self._visit.ticket_id)
            rounds.append(self._round(seen, first=not number))
            settled = rounds[-1].settled
            if settled is None or not settled.look_again:
                break
        settled = rounds[-1].settled
        unkept = None if settled is None else settled.unkept
        try:
            explained = waiting.is_explained(self._visit, rounds)
            return Verdict(
                next_wake=waiting.next_wake(self._visit, rounds[-1]),
                settled_unexplained=any(one.wrote for one in rounds) and not explained,
                as_of=self._visit.as_of,
                unkept=unkept,
            )
        except BaseException:
            if unkept is not None:
                unkept.keep()
            raise

    def _round(self, seen: Ticket, *, first: bool) -> Round:
        now = self._means.clock()
        known = self._known(now, first=first)
        looker = Looker(self._means.zammad, pack=self._visit.pack, now=now)
        reason = self._visit.claim.wake.reason
        looked = looker.look(
            known,
            seen,
            in_full=first and reason is WakeReason.OPERATOR,
            heard=self._visit.claim.case.heard,
            owner_may_have_changed=reason is WakeReason.SWEEP,
            tasks_may_have_moved=reason not in (WakeReason.DEADLINE, WakeReason.RETRY),
            sources=self._source,
        )
        self._choose_pack(lambda: Timeline(self._visit.ticket_id, (*known.timeline, *looked.facts)), now)
        added, timeline, tags = keeping.take_in(self._visit, looked, known, now)
        timeline = self._visit.with_seen(timeline, looker.named(timeline), now=now)
        evidence = recovering.Evidence(seen, tags, timeline, looked.checklist)
        now = self._moment_for(timeline, now)
        done = self._recover(known, evidence, now)
        decision = self._decided(timeline, known, now)
        beside = relating.Beside(self._visit, seen, decision, timeline)
        with_others = beside.observed(timeline)
        if with_others is not timeline:
            timeline, decision = with_others, self._decided(with_others, known, now)
        announcing.announce(self._visit, decision, timeline, now)
        foresee = partial(self._decided, timeline, known)
        failpoints.hit("decided")
        standing = Standing(seen, tags, timeline, looked.checklist)
        if seen.is_merged:
            planned = planning.leave(self._visit, standing, done, now)
        else:
            planned, standing = planning.make(self._visit, decision, standing, done, looker, now)
        by_person = any(fact.by.is_person for fact in added)
        keep_clocks = self._clocks_kept(known, decision)
        self._visit.findings.beside(keep_clocks)
        self._visit.findings.beside(beside.kept(decision, was_decided_otherwise=keep_clocks is not None))
        waits = waiting.must_wait(self._visit, planned, decision, by_person=by_person, now=now)
        acts = bool(planned.calls) and not waits
        settled = self._acted(planned, standing, now) if acts else None
        rests = any(effect.retry_not_before for effect in done) or (settled is not None and settled.rests)
        return Round(decision, planned, settled, by_person, rests, foresee)

    def _choose_pack(self, timeline: Callable[[], Timeline], now: datetime) -> None:
        """Known after the look: another matter may have begun on a ticket that kept its version."""
        self._visit.pack = self._means.rollout.pack_for(self._visit.case.pack_version, timeline, now=now)

    def _moment_for(self, timeline: Timeline, now: datetime) -> datetime:
        """``now``; while the clocks are apart when the case was last decided: what is heard counts, time does not."""
        if self._visit.stands_still:
            began = next((fact.at for fact in timeline.of(FactKind.CREATED)), now)
            self._visit.as_of = self._visit.as_of or self._visit.case.last_looked_at or began
        return self._visit.as_of or now

    def _known(self, now: datetime, *, first: bool = False) -> Known:
        """What the store knows; intents whose process died rest from now on. ``first``: the case is as claimed."""
        known = self._stored(self._visit.case if first else None)
        if self._means.rollout.take_up(self._newest_pack, now=now):
            known = self._stored()  # its rules may be switched on since a moment ago
        resting = [*recovering.interrupted(known.effects, now=now, unknown_wait=self._means.unknown_wait)]
        return replace(known, effects=keeping.commit_found(self._visit, known.effects, resting, now))

    def _stored(self, case: CaseRow | None = None) -> Known:
        with self._means.store.read() as connection:
            case = case or cases.get(connection, self._visit.ticket_id)
            ledger = self._means.store.ledger(connection, self._visit.ticket_id)
            known = Known(
                ticket_id=self._visit.ticket_id,
                version=case.version if case else None,
                own_version=case.own_version if case else None,
                timeline=ledger.timeline,
                effects=effects.of_case(connection, self._visit.ticket_id),
                switches=switches.enforced_since(connection),
                bodies=inbox.bodies(connection, self._visit.ticket_id, store_key=self._means.store.key),
                clocks=clocks.of_case(connection, self._visit.ticket_id),
                interruptions=self._interruptions(connection),
            )
            self._visit.paused = meta.paused_since(connection) is not None
            self._newest_pack = packs.newest_activation(connection)
        self._visit.case = case or self._visit.case
        self._visit.read = known.version
        self._visit.findings.about(ledger)
        return known

    def _interruptions(self, connection: Connection) -> tuple[Interruption, ...] | None:
        """Asked only where customers may be written to: nothing else comes of it."""
        return interrupted.of_ticket(connection, self._visit.ticket_id) if self._means.customer_mail else None

    def _source(self, ticket_id: int) -> Timeline:
        with self._means.store.read() as connection:
            return self._means.store.timeline(connection, ticket_id)

    def _clocks_kept(self, known: Known, decision: Decision) -> Commit | None:
        """What brings the store's clocks up to date, None where they are."""
        if known.clocks == decision.clocks:
            return None
        keep = clocks.replace if known.clocks else clocks.add
        return partial(keep, ticket_id=self._visit.ticket_id, computed=decision.clocks)

    def _decided(self, timeline: Timeline, known: Known, now: datetime) -> Decision:
        return decide(
            timeline, pack=self._visit.pack, now=now, switches=known.switches, customer_mail=self._means.customer_mail
        )

    def _acted(self, planned: Plan, standing: Standing, now: datetime) -> Settled:
        # what it was decided for goes with the first intent: should the process die now, and start again with a wrong
        # clock, nothing of it is taken back
        self._visit.findings.note({"last_looked_at": now, "updated_at": self._means.clock()})
        settled = settle(
            planned,
            Settling(
                store=self._means.store,
                zammad=self._means.zammad,
                lock=self._visit.claim.lock,
                clock=self._means.clock,
                metrics=self._means.metrics,
                unknown_wait=self._means.unknown_wait,
                keep=partial(keeping.keep_merged if standing.ticket.is_merged else keeping.keep, self._visit),
                keep_beside=partial(keeping.keep_task, self._visit),
                found=self._visit.findings,
                ticket=standing.ticket,
                tags=standing.tags,
                checklist=standing.checklist,
            ),
        )
        if settled.look_again and settled.unkept is not None:
            settled.unkept.keep()  # what is looked at again rests on it
        self._visit.alarm(settled.alarms)
        rules = sorted({effect.rule for call in planned.calls for effect in call.effects})
        log.info("settled", ticket_id=self._visit.ticket_id, calls=len(planned.calls), rules=rules)
        return settled

    def _recover(self, known: Known, evidence: recovering.Evidence, now: datetime) -> tuple[Effect, ...]:
        """The effects with what was found out about those whose outcome was lost."""
        if not recovering.doubtful(known.effects):
            return known.effects
        own_id = self._means.zammad.people.me().id
        found = recovering.found(known.effects, evidence, self._means.zammad.reader, own_id=own_id, now=now)
        return keeping.commit_found(self._visit, known.effects, found, now)

    def _out_of_sight(self) -> Verdict:
        """403: its clocks go on, nothing is written."""
        now, timeline = self._means.clock(), absent.hide(self._visit)
        known = self._known(now)
        decision = self._decided(timeline, known, self._moment_for(timeline, now))
        self._visit.findings.beside(self._clocks_kept(known, decision))
        look = decision.next_look
        wake = Wake(at=look.at, reason=WakeReason.DEADLINE) if look else None
        return Verdict(next_wake=wake, as_of=self._visit.as_of)
