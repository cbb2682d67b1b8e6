"""A disk that fails: 503 with the cause, nothing acknowledged lost, none doubled, well again without a restart."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import requests
import sqlalchemy
from flask import request

from plugin.sandbox import Sandbox
from plugin.store.store import Store
from tests.faults import disk, outcome
from tests.faults.disk import Shim
from tests.faults.served import serving
from tests.faults.steward import STEWARD as COMMAND
from tests.faults.steward import StewardProcess
from tests.faults.zammad import SECRET, STEWARD, tables
from tests.ports import free_port

Tell = Callable[[str], None]
Failing = Callable[[], AbstractContextManager[None]]

RECOVERY_SECONDS = 10.0
NOISE_SECONDS = 20.0
"""What a machine on which others work may add to it."""
LONGEST_WAIT = 120.0
TICKETS = 6


@dataclass(slots=True)
class Office:
    """A sandbox in this process, a Steward in its own, both on the system's clock, and what was promised to Zammad."""

    sandbox: Sandbox
    steward: StewardProcess
    store_url: str
    acknowledged: list[bytes] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    count: int = 0

    def note(self) -> None:
        """What Steward changes."""
        is_change = request.method != "GET" and not request.path.endswith(("/search", "/perform"))
        if is_change and STEWARD in request.headers.get("User-Agent", ""):
            self.written.append(f"{request.method} {request.path}")

    def ticket(self) -> int:
        """A new ticket nobody has told Steward of."""
        session = requests.Session()
        session.mount("http://sandbox.test", self.sandbox.adapter())
        session.headers["Authorization"] = f"Token token={self.sandbox.tokens['chief']}"
        article = {"body": "Where is it?", "type": "phone", "sender": "Customer", "internal": False}
        body = {"title": "A question", "group": "First line", "customer_id": "guess:olga@customer.example"}
        return int(session.post("http://sandbox.test/api/v1/tickets", json=body | {"article": article}).json()["id"])

    def tell(self, ticket_id: int) -> int:
        """A webhook about it, of the size of real ones; the status of the answer."""
        self.count += 1
        ticket = {"id": ticket_id, "updated_at": str(self.count)}
        body = json.dumps({"ticket": ticket, "article": {"body": "x" * 9000}}).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        headers = {"X-Hub-Signature": f"sha1={signature}", "Content-Type": "application/json"}
        answer = requests.post(f"{self.address}/zammad/ticket", data=body, headers=headers, timeout=30)
        if answer.status_code == 202:
            self.acknowledged.append(hashlib.sha256(body).digest())
        else:
            assert answer.headers["Retry-After"] == "10"
        return answer.status_code

    @property
    def address(self) -> str:
        return f"http://{self.steward.settings['listen']}"

    def store_part(self) -> tuple[int, str]:
        """Whether it calls itself ready, and what it says of its store."""
        answer = requests.get(f"{self.address}/readyz", timeout=30)
        return answer.status_code, str(answer.json()["parts"]["store"]["said"])

    def turned_away(self) -> float:
        """How many deliveries its figures say were answered 503 for the store."""
        lines = requests.get(f"{self.address}/metrics", timeout=30).text.splitlines()
        found = [line for line in lines if line.startswith('steward_deliveries_total{result="unavailable"}')]
        return float(found[0].rpartition(" ")[2]) if found else 0.0

    def kind(self, ticket_id: int) -> object:
        return self.sandbox.world.tickets[ticket_id].get("steward_kind")

    def lost(self) -> list[bytes]:
        """What was acknowledged and is not in the store."""
        engine = sqlalchemy.create_engine(self.store_url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            kept = {bytes(row[0]) for row in connection.exec_driver_sql("SELECT digest FROM inbox")}
        return [digest for digest in self.acknowledged if digest not in kept]


def waits(until: Callable[[], bool], *, seconds: float = LONGEST_WAIT, every: float = 0.05) -> float:
    """How long it took."""
    pause, began = threading.Event(), time.monotonic()
    while not until():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s"
        pause.wait(every)
    return time.monotonic() - began


@contextmanager
def opened(directory: Path, store_url: str, shim: Shim | None = None) -> Iterator[Office]:
    with serving(Sandbox(like="6.5")) as (sandbox, address):
        settings = {
            "zammad_url": address,
            "zammad_token": sandbox.tokens["steward"],
            "webhook_secret": SECRET,
            "database_url": store_url,
            "listen": f"127.0.0.1:{free_port()}",
            "mode": "enforce",
            "rate": "1000",
            "quiet_time": "0",
            "unknown_wait": "5",
        }
        below = [] if shim is None else ["env", *(f"{name}={value}" for name, value in shim.environment.items())]
        steward = StewardProcess(settings=settings, log=directory / "steward.log", program=[*below, COMMAND, "serve"])
        office = Office(sandbox, steward, store_url)
        sandbox.app.before_request(office.note)
        steward.start()
        try:
            steward.wait_ready()
            yield office
        finally:
            steward.close()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return disk.compiled(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def shim(library: Path, tmp_path: Path) -> Shim:
    shim = Shim(library, root=tmp_path / "store", state=tmp_path / "disk")
    shim.root.mkdir()
    (shim.state / "kept").mkdir(parents=True)
    return shim


# -- every cause ------------------------------------------------------------------------------------------------------


def endures(office: Office, failing: Failing, *, cause: str, tell: Tell, name: str) -> None:
    """The story every cause is put through: well, ill in the midst of work, well again."""
    tickets = [office.ticket() for _ in range(TICKETS)]
    assert office.tell(tickets[0]) == 202
    waits(lambda: office.kind(tickets[0]) == "request")
    for ticket in tickets[1:]:
        assert office.tell(ticket) == 202
    with failing():
        waits(lambda: office.tell(tickets[0]) == 503, every=0.0)
        # what was under way when it began may still end; then nothing is written without an intent on disk
        written, refused = settled_down(office), 1
        refused += office.tell(tickets[1]) == 503
        status, said = office.store_part()
        assert status == 503
        assert cause in said
        assert office.steward.process.poll() is None
        assert len(office.written) == written
        assert refused == 2
    ready = waits(lambda: office.store_part()[0] == 200)
    assert office.tell(tickets[2]) == 202
    waits(lambda: all(office.kind(ticket) == "request" for ticket in tickets))
    tell(
        f"{name}: ready again by itself after {ready:.1f} s; {len(office.acknowledged)} deliveries acknowledged, "
        f"{office.turned_away():.0f} turned away, 0 lost"
    )
    assert ready <= RECOVERY_SECONDS + NOISE_SECONDS
    assert office.turned_away() >= 1
    log = office.steward.log.read_text(encoding="utf-8")
    assert "store unavailable" in log
    assert cause in log
    assert list(outcome.doubled(tables(office.sandbox))) == []
    office.steward.kill()
    assert office.lost() == []


def settled_down(office: Office) -> int:
    """How many calls had been made once none came for four seconds."""
    pause, before = threading.Event(), -1
    while len(office.written) != before:
        before = len(office.written)
        pause.wait(4)
    return before


@pytest.mark.parametrize(
    ("flag", "cause"),
    [
        pytest.param("full", "database or disk is full", id="no space left"),
        pytest.param("readonly", "disk I/O error", id="a file system that became read-only"),
        pytest.param("fsync", "disk I/O error", id="an fsync that fails"),
    ],
)
def test_a_failing_disk_is_said_and_outlived(shim: Shim, tmp_path: Path, flag: str, cause: str, tell: Tell) -> None:
    url = f"sqlite:///{shim.root / 'steward.db'}"
    with opened(tmp_path, url, shim) as office:
        endures(office, partial(shim.failing, flag), cause=cause, tell=tell, name=flag)
        shim.cut_power()
        assert office.lost() == []


def test_a_full_file_system_is_said_and_outlived(tmp_path: Path, tell: Tell) -> None:
    place = tmp_path / "small"
    with disk.small_file_system(place) as is_real:
        if not is_real:
            tell("a full file system: nobody may mount one here; the shim's ENOSPC stands for it")
            return
        with opened(tmp_path, f"sqlite:///{place / 'steward.db'}") as office:
            endures(office, partial(disk.filled, place), cause="disk is full", tell=tell, name="a full tmpfs")


def test_a_database_another_program_keeps_locked_is_said_and_outlived(tmp_path: Path, tell: Tell) -> None:
    file = tmp_path / "steward.db"
    with opened(tmp_path, f"sqlite:///{file}") as office:
        endures(office, partial(disk.locked, file), cause="lock", tell=tell, name="locked by another program")


def test_a_read_only_postgresql_is_said_and_outlived(postgresql_url: str, tmp_path: Path, tell: Tell) -> None:
    with opened(tmp_path, postgresql_url) as office:
        endures(
            office,
            partial(disk.read_only, postgresql_url),
            cause="read-only transaction",
            tell=tell,
            name="a read-only PostgreSQL",
        )


# -- what an fsync that failed leaves behind --------------------------------------------------------------------------


def test_what_is_acknowledged_after_a_restart_rests_on_no_write_that_was_lost(shim: Shim, tmp_path: Path) -> None:
    """After a failed fsync the cache shows what the disk does not have, and a new process believes it."""
    with opened(tmp_path, f"sqlite:///{shim.root / 'steward.db'}", shim) as office:
        tickets = [office.ticket() for _ in range(TICKETS)]
        assert office.tell(tickets[0]) == 202
        with shim.failing("fsync"):
            assert office.tell(tickets[1]) == 503
            office.steward.kill()
        office.steward.start()
        office.steward.wait_ready()
        for ticket in tickets:
            assert office.tell(ticket) == 202
        office.count = 1
        assert office.tell(tickets[1]) == 202  # the very delivery that was turned away
        office.steward.kill()
        shim.cut_power()
        assert office.lost() == []
        with closing(sqlite3.connect(shim.root / "steward.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        Store.open(office.store_url).close()
