"""Clocks that lie: nothing is early, nothing happens twice, and what is late is caught up with (promises, "time")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from requests.adapters import BaseAdapter

from plugin.model.work import CaseRow
from plugin.service import Service
from plugin.settings import Settings
from plugin.store import cases, chores
from tests.faults.jumps import Deadly, Killed
from tests.scenarios.helpdesk import Helpdesk, Ticket


@dataclass(slots=True)
class WrongClock:
    """Steward's clock beside Zammad's."""

    helpdesk: Helpdesk
    off: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.helpdesk.now + self.off


def wears(
    helpdesk: Helpdesk, *, runs_on: bool = True, off: timedelta = timedelta(0), through: BaseAdapter | None = None
) -> WrongClock:
    """From now on Steward goes by a clock of its own; ``runs_on``: its running seconds are those of the world.

    ``through`` stands between Steward and Zammad.
    """
    clock = WrongClock(helpdesk, off)
    helpdesk.service.close()
    helpdesk.service = Service.open(
        Settings.from_environ(helpdesk.environ),
        web=True,
        worker=True,
        clock=clock,
        adapter=through or helpdesk.sandbox.adapter(),
        seconds=(lambda: helpdesk.now.timestamp()) if runs_on else None,
    )
    return clock


def parts(helpdesk: Helpdesk) -> dict[str, dict[str, object]]:
    assert helpdesk.service.app is not None
    found: dict[str, dict[str, object]] = helpdesk.service.app.test_client().get("/readyz").get_json()["parts"]
    return found


def complaint(helpdesk: Helpdesk) -> Ticket:
    ticket = helpdesk.complains()
    ticket.owned(helpdesk.anna)
    helpdesk.works()
    assert ticket.field("kind") == "complaint"
    return ticket


def case_of(helpdesk: Helpdesk, ticket: Ticket) -> CaseRow:
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    return case


pytestmark = pytest.mark.parametrize("like", ["6.5"])

SKEWS = [
    pytest.param(timedelta(hours=3), id="ahead by hours"),
    pytest.param(timedelta(minutes=4), id="ahead by minutes"),
    pytest.param(timedelta(minutes=-4), id="behind by minutes"),
    pytest.param(timedelta(days=-30), id="behind by a month"),
    pytest.param(timedelta(days=365 * 12), id="in 2038"),
]


@pytest.mark.parametrize("runs_on", [True, False], ids=["a jump while running", "a clock nobody compared yet"])
@pytest.mark.parametrize("off", SKEWS)
def test_deadlines_are_held_while_the_clocks_are_apart(helpdesk: Helpdesk, off: timedelta, runs_on: bool) -> None:
    clock = wears(helpdesk, runs_on=runs_on)
    ticket = complaint(helpdesk)
    helpdesk.reaches(ticket.clock("first_response").warn_at - timedelta(minutes=10))
    before = (ticket.fields, ticket.ours, ticket.notes)
    clock.off = off
    helpdesk.passes(hours=9)
    assert (ticket.fields, ticket.ours, ticket.notes) == before
    assert helpdesk.alarms("clock_skew") == 1
    shown = parts(helpdesk)["clock"]
    assert shown["ok"] is False
    assert ("ahead of" if off > timedelta(0) else "behind") in str(shown["said"])
    clock.off = timedelta(0)
    helpdesk.passes(minutes=15)
    assert ticket.field("breached") == "first_response"
    assert "breached" in ticket.ours
    assert len(ticket.notes) == len(before[2]) + 1
    assert parts(helpdesk)["clock"]["ok"] is True
    assert helpdesk.alarms("clock_skew") == 1


@pytest.mark.parametrize("calls", range(1, 7), ids=lambda calls: f"at call {calls}")
@pytest.mark.parametrize("off", SKEWS[-2:])
def test_what_was_written_before_steward_died_stands_though_its_clock_is_wrong_when_it_starts_again(
    helpdesk: Helpdesk, off: timedelta, calls: int
) -> None:
    deadly = Deadly(helpdesk.sandbox.adapter())
    wears(helpdesk, through=deadly)
    ticket = complaint(helpdesk)
    limit = ticket.clock("first_response").limit_at
    helpdesk.reaches(limit - timedelta(minutes=1))
    deadly.die_at(calls)
    with pytest.raises(Killed):
        helpdesk.reaches(limit)
    breached, ours, notes = ticket.field("breached"), ticket.ours, ticket.notes
    clock = wears(helpdesk, off=off)
    helpdesk.passes(minutes=20)
    # what was decided in time may be ended, and nothing else begun
    assert ticket.field("breached") in {breached, "first_response"}
    assert "breached" in ticket.ours or "breached" not in ours
    assert ticket.notes[: len(notes)] == notes
    clock.off = timedelta(0)
    helpdesk.passes(minutes=30)
    assert ticket.field("breached") == "first_response"
    assert [row.value_to for row in ticket.history if row.kind == "added"].count("steward:breached") == 1


def test_what_people_do_is_heard_while_the_clocks_are_apart(helpdesk: Helpdesk) -> None:
    clock = wears(helpdesk)
    ticket = complaint(helpdesk)
    clock.off = timedelta(days=2)
    helpdesk.passes(hours=1)
    other = helpdesk.complains("I want to complain: it burns.")
    assert other.field("kind") == "complaint"
    assert other.field("breached") is None
    ticket.answered(helpdesk.anna)
    helpdesk.works()
    assert ticket.clock("first_response").ended_at is not None
    assert ticket.field("breached") is None
    assert ticket.field("next_due") != "first_response"
    assert not ticket.ours & {"breached", "warned"}


def test_a_complaint_voiced_while_the_clocks_are_apart_is_suspected_at_once(helpdesk: Helpdesk) -> None:
    clock = wears(helpdesk)
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    clock.off = timedelta(days=2)
    helpdesk.passes(hours=1)
    helpdesk.mails("I want to complain about it.", to=ticket)
    helpdesk.works()
    assert ticket.ours == {"suspected"}


def test_a_proxy_with_a_wrong_clock_is_outvoted_by_zammads_own(helpdesk: Helpdesk) -> None:
    wears(helpdesk)
    ticket = complaint(helpdesk)
    clocks = helpdesk.service.zammad.client.clocks
    clocks.shown(helpdesk.now + timedelta(hours=5), since=clocks.mark(), own=False)
    assert not clocks.holds()
    helpdesk.reaches(ticket.clock("first_response").limit_at)
    helpdesk.works()
    assert ticket.field("breached") == "first_response"


def test_a_ticket_from_the_future_holds_nothing(helpdesk: Helpdesk) -> None:
    wears(helpdesk)
    ticket, odd = complaint(helpdesk), helpdesk.mails("An imported one")
    helpdesk.works()
    helpdesk.sandbox.world.tickets.put(odd.id, updated_at=helpdesk.now + timedelta(days=400))
    helpdesk.reaches(ticket.clock("first_response").limit_at)
    helpdesk.works()
    assert helpdesk.alarms("clock_skew") == 0
    assert ticket.field("breached") == "first_response"


def test_deadlines_go_on_where_zammad_does_not_tell_its_time(helpdesk: Helpdesk) -> None:
    wears(helpdesk)
    ticket = complaint(helpdesk)
    fault = {"kind": "status", "method": "POST", "path": "/tickets/search", "status": 500}
    helpdesk.post("/sandbox/faults", json={"seed": 1, "faults": [fault]})
    helpdesk.reaches(ticket.clock("first_response").limit_at)
    helpdesk.works()
    assert ticket.field("breached") == "first_response"


def test_what_a_wrong_clock_put_off_is_not_put_off_for_years(helpdesk: Helpdesk) -> None:
    clock = wears(helpdesk)
    ticket = complaint(helpdesk)
    looks = case_of(helpdesk, ticket).looks
    clock.off = timedelta(days=365 * 12)
    helpdesk.post(
        "/sandbox/faults",
        json={
            "seed": 1,
            "faults": [{"kind": "status", "path": "/tickets", "user_agent": "zammad-steward", "status": 502}],
        },
    )
    ticket.noted(helpdesk.anna)
    helpdesk.passes(minutes=5)
    helpdesk.sandbox.faults.clear()
    clock.off = timedelta(0)
    helpdesk.passes(minutes=15)
    with helpdesk.service.store.read() as connection:
        sweep = chores.get(connection, "sweep")
    case = case_of(helpdesk, ticket)
    assert case.not_before is None
    assert case.looks > looks
    assert case.version == ticket.row.updated_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert sweep is not None
    assert sweep.wake_at <= helpdesk.now + timedelta(minutes=10)
