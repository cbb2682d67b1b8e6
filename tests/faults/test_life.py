"""The life of a real process: it starts on a commit at once, ends soon when told, and goes on where it was."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from flask import request

from plugin import packs
from plugin.sandbox import Sandbox
from plugin.sandbox.faults import Fault
from tests.faults import outcome
from tests.faults.served import serving
from tests.faults.soak import START, Plan, opened
from tests.faults.steward import READY_SECONDS, StewardProcess, command
from tests.faults.zammad import SECRET, STEWARD, Known, tables
from tests.ports import free_port

PROMPT_SECONDS = 0.05
"""How soon an idle worker asks Zammad about what was just acknowledged, on a quiet machine."""
NOISE = 10
"""Others take most of a machine at times; tests/worker/test_loop.py has one that nobody rings for nap for long."""
ENDS_SECONDS, NOISE_SECONDS = 10.0, 10.0
"""How soon it ends that is told to, on a quiet machine, and what a busy one may add."""


@dataclass(slots=True)
class Office:
    """A sandbox in this process and a Steward in its own, both on the system's clock."""

    sandbox: Sandbox
    steward: StewardProcess
    asked: list[tuple[str, str, float]] = field(default_factory=list)

    def note(self) -> None:
        """What Steward asks, and when."""
        if STEWARD in request.headers.get("User-Agent", ""):
            self.asked.append((request.method, request.path, time.monotonic()))

    def ticket(self) -> Known:
        """A new ticket nobody has told Steward of."""
        with serving_session(self.sandbox) as session:
            body = {
                "title": "A question",
                "group": "First line",
                "customer_id": "guess:olga@customer.example",
                "article": {"body": "Where is it?", "type": "phone", "sender": "Customer", "internal": False},
            }
            made = session.post("http://sandbox.test/api/v1/tickets", json=body).json()
        return Known(id=int(made["id"]), number=str(made["number"]))

    def tell(self, ticket: Known) -> float:
        """A webhook about it; the moment it was acknowledged."""
        body = json.dumps({"ticket": {"id": ticket.id, "updated_at": str(time.monotonic())}}).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        answer = requests.post(
            f"http://{self.steward.settings['listen']}/zammad/ticket",
            data=body,
            headers={"X-Hub-Signature": f"sha1={signature}", "Content-Type": "application/json"},
            timeout=READY_SECONDS,
        )
        assert answer.status_code == 202
        return time.monotonic()

    def was_asked(self, method: str, path: str, *, since: float, within: float = READY_SECONDS) -> float:
        """Waits for a call of Steward's; the moment it came."""
        pause, ends = threading.Event(), time.monotonic() + within
        while time.monotonic() < ends:
            found = [at for m, p, at in list(self.asked) if (m, p) == (method, path) and at >= since]
            if found:
                return found[0]
            pause.wait(0.002)
        raise AssertionError(f"no {method} {path} within {within} s: {self.steward.tail()}")


def serving_session(sandbox: Sandbox) -> requests.Session:
    session = requests.Session()
    session.mount("http://sandbox.test", sandbox.adapter())
    session.headers["Authorization"] = f"Token token={sandbox.tokens['chief']}"
    return session


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with serving(Sandbox(like="6.5")) as (sandbox, address):
        settings = {
            "zammad_url": address,
            "zammad_token": sandbox.tokens["steward"],
            "webhook_secret": SECRET,
            "database_url": f"sqlite:///{tmp_path / 'steward.db'}",
            "listen": f"127.0.0.1:{free_port()}",
            "mode": "enforce",
            "rate": "1000",
            "quiet_time": "0",
            "unknown_wait": "15",
        }
        office = Office(sandbox, StewardProcess(settings=settings, log=tmp_path / "steward.log"))
        sandbox.app.before_request(office.note)
        office.steward.start()
        office.steward.wait_ready()
        yield office
        office.steward.close()


def test_an_idle_worker_starts_within_50_ms_of_the_commit(office: Office, tell: Tell) -> None:
    office.tell(office.ticket())  # the first look fetches catalogues too
    delays = []
    for _ in range(15):
        ticket = office.ticket()
        threading.Event().wait(0.2)
        began = time.monotonic()
        acknowledged = office.tell(ticket)
        asked = office.was_asked("GET", f"/api/v1/tickets/{ticket.id}", since=began)
        delays.append(max(0.0, asked - acknowledged))
    delays.sort()
    tell(f"acknowledged to first look: best {delays[0]:.4f} s, median {delays[7]:.4f} s, worst {delays[-1]:.4f} s")
    assert delays[3] < PROMPT_SECONDS * NOISE


def test_a_pack_is_put_in_force_without_a_restart(office: Office, tmp_path: Path) -> None:
    first = office.ticket()
    office.tell(first)
    own = tmp_path / "own.yaml"
    own.write_text(
        "pack: own\nextends: service-standard\nclocks:\n  first_response:\n    limit: 8 h\n", encoding="utf-8"
    )
    said = command(
        "pack",
        "activate",
        str(own),
        "--author",
        "ann",
        "--reason",
        "quicker",
        "--yes",
        "--force",
        **office.steward.settings,
    )
    assert said.returncode == 0, said.stderr
    assert "clocks.first_response.limit: 24 h → 8 h" in said.stdout
    second = office.ticket()
    office.tell(second)
    pause, ends = threading.Event(), time.monotonic() + READY_SECONDS
    limits: set[str] = set()
    while time.monotonic() < ends and limits != {"8 h"}:
        pause.wait(0.2)
        told = [command("case", "explain", str(t.id), "--json", **office.steward.settings) for t in (first, second)]
        clocks = [clock for one in told if one.returncode == 0 for clock in json.loads(one.stdout)["clocks"]]
        limits = {clock["allowed"] for clock in clocks if clock["name"] == "first_response"}
    assert limits == {"8 h"}, office.steward.tail()
    told_history = json.loads(command("pack", "history", "--json", **office.steward.settings).stdout)
    assert [step["author"] for step in told_history["history"]] == ["", "ann"]
    assert told_history["history"][-1]["cases"] == 2


@pytest.mark.parametrize("seconds", [2.0, 13.0], ids=["ends in time", "outlives the process"])
def test_told_to_end_it_ends_in_ten_seconds_and_the_next_goes_on(office: Office, seconds: float, tell: Tell) -> None:
    tickets = [office.ticket() for _ in range(6)]
    slow = Fault(kind="delay", method="PUT", seconds=seconds, user_agent=STEWARD)
    office.sandbox.faults.add(slow, now=office.sandbox.clock.now())
    for ticket in tickets:
        office.tell(ticket)
    threading.Event().wait(1.0)  # now PUTs are under way
    took = office.steward.stop()
    assert took <= ENDS_SECONDS + NOISE_SECONDS
    assert office.steward.process.returncode == 0
    office.sandbox.faults.clear()
    office.steward.start()
    pause, ends = threading.Event(), time.monotonic() + READY_SECONDS
    while time.monotonic() < ends and not all(kind_of(office, ticket) == "request" for ticket in tickets):
        pause.wait(0.1)
    world = tables(office.sandbox)
    tell(f"stopped after {took:.1f} s with calls of {seconds:g} s under way; all settled by the next process")
    assert [kind_of(office, ticket) for ticket in tickets] == ["request"] * len(tickets)
    assert list(outcome.doubled(world)) == []


def kind_of(office: Office, ticket: Known) -> object:
    return office.sandbox.world.tickets[ticket.id].steward_kind


POISON = '''
"""Cannot stand tickets of even id."""
from dataclasses import dataclass
CLAUSES = ("C3.1",)
AFTER = ()
@dataclass(frozen=True)
class Options:
    pass
def decide(case, options):
    if case.timeline.ticket_id % 2 == 0:
        raise ValueError("what the customer wrote")
    yield from ()
'''
"""A policy as somebody might drop it in."""
WITH_A_POLICY_MORE = """
import sys, plugin.policies
plugin.policies.__path__.append(sys.argv.pop(1))
from plugin.cli import main
main(["serve"])
"""

Tell = Callable[[str], None]


def test_a_policy_that_raises_parks_its_cases_alone_until_the_pack_is_mended(tmp_path: Path) -> None:
    (tmp_path / "dropped_in").mkdir()
    (tmp_path / "dropped_in" / "poison.py").write_text(POISON, encoding="utf-8")
    pack, shipped = tmp_path / "pack.yaml", packs.text_of("service-standard")
    pack.write_text(shipped.replace("\nrules:\n", "\nrules:\n  - policy: poison\n    mode: enforce\n", 1), "utf-8")
    with opened(Plan(seed=0, rounds=()), tmp_path / "run", pack=str(pack)) as soak:
        healthy = soak.steward.program
        soak.steward.program = [sys.executable, "-c", WITH_A_POLICY_MORE, str(tmp_path / "dropped_in")]
        soak.begin()
        mails = [("mei@customer.example", f"Matter {number}") for number in range(6)]
        tickets = [soak.zammad.mail(sender=sender, subject=subject, text="Where?") for sender, subject in mails]
        soak.pass_until(START + timedelta(hours=25))
        kinds = {row["id"]: row["steward_kind"] for row in soak.zammad.world()["tickets"]}
        assert {ticket.id for ticket in tickets if kinds[ticket.id] != "request"} == {t.id for t in tickets if even(t)}
        listed = command("case", "list", "--status", "parked", **soak.steward.settings)
        assert listed.stdout.count("ValueError at poison.py:11") == sum(map(even, tickets))
        assert "what the customer wrote" not in listed.stdout + soak.steward.log.read_text(encoding="utf-8")
        soak.steward.stop()
        soak.steward.program = healthy
        pack.write_text(shipped, encoding="utf-8")
        soak.steward.start()
        soak.steward.wait_ready()
        soak.pass_until(soak.zammad.now + timedelta(minutes=11))
        kinds = {row["id"]: row["steward_kind"] for row in soak.zammad.world()["tickets"]}
        assert {kinds[ticket.id] for ticket in tickets} == {"request"}


def even(ticket: Known) -> bool:
    return ticket.id % 2 == 0
