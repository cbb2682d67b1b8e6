"""Carries out stage directions: what was done to the recorded server behind its API, or without being recorded."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plugin.sandbox.conform.bench import Bench
from plugin.sandbox.conform.credentials import Credentials
from plugin.sandbox.conform.deliveries import arrival_of
from plugin.sandbox.conform.directions import Direction, length, moment
from plugin.sandbox.conform.identities import Identities
from plugin.sandbox.conform.requests import Request, own_path
from plugin.sandbox.conform.stories import Step, Story

REPEATED = re.compile(r"(\d+) x (GET|PUT) (/\S+) as (\w+)")
LISTED = re.compile(r"\d+ x POST /checklist_items as (\w+) with the texts n(\d+) to n(\d+) to the first checklist")
WRONG_PASSWORDS = re.compile(r"(\d+) x GET /users/me with another wrong password")
MAIL_GROUP = re.compile(r'mail channel was set behind the API to put new tickets into the group "([^"]+)"')
CUT_BODIES = re.compile(r"bodies of all articles of ticket \d+ longer than ([\d,]+) characters were replaced")
ROLE_SET = re.compile(r"the probe role was set behind the API to (?!exactly)([\w.]+)$")
RIGHTS_SET = re.compile(r'step (\d+) the rights of the probe user in the group "([^"]+)" were set behind the API')
WORK_IN_PROGRESS = re.compile(r"ids of all states that count as work in progress")


class Stage:
    """The hands behind the scenes; recorded ids in directions are turned into the sandbox's."""

    def __init__(self, bench: Bench, *, identities: Identities, credentials: Credentials) -> None:
        self._bench = bench
        self._identities = identities
        self._credentials = credentials
        self._earlier: Sequence[Step] = ()
        self._later: Sequence[Step] = ()

    def carry_out(self, direction: Direction, story: Story) -> bool:
        """Do what one direction says, and tell whether it was understood; sentences that only explain do nothing.

        What was sent but not recorded can show in a later step of the story.
        """
        self._earlier, self._later = story.steps[: direction.before_step], story.steps[direction.before_step :]
        acts: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "shift": self._shift,
            "check": lambda detail: self._bench.check(detail["name"]),
            "job": self._run_job,
            "setting": self._set,
            "worker": self._worker,
            "other": self._other,
        }
        if direction.do not in acts:
            return False
        try:
            acts[direction.do](direction.detail)
        except LookupError:
            # a check, a unit or a record that is none of the sandbox's
            return False
        return True

    def read_as(self, person: str, path: str) -> None:
        """A read nobody recorded."""
        self._bench.call(Request("GET", path, self._credentials.of(person), None))

    def _shift(self, detail: Mapping[str, Any]) -> None:
        now = self._bench.now()
        if "amount" in detail:
            amount = length(detail["amount"])
            change = lambda before: before + amount  # noqa: E731 - one of two ways to move a time
        else:
            to = moment(detail["to"], now=now)
            change = lambda _before: to  # noqa: E731 - the other way
        if detail["object"] == "history":
            ticket_id = self._own("Ticket", detail["of_ticket"])
            self._bench.shift_history(ticket_id, kind=detail["rows"], columns=detail["columns"], change=change)
            return
        ticket_id = self._own("Ticket", detail["id"])
        self._bench.shift_ticket(ticket_id, columns=detail["columns"], change=change)
        if "articles" in detail:
            self._bench.shift_articles(ticket_id, columns=detail["articles"], change=change)
        if detail.get("recompute_sla"):
            self._bench.recompute_sla(ticket_id)

    def _run_job(self, detail: Mapping[str, Any]) -> None:
        if "id" in detail:
            self._bench.run_job(self._own("Job", detail["id"]))
        else:
            self._bench.check(detail["name"])

    def _set(self, detail: Mapping[str, Any]) -> None:
        name, value = detail["name"], detail["value"]
        if name.endswith("_group_id"):
            value = self._own("Group", value)
        if WORK_IN_PROGRESS.search(str(value)):
            value = {"condition": {"ticket.state_id": {"operator": "is", "value": self._bench.work_on_states()}}}
        self._bench.set_setting(name, value)

    def _worker(self, detail: Mapping[str, Any]) -> None:
        if detail["action"] == "start":
            self._bench.start_workers(detail["count"])
        else:
            self._bench.stop_workers()

    def _other(self, detail: Mapping[str, Any]) -> None:
        text = detail["text"]
        for pattern, act in (
            (REPEATED, self._repeat),
            (LISTED, self._list),
            (WRONG_PASSWORDS, self._mistype),
            (MAIL_GROUP, lambda found, _detail: self._bench.set_mail_group(found[1])),
            (CUT_BODIES, self._cut_bodies),
            (ROLE_SET, self._set_role),
            (RIGHTS_SET, self._set_rights),
        ):
            found = pattern.search(text)
            if found:
                act(found, detail)
                return
        if detail.get("object") in ("trigger", "webhook") and ("active" in detail or "deleted" in detail):
            self._switch(detail)

    def _repeat(self, found: re.Match[str], _detail: Mapping[str, Any]) -> None:
        times, method, path, person = int(found[1]), found[2], f"/api/v1{found[3]}", found[4]
        for number in range(1, times + 1):
            headers = self._credentials.of(person)
            body = None
            if method == "PUT":
                headers["Content-Type"] = "application/json"
                note = self._shown_note(int(path.rpartition("/")[2])) if number == times else None
                body = json.dumps({"note": note or f"note {number}"}).encode()
            self._bench.call(Request(method, own_path(path, self._identities), headers, body))

    def _list(self, found: re.Match[str], _detail: Mapping[str, Any]) -> None:
        """Items nobody recorded, on the checklist the story made first."""
        checklist_id = next(
            self._own("Checklist", step.record["response"]["body"]["id"])
            for step in self._earlier
            if step.kind == "rest" and _has_made_checklist(step.record)
        )
        headers = {**self._credentials.of(found[1]), "Content-Type": "application/json"}
        for number in range(int(found[2]), int(found[3]) + 1):
            body = json.dumps({"checklist_id": checklist_id, "text": f"n{number}"}).encode()
            self._bench.call(Request("POST", "/api/v1/checklist_items", headers, body))

    def _shown_note(self, user_id: int) -> str | None:
        """The note of a user as the next delivery shows it."""
        for step in self._later:
            body = arrival_of(step).body if step.kind == "webhook" else None
            customer = body["ticket"].get("customer") if isinstance(body, dict) and "ticket" in body else None
            if isinstance(customer, dict) and customer.get("id") == user_id:
                return str(customer["note"])
        return None

    def _mistype(self, found: re.Match[str], _detail: Mapping[str, Any]) -> None:
        for _ in range(int(found[1])):
            self._bench.call(Request("GET", "/api/v1/users/me", self._credentials.wrong_password(), None))

    def _cut_bodies(self, found: re.Match[str], detail: Mapping[str, Any]) -> None:
        longer_than = int(found[1].replace(",", ""))
        self._bench.cut_articles(self._own("Ticket", detail["id"]), longer_than=longer_than, text="cut")

    def _set_role(self, found: re.Match[str], detail: Mapping[str, Any]) -> None:
        self._bench.set_role(self._own("Role", detail["id"]), permissions=[found[1]])

    def _set_rights(self, found: re.Match[str], detail: Mapping[str, Any]) -> None:
        """The rights went through the rows of a table; what stays is the last one."""
        table = next(step.record["data"]["table"] for step in self._later if step.index == int(found[1]))
        rights = list(table)[-1].split("+")
        self._bench.set_rights(self._own("User", detail["id"]), group=found[2], rights=rights)

    def _switch(self, detail: Mapping[str, Any]) -> None:
        kind = detail["object"].title()
        ids = detail["ids"] if "ids" in detail else [detail["id"]]
        for recorded in ids:
            own = self._identities.own(kind, recorded)
            if own is None:
                continue
            if detail.get("deleted"):
                self._bench.delete(kind, int(own))
                self._identities.made.discard((kind, str(recorded)))
            else:
                self._bench.switch(kind, int(own), active=detail["active"])

    def _own(self, kind: str, recorded: object) -> int:
        return int(self._identities.own(kind, recorded) or 0)


def _has_made_checklist(record: Mapping[str, Any]) -> bool:
    request = record["request"]
    return (request["method"], request["path"], record["response"]["status"]) == ("POST", "/api/v1/checklists", 201)
