"""Effects: the intent committed before a call, the outcome after it (promises 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ClauseElement, Connection, bindparam, func, insert, or_, select, update

from plugin.model.effects import UNSETTLED, Effect, EffectKind, EffectState
from plugin.model.retry import IMPOSSIBLE_PAUSE
from plugin.store.padding import padded
from plugin.store.rows import of_row
from plugin.store.statement import Statement
from plugin.store.tables import effects
from plugin.store.upsert import insert_into

DONE_OR_UNDER_WAY = (EffectState.INTENDED, EffectState.UNKNOWN, EffectState.APPLIED)
"""What counts for the brakes: everything that has, or may have, reached Zammad."""
# Built once: what runs for every look should not be put together for every look.
_OF_CASE = Statement(
    select(effects)
    .where(effects.c.ticket_id == bindparam("ticket_id"))
    .order_by(effects.c.created_at, effects.c.op_key)
)
_RESTING = Statement(
    select(effects.c.retry_not_before)
    .where(effects.c.ticket_id == bindparam("ticket_id"), effects.c.retry_not_before.is_not(None))
    .where(or_(effects.c.state == EffectState.UNKNOWN, effects.c.state == EffectState.REFUSED))
)
_BY_KEY = Statement(select(effects).where(effects.c.op_key == bindparam("op_key")))
_STATES = select(effects.c.op_key, effects.c.state).where(effects.c.op_key.in_(bindparam("op_keys", expanding=True)))
_ADD = Statement(insert(effects))
_IS_UNSPENT = effects.c.state != EffectState.APPLIED
_CHANGE_UNSPENT = update(effects).where(effects.c.op_key == bindparam("of_key"), _IS_UNSPENT)
_SETTLED = ("state", "settled_at", "error", "retry_not_before")
_SETTLE = Statement(_CHANGE_UNSPENT, sets=_SETTLED)
_SETTLE_WITH_OUTCOME = Statement(_CHANGE_UNSPENT, sets=(*_SETTLED, "outcome"))


def _add_or_again(database: str) -> ClauseElement:
    """Where the effect is known it is intended anew, unless it is spent."""
    adding = insert_into(effects, database)
    renewed: dict[str, Any] = {
        name: adding.excluded[name] for name in ("state", "intended_at", "request", "clause", "because", "pack_version")
    }
    renewed |= {"settled_at": None, "retry_not_before": None, "tries": effects.c.tries + 1}
    again: ClauseElement = adding.on_conflict_do_update(
        index_elements=[effects.c.op_key], set_=renewed, where=_IS_UNSPENT
    )
    return again


_INTEND = Statement(_add_or_again)


def intend(connection: Connection, wanted: Iterable[Effect], *, now: datetime) -> frozenset[str]:
    """Commit to calls before they are made; returns the op_keys that may be called.

    A new effect is inserted as intended; a known one is intended again and its ``tries`` grow. A key that was applied
    is spent: it is left alone, and not returned.
    """
    by_key = {effect.op_key: effect for effect in wanted}
    intended = {"state": EffectState.INTENDED, "intended_at": now, "tries": 1}
    granted = _INTEND.run_many(connection, [_row(effect) | intended for effect in by_key.values()])
    if granted == len(by_key):
        return frozenset(by_key)
    return frozenset(key for key, state in _states(connection, by_key).items() if state is not EffectState.APPLIED)


def record(connection: Connection, held: Iterable[Effect]) -> None:
    """Keep what would have been done (observed) or is no longer wanted (void).

    What was applied, and what has no known outcome yet, stays as it is.
    """
    by_key = {effect.op_key: effect for effect in held}
    known = _states(connection, by_key)
    for key, effect in by_key.items():
        if key not in known:
            _ADD.run(connection, **_row(effect), intended_at=None)
        elif known[key] not in (*DONE_OR_UNDER_WAY, effect.state):
            values = {
                name: value for name, value in _row(effect).items() if name not in ("op_key", "created_at", "tries")
            }
            connection.execute(update(effects).where(effects.c.op_key == key).values(**values))


def settle(
    connection: Connection,
    op_key: str,
    *,
    state: EffectState,
    now: datetime,
    outcome: Mapping[str, Any] | None = None,
    error: str = "",
    retry_not_before: datetime | None = None,
) -> bool:
    """Commit how a call ended; False where the key is spent, which stays. ``outcome`` None keeps the known one."""
    ended = settle_all(
        connection, [op_key], state=state, now=now, outcome=outcome, error=error, retry_not_before=retry_not_before
    )
    return bool(ended)


def settle_all(
    connection: Connection,
    op_keys: Iterable[str],
    *,
    state: EffectState,
    now: datetime,
    outcome: Mapping[str, Any] | None = None,
    error: str = "",
    retry_not_before: datetime | None = None,
) -> int:
    """``settle`` for all effects of one call; returns how many are not spent."""
    values: dict[str, Any] = {"state": state, "settled_at": now, "error": error, "retry_not_before": retry_not_before}
    if outcome is not None:
        values["outcome"] = dict(outcome)
    statement = _SETTLE if outcome is None else _SETTLE_WITH_OUTCOME
    return statement.run_many(connection, [{"of_key": op_key, **values} for op_key in op_keys])


def withdraw(connection: Connection, op_key: str, *, now: datetime, outcome: Mapping[str, Any] | None = None) -> None:
    """An effect that was applied no longer stands (its task went away with a merge): void from now on."""
    values: dict[str, Any] = {"state": EffectState.VOID, "settled_at": now}
    if outcome is not None:
        values["outcome"] = dict(outcome)
    connection.execute(update(effects).where(effects.c.op_key == op_key).values(**values))


def get(connection: Connection, op_key: str) -> Effect | None:
    row = _BY_KEY.first(connection, op_key=op_key)
    return None if row is None else _effect(row)


def of_case(connection: Connection, ticket_id: int) -> tuple[Effect, ...]:
    """Every effect on the ticket, oldest first."""
    return tuple(_effect(row) for row in _OF_CASE.rows(connection, ticket_id=ticket_id))


def resting_until(connection: Connection, ticket_id: int) -> tuple[datetime, ...]:
    """When what was refused, or has no known outcome, is to be tried again."""
    return tuple(row.retry_not_before for row in _RESTING.rows(connection, ticket_id=ticket_id))


def unsettled(connection: Connection, *, limit: int = 1000) -> tuple[Effect, ...]:
    """Effects of all tickets whose outcome is not known yet, oldest first."""
    query = select(effects).where(effects.c.state.in_(UNSETTLED))
    ordered = query.order_by(effects.c.created_at, effects.c.op_key).limit(limit)
    return tuple(_effect(row) for row in connection.execute(ordered))


def count_since(connection: Connection, kind: EffectKind, *, since: datetime) -> int:
    """How many effects of a kind reached, or may have reached, Zammad since then: for the brake on notes."""
    query = select(func.count()).select_from(effects)
    counted = (effects.c.kind == kind, effects.c.intended_at > since, effects.c.state.in_(DONE_OR_UNDER_WAY))
    return int(connection.execute(query.where(*counted)).scalar_one())


def tickets_written_by(connection: Connection, *names: str, since: datetime) -> frozenset[int]:
    """Tickets a rule wrote to since then, for its limit in a rolling 24 h; ``names``: the rule's and its policy's."""
    of_rule = [or_(effects.c.rule == name, effects.c.rule.startswith(f"{name}.", autoescape=True)) for name in names]
    counted = (or_(*of_rule), effects.c.intended_at > since, effects.c.state.in_(DONE_OR_UNDER_WAY))
    return frozenset(connection.execute(select(effects.c.ticket_id).where(*counted).distinct()).scalars())


def oldest_of_rolling(
    connection: Connection, kind: EffectKind, *, since: datetime, window: timedelta
) -> datetime | None:
    """When the oldest counted effect leaves the window, and so a brake gives way; None where none counts."""
    counted = (effects.c.kind == kind, effects.c.intended_at > since, effects.c.state.in_(DONE_OR_UNDER_WAY))
    oldest: datetime | None = connection.execute(select(func.min(effects.c.intended_at)).where(*counted)).scalar()
    return None if oldest is None else oldest + window


def forget_impossible(connection: Connection, *, now: datetime, rest: timedelta) -> None:
    """Have those rest from now on that a clock that was wrong put off for longer than anything is put off."""
    far = effects.c.retry_not_before > now + IMPOSSIBLE_PAUSE
    connection.execute(update(effects).where(far).values(retry_not_before=now + rest))


def _states(connection: Connection, op_keys: Iterable[str]) -> dict[str, EffectState]:
    rows = connection.execute(_STATES, {"op_keys": padded(op_keys)})
    return {row.op_key: EffectState(row.state) for row in rows}


def _row(effect: Effect) -> dict[str, Any]:
    values = {name: getattr(effect, name) for name in Effect.__slots__}
    values["request"], values["outcome"] = dict(effect.request), dict(effect.outcome)
    return values


def _effect(row: Any) -> Effect:
    return of_row(Effect, row, kind=EffectKind(row.kind), state=EffectState(row.state))
