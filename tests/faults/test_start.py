"""The receiver answers before anything else is up, and a mistake still ends the process with one line."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from bench.sender import SECRET, send, signed
from plugin import commands, packs
from plugin.control import COMMANDS
from plugin.ground import Ground
from plugin.running import Work
from plugin.settings import Settings
from plugin.store import inbox
from plugin.store import packs as kept_packs
from plugin.store.store import Store
from tests.faults import disk
from tests.faults.replicas import wait_until
from tests.faults.steward import READY_SECONDS, StewardProcess, command
from tests.ports import free_port
from tests.scenarios.helpdesk import open_helpdesk

BODY = b'{"ticket":{"id":7,"updated_at":"2026-11-20T11:59:58.123Z"}}'
SHIPPED = packs.text_of("service-standard")
WRONG = SHIPPED.replace("\nlanguage: en", "\nlanguage: tlh")


@pytest.fixture
def hanging_zammad() -> Iterator[str]:
    """Takes every call, and never answers one."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def steward(tmp_path: Path, hanging_zammad: str) -> Iterator[StewardProcess]:
    settings = {
        "zammad_url": hanging_zammad,
        "zammad_token": "a-token",
        "webhook_secret": SECRET,
        "database_url": f"sqlite:///{tmp_path / 'steward.db'}",
        "listen": f"127.0.0.1:{free_port()}",
        "pack": str(tmp_path / "pack.yaml"),
    }
    (tmp_path / "pack.yaml").write_text(SHIPPED, encoding="utf-8")
    process = StewardProcess(settings=settings, log=tmp_path / "steward.log")
    yield process
    process.close()


def write_pack(steward: StewardProcess, text: str) -> None:
    Path(steward.settings["pack"]).write_text(text, encoding="utf-8")


def deliver(steward: StewardProcess, body: bytes) -> dict[int, int]:
    host, _, port = steward.settings["listen"].partition(":")
    return send((host, int(port)), [signed(body)], connections=1).counts


def open_store(steward: StewardProcess) -> Store:
    return Store.open(steward.settings["database_url"])


def ends(steward: StewardProcess) -> str:
    """What it says on the way to its end, which is a failure."""
    assert steward.process.wait(READY_SECONDS) == 1
    return steward.tail()


def test_deliveries_are_acknowledged_while_zammad_hangs(steward: StewardProcess, tell: Callable[[str], None]) -> None:
    for start in ("first", "second"):
        began = time.monotonic()
        steward.start()
        steward.wait_ready()
        assert deliver(steward, BODY.replace(b"7", str(len(start)).encode(), 1)) == {202: 1}
        tell(f"{start} start to the first 202: {time.monotonic() - began:.2f} s")
        assert "Zammad cannot be reached" not in steward.tail()  # it still waits for the first answer
        steward.kill()
    with open_store(steward) as store, store.read() as connection:
        assert sum(inbox.counts(connection).values()) == 2


def test_a_command_waits_for_a_process_that_has_just_started(steward: StewardProcess) -> None:
    steward.start()
    steward.wait_ready()
    done = command("pause", **steward.settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Writing is paused" in done.stdout


def test_a_mistake_in_a_changed_pack_is_told_before_the_door_opens(steward: StewardProcess) -> None:
    steward.start()
    steward.wait_ready()
    while not kept(steward):
        assert not steward.died(within=0.05), steward.tail()
    steward.kill()
    write_pack(steward, WRONG)
    before = steward.tail()
    steward.start()
    said = ends(steward).removeprefix(before)
    assert "STEWARD_PACK: " in said
    assert "listening" not in said


def kept(steward: StewardProcess) -> bool:
    """Whether the process has worked by the pack it was given."""
    store = Store.open_for_reading(steward.settings["database_url"])
    with store, store.read() as connection:
        return kept_packs.is_kept(connection, SHIPPED)


def test_a_pack_that_an_older_steward_took_and_this_one_does_not_ends_it(steward: StewardProcess) -> None:
    with open_store(steward) as store, store.write() as connection:
        kept_packs.keep(connection, name="odd", version="1", text=WRONG, now=datetime.now(UTC))
    write_pack(steward, WRONG)
    steward.start()
    said = ends(steward)
    assert "steward: STEWARD_PACK: " in said
    assert "Traceback" not in said


def test_a_store_that_becomes_unavailable_while_steward_starts_is_waited_for(steward: StewardProcess) -> None:
    settings = Settings.from_environ({f"STEWARD_{name.upper()}": value for name, value in steward.settings.items()})
    with Ground.open(settings) as ground:
        work = Work(ground, None, worker=True, pack=None, on_end=lambda: None)
        with structlog.testing.capture_logs() as said, disk.locked(settings.sqlite_file):
            work.start()
            wait_until(lambda: "store unavailable" in {line["event"] for line in said}, "it meets the lock")
        assert work.service().worker is not None
        work.stop()
        work.end(READY_SECONDS)
    assert work.failure is None


def test_the_running_process_is_asked_for_what_it_does(tmp_path: Path) -> None:
    helpdesk = open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}")
    assert commands.handlers(helpdesk.service.hands()).keys() == set(COMMANDS)
    helpdesk.service.close()
