"""The judge can say no: whatever is changed in how a helpdesk stands, the oracle speaks of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.inside import played, players_in
from tests.faults.script import script
from tests.faults.zammad import Known, tables
from tests.oracle import working_time
from tests.oracle.judge import disagreements
from tests.scenarios.helpdesk import open_helpdesk

Tables = dict[str, Any]
Rows = Iterator[dict[str, Any]]
SEED, EVENTS, EVENTS_A_ROUND = 5, 160, 40


@dataclass(frozen=True, slots=True)
class End:
    """How a helpdesk stands after a script, and when that is."""

    tables: Tables
    tickets: dict[str, Known]
    now: datetime

    def denied(self, changed: Tables) -> list[str]:
        return disagreements(changed, self.tickets, now=self.now).lines


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[End]:
    store = tmp_path_factory.mktemp("judge") / "steward.db"
    helpdesk = open_helpdesk(like="6.5", store_url=f"sqlite:///{store}", note_brake="100000")
    players = players_in(helpdesk)
    for _ in played(helpdesk, players, script(seed=SEED, events=EVENTS, a_round=EVENTS_A_ROUND)):
        pass
    helpdesk.passes(days=3)
    yield End(tables(helpdesk.sandbox), players.tickets, helpdesk.now)
    helpdesk.service.close()


def tickets(changed: Tables, **having: str) -> Rows:
    """Those of the script whose fields are these."""
    for row in changed["tickets"]:
        if all(row.get(f"steward_{name}") == value for name, value in having.items()):
            yield row


def notes(changed: Tables, text: str) -> Rows:
    steward = next(row["id"] for row in changed["users"] if row["login"] == "steward")
    return (row for row in changed["articles"] if row["created_by_id"] == steward and text in row["body"])


def set_all(rows: Rows, **values: Any) -> None:
    for row in rows:
        row.update(values)


def untag(changed: Tables, tag: str) -> None:
    item = next(row["id"] for row in changed["tag_items"] if row["name"] == tag)
    changed["tags"] = [row for row in changed["tags"] if row["item_id"] != item]


def tag_all(changed: Tables, tag: str) -> None:
    item = next(row["id"] for row in changed["tag_items"] if row["name"] == tag)
    changed["tags"] += [{"ticket_id": row["id"], "item_id": item} for row in changed["tickets"]]


def tell_again(changed: Tables, text: str) -> None:
    changed["articles"] += [{**row} for row in notes(changed, text) for _ in range(3)]


def cite(changed: Tables, *, text: str, clause: str) -> None:
    for row in notes(changed, text):
        row["body"] = row["body"].replace("C3.1", clause)


def forget_notes(changed: Tables, text: str) -> None:
    set_all(notes(changed, text), body="")


def undo_tasks(changed: Tables) -> None:
    changed["checklist_items"] = []


def write_to_merged(changed: Tables) -> None:
    steward = next(row["id"] for row in changed["users"] if row["login"] == "steward")
    merged = [row for row in changed["history"] if row.get("value_to") == "merged"]
    changed["history"] += [{**row, "value_to": "general", "created_by_id": steward} for row in merged]


CHANGES: dict[str, Callable[[Tables], None]] = {
    "a complaint taken for a request": lambda t: set_all(tickets(t, kind="complaint"), steward_kind="request"),
    "another tier": lambda t: set_all(tickets(t, tier="major"), steward_tier="serious"),
    "an earlier stage": lambda t: set_all(tickets(t, stage="handle"), steward_stage="accept"),
    "another first responder": lambda t: set_all(tickets(t, first_responder="ben"), steward_first_responder="chief"),
    "a limit an hour late": lambda t: set_all(tickets(t), steward_next_due_at="2026-03-02T10:00:00.500Z"),
    "another clock": lambda t: set_all(tickets(t, next_due="first_response"), steward_next_due="assessment"),
    "a breach forgotten": lambda t: set_all(tickets(t, breached="first_response"), steward_breached=""),
    "a breach that was none": lambda t: set_all(tickets(t, kind="request"), steward_breached="resolution"),
    "another class of record": lambda t: set_all(tickets(t, retention="complaint"), steward_retention="service"),
    "erased too early": lambda t: set_all(tickets(t), steward_erase_after="2026-03-09"),
    "no tag of a breach": lambda t: untag(t, "steward:breached"),
    "no tag of a tier": lambda t: untag(t, "steward:major"),
    "a tag for everybody": lambda t: tag_all(t, "steward:orphan"),
    "a step told again": lambda t: tell_again(t, "the limit was"),
    "danger nobody is told of": lambda t: forget_notes(t, "danger to persons"),
    "another clause": lambda t: cite(t, text="first response", clause="E4.4"),
    "tasks nobody made": undo_tasks,
    "a merged ticket written to": write_to_merged,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_stands_otherwise_is_denied(end: End, change: Callable[[Tables], None]) -> None:
    changed = copy.deepcopy(end.tables)
    change(changed)
    assert changed != end.tables, "the script gave no chance to change that"
    assert end.denied(changed)


def test_what_stands_as_it_should_is_not(end: End) -> None:
    assert end.denied(end.tables) == []


MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""Half past ten in Berlin."""


@pytest.mark.parametrize(
    ("start", "hours", "earliest", "latest"),
    [
        (timedelta(), 4, timedelta(hours=4), timedelta(hours=4)),
        (timedelta(), 8, timedelta(days=1), timedelta(days=1)),
        (timedelta(hours=10), 8, timedelta(days=1, hours=6.5), timedelta(days=1, hours=22.5)),
        (timedelta(days=4, hours=10), 8, timedelta(days=7, hours=6.5), timedelta(days=7, hours=22.5)),
        (timedelta(days=4), 8, timedelta(days=7), timedelta(days=7)),
    ],
    ids=["within a day", "over night", "from the evening on", "from Friday evening on", "over the weekend"],
)
def test_working_hours_pass_while_the_office_is_open(
    start: timedelta, hours: float, earliest: timedelta, latest: timedelta
) -> None:
    assert working_time.after(MONDAY + start, hours) == (MONDAY + earliest, MONDAY + latest)
