"""Intents before a call and outcomes after it, an outcome in one commit with the next intent (promises 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from plugin import failpoints
from plugin.model import retry
from plugin.model.effects import IDEMPOTENT, Effect, EffectKind, EffectState
from plugin.model.errors import Refused, Unavailable, Unknown
from plugin.model.retry import SOON
from plugin.model.ticket import Ticket
from plugin.settle.given import Settled, Settling
from plugin.store import effects
from plugin.store.database import Connection
from plugin.zammad.fence import demand

log = structlog.get_logger(__name__)

NO_RIGHT = 403
_ON_CHECKLIST = frozenset({EffectKind.CHECKLIST, EffectKind.ITEM, EffectKind.ITEM_VOID})
"""Refused with 403 where checklists were switched off: tasks become tickets then."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a call ended, for all its effects."""

    effects: tuple[Effect, ...]
    state: EffectState
    outcome: Mapping[str, Any] | None = None
    error: str = ""
    retry_not_before: datetime | None = None


class Outcomes:
    """Keeps what one settling means to do and what came of it; ``state`` is what the settling has come to so far.

    What was applied is kept with what is committed next, the next intent or the verdict: both follow at once, and it
    is one wait for the disk instead of two. Whatever goes wrong, ``keep`` keeps it alone.
    """

    def __init__(self, given: Settling, state: Settled) -> None:
        self._given = given
        self._state = state
        self._held: _Ended | None = None
        self._is_row_behind = False

    def intend(self, wanted: tuple[Effect, ...]) -> bool:
        """Commit the intents; False where one is spent after all: then the plan is outdated."""
        held = self._held

        def write(connection: Connection) -> frozenset[str]:
            self._given.found.write(connection)
            if held is not None:
                self._write(connection, held, row_may_wait=True)
            granted = effects.intend(connection, wanted, now=self._given.clock())
            self._demand_lock()
            failpoints.hit("intent-before-commit")
            return granted

        granted = self._given.store.commit(write)
        self._given.found.kept()
        self.kept()
        self._is_row_behind = held is not None
        failpoints.hit("intent-committed")
        if len(granted) == len({effect.op_key for effect in wanted}):
            return True
        log.info("a spent effect was planned again", ticket_id=self._given.ticket.id)
        self._state.look_again = True
        self._commit(
            tuple(effect for effect in wanted if effect.op_key in granted), EffectState.VOID, error="outdated plan"
        )
        return False

    def _demand_lock(self) -> None:
        demand(self._given.lock.still_held, f"ticket {self._given.ticket.id} is not settled")

    def applied(
        self, done: tuple[Effect, ...], outcome: Mapping[str, Any] | None = None, *, beside: Ticket | None = None
    ) -> None:
        """``beside`` is another ticket the call made: its version is known, so that nobody looks at it for that."""
        failpoints.hit("called")
        self._state.wrote = True
        self.keep()
        self._held = _Ended(done, EffectState.APPLIED, dict(outcome or {}))
        if beside is not None:
            self.keep()
            with self._given.store.write() as connection:
                self._given.keep_beside(connection, beside)

    def withdraw(self, done: tuple[Effect, ...], *, beside: Ticket | None = None) -> None:
        """The voiding was applied, and what it voids no longer stands."""
        self.applied(done, beside=beside)
        self.keep()
        with self._given.store.write() as connection:
            for effect in done:
                effects.withdraw(connection, str(effect.request["voids"]), now=self._given.clock())

    def _no_right(self, refused_ones: tuple[Effect, ...], refused: Refused) -> None:
        """Our user may not do it: again and again, for rights come back without a word, and never given up."""
        if not all(effect.kind in _ON_CHECKLIST for effect in refused_ones):
            self._state.alarms.append("no_right")
        for effect in refused_ones:
            outcome = {**self._known(effect).outcome, "gave_up": False, "put_off": False}
            later = self._given.clock() + retry.NO_RIGHT_PAUSE
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=str(refused), retry_not_before=later)

    def refused(self, refused_ones: tuple[Effect, ...], refused: Refused, *, blocked_by: tuple[str, ...] = ()) -> None:
        """Nothing was done. Again with growing pauses, eight times or a day; blocked ones when the block is gone."""
        if refused.status == NO_RIGHT:
            self._no_right(refused_ones, refused)
            return
        now = self._given.clock()
        for effect in refused_ones:
            known = self._known(effect)
            refusals = int(known.outcome.get("refusals") or 0)
            decision = retry.after_failure(tries_before=refusals, first_failure_at=known.created_at, now=now)
            outcome: dict[str, Any] = {"refusals": 0 if blocked_by else refusals + 1, "gave_up": False}
            if blocked_by:
                outcome["blocked_by"] = list(blocked_by)
            else:
                outcome["gave_up"] = decision.parks
                self._warn_of_refusals(refusals + 1, decision)
            error = f"mandatory and empty: {', '.join(blocked_by)}" if blocked_by else str(refused)
            later = None if blocked_by else decision.at
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=error, retry_not_before=later)

    def unknown(self, doubtful: tuple[Effect, ...], unknown: Unknown) -> None:
        """May have happened: rests T_q from now unless a repeat is harmless; the same 5xx again is a refusal, named."""
        now = self._given.clock()
        for effect in doubtful:
            rests = SOON if _is_idempotent(effect) else self._given.unknown_wait
            known = self._known(effect)
            same = int(known.outcome.get("same") or 0) + 1 if unknown.status and known.error == str(unknown) else 1
            refusals = int(known.outcome.get("refusals") or 0)
            if same < 2:
                self._rest(effect, known, unknown, outcome={"same": same, "refusals": refusals}, until=now + rests)
                continue
            decision = retry.after_failure(tries_before=refusals, first_failure_at=known.created_at, now=now)
            outcome = {"same": same, "refusals": refusals + 1, "gave_up": decision.parks}
            self._warn_of_refusals(refusals + 1, decision)
            later = None if decision.at is None else max(decision.at, now + rests)
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=str(unknown), retry_not_before=later)

    def _rest(
        self, effect: Effect, known: Effect, unknown: Unknown, *, outcome: Mapping[str, Any], until: datetime
    ) -> None:
        """Longer each time: what is never confirmed must not be repeated every few seconds, however harmless."""
        unknowns = int(known.outcome.get("unknowns") or 0) + 1
        if unknowns >= retry.PASSING_TRIES:
            self._state.alarms.append("effect_unknown")
        self._commit(
            (effect,),
            EffectState.UNKNOWN,
            outcome={**outcome, "unknowns": unknowns},
            error=str(unknown),
            retry_not_before=max(until, retry.after_unknown(unknowns=unknowns, now=self._given.clock())),
        )

    def _warn_of_refusals(self, refusals: int, decision: retry.RetryDecision) -> None:
        """A few may pass by themselves."""
        if decision.parks or refusals >= retry.PASSING_TRIES:
            self._state.alarms.append("effect_refused")

    def not_done(self, left: tuple[Effect, ...], unavailable: Unavailable) -> None:
        """Zammad was not asked at all: planned again as if nothing had been tried."""
        for effect in left:
            outcome = {**self._known(effect).outcome, "put_off": True}
            self._commit((effect,), EffectState.REFUSED, outcome=outcome, error=str(unavailable))

    def _known(self, effect: Effect) -> Effect:
        with self._given.store.read() as connection:
            return effects.get(connection, effect.op_key) or effect

    @property
    def holds(self) -> bool:
        """Whether what was applied last is still to be kept."""
        return self._held is not None

    def write(self, connection: Connection) -> None:
        """Have what was applied last committed with something else; call ``kept`` when it was."""
        if self._held is not None:
            self._write(connection, self._held)

    def kept(self) -> None:
        """It is on disk."""
        held, self._held = self._held, None
        if held is not None:
            self._note_kept(held)

    def keep(self) -> None:
        """Commit what was applied last, where nothing followed."""
        held, self._held = self._held, None
        if held is not None:
            self._keep(held)

    def _commit(
        self,
        ended: tuple[Effect, ...],
        state: EffectState,
        *,
        outcome: Mapping[str, Any] | None = None,
        error: str = "",
        retry_not_before: datetime | None = None,
    ) -> None:
        self.keep()
        self._state.rests = True
        self._keep(_Ended(ended, state, outcome, error, retry_not_before))

    def _keep(self, ended: _Ended) -> None:
        self._given.store.commit(partial(self._write, ended=ended))
        self._note_kept(ended)

    def _write(self, connection: Connection, ended: _Ended, *, row_may_wait: bool = False) -> None:
        """``row_may_wait``: what is known of the ticket is kept with the next outcome; until then an intent without
        one stands for a look in full."""
        if ended.effects:
            effects.settle_all(
                connection,
                [effect.op_key for effect in ended.effects],
                state=ended.state,
                now=self._given.clock(),
                outcome=ended.outcome,
                error=ended.error,
                retry_not_before=ended.retry_not_before,
            )
        was_applied = ended.state is EffectState.APPLIED
        if not was_applied:
            self._demand_lock()
        if (was_applied or self._is_row_behind) and not row_may_wait and self._given.lock.still_held():
            self._given.keep(connection, self._state.ticket, self._state.tags)
        failpoints.hit("outcome-before-commit")

    def _note_kept(self, ended: _Ended) -> None:
        """It is on disk."""
        self._is_row_behind = False
        failpoints.hit("outcome-committed")
        for effect in ended.effects:
            self._given.metrics.effects.labels(effect.kind, ended.state).inc()


def _is_idempotent(effect: Effect) -> bool:
    renames = effect.kind is EffectKind.CHECKLIST and "name" in effect.request
    return effect.kind in IDEMPOTENT or renames
