"""The demo as a user runs it: the whole story in a process of its own, and what it says it came to."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from plugin.demo import story

STEWARD = (sys.executable, "-c", "from plugin.cli import main; main()", "demo")
PATIENCE_SECONDS = 600
TOTALS = {"heard", "lost", "doubled", "writes", "notices", "zammad_ms", "people", "breaches", "tickets"}
CLOCK = {"name", "starts_at", "target_at", "limit_at", "state", "clause"}
VERSIONS = ("6.5", "6.1")
CLAIMING = ("README.md", "CHANGELOG.md")
NUMBERS = {9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}


def demo(*options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*STEWARD, *options], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False, **more
    )


@cache
def told(like: str) -> dict[str, Any]:
    """What ``steward demo --exit --json`` prints; played once for all tests."""
    run = demo("--exit", "--json", "--like", like)
    assert (run.returncode, run.stderr) == (0, "")
    printed: dict[str, Any] = json.loads(run.stdout)
    return printed


@pytest.fixture(params=VERSIONS)
def totals(request: pytest.FixtureRequest) -> dict[str, Any]:
    return told(request.param)


def ticket(totals: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in totals["tickets"] if one["title"].startswith(title))
    return found


def test_readme_and_changelog_name_as_many_tickets_as_the_story_has() -> None:
    root = Path(__file__).parents[2]
    written = {name: re.findall(r"a story of (\w+) tickets", (root / name).read_text("utf-8")) for name in CLAIMING}
    counted = NUMBERS[len({step.ticket for step in story.read()})]
    assert written == {name: [counted] for name in CLAIMING}


# -- the object -------------------------------------------------------------------------------------------------------


def test_one_json_object_says_what_it_came_to(totals: dict[str, Any]) -> None:
    assert set(totals) == TOTALS
    assert set(totals["writes"]) == {"tag", "field", "note", "task", "message"}
    for one in totals["tickets"]:
        assert {"number", "title", "tags", "fields", "notes", "tasks", "clocks"} <= set(one)
        for clock in one["clocks"]:
            assert set(clock) == CLOCK
            moments = [datetime.fromisoformat(clock[name]) for name in ("starts_at", "target_at", "limit_at")]
            assert moments == sorted(moments)


def test_nothing_is_lost_or_doubled(totals: dict[str, Any]) -> None:
    assert (totals["lost"], totals["doubled"]) == (0, 0)
    assert totals["heard"] >= 50


def test_notices_and_cost_are_told_apart_from_those_of_people(totals: dict[str, Any]) -> None:
    assert totals["notices"] > 0
    assert totals["zammad_ms"] > 0
    assert totals["people"]["notices"] > totals["notices"]
    assert totals["people"]["zammad_ms"] > 0


def test_the_counts_are_those_of_the_tickets(totals: dict[str, Any]) -> None:
    tasks = [task for one in totals["tickets"] for task in one["tasks"]]
    assert totals["writes"]["task"] == len(tasks)
    assert totals["writes"]["message"] == 0  # customers get mail from people only, unless a switch is on
    assert totals["writes"]["note"] >= sum(len(one["notes"]) for one in totals["tickets"])


def test_every_broken_clock_is_named(totals: dict[str, Any]) -> None:
    broken = [
        (ticket["title"], clock["name"], clock["clause"])
        for ticket in totals["tickets"]
        for clock in ticket["clocks"]
        if clock["state"] == "breached"
    ]
    assert len(broken) == totals["breaches"]
    assert set(broken) == {
        ("Heater", "first_response", "C3.1"),
        ("Heater", "notice", "C4.1"),
        ("Heater", "result", "C3.1"),
        ("Heater", "progress", "A2.1"),
        ("Noch einmal zu Ihrem Mitarbeiter", "confirmation", "C2.3"),
        ("Noch einmal zu Ihrem Mitarbeiter", "follow_up_visit", "E4.4"),
        ("咨询:如何更换地址", "first_response", "C3.1"),
    }


# -- the tickets ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """How a ticket of the story ends. ``fields`` without ``steward_``; ``tasks`` by the beginning of their title."""

    title: str
    fields: dict[str, str]
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


COMPLAINT = {"kind": "complaint", "tier": "general", "retention": "complaint"}
REQUEST = {"kind": "request", "retention": "service", "stage": "done"}
FOLLOW_UP = "Follow up: confirm in writing"

TICKETS: Sequence[Any] = [
    pytest.param(
        Expected(
            "Beschwerde: Gerät kommt nicht – 投诉",
            COMPLAINT | {"nature": "product", "stage": "done", "first_responder": "anna", "erase_after": "2027-05-06"},
            done=(FOLLOW_UP,),
        ),
        id="kept in time from the mail to the visit, without a note",
    ),
    pytest.param(
        Expected(
            "Anruf: Lieferung fehlt 少货",
            REQUEST | {"first_responder": "anna", "erase_after": "2027-05-04"},
        ),
        id="a call",
    ),
    pytest.param(
        Expected(
            "Unacceptable service 服务太差",
            COMPLAINT
            | {"tier": "serious", "nature": "service", "stage": "done", "first_responder": "anna"}
            | {"erase_after": "2027-05-06"},
            tags=("steward:serious",),
            notes=("anna: say “accept” or “decline”", "ben stays responsible: anna gave no sign."),
            done=(FOLLOW_UP, "Make a plan", "Review the result"),
        ),
        id="an angry VIP, handed over",
    ),
    pytest.param(
        Expected(
            "Heater",
            COMPLAINT
            | {"tier": "major", "stage": "feed_back", "first_responder": "chief", "next_due": "progress"}
            | {"breached": "first_response,notice,progress,result", "next_due_at": "2026-11-11T15:00:00"},
            tags=("steward:major", "steward:breached"),
            notes=(
                *("Read this message at once", "A major complaint", "Take this ticket", "Write what is being done"),
                *("Answer the customer: the limit was", "Tell the customer how it stands"),
            ),
            done=("Bring in management", "Investigate internally", "Talk with the customer"),
            open=("Call together the team", "Make a plan", "Put it right"),
        ),
        id="a major complaint nobody answers",
    ),
    pytest.param(
        Expected(
            "Frage über das Portal: Rechnung",
            REQUEST | {"first_responder": "ben", "erase_after": "2027-05-05"},
        ),
        id="a customer who writes again, and his machine",
    ),
    pytest.param(Expected("Out of office", {}), id="a machine is left alone"),
    pytest.param(
        Expected(
            "Noch einmal zu Ihrem Mitarbeiter",
            COMPLAINT
            | {"nature": "service", "stage": "done", "first_responder": "ben", "erase_after": "2027-05-07"}
            | {"breached": "confirmation,follow_up_visit"},
            notes=("Tell the customer a result by",),
            done=(FOLLOW_UP,),
        ),
        id="a merge keeps the earlier acceptance; the visit is late",
    ),
    pytest.param(
        Expected(
            "Reklamation: Heizlüfter",
            COMPLAINT
            | {"nature": "product", "stage": "feed_back", "first_responder": "anna", "next_due": "resolution"}
            | {"next_due_at": "2027-01-08T08:10:00"},
            notes=("The extension was not taken.", "A reason is missing"),
        ),
        id="waiting, and an extension with a reason",
    ),
    pytest.param(
        Expected(
            "Beschwerde: Webseite",
            COMPLAINT
            | {"tier": "serious", "nature": "system", "stage": "done", "first_responder": "ben"}
            | {"erase_after": "2027-05-07"},
            tags=("steward:serious",),
            notes=("Make a new plan and tell the customer",),
            done=(FOLLOW_UP, "Make a new plan", FOLLOW_UP, "Review the result"),
        ),
        id="a dissatisfied customer",
    ),
    pytest.param(
        Expected(
            "咨询:如何更换地址",
            REQUEST | {"first_responder": "ben", "breached": "first_response", "erase_after": "2027-05-06"},
            notes=("Take this ticket, or give it to somebody.",),
        ),
        id="an orphan",
    ),
]


@pytest.mark.parametrize("expected", TICKETS)
def test_each_ticket_ends_as_the_standard_asks(totals: dict[str, Any], expected: Expected) -> None:
    found = ticket(totals, expected.title)
    fields = {name.removeprefix("steward_"): value for name, value in found["fields"].items()}
    if "next_due_at" in fields:
        fields["next_due_at"] = fields["next_due_at"].partition("+")[0].partition(".")[0]
    assert fields == expected.fields
    assert tuple(found["tags"]) == expected.tags
    tasks = sorted((task["title"], task["done"]) for task in found["tasks"])
    wanted = sorted([(title, True) for title in expected.done] + [(title, False) for title in expected.open])
    assert [done for _, done in tasks] == [done for _, done in wanted]
    assert all(title.startswith(begins) for (title, _), (begins, _) in zip(tasks, wanted, strict=True)), tasks
    written = "\n".join(found["notes"])
    assert [note for note in expected.notes if note not in written] == []
    assert bool(found["notes"]) is bool(expected.notes)


def test_the_merged_ticket_is_left_as_it_was(totals: dict[str, Any]) -> None:
    merged = next(one for one in totals["tickets"] if one["state"] == "merged")
    assert merged["fields"]["steward_stage"] == "assess"
    assert merged["clocks"] == []


def test_a_merge_keeps_the_earlier_acceptance(totals: dict[str, Any]) -> None:
    clocks = ticket(totals, "Noch einmal")["clocks"]
    resolution = next(clock for clock in clocks if clock["name"] == "resolution")
    assert resolution["starts_at"].startswith("2026-11-02T12:10:00")


# -- the terminal -----------------------------------------------------------------------------------------------------


def test_the_story_is_told_as_it_happens_in_eighty_columns() -> None:
    run = demo("--exit", env={"COLUMNS": "80", "PATH": "/usr/bin:/bin", "PYTHONPATH": ".", "LANG": "C.UTF-8"})
    assert (run.returncode, run.stderr) == (0, "")
    for part in ("heard ", "decided ", "written ", "(C3.1)", "The tickets", "The totals", "says “complaint”"):
        assert part in run.stdout
    assert "Ctrl-C" not in run.stdout  # it does not stay


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = demo("--exit", "--port", str(taken.getsockname()[1]))
    assert run.returncode == 1
    assert run.stderr.startswith("steward: --port: found 127.0.0.1:")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [*STEWARD],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": ".", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if " heard " in line)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
