"""JSON in the store: the same text for the same value, whatever writes it, and the same value back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from plugin.model.effects import EffectState
from plugin.store.types import Written, canonical, read_json

WHOLE = some.integers(min_value=-(2**63), max_value=2**63 - 1)
PLAIN = some.none() | some.booleans() | WHOLE | some.floats(allow_nan=False, allow_infinity=False)
VALUES = some.recursive(
    PLAIN | some.text(some.characters()),
    lambda parts: some.lists(parts) | some.dictionaries(some.text(some.characters()), parts),
    max_leaves=8,
)


def as_digests_have_it(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@given(VALUES)
def test_digests_are_made_over_the_same_text_as_ever(value: Any) -> None:
    assert canonical(value) == as_digests_have_it(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": 1e16, "b": [1e-7, -2.5e300]}, id="exponents"),
        pytest.param(1e22, id="an exponent alone"),
        pytest.param({"name": "Zoë\x7f", "mark": "…"}, id="more than ASCII"),
        pytest.param({"half": "\ud83d"}, id="half a surrogate pair"),
        pytest.param({"control": "\x00\b\t\x1f/"}, id="control characters"),
        pytest.param({"large": 2**70, "negative": -(2**70)}, id="large numbers"),
        pytest.param({"b": 1, "a": (1, 2), "B": {}}, id="the order of keys"),
        pytest.param({1: "one"}, id="keys that are numbers"),
        pytest.param([EffectState.APPLIED], id="a name out of a list"),
    ],
)
def test_odd_values_are_written_as_ever(value: Any) -> None:
    assert canonical(value) == as_digests_have_it(value)


@given(VALUES)
def test_what_was_written_is_read_as_it_was(value: Any) -> None:
    assert read_json(canonical(value)) == json.loads(as_digests_have_it(value))


@given(VALUES, VALUES)
def test_what_was_written_already_is_taken_over_as_it_is(part: Any, beside: Any) -> None:
    written, as_read = Written.of(part), read_json(canonical(part))
    assert canonical({"part": written, "beside": beside}) == canonical({"part": as_read, "beside": beside})


def test_a_number_too_large_to_be_read_again_is_written_as_it_will_be_read() -> None:
    written = Written.of({"large": 2**70})
    assert canonical(written) == canonical(read_json(canonical(written)))


def test_moments_and_sets_have_one_form() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert canonical({"at": moment, "of": {"b", "a"}}) == '{"at":"2026-11-20T12:00:00.000000+00:00","of":["a","b"]}'


def test_anything_else_has_no_place_in_the_store() -> None:
    with pytest.raises(TypeError, match="object has no place"):
        canonical({"what": object()})
