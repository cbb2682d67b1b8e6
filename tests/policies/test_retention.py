"""Class, first day of erasure, hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from plugin.model.durations import Duration
from plugin.model.facts import FactKind
from tests.policies.story import ANNA, CHIEF, MEI, Story, shipped


def closed_at(moment: datetime) -> Story:
    story = Story(started_at=moment).customer_writes_in()
    story.closes(after=0)
    return story


@pytest.mark.parametrize(
    ("closed", "first_day"),
    [
        pytest.param(datetime(2026, 3, 2, 12, tzinfo=UTC), date(2026, 9, 3), id="six months and a day"),
        pytest.param(datetime(2026, 8, 31, 12, tzinfo=UTC), date(2027, 3, 1), id="clipped to February"),
        pytest.param(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), date(2026, 9, 4), id="the zone's date, not UTC's"),
    ],
)
def test_the_first_day_is_six_months_after_closing_and_a_day(closed: datetime, first_day: date) -> None:
    assert closed_at(closed).decided(after=1).fields["erase_after"] == first_day


def test_an_open_ticket_has_a_class_and_no_day() -> None:
    told = Story().customer_writes_in().decided(after=1)
    assert (told.fields["retention"], told.fields["erase_after"]) == ("service", None)


@pytest.mark.parametrize(
    ("complaint", "first_day"),
    [
        pytest.param("12 months", date(2027, 3, 3), id="the merged complaint's"),
        pytest.param("1 month", date(2026, 9, 3), id="its own"),
    ],
)
def test_after_a_merge_the_longest_class_wins(complaint: str, first_day: date) -> None:
    pack = shipped()
    classes = {**pack.retention.classes, "complaint": Duration.parse(complaint)}
    story = closed_at(datetime(2026, 3, 2, 12, tzinfo=UTC))
    story.pack = replace(pack, retention=replace(pack.retention, classes=classes))
    story.tell(
        FactKind.RECEIVED_MERGE, after=0, by=ANNA, source_id=9, kind="complaint", tier=None, accepted_at=None,
        first_asked=None, accountable=None, tasks_open=[], tasks_done=[],
    )  # fmt: skip
    story.says("request", after=0)
    assert story.decided(after=1).fields["erase_after"] == first_day


@pytest.mark.parametrize("by", [ANNA, MEI], ids=["by an agent", "by the customer's mail"])
def test_reopening_empties_the_day(by: object) -> None:
    story = Story().customer_writes_in()
    story.closes(after=1)
    story.reopens(by, after=2)  # type: ignore[arg-type]
    assert story.decided(after=3).fields["erase_after"] is None


def test_a_hold_empties_the_day_and_only_an_operator_releases_it() -> None:
    story = Story().customer_writes_in()
    story.closes(after=1)
    story.sets("steward_hold", "true", by=CHIEF, after=2)
    told = story.decided(after=3)
    assert (told.fields["hold"], told.fields["erase_after"]) == (True, None)
    story.sets("steward_hold", "false", by=CHIEF, after=4)
    assert story.decided(after=5).fields["hold"] is True
    story.observe("hold_released", after=6, value=True)
    assert story.decided(after=7).fields["hold"] is False
    assert story.decided(after=7).fields["erase_after"] is not None


def test_a_customer_cannot_ask_for_a_hold() -> None:
    story = Story().customer_writes_in()
    story.sets("steward_hold", "true", by=MEI, after=1)
    assert story.decided(after=2).fields["hold"] is False
