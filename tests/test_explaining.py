"""``steward case explain``: the whole of why, now and at a moment gone by, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from plugin import commands
from plugin.cli import main
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk, write_pack


@pytest.fixture
def helpdesk(tmp_path: Path) -> Iterator[Helpdesk]:
    opened = open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}", pack=write_pack(tmp_path))
    yield opened
    opened.service.close()


def said(ticket: Ticket, *more: str) -> str:
    done = CliRunner().invoke(main, ["case", "explain", str(ticket.id), *more], env=dict(ticket.helpdesk.environ))
    assert done.exit_code == 0, done.output
    return done.output


def told(ticket: Ticket, *, at: datetime | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(ticket, "--json", "--at", (at or ticket.helpdesk.now).isoformat()))
    return found


def clock(explained: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in explained["clocks"] if one["name"] == name)


def wanted(explained: dict[str, Any], what: str) -> dict[str, Any]:
    return next(one for one in explained["wanted"] if one["what"] == what)


def test_a_clock_is_told_with_start_pauses_days_limit_and_result(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    ticket.owned(helpdesk.anna)
    later = (helpdesk.now + timedelta(days=2)).isoformat()
    ticket.answered(helpdesk.anna, state="pending reminder", pending_time=later)
    helpdesk.passes(days=1)
    helpdesk.mails("Here is the number you asked for.", to=ticket)
    helpdesk.passes(hours=6)
    result = clock(told(ticket), "result")
    assert (result["state"], result["allowed"], result["calendar"]) == ("running", "48 h", "always")
    assert [pause["because"] for pause in result["pauses"]] == ["Waiting for the customer."]
    assert round(result["days"][-1]["total_minutes"] / 60) == 6
    assert sum(day["paused_minutes"] for day in result["days"]) == pytest.approx(24 * 60, abs=2)
    text = said(ticket, "--at", helpdesk.now.isoformat())
    assert "paused  2026-03-02 09:00:3" in text
    assert "has     48 h on the calendar always" in text
    assert "Moments are UTC; the days of clocks, and what was written, are of Europe/Berlin." in text
    assert "STEWARD_MODE" not in text


def test_a_verdict_is_told_with_what_spoke_for_it_and_against(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains("I want to complain, my lawyer will call you.")
    ticket.put(helpdesk.anna, steward_tier="general")
    helpdesk.works()
    tier = next(one for one in told(ticket)["verdicts"] if one["name"] == "tier")
    assert tier["value"] == "general"
    assert [ground["because"] for ground in tier["for"]] == ["anna said so."]
    assert [(ground["value"], ground["words"]) for ground in tier["against"]] == [("serious", "lawyer")]


def test_a_moment_gone_by_is_told_as_it_was_then(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    before = helpdesk.now
    ticket.answered(helpdesk.anna)
    helpdesk.passes(hours=1)
    assert clock(told(ticket), "first_response")["state"] == "met"
    assert clock(told(ticket, at=before), "first_response")["state"] == "running"
    assert len(told(ticket, at=before)["effects"]) < len(told(ticket)["effects"])


def test_what_yields_to_a_person_is_said_so(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    ticket.owned(helpdesk.anna)
    helpdesk.passes(hours=30)
    ticket.untagged(helpdesk.chief, "steward:breached")
    helpdesk.passes(minutes=11)  # no webhook tells of a tag; the sweep does
    tag = wanted(told(ticket), "tag")
    assert (tag["value"], tag["holds"]) == ("steward:breached", False)
    assert tag["why"].startswith("yields to chief, who took it off 2026-03-03")


def test_what_is_held_back_is_said_so(helpdesk: Helpdesk) -> None:
    helpdesk.restarts(mode="observe")
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    field = wanted(told(ticket), "steward_kind")
    assert (field["holds"], field["mode"]) == (False, "observe")
    assert "its rule only observes here" in field["why"]
    assert "STEWARD_MODE is observe: every rule only observes" in said(ticket)
    helpdesk.restarts(mode="enforce")
    commands.pause(helpdesk.service.hands())
    other = helpdesk.mails("And mine?")
    helpdesk.works()
    assert "writing was paused" in wanted(told(other), "steward_kind")["why"]


def test_every_effect_is_told_with_clause_rule_and_version(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.complains()
    effects = told(ticket)["effects"]
    assert effects
    assert {effect["pack_version"] for effect in effects} == {helpdesk.service.pack.version}
    assert all(effect["clause"] and effect["rule"] for effect in effects)


def test_a_time_that_is_none_is_refused_with_an_example(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    done = CliRunner().invoke(main, ["case", "explain", str(ticket.id), "--at", "monday"], env=dict(helpdesk.environ))
    assert done.exit_code == 1
    assert "--at: found monday, allowed a time as in 2026-03-02T14:30" in done.output
