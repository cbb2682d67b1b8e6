"""A plugin as one writes it first: reads the whole ticket and writes on every webhook, and polls for what is late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import requests

FIRST_RESPONSE = timedelta(hours=24)
OPEN = {"operator": "is not", "value": [4, 5]}


class Naive:
    """Knows one promise only, the first response; keeps it in two visible fields and notes of sender Agent."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self._url = f"{url}/api/v1"
        self._told: set[int] = set()

    def hears(self, ticket_id: int) -> None:
        """A webhook came: look at everything, and write down what was found."""
        ticket = self._read(ticket_id)
        state = "answered" if ticket["first_response_at"] else "waiting"
        self._write(ticket, state, f"The ticket was changed; it is {state}, due {self._due_at(ticket)}.")

    def polls(self, now: datetime) -> None:
        """No webhook tells that time has passed: look at every open ticket."""
        for ticket_id in self._open():
            ticket = self._read(ticket_id)
            late = not ticket["first_response_at"] and self._due_at(ticket) < now
            if late and ticket_id not in self._told:
                self._told.add(ticket_id)
                self._write(ticket, "late", f"The first response is late; it was due {self._due_at(ticket)}.")

    def _due_at(self, ticket: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(ticket["created_at"]) + FIRST_RESPONSE

    def _open(self) -> list[int]:
        condition = {"ticket.state_id": OPEN}
        found = self._ask("POST", "/tickets/search", {"condition": condition, "limit": 200, "full": True})
        return [int(one) for one in found["assets"].get("Ticket", {})]

    def _read(self, ticket_id: int) -> dict[str, Any]:
        ticket: dict[str, Any] = self._ask("GET", f"/tickets/{ticket_id}?all=true")["assets"]["Ticket"][str(ticket_id)]
        return ticket

    def _write(self, ticket: dict[str, Any], state: str, note: str) -> None:
        article = {"body": note, "type": "note", "sender": "Agent", "internal": True}
        due_at = self._due_at(ticket).isoformat()
        self._ask("PUT", f"/tickets/{ticket['id']}", {"promise": state, "promise_due_at": due_at, "article": article})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self._url}{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()
