"""The local socket beside a SQLite file: how commands reach the one process that may write."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from plugin.model.errors import StewardError, Unavailable

COMMANDS = ("pause", "resume", "look", "retry", "activate", "release")
"""What a running process does for others; ``plugin.commands`` does it."""
LONGEST_LINE = 64 * 1024
CONNECT_SECONDS = 5.0
PATH_BYTES = 100
"""Unix sockets have room for 108 bytes of path; longer ones are named by way of their directory's handle."""

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class NotRunning(StewardError):
    """No process listens: work on the store directly."""


def socket_path(database: Path) -> Path:
    """Where the process that works on ``database`` listens."""
    return database.with_name(database.name + ".sock")


class ControlServer:
    """Answers commands, one JSON line each, in threads of its own. ``handlers`` maps a command to what does it.

    Only the user Steward runs as may connect. A handler's StewardError is told to the one who asked.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = handlers
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._serve, name="steward-control", daemon=True)

    def start(self) -> None:
        """Listen. The caller holds the store's process lock, so a socket that is there is a dead one's."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with _reachable(self._path) as address:
                self._listener.bind(address)
        finally:
            os.umask(before)
        self._listener.listen(16)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)
        if self._thread.is_alive():
            self._thread.join(timeout=CONNECT_SECONDS)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._answer, args=(connection,), name="steward-command", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(CONNECT_SECONDS)
            line = _read_line(connection)
            connection.settimeout(None)
            connection.sendall(orjson.dumps(self._do(line)) + b"\n")

    def _do(self, line: bytes) -> Mapping[str, Any]:
        try:
            asked = orjson.loads(line)
            handler = self._handlers[asked["command"]]
        except (ValueError, KeyError, TypeError):
            return {"error": "no such command"}
        try:
            return {"answer": handler(asked)}
        except Unavailable as failure:
            return {"error": str(failure), "unavailable": True}
        except StewardError as failure:
            return {"error": str(failure)}


def ask(path: Path, command: str, *, timeout: float = 60.0, **values: Any) -> Mapping[str, Any]:
    """Have the running process do ``command``; returns its answer. ``timeout`` is in seconds.

    Raises NotRunning where nobody listens, Unavailable where no answer comes, StewardError with what went wrong.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(CONNECT_SECONDS)
        try:
            with _reachable(path) as address:
                connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(f"{path}: no Steward listens here") from None
        except OSError as failure:
            raise StewardError(f"{path}: {failure.strerror}; run the command as Steward's user") from failure
        try:
            connection.sendall(orjson.dumps({"command": command, **values}) + b"\n")
            connection.settimeout(timeout)
            answer = orjson.loads(_read_line(connection))
        except (OSError, ValueError) as failure:
            raise Unavailable(f"{path}: Steward did not answer in {timeout:g} s; see its log") from failure
    return _told(answer)


def _told(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if "error" in answer:
        raise (Unavailable if answer.get("unavailable") else StewardError)(answer["error"])
    told: Mapping[str, Any] = answer["answer"]
    return told


def _read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
        part = connection.recv(4096)
        if not part:
            break
        line += part
    return line


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """An address for ``path`` that fits, however long its directory is."""
    if len(os.fsencode(path)) <= PATH_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
