"""Zammad gone, or the token dead, for a day; then back: nobody is parked, and all is caught up, deadlines first."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from plugin.model.work import CaseRow, CaseStatus, WakeReason
from plugin.store import cases
from tests.faults import outcome
from tests.faults.zammad import STEWARD, tables
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk

Tell = Callable[[str], None]

CHANGED = 210
"""More than one page of a list."""
RATE = 5.0
BURST = 10.0
CALLS_A_MINUTE = 4
"""What a dead Zammad hears at most (promises 10)."""
FAILURES_TO_OPEN = 5
"""So many calls find out that it is dead."""
AN_HOUR = timedelta(hours=1)
STEP = timedelta(minutes=15)
"""In the long part of the day nobody looks more closely."""


@dataclass(slots=True)
class Line:
    """WSGI middleware between Steward and Zammad: notes what is asked, and lets nothing through while it is cut."""

    helpdesk: Helpdesk
    application: Any
    is_cut: bool = False
    calls: list[tuple[datetime, str]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if STEWARD not in environ.get("HTTP_USER_AGENT", ""):
            return list(self.application(environ, start_response))
        self.calls.append((self.helpdesk.now, f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}{_lists(environ)}"))
        if self.is_cut:
            environ["sandbox.signals"]["cut"] = "timeout"
            start_response("504 Gateway Time-out", [])
            return []
        return list(self.application(environ, start_response))

    def most_within(self, span: timedelta, *, after: int = 0) -> int:
        """The most calls in any such span, the first ``after`` not counted."""
        moments = [at for at, _ in self.calls[after:]]
        return max((sum(start <= at < start + span for at in moments) for start in moments), default=0)

    def looks(self) -> list[int]:
        """The tickets that were looked at, in order."""
        paths = [call.removeprefix("GET /api/v1/tickets/") for _, call in self.calls]
        return [int(path) for path in paths if path.isdigit()]

    def count(self, call: str) -> int:
        return sum(found == call for _, found in self.calls)


def _lists(environ: dict[str, Any]) -> str:
    """Tells the sweep's search for what changed from others by their conditions."""
    if not environ["PATH_INFO"].endswith("/tickets/search"):
        return ""
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    told = json.loads(body)
    changed = list(told["condition"]) == ["ticket.updated_at"] and told["order_by"] == ["asc", "asc"]
    return " for what changed" if changed else " for something else"


@pytest.fixture
def line(store_url: str) -> Iterator[Line]:
    """A helpdesk whose Steward asks Zammad five times a second at most, by the clock of the story."""
    helpdesk = open_helpdesk(like="6.5", store_url=store_url, note_brake="100000")
    helpdesk.asks_by_the_storys_clock(rate=RATE, burst=BURST)
    line = Line(helpdesk, helpdesk.sandbox.app.wsgi_app)
    helpdesk.sandbox.app.wsgi_app = line  # type: ignore[method-assign]
    yield line
    helpdesk.service.close()


@contextmanager
def unreachable(line: Line) -> Iterator[None]:
    line.is_cut = True
    yield
    line.is_cut = False


@contextmanager
def token_dead(line: Line) -> Iterator[None]:
    tokens = line.helpdesk.sandbox.world.tokens
    token = tokens.where(token=line.helpdesk.sandbox.tokens["steward"])[0]
    tokens.put(token.id, token="another")
    yield
    tokens.put(token.id, token=line.helpdesk.sandbox.tokens["steward"])


def a_day_goes_by(line: Line, tickets: list[Ticket]) -> None:
    """Some minutes watched closely, then the rest; people work on, and Steward hears of half of it."""
    helpdesk = line.helpdesk
    for number, ticket in enumerate(tickets):
        helpdesk.drop_deliveries = number % 2 == 0
        ticket.put(helpdesk.ben, priority="3 high")
        helpdesk.passes(seconds=20)
    ends = helpdesk.now + timedelta(days=1)
    helpdesk.passes(minutes=5)
    while helpdesk.now < ends:
        helpdesk.sandbox.run_until(helpdesk.now + STEP)
        assert helpdesk.service.worker is not None
        helpdesk.service.worker.drain()
    helpdesk.drop_deliveries = False


def due(helpdesk: Helpdesk) -> dict[int, CaseRow]:
    with helpdesk.service.store.read() as connection:
        listed = cases.listed(connection, limit=10_000)
    return {case.ticket_id: case for case in listed if case.wake is not None and case.wake.at <= helpdesk.now}


@pytest.mark.parametrize("gone", [unreachable, token_dead])
def test_a_day_without_zammad_parks_nobody_and_is_caught_up_deadlines_first(
    line: Line, gone: Callable[[Line], Any], tell: Tell
) -> None:
    helpdesk = line.helpdesk
    tickets = [helpdesk.mails("Where is my order?") for _ in range(15)]
    helpdesk.works()
    for ticket in tickets[::3]:
        ticket.owned(helpdesk.ben)
    helpdesk.works()
    began = helpdesk.now
    line.calls.clear()
    with gone(line):
        a_day_goes_by(line, tickets)
    asked, waiting = list(line.calls), due(helpdesk)
    assert asked
    assert line.most_within(timedelta(minutes=1), after=FAILURES_TO_OPEN) <= CALLS_A_MINUTE
    back = helpdesk.now
    line.calls.clear()
    helpdesk.passes(minutes=30)
    assert statuses(helpdesk) == {CaseStatus.OPEN}
    assert not due(helpdesk)
    for seconds in (1, 10, 60):
        assert line.most_within(timedelta(seconds=seconds)) <= BURST + seconds * RATE
    looks = line.looks()
    by_deadline = {n for n, case in waiting.items() if case.wake and case.wake.reason is WakeReason.DEADLINE}
    first = list(dict.fromkeys(looks))
    assert by_deadline
    assert set(first[: len(by_deadline)]) == by_deadline
    assert len(waiting) > len(by_deadline)
    assert list(outcome.doubled(tables(helpdesk.sandbox))) == []
    assert all(ticket.field("breached") == "first_response" for ticket in tickets)
    last = max(at for at, call in line.calls if "/tickets/search" not in call)
    tell(
        f"{gone.__name__} for {(back - began) / AN_HOUR:.0f} h, {len(tickets)} tickets: asked {len(asked)} times, "
        f"{len(waiting)} due at the end, {len(by_deadline)} of them deadlines; {len(line.calls)} calls afterwards, "
        f"the last after {(last - back).total_seconds():.0f} s"
    )


def statuses(helpdesk: Helpdesk) -> set[CaseStatus]:
    with helpdesk.service.store.read() as connection:
        return {case.status for case in cases.listed(connection, limit=10_000)}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_changed_unheard_in_an_outage_costs_a_few_lists_and_one_look_each(line: Line, tell: Tell) -> None:
    helpdesk = line.helpdesk
    tickets = [helpdesk.mails("Where is my order?") for _ in range(CHANGED)]
    helpdesk.works()
    helpdesk.passes(minutes=15)
    with unreachable(line):
        helpdesk.drop_deliveries = True
        helpdesk.passes(minutes=15)
        for ticket in tickets:
            ticket.put(helpdesk.ben, priority="3 high")
        helpdesk.passes(minutes=5)
    line.calls.clear()
    helpdesk.passes(minutes=9)
    lists = line.count("POST /api/v1/tickets/search for what changed")
    looks = line.looks()
    tell(f"{CHANGED} tickets changed unheard: {lists} list calls, {len(looks)} looks, {len(line.calls)} calls")
    assert lists <= math.ceil(CHANGED / 200) + 2
    assert sorted(looks) == sorted(ticket.id for ticket in tickets)
