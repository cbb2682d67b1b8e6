"""What becomes of calls nobody wants any more that were not done, or may not have been."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.effects import Effect, EffectKind, EffectState
from plugin.visit.recovering import left_over

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOON, PAST = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)


def tried(
    kind: EffectKind, state: EffectState, *, until: datetime | None = None, same: int = 0, put_off: bool = False
) -> Effect:
    return Effect(
        op_key="k1", ticket_id=7, kind=kind, rule="r", epoch="e", clause="C2.3", because="", state=state,
        created_at=PAST, retry_not_before=until, outcome={"same": same, "refusals": same, "put_off": put_off},
    )  # fmt: skip


def ends(effect: Effect, *, wanted: bool = False) -> bool:
    planned = frozenset({effect.op_key}) if wanted else frozenset()
    found = tuple(left_over([effect], planned, reasons={}, now=NOW))
    assert all((one.op_key, one.state) == (effect.op_key, EffectState.VOID) for one in found)
    return bool(found)


@pytest.mark.parametrize(
    ("effect", "is_over"),
    [
        pytest.param(tried(EffectKind.TAG_ADD, EffectState.INTENDED), True, id="harmless: at once"),
        pytest.param(
            tried(EffectKind.ITEM_VOID, EffectState.UNKNOWN, until=SOON), True, id="harmless, resting: at once"
        ),
        pytest.param(tried(EffectKind.NOTE, EffectState.UNKNOWN, until=SOON), False, id="a note may still arrive"),
        pytest.param(tried(EffectKind.NOTE, EffectState.UNKNOWN, until=PAST), True, id="a note has rested"),
        pytest.param(tried(EffectKind.NOTE, EffectState.INTENDED), False, id="an intent nobody asked about yet"),
        pytest.param(
            tried(EffectKind.ITEM_VOID, EffectState.REFUSED, until=SOON, same=2), True, id="502 again and again"
        ),
        pytest.param(
            tried(EffectKind.NOTE, EffectState.REFUSED, until=SOON, same=2), False, id="502, may still arrive"
        ),
        pytest.param(tried(EffectKind.FIELDS, EffectState.REFUSED, until=SOON), False, id="Zammad said no, on record"),
        pytest.param(tried(EffectKind.FIELDS, EffectState.REFUSED, put_off=True), True, id="Zammad put everybody off"),
        pytest.param(tried(EffectKind.NOTE, EffectState.REFUSED, put_off=True), True, id="a note it was not asked for"),
        pytest.param(tried(EffectKind.FIELDS, EffectState.APPLIED), False, id="done"),
    ],
)
def test_what_is_not_wanted_any_more_ends_when_it_can_do_no_harm(effect: Effect, is_over: bool) -> None:
    assert ends(effect) is is_over


def test_what_only_rests_is_wanted_still() -> None:
    assert not ends(tried(EffectKind.TAG_ADD, EffectState.UNKNOWN, until=SOON), wanted=True)
