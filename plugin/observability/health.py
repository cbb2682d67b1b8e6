"""The condition of a process, told by its threads and read by the health routes."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TICKETS_KEPT = 10
"""How many tickets an alarm is remembered with."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one part stands. ``said`` names the cause and the way out, without customer text; ``more`` are figures."""

    ok: bool
    said: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def this_process() -> str:
    """As a process signs what it tells the others."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Health:
    """The newest word on each part. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[str, Part] = {}
        self._alarms: dict[str, tuple[datetime, list[int]]] = {}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Health:
        """That of another process, as its ``told`` has it."""
        health = cls()
        for name, part in told["parts"].items():
            health.tell(name, ok=part["ok"], said=part["said"], **part["more"])
        for name, alarm in told["alarms"].items():
            health._alarms[name] = (datetime.fromisoformat(alarm["at"]), alarm["tickets"])
        return health

    def tell(self, name: str, *, ok: bool, said: str = "", **more: Any) -> None:
        """``name`` stands like this from now on."""
        part = Part(ok=ok, said=said, more=more)
        with self._lock:
            self._parts[name] = part

    def part(self, name: str) -> Part | None:
        with self._lock:
            return self._parts.get(name)

    def parts(self) -> Mapping[str, Part]:
        with self._lock:
            return dict(self._parts)

    def told(self) -> Mapping[str, Any]:
        """All of it as JSON, for other processes; ``of`` reads it."""
        with self._lock:
            parts = {
                name: {"ok": part.ok, "said": part.said, "more": dict(part.more)} for name, part in self._parts.items()
            }
            alarms = {name: {"at": at.isoformat(), "tickets": tickets} for name, (at, tickets) in self._alarms.items()}
        return {"parts": parts, "alarms": alarms}

    def note_alarm(self, name: str, *, at: datetime, ticket_id: int | None = None) -> None:
        """An alarm of that name was raised; see ``Alarms``."""
        with self._lock:
            _, tickets = self._alarms.get(name, (at, []))
            others = [one for one in tickets if one != ticket_id]
            named = [ticket_id] if ticket_id is not None else []
            self._alarms[name] = (at, [*named, *others][:TICKETS_KEPT])

    def alarms_since(self, moment: datetime) -> Mapping[str, tuple[datetime, list[int]]]:
        """The alarms raised since then: when last, and about which tickets, newest first."""
        with self._lock:
            return {name: told for name, told in sorted(self._alarms.items()) if told[0] >= moment}
