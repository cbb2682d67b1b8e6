"""Intents are committed before calls, outcomes after them, and what was applied is spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.store import effects
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def effect(
    op_key: str = "k1",
    *,
    ticket_id: int = 7,
    kind: EffectKind = EffectKind.NOTE,
    rule: str = "deadlines",
    state: EffectState = EffectState.INTENDED,
) -> Effect:
    return Effect(
        op_key=op_key,
        ticket_id=ticket_id,
        kind=kind,
        rule=rule,
        epoch="1",
        clause="C3.1",
        because="nobody answered",
        state=state,
        created_at=NOON,
        request={"body": "steward", "tell": [3]},
    )


def intend(store: Store, *wanted: Effect, now: datetime = NOON) -> frozenset[str]:
    with store.write() as connection:
        return effects.intend(connection, wanted, now=now)


def settle(store: Store, state: EffectState, *, op_key: str = "k1", error: str = "") -> bool:
    with store.write() as connection:
        return effects.settle(connection, op_key, state=state, now=NOON, outcome={"article_id": 9}, error=error)


def get(store: Store, op_key: str = "k1") -> Effect:
    with store.read() as connection:
        found = effects.get(connection, op_key)
    assert found is not None
    return found


def test_an_intent_is_kept_before_the_call(store: Store) -> None:
    assert intend(store, effect()) == {"k1"}
    assert get(store) == replace(effect(), tries=1)


def test_an_outcome_is_kept_after_the_call(store: Store) -> None:
    intend(store, effect())
    assert settle(store, EffectState.APPLIED)
    kept = get(store)
    assert (kept.state, kept.settled_at, kept.outcome) == (EffectState.APPLIED, NOON, {"article_id": 9})


def test_a_key_that_was_applied_is_spent(store: Store) -> None:
    intend(store, effect())
    settle(store, EffectState.APPLIED)
    assert intend(store, effect(), effect("k2")) == {"k2"}
    assert not settle(store, EffectState.UNKNOWN)
    assert get(store).state is EffectState.APPLIED


@pytest.mark.parametrize("state", [EffectState.REFUSED, EffectState.UNKNOWN, EffectState.OBSERVED, EffectState.VOID])
def test_what_was_not_applied_may_be_intended_again_and_counts_its_tries(store: Store, state: EffectState) -> None:
    intend(store, effect())
    settle(store, state, error="422")
    assert intend(store, effect(), now=NOON + HOUR) == {"k1"}
    kept = get(store)
    assert (kept.state, kept.tries, kept.settled_at, kept.created_at) == (EffectState.INTENDED, 2, None, NOON)


def test_the_wait_after_an_unknown_outcome_belongs_to_the_effect(store: Store) -> None:
    intend(store, effect())
    with store.write() as connection:
        effects.settle(connection, "k1", state=EffectState.UNKNOWN, now=NOON, retry_not_before=NOON + HOUR)
    assert get(store).retry_not_before == NOON + HOUR
    assert get(store).outcome == {}


def test_what_would_be_done_is_recorded_and_may_be_done_later(store: Store) -> None:
    observed = effect(state=EffectState.OBSERVED)
    with store.write() as connection:
        effects.record(connection, [observed])
        effects.record(connection, [observed])
    assert get(store) == observed
    assert intend(store, effect()) == {"k1"}


@pytest.mark.parametrize("state", [EffectState.INTENDED, EffectState.UNKNOWN, EffectState.APPLIED])
def test_recording_never_covers_what_reached_or_may_have_reached_zammad(store: Store, state: EffectState) -> None:
    intend(store, effect())
    settle(store, state)
    with store.write() as connection:
        effects.record(connection, [effect(state=EffectState.OBSERVED), effect("k2", state=EffectState.VOID)])
    assert get(store).state is state
    assert get(store, "k2").state is EffectState.VOID


def test_an_applied_effect_can_be_withdrawn(store: Store) -> None:
    intend(store, effect())
    settle(store, EffectState.APPLIED)
    with store.write() as connection:
        effects.withdraw(connection, "k1", now=NOON + HOUR)
    assert get(store).state is EffectState.VOID


def test_a_case_lists_its_effects_oldest_first(store: Store) -> None:
    intend(store, replace(effect("b"), created_at=NOON + HOUR), effect("a"), effect("x", ticket_id=8))
    with store.read() as connection:
        assert [each.op_key for each in effects.of_case(connection, 7)] == ["a", "b"]


def test_unsettled_effects_are_found_after_a_crash(store: Store) -> None:
    intend(store, effect("a"), effect("b"), effect("c"))
    settle(store, EffectState.APPLIED, op_key="a")
    settle(store, EffectState.UNKNOWN, op_key="b")
    with store.read() as connection:
        assert [each.op_key for each in effects.unsettled(connection)] == ["b", "c"]


def test_brakes_count_what_may_have_reached_zammad_in_their_window(store: Store) -> None:
    intend(store, effect("old"), now=NOON - HOUR - timedelta(microseconds=1))
    intend(store, effect("a"), effect("tag", kind=EffectKind.TAG_ADD))
    intend(store, effect("refused"), effect("b", ticket_id=8, rule="stages"))
    settle(store, EffectState.REFUSED, op_key="refused")
    with store.write() as connection:
        effects.record(connection, [effect("observed", state=EffectState.OBSERVED)])
        since = NOON - HOUR
        assert effects.count_since(connection, EffectKind.NOTE, since=since) == 2
        assert effects.tickets_written_by(connection, "deadlines", since=since) == {7}
        assert effects.oldest_of_rolling(connection, EffectKind.NOTE, since=since, window=HOUR) == NOON + HOUR
        assert effects.oldest_of_rolling(connection, EffectKind.TASK, since=since, window=HOUR) is None
