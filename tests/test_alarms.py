"""Every alarm the code can raise is explained to operators, and every one explained can be raised."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from docs import write_alarms
from plugin.observability.alarms import ALARMS, PARTS, SHOWN_FOR, Alarms, part
from plugin.observability.health import TICKETS_KEPT, Health
from plugin.observability.metrics import Metrics

PLUGIN = Path(__file__).resolve().parent.parent / "plugin"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RAISED = re.compile(r"(?:alarms\.append|\.sound|\.alarm|on_alarm)\(\(?\s*\"(\w+)\"")
TOLD = re.compile(r"(?:health\.tell|probes)[(\[]\s*\"(\w+)\"")
ASKED = re.compile(r"\"(\w+)\": (?:(?:health(?:_routes)?\.)?\w+_probe|alarms\.part)\(")


def sources() -> str:
    files = (file for file in PLUGIN.rglob("*.py") if "sandbox" not in file.parts and "demo" not in file.parts)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_the_alarms_raised_are_the_alarms_explained() -> None:
    assert set(RAISED.findall(sources())) == set(ALARMS)


def test_the_parts_told_are_the_parts_explained() -> None:
    assert set(TOLD.findall(sources())) | set(ASKED.findall(sources())) == set(PARTS)


def test_the_page_of_alarms_is_current() -> None:
    assert write_alarms.PAGE.read_text(encoding="utf-8") == write_alarms.page(), "run: make docs"


def test_an_alarm_is_shown_for_an_hour_with_its_newest_tickets() -> None:
    now = [NOON]
    health = Health()
    alarms = Alarms(Metrics(), health, lambda: now[0])
    assert part([health], now=NOON).ok
    for ticket_id in (*range(1, TICKETS_KEPT + 3), 5):
        alarms.sound("unreadable", ticket_id=ticket_id)
    now[0] += timedelta(minutes=30)
    alarms.sound("chore_failed", chore="sweep")
    shown = part([health], now=now[0])
    assert not shown.ok
    assert shown.said.startswith("chore_failed, unreadable")
    assert shown.more["chore_failed"]["tickets"] == []
    assert shown.more["unreadable"]["tickets"][:2] == [5, TICKETS_KEPT + 2]
    assert len(shown.more["unreadable"]["tickets"]) == TICKETS_KEPT
    now[0] = NOON + SHOWN_FOR + timedelta(seconds=1)
    assert list(part([health], now=now[0]).more) == ["chore_failed"]


def test_an_alarm_nobody_explained_is_not_raised() -> None:
    with pytest.raises(AssertionError):
        Alarms(Metrics(), Health(), lambda: NOON).sound("something")
