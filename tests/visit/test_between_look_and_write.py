"""What happens between Steward's look and its write: intents are on disk by then, and whoever was faster is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from plugin.model.effects import EffectKind, EffectState
from plugin.service import Service
from plugin.settings import Settings
from plugin.zammad.outcomes import Request
from tests.scenarios.helpdesk import Helpdesk, Ticket

API = "/api/v1"
OURS = "zammad-steward"


class Wire(BaseAdapter):
    """The way to the sandbox; ``before`` is done just before each call that changes something."""

    def __init__(self, inner: BaseAdapter, before: Callable[[Request], None]) -> None:
        super().__init__()
        self._inner = inner
        self._before = before

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        asked = Request(str(request.method), str(request.path_url).partition("?")[0].removeprefix(API))
        if asked.writes:
            self._before(asked)
        return self._inner.send(request, *args, **more)

    def close(self) -> None:
        self._inner.close()


def wired(helpdesk: Helpdesk, before: Callable[[Request], None]) -> None:
    """Steward is started anew and speaks over such a wire."""
    helpdesk.service.close()
    known, clock = Settings.from_environ(helpdesk.environ), helpdesk.sandbox.clock.now
    adapter = Wire(helpdesk.sandbox.adapter(), before)
    helpdesk.service = Service.open(known, web=True, worker=True, clock=clock, adapter=adapter)


def a_major_complaint(helpdesk: Helpdesk) -> Ticket:
    """A ticket Steward knows, and a word that makes it write a note, tags, fields and tasks."""
    ticket = helpdesk.mails("The machine is broken.", sender="juergen@handel.example")
    helpdesk.works()
    ticket.said(helpdesk.anna, "major")
    return ticket


@dataclass(slots=True)
class Witness:
    """Which effects had a committed intent at each write."""

    helpdesk: Helpdesk
    ticket: Ticket
    seen: list[tuple[Request, set[EffectKind]]] = field(default_factory=list)

    def note(self, asked: Request) -> None:
        known = self.helpdesk.effects_of(self.ticket)
        self.seen.append((asked, {effect.kind for effect in known if effect.state is EffectState.INTENDED}))


def test_every_intent_is_committed_before_its_call(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    witness = Witness(helpdesk, ticket)
    wired(helpdesk, witness.note)
    helpdesk.works()
    assert ticket.notes
    intended = {kind for _, kinds in witness.seen for kind in kinds}
    assert {EffectKind.NOTE, EffectKind.FIELDS, EffectKind.TAG_ADD} <= intended
    assert [str(asked) for asked, kinds in witness.seen if not kinds] == []


def test_what_was_seen_is_on_disk_before_anything_is_done_because_of_it(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    known = len(helpdesk.timeline_of(ticket))
    facts: list[int] = []
    wired(helpdesk, lambda _asked: facts.append(len(helpdesk.timeline_of(ticket))))
    helpdesk.works()
    assert facts
    assert min(facts) > known


def test_what_was_seen_is_kept_where_nothing_could_be_planned(helpdesk: Helpdesk) -> None:
    """Zammad answers to the look, and no more where people are looked for."""
    ticket = a_major_complaint(helpdesk)
    ticket.noted(helpdesk.anna, "About: Anna Erste")
    known = len(helpdesk.timeline_of(ticket))
    refused = {"kind": "status", "path": "/users/search", "user_agent": OURS, "status": 503}
    helpdesk.post("/sandbox/faults", json={"seed": 1, "faults": [refused]})
    writes: list[Request] = []
    wired(helpdesk, writes.append)
    helpdesk.works()
    assert writes == []
    assert len(helpdesk.timeline_of(ticket)) > known

    helpdesk.sandbox.faults.clear()
    helpdesk.passes(minutes=15)
    assert ticket.notes


def test_what_zammad_put_off_and_nobody_wants_any_more_ends(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    put_off = {
        "kind": "rate_limit",
        "path": "/tickets/",
        "method": "PUT",
        "user_agent": OURS,
        "seconds": 60,
        "count": 1,
    }
    helpdesk.post("/sandbox/faults", json={"seed": 1, "faults": [put_off]})
    while not any(effect.state is EffectState.REFUSED for effect in helpdesk.effects_of(ticket)):
        helpdesk.passes(seconds=1)
    ticket.said(helpdesk.anna, "general")
    helpdesk.passes(minutes=25)
    assert {effect.state for effect in helpdesk.effects_of(ticket)} == {EffectState.APPLIED, EffectState.VOID}


def test_the_outcome_of_every_call_is_committed_before_the_next_one(helpdesk: Helpdesk) -> None:
    ticket = a_major_complaint(helpdesk)
    under_way: list[set[str]] = []

    def note(_asked: Request) -> None:
        known = helpdesk.effects_of(ticket)
        under_way.append({effect.op_key for effect in known if effect.state is EffectState.INTENDED})

    wired(helpdesk, note)
    helpdesk.works()
    assert len(under_way) > 3
    assert [keys for before, keys in pairwise(under_way) if before & keys] == []
    assert {effect.state for effect in helpdesk.effects_of(ticket)} == {EffectState.APPLIED}


def test_whoever_was_faster_than_our_put_is_seen_at_once(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    faster: list[Request] = []

    def takes_it(asked: Request) -> None:
        if asked.method == "PUT" and not faster:
            faster.append(asked)
            helpdesk.drop_deliveries = True  # nobody tells us: the answer of our own PUT has to
            ticket.owned(helpdesk.anna)

    wired(helpdesk, takes_it)
    helpdesk.works()
    assert len(faster) == 1
    assert ticket.field("first_responder") == "anna"


Faster = Callable[[Helpdesk, Ticket], None]


@pytest.mark.parametrize(
    "does",
    [
        pytest.param(lambda desk, ticket: ticket.put(desk.admin, steward_kind="complaint"), id="sets what we set"),
        pytest.param(lambda desk, ticket: ticket.put(desk.chief, steward_tier="general"), id="sets what we leave"),
        pytest.param(lambda desk, ticket: ticket.said_from_a_list(desk.anna, "complaint"), id="says it from a list"),
    ],
)
def test_what_our_puts_answer_cannot_tell_is_seen_when_it_is_heard(helpdesk: Helpdesk, does: Faster) -> None:
    ticket = helpdesk.mails("Where is my order?")
    faster: list[Request] = []

    def is_faster(asked: Request) -> None:
        if asked.method == "PUT" and not faster:
            faster.append(asked)
            does(helpdesk, ticket)

    wired(helpdesk, is_faster)
    helpdesk.works()
    assert len(faster) == 1
    helpdesk.passes(seconds=20)
    assert (ticket.field("kind"), ticket.field("tier")) == ("complaint", "general")


def test_a_version_that_ran_backwards_is_looked_at_by_the_sweep(helpdesk: Helpdesk) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    known_at = ticket.row.updated_at
    helpdesk.drop_deliveries = True
    ticket.owned(helpdesk.anna)
    set_back(helpdesk, ticket, known_at - timedelta(seconds=2))
    helpdesk.passes(minutes=11)
    assert ticket.field("first_responder") == "anna"


def test_a_change_that_was_committed_late_is_found_by_the_sweep(helpdesk: Helpdesk) -> None:
    slow, quick = helpdesk.mails("Where is my order?"), helpdesk.mails("When do you open?")
    helpdesk.works()
    helpdesk.drop_deliveries = True
    helpdesk.passes(minutes=5)
    before = slow.row.updated_at
    slow.owned(helpdesk.anna)
    began = slow.row.updated_at
    set_back(helpdesk, slow, before)  # not to be seen yet
    helpdesk.passes(seconds=30)
    quick.owned(helpdesk.ben)
    helpdesk.passes(minutes=6)
    assert quick.field("first_responder") == "ben"
    set_back(helpdesk, slow, began)
    helpdesk.passes(minutes=11)
    assert slow.field("first_responder") == "anna"


def set_back(helpdesk: Helpdesk, ticket: Ticket, moment: datetime) -> None:
    """As where a parallel writer began earlier and committed later: the version is an older moment than the last."""
    world = helpdesk.sandbox.world
    with world.lock:
        world.tickets.put_all(ticket.id, {"updated_at": moment})
        world.journal.forget()
