"""The people of the story at their keyboards: what a step asks of them, done through Zammad's own calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests

from plugin.demo.story import Call, Finish, Form, Mail, Merge, Say, Step, Write
from plugin.model.errors import StewardError

WORDS = (
    *("complaint", "request", "none", "accept", "decline", "general", "serious", "major", "waiting", "resume"),
    *("extend", "assessed", "not-ours", "outside-help", "plan-ready", "result-told", "satisfied", "dissatisfied"),
    *("third-party", "mediation", "arbitration", "court", "settled", "interruption", "restored"),
)
"""Words with a macro (README)."""
CHANNEL_GROUP = "First line"
TIMEOUT_SECONDS = 30.0


class StoryError(StewardError):
    """The sandbox did not do what the story asked: the step, and what was answered."""


class People:
    """Agents by their tokens, customers by mail or password. ``tickets`` are the ids of the story's tickets."""

    def __init__(self, url: str, *, tokens: Mapping[str, str]) -> None:
        self._url = url
        self._tokens = tokens
        self._session = requests.Session()
        # the address is our own: no proxy of the environment knows it
        self._session.trust_env = False
        self._macros: dict[str, int] = {}
        self.tickets: dict[str, int] = {}

    def make_macros(self) -> None:
        """What an administrator installs by README: a macro for each word."""
        for word in WORDS:
            perform = {
                "ticket.tags": {"operator": "add", "value": f"steward:say:{word}"},
                "article.note": {"body": f"Steward: {word}", "subject": "Steward", "internal": "true"},
            }
            macro = {"name": f"Steward: {word}", "active": True, "ux_flow_next_up": "none", "perform": perform}
            self._macros[word] = self._ask("POST", "/api/v1/macros", who="admin", json=macro)["id"]

    def do(self, step: Step) -> None:
        """Carry out one step. Raises StoryError where the sandbox refuses it."""
        match step.act:
            case Mail():
                self._mail(step, step.act)
            case Call():
                self._call(step, step.act)
            case Form():
                self._form(step, step.act)
            case Write():
                self._write(step, step.act)
            case Say():
                asked = {"ticket_ids": [self._ticket(step)], "macro_id": self._macros[step.act.word]}
                self._ask("POST", "/api/v1/tickets/mass_macro", who=step.who, json=asked)
            case Merge():
                target = self._look(self.tickets[step.act.into])
                path = f"/api/v1/ticket_merge/{self._ticket(step)}/{target['number']}"
                self._ask("PUT", path, who=step.who, json={})
            case Finish():
                self._finish(step, step.act)

    def close(self) -> None:
        """Ends the connections."""
        self._session.close()

    # -- acts ---------------------------------------------------------------------------------------------------------

    def _mail(self, step: Step, act: Mail) -> None:
        raw = act.raw
        if step.ticket in self.tickets:
            raw = raw.replace("{number}", str(self._look(self.tickets[step.ticket])["number"]))
        received = self._ask("POST", "/sandbox/mail", data=raw.strip().replace("\n", "\r\n").encode())
        self.tickets.setdefault(step.ticket, received["ticket_id"])

    def _call(self, step: Step, act: Call) -> None:
        article = {"type": "phone", "sender": "Customer", "subject": act.title, "body": act.text, "internal": False}
        made = {"title": act.title, "customer": act.customer, "group": CHANNEL_GROUP, "article": article}
        ticket = self._ask("POST", "/api/v1/tickets", who=step.who, json={**made, **act.changes})
        self.tickets[step.ticket] = ticket["id"]

    def _form(self, step: Step, act: Form) -> None:
        article = {"type": "web", "subject": act.title, "body": act.text, "internal": False}
        asked = {"title": act.title, "group": CHANNEL_GROUP, "article": article}
        self.tickets[step.ticket] = self._ask("POST", "/api/v1/tickets", who=step.who, json=asked)["id"]

    def _write(self, step: Step, act: Write) -> None:
        ticket_id = self._ticket(step)
        changes = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in act.changes.items()}
        if act.answer:
            changes["article"] = self._answer(ticket_id, act.answer)
        elif act.note:
            changes["article"] = {"type": "note", "body": act.note, "internal": True}
        self._ask("PUT", f"/api/v1/tickets/{ticket_id}", who=step.who, json=changes)

    def _answer(self, ticket_id: int, body: str) -> dict[str, Any]:
        ticket = self._look(ticket_id)
        return {
            "type": "email",
            "sender": "Agent",
            "internal": False,
            "to": ticket["customer"],
            "subject": f"Re: {ticket['title']}",
            "body": body,
        }

    def _finish(self, step: Step, act: Finish) -> None:
        ticket_id = self._ticket(step)
        item = self._item(ticket_id, act.task)
        if item is not None:
            self._ask("PUT", f"/api/v1/checklist_items/{item}", who=step.who, json={"checked": True})
            return
        task = self._task(ticket_id, act.task)
        if task is None:
            raise StoryError(f"{step.ticket}: {step.who} finds no task “{act.task}”")
        # a visit counts with an article as proof
        outcome = {"body": "Done, and the customer says so.", "internal": True}
        self._ask("PUT", f"/api/v1/tickets/{task}", who=step.who, json={"state": "closed", "article": outcome})

    def _item(self, ticket_id: int, task: str) -> int | None:
        checklist_id = self._look(ticket_id).get("checklist_id")
        if checklist_id is None:
            return None
        checklist = self._ask("GET", f"/api/v1/checklists/{checklist_id}", who="admin")
        items = (self._ask("GET", f"/api/v1/checklist_items/{i}", who="admin") for i in checklist["item_ids"])
        return next((item["id"] for item in items if item["text"].startswith(task) and not item["checked"]), None)

    def _task(self, ticket_id: int, task: str) -> int | None:
        path = f"/api/v1/links?link_object=Ticket&link_object_value={ticket_id}"
        linked = [link["link_object_value"] for link in self._ask("GET", path, who="admin")["links"]]
        tickets = (self._look(other) for other in linked)
        # the newest first: after a reopening there may be an older one, done
        found = [t["id"] for t in tickets if t["title"].startswith(task) and t["state"] != "closed"]
        return max(found, default=None)

    # -- calls --------------------------------------------------------------------------------------------------------

    def _ticket(self, step: Step) -> int:
        return self.tickets[step.ticket]

    def _look(self, ticket_id: int) -> dict[str, Any]:
        ticket: dict[str, Any] = self._ask("GET", f"/api/v1/tickets/{ticket_id}?expand=true", who="admin")
        return ticket

    def _ask(self, method: str, path: str, *, who: str = "", **what: Any) -> Any:
        headers, login = {}, None
        if who in self._tokens:
            headers["Authorization"] = f"Token token={self._tokens[who]}"
        elif who:
            login = (who, who.partition("@")[0])
        answer = self._session.request(
            method, f"{self._url}{path}", headers=headers, auth=login, timeout=TIMEOUT_SECONDS, **what
        )
        if not answer.ok:
            raise StoryError(f"{who or 'mail'}: {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()
