"""A retry is a value: outages are waited out, failing cases are parked in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin.model import retry

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("tries_before", "since", "expected"),
    [
        pytest.param(0, None, 10, id="first"),
        pytest.param(1, NOON, 40, id="second"),
        pytest.param(6, NOON, 14_400, id="no longer than four hours"),
        pytest.param(7, NOON, None, id="eighth parks"),
        pytest.param(1, NOON - 24 * HOUR, None, id="a day parks"),
        pytest.param(1, NOON - 24 * HOUR + timedelta(seconds=1), 40, id="not quite a day"),
    ],
)
def test_a_failing_case_is_tried_again_later_and_later(
    tries_before: int, since: datetime | None, expected: int | None
) -> None:
    decision = retry.after_failure(tries_before=tries_before, first_failure_at=since, now=NOON)
    assert decision.at == (None if expected is None else NOON + timedelta(seconds=expected))
    assert decision.parks is (expected is None)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, 15), (1.5, 1.5), (-3, 0), (86_400, 300)],
    ids=["not said", "said", "in the past", "too long"],
)
def test_an_outage_is_waited_out_as_asked_within_reason(retry_after: float | None, seconds: float) -> None:
    assert retry.after_outage(retry_after=retry_after, now=NOON) == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("tries_before", "seconds"),
    [(0, 15), (2, 15), (3, 30), (5, 120), (7, 300), (5000, 300)],
    ids=["first", "may pass", "lasts", "lasts longer", "at most five minutes", "for weeks"],
)
def test_what_cannot_be_read_is_tried_less_and_less_often_and_never_given_up(tries_before: int, seconds: int) -> None:
    assert retry.after_unreadable(tries_before=tries_before, now=NOON) == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("unknowns", "seconds"), [(1, 5), (2, 10), (4, 40), (7, 300), (900, 300)], ids=["1", "2", "4", "7", "900"]
)
def test_what_is_never_confirmed_is_repeated_less_and_less_often(unknowns: int, seconds: int) -> None:
    assert retry.after_unknown(unknowns=unknowns, now=NOON) == NOON + timedelta(seconds=seconds)
