"""Commands reach the running process by its local socket, and no other user's do."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from plugin.control import ControlServer, NotRunning, ask, socket_path
from plugin.model.errors import Refused, StewardError, Unavailable


def look(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"ticket_id": asked["ticket_id"], "words": "Küche 冰箱"}


def refuse(_: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Refused("ticket 7: merged; look at 8")


def wait(_: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Unavailable("Zammad is down")


@pytest.fixture(params=["steward.db", "d" * 90 + "/" + "e" * 90 + "/steward.db"], ids=["short path", "long path"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    database = tmp_path / str(request.param)
    database.parent.mkdir(parents=True, exist_ok=True)
    at = socket_path(database)
    server = ControlServer(at, {"look": look, "refuse": refuse, "wait": wait})
    server.start()
    yield at
    server.close()


def test_a_command_is_done_by_the_running_process(path: Path) -> None:
    assert ask(path, "look", ticket_id=7) == {"ticket_id": 7, "words": "Küche 冰箱"}
    assert ask(path, "look", ticket_id=8)["ticket_id"] == 8


@pytest.mark.parametrize(
    ("command", "kind", "said"),
    [
        ("refuse", StewardError, "ticket 7: merged; look at 8"),
        ("wait", Unavailable, "Zammad is down"),
        ("dance", StewardError, "no such command"),
    ],
)
def test_what_goes_wrong_is_told_to_the_one_who_asked(
    path: Path, command: str, kind: type[StewardError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        ask(path, command)


@pytest.mark.parametrize(
    "line",
    [b"\n", b"hello\n", b"[1]\n", b"{}\n", b'{"command":[]}\n', b"\xff\xfe\n", b"[" * 70_000],
    ids=["empty", "no JSON", "list", "no command", "strange command", "no UTF-8", "endless"],
)
def test_nonsense_does_no_harm(tmp_path: Path, line: bytes) -> None:
    at = socket_path(tmp_path / "steward.db")
    server = ControlServer(at, {"look": look})
    server.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(at))
        client.sendall(line)
        assert client.recv(4096) == b'{"error":"no such command"}\n'
    assert ask(at, "look", ticket_id=7)["ticket_id"] == 7
    server.close()


def test_the_socket_is_for_its_owner_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_nobody_listening_is_said_so_that_the_command_can_work_alone(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="no Steward listens here"):
        ask(socket_path(tmp_path / "steward.db"), "look")


def test_a_dead_process_socket_is_taken_over(tmp_path: Path) -> None:
    at = socket_path(tmp_path / "steward.db")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(at))
    dead.close()
    with pytest.raises(NotRunning):
        ask(at, "look")
    server = ControlServer(at, {"look": look})
    server.start()
    assert ask(at, "look", ticket_id=7)["ticket_id"] == 7
    server.close()
    assert not at.exists()
