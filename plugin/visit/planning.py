"""From decision to plan: the terms as they stand, a draft, what it shows must be known, and the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from plugin.model.decision import Decision
from plugin.model.effects import UNSETTLED, Effect, EffectKind, EffectState
from plugin.model.work import WakeReason
from plugin.plan import LIMIT, AddItem, Brake, NameChecklist, Plan, Standing, Terms, plan, withdraw
from plugin.plan.tasks import is_done
from plugin.store import effects
from plugin.visit import circumstances, keeping, recovering
from plugin.visit.looking import Looker
from plugin.visit.under_way import UnderWay

log = structlog.get_logger(__name__)

_LEFT = frozenset({EffectState.APPLIED, *UNSETTLED})


def make(
    visit: UnderWay,
    decision: Decision,
    standing: Standing,
    done: tuple[Effect, ...],
    looker: Looker,
    now: datetime,
) -> tuple[Plan, Standing]:
    """Twice where the first draft shows that more must be known: people, brakes, the checklist."""
    terms = _terms(visit, now)
    draft = plan(decision, standing, done, terms)
    needed = _know_more(visit, draft, decision, standing, terms, looker)
    if needed is not None:
        standing, terms = needed
        draft = plan(decision, standing, done, terms)
    if "option_missing" in draft.alarms:
        visit.means.zammad.features.ask_again()
    _stop_what_is_exhausted(visit, draft, now)
    keeping.record(visit, draft, done)
    planned = frozenset(effect.op_key for call in draft.calls for effect in call.effects)
    planned |= {held.op_key for held in draft.held}
    reasons = {effect.op_key: effect.error for effect in draft.observed}
    keeping.commit_found(visit, done, recovering.left_over(done, planned, reasons=reasons, now=now), now)
    visit.alarm(draft.alarms)
    if draft.missing:
        log.debug("fields this Zammad does not have", ticket_id=visit.ticket_id, fields=draft.missing)
    return draft, standing


def leave(visit: UnderWay, standing: Standing, done: tuple[Effect, ...], now: datetime) -> Plan:
    """Merged away: open tasks are void here, and made anew on the target by its own visit."""
    planned = withdraw(standing, done, _terms(visit, now))
    if visit.paused or not any(e.state in _LEFT for e in done):
        return planned
    closing = {str(e.request.get("voids")) for call in planned.calls for e in call.effects}
    with visit.findings.transaction() as connection:
        for effect in done:
            is_open_item = effect.kind is EffectKind.ITEM and effect.state is EffectState.APPLIED
            if is_open_item and effect.op_key not in closing and not is_done(effect, standing.timeline):
                effects.withdraw(connection, effect.op_key, now=now)
            elif effect.state in UNSETTLED:
                effects.settle(connection, effect.op_key, state=EffectState.VOID, now=now, error="merged away")
    return planned


def _terms(visit: UnderWay, now: datetime) -> Terms:
    return Terms(
        now=now,
        secret=visit.means.store.op_secret,
        own_id=visit.means.zammad.people.me().id,
        mode=circumstances.mode_of(visit.pack),
        features=visit.means.zammad.reader.features,
        office=visit.pack.office_calendar,
        render=circumstances.renderer(visit.pack),
        messages=circumstances.messages_of(visit.pack),
        paused=visit.paused,
        insist=visit.claim.wake.reason is WakeReason.OPERATOR,
        pack_version=visit.pack.version,
    )


def _exhausted(visit: UnderWay, now: datetime) -> frozenset[str]:
    with visit.means.store.read() as connection:
        return circumstances.exhausted(connection, visit.pack, visit.ticket_id, now=now)


def _stop_what_is_exhausted(visit: UnderWay, draft: Plan, now: datetime) -> None:
    if LIMIT not in {effect.error for effect in draft.observed}:
        return
    with visit.findings.transaction() as connection:
        circumstances.stop_what_is_exhausted(connection, visit.pack, draft, visit.ticket_id, now=now)


def _know_more(
    visit: UnderWay, draft: Plan, decision: Decision, standing: Standing, terms: Terms, looker: Looker
) -> tuple[Standing, Terms] | None:
    """What the draft shows must be known beside, None where it rests on all there is to know."""
    tells = circumstances.needs_people(draft)
    names = standing.checklist is None and any(isinstance(call, AddItem | NameChecklist) for call in draft.calls)
    limited = circumstances.is_limited(draft, visit.pack)
    if not tells and not names and not limited:
        return None
    if tells:
        people = circumstances.people_of(
            decision, standing.ticket, visit.means.zammad.people, pack=visit.pack, now=terms.now
        )
        terms = replace(
            terms,
            people=people,
            people_known=True,
            standins=circumstances.standins(visit.pack),
            brake=_brake(visit, terms.now),
        )
    if limited:
        terms = replace(terms, exhausted=_exhausted(visit, terms.now))
    if names:
        standing = replace(standing, checklist=looker.checklist(standing.ticket))
    return standing, terms


def _brake(visit: UnderWay, now: datetime) -> Brake:
    with visit.means.store.read() as connection:
        return circumstances.brake_of(connection, note_brake=visit.means.note_brake, now=now)
