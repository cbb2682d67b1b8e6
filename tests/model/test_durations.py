"""How a duration is written and read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.model.durations import Duration, Unit


@pytest.mark.parametrize(
    ("written", "amount", "unit"),
    [
        pytest.param("24 h", 24, Unit.HOURS, id="hours"),
        pytest.param("90 min", 90, Unit.MINUTES, id="minutes"),
        pytest.param("1.5 h", Decimal("1.5"), Unit.HOURS, id="hours in parts"),
        pytest.param("2.0 h", 2, Unit.HOURS, id="whole after all"),
        pytest.param("30 days", 30, Unit.DAYS, id="days"),
        pytest.param("1 day", 1, Unit.DAYS, id="one day"),
        pytest.param("2 working days", 2, Unit.WORKING_DAYS, id="working days"),
        pytest.param("1 working day", 1, Unit.WORKING_DAYS, id="one working day"),
        pytest.param("8 weeks", 8, Unit.WEEKS, id="weeks"),
        pytest.param("6 months", 6, Unit.MONTHS, id="months"),
        pytest.param("24h", 24, Unit.HOURS, id="without a blank"),
        pytest.param("  2  Working   Days ", 2, Unit.WORKING_DAYS, id="blanks and capitals"),
        pytest.param("3 hours", 3, Unit.HOURS, id="hours spelt out"),
    ],
)
def test_a_duration_is_read_as_it_is_written(written: str, amount: Decimal | int, unit: Unit) -> None:
    assert Duration.parse(written) == Duration(amount, unit)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="nothing"),
        pytest.param("24", id="no unit"),
        pytest.param("h", id="no amount"),
        pytest.param("-1 h", id="negative"),
        pytest.param("0 h", id="no time at all"),
        pytest.param("1.5 days", id="parts of a day"),
        pytest.param("1e3 h", id="exponent"),
        pytest.param("2 business days", id="another word"),
        pytest.param("2 weeks 3 days", id="two amounts"),
        pytest.param("2 years", id="unknown unit"),
        pytest.param("9999999 months", id="beyond every calendar"),
        pytest.param("٣ h", id="digits of another script"),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(written: str) -> None:
    with pytest.raises(ValueError, match=r"^found .*, allowed "):
        Duration.parse(written)


@given(st.sampled_from(Unit), st.integers(1, 1000))
def test_what_is_shown_can_be_read_again(unit: Unit, amount: int) -> None:
    duration = Duration(amount, unit)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        pytest.param(Duration(1, Unit.WORKING_DAYS), "1 working day", id="one"),
        pytest.param(Duration(2, Unit.WORKING_DAYS), "2 working days", id="several"),
        pytest.param(Duration(1, Unit.HOURS), "1 h", id="an hour"),
        pytest.param(Duration(Decimal("1.5"), Unit.HOURS), "1.5 h", id="parts"),
    ],
)
def test_a_duration_is_shown_as_a_person_writes_it(duration: Duration, shown: str) -> None:
    assert str(duration) == shown


def test_minutes_and_hours_are_working_time() -> None:
    assert Duration.parse("1.5 h").clocked == timedelta(minutes=90)


def test_a_day_has_no_length_of_its_own() -> None:
    with pytest.raises(ValueError, match="no length without a calendar"):
        _ = Duration.parse("1 day").clocked
