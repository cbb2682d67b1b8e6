"""Makes effects with their keys, and sorts what may be done now from what is held or only observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plugin.model.case import Complained
from plugin.model.decision import Mode
from plugin.model.effects import Effect, EffectKind, EffectState, op_key
from plugin.model.words import Text
from plugin.plan.ledger import Ledger, Standby
from plugin.plan.parts import Held, Standing, Terms

LIMIT = "limit"
"""Why an effect is only recorded whose rule wrote to as many tickets as its limit allows, or was stopped for that."""


@dataclass(slots=True)
class Making:
    """One planning under way: the givens, and what has been sorted out so far."""

    standing: Standing
    ledger: Ledger
    terms: Terms
    held: list[Held] = field(default_factory=list)
    observed: list[Effect] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    unheard: Complained | None = None
    """The person complained about: what he set by hand is nobody's word."""

    def key(self, *, rule: str, epoch: str) -> str:
        """What an effect of this ticket is known by."""
        return op_key(self.terms.secret, ticket_id=self.standing.ticket.id, rule=rule, epoch=epoch)

    def effect(
        self,
        kind: EffectKind,
        *,
        rule: str,
        epoch: str,
        clause: str,
        because: Text,
        request: Mapping[str, Any],
    ) -> Effect:
        """An effect of this ticket, not committed yet."""
        return Effect(
            op_key=self.key(rule=rule, epoch=epoch),
            ticket_id=self.standing.ticket.id,
            kind=kind,
            rule=rule,
            epoch=epoch,
            clause=clause,
            because=self.terms.render(because),
            state=EffectState.INTENDED,
            created_at=self.terms.now,
            request=request,
            pack_version=self.terms.pack_version,
        )

    def may_go(self, effect: Effect, mode: Mode) -> bool:
        """Whether the effect is to be carried out now; what is not is kept as held or observed, unless it is spent."""
        standby = self.ledger.standby(effect.op_key)
        if standby is Standby.SPENT:
            return False
        if not self.terms.enforces(mode):
            self.observe(effect, "paused" if self.terms.paused else "observe")
            return False
        if standby is Standby.WAITING:
            self.held.append(Held(effect.op_key, "waiting", self.ledger.waits_until(effect.op_key)))
            return False
        if effect.rule.partition(".")[0] in self.terms.exhausted:
            self.observe(effect, LIMIT)
            self.alarms.append("rule_limit")
            return False
        return True

    def rest(self, effect: Effect, why: str, *, until: datetime) -> None:
        """Leave something alone for a while, with an alarm: it would only be undone again."""
        self.observe(effect, why)
        self.held.append(Held(effect.op_key, why, until))
        self.alarms.append("flapping")

    def observe(self, effect: Effect, why: str) -> None:
        """Record what would have been done, and why it was not; also of what may have been done once."""
        self.observed.append(
            Effect(
                op_key=effect.op_key,
                ticket_id=effect.ticket_id,
                kind=effect.kind,
                rule=effect.rule,
                epoch=effect.epoch,
                clause=effect.clause,
                because=effect.because,
                state=EffectState.OBSERVED,
                created_at=effect.created_at,
                request=effect.request,
                error=why,
                pack_version=effect.pack_version,
            )
        )
