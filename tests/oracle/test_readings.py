"""What the oracle makes of merges, tiers and words that came twice, each in a script of a few events."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.inside import played, players_in
from tests.faults.script import Event
from tests.faults.zammad import tables
from tests.oracle.judge import disagreements
from tests.scenarios.helpdesk import open_helpdesk

OLGA, TOM, CHIEF, ADMIN = "olga@customer.example", "tom@handel.example", "chief@example.com", "admin@example.com"
BEN, VIP = "ben@example.com", "mei@customer.example"
COMPLAINT, PLAIN = "I complain, and my lawyer will hear of it.", "Where is my order?"
MILD = "I want to complain about your service."
DANGEROUS = "The device caught fire and I complain."


def event(after: float, act: str, by: str, with_: str = "", *, to: str = "Here") -> Event:
    """``after``: hours since Monday half past ten; to the ticket that is judged, where ``to`` names no other."""
    return Event(timedelta(hours=after), act, to, by, with_)


MERGED_INTO_AN_OLDER_ANSWER = (
    event(0, "call", CHIEF, PLAIN, to="Other"),
    event(1, "kind", ADMIN, "complaint", to="Other"),
    event(4, "new", TOM, PLAIN),
)
MILD_ELSEWHERE = (
    event(0, "new", OLGA, MILD, to="Other"),
    event(1, "say", CHIEF, "complaint", to="Other"),
)
GENERAL_ELSEWHERE = (
    event(1, "new", OLGA, COMPLAINT, to="Other"),
    event(2, "tier", CHIEF, "general", to="Other"),
)
SCRIPTS: dict[str, tuple[Event, ...]] = {
    "a merge brings an earlier acceptance, answered": (
        *MERGED_INTO_AN_OLDER_ANSWER,
        event(20, "merge", CHIEF, "Here", to="Other"),
    ),
    "what was late before such a merge stays late": (
        *MERGED_INTO_AN_OLDER_ANSWER,
        event(30, "merge", CHIEF, "Here", to="Other"),
    ),
    "major by words when its progress came near, then general": (
        event(2, "new", TOM, DANGEROUS),
        event(70, "tier", CHIEF, "general"),
    ),
    "closed again after thanks, it is kept from then on": (
        event(0, "new", OLGA, PLAIN),
        event(1, "close", CHIEF),
        event(60, "mail", OLGA, "Thank you!"),
        event(66, "close", CHIEF),
    ),
    "who was asked and gives it back late has not taken it": (
        event(0, "new", OLGA, PLAIN),
        event(1, "assign", CHIEF, CHIEF),
        event(20, "assign", CHIEF, BEN),
        event(60, "drop", BEN),
    ),
    "a major complaint merged into a serious one": (
        event(0, "new", OLGA, COMPLAINT, to="Other"),
        event(1, "tier", CHIEF, "major", to="Other"),
        event(2, "new", TOM, COMPLAINT),
        event(3, "kind", ADMIN, "complaint"),
        event(73, "merge", CHIEF, "Here", to="Other"),
    ),
    "a tier by an agent's word merged into a VIP's request": (
        *GENERAL_ELSEWHERE,
        event(4, "new", VIP, PLAIN),
        event(8, "merge", CHIEF, "Here", to="Other"),
    ),
    "a tier by an agent's word merged into an older request": (
        event(0, "new", TOM, PLAIN),
        *GENERAL_ELSEWHERE,
        event(8, "merge", CHIEF, "Here", to="Other"),
    ),
    "a tier by words merged into a VIP's request": (
        *MILD_ELSEWHERE,
        event(4, "new", VIP, PLAIN),
        event(8, "merge", CHIEF, "Here", to="Other"),
    ),
    "serious words after a tier by words was merged in": (
        *MILD_ELSEWHERE,
        event(4, "new", TOM, PLAIN),
        event(8, "merge", CHIEF, "Here", to="Other"),
        event(10, "mail", TOM, COMPLAINT),
    ),
    "dissatisfied twice before a plan was made": (
        event(0, "new", TOM, COMPLAINT),
        event(1, "say", CHIEF, "complaint"),
        event(2, "say", CHIEF, "dissatisfied"),
        event(5, "say", CHIEF, "dissatisfied"),
    ),
    "dissatisfied while it was a closed request": (
        event(0, "call", CHIEF, PLAIN),
        event(5, "close", CHIEF),
        event(20, "say", ADMIN, "dissatisfied"),
        event(25, "say", ADMIN, "serious"),
        event(48, "close", CHIEF),
    ),
    "serious, planned without saying how, closed": (
        event(0, "new", TOM, COMPLAINT),
        event(1, "say", CHIEF, "serious"),
        event(2, "say", CHIEF, "plan-ready"),
        event(5, "answer", CHIEF, "Here you are."),
        event(6, "close", CHIEF),
    ),
    "in need of outside help, then grave, then general": (
        event(0, "new", TOM, MILD),
        event(1, "say", CHIEF, "complaint"),
        event(2, "say", CHIEF, "outside-help"),
        event(3, "tier", CHIEF, "serious"),
        event(5, "tier", CHIEF, "general"),
    ),
    "grave when it was closed, reopened and general": (
        event(0, "new", TOM, COMPLAINT),
        event(1, "say", CHIEF, "serious"),
        event(3, "finish", CHIEF, "Here you are."),
        event(6, "reopen", CHIEF),
        event(8, "tier", CHIEF, "general"),
    ),
}


@pytest.mark.parametrize("events", SCRIPTS.values(), ids=SCRIPTS)
def test_the_oracle_and_steward_read_it_alike(events: tuple[Event, ...], tmp_path: Path) -> None:
    helpdesk = open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}", note_brake="100000")
    players = players_in(helpdesk)
    for _ in played(helpdesk, players, (events,)):
        pass
    helpdesk.passes(days=3)
    said = disagreements(tables(helpdesk.sandbox), players.tickets, now=helpdesk.now)
    helpdesk.service.close()
    assert said.judged == 1
    assert said.lines == []
