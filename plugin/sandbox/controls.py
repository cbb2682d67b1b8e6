"""The sandbox's own calls beside Zammad's API: clock, age, mail, checks, cost and faults."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from plugin.sandbox.faults import Fault
from plugin.sandbox.mail import receive
from plugin.sandbox.values import iso, to_integer, to_json, to_moment

if TYPE_CHECKING:
    from plugin.sandbox.sandbox import Sandbox

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(s|min|m|h|d)\s*")
_MOVED = ("created_at", "updated_at")
_TICKET_TIMES = (
    "created_at",
    "first_response_at",
    "close_at",
    "last_close_at",
    "last_contact_at",
    "last_contact_agent_at",
    "last_contact_customer_at",
    "last_owner_update_at",
)


def span(text: str) -> timedelta:
    """A stretch of time like "25 h", "90 s", "15 min", "3 d"; ValueError otherwise."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"advance: {text!r}, allowed: a number with s, min, h or d")
    return timedelta(seconds=float(found.group(1)) * _UNITS[found.group(2)])


class Controls:
    """Routes under /sandbox, without credentials: they are nobody's Zammad."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def install(self, app: Flask) -> None:
        """Adds the routes."""
        for rule, view, methods in (
            ("clock", self.clock, ["GET"]),
            ("clock", self.set_clock, ["POST"]),
            ("age", self.age, ["POST"]),
            ("mail", self.mail, ["POST"]),
            ("check", self.check, ["POST"]),
            ("cost", self.cost, ["GET"]),
            ("cost/reset", self.reset_cost, ["POST"]),
            ("faults", self.faults, ["GET"]),
            ("faults", self.add_faults, ["POST"]),
            ("faults", self.clear_faults, ["DELETE"]),
        ):
            app.add_url_rule(f"/sandbox/{rule}", f"sandbox-{view.__name__}", _guarded(view), methods=methods)

    def clock(self) -> Any:
        """GET: what time it is, and how many seconds pass in one of the wall's."""
        clock = self._sandbox.clock
        return {"now": iso(clock.now()), "speed": clock.speed}

    def set_clock(self) -> Any:
        """POST {"advance": "25 h"} or {"set": "2026-11-21T09:00:00Z"}."""
        asked = _body()
        if "advance" in asked:
            self._forward(self._sandbox.clock.now() + span(str(asked["advance"])))
        elif "set" in asked:
            moment = to_moment(asked["set"])
            if moment is None:
                raise ValueError(f"set: {asked['set']!r} is no instant")
            self._forward(moment)
        else:
            raise ValueError("say advance or set")
        return self.clock()

    def age(self) -> Any:
        """POST {"ticket_id": 7, "hours": 25}: moves a ticket's past further back; `updated_at` is now."""
        asked = _body()
        ticket_id = to_integer(asked.get("ticket_id")) or 0
        world = self._sandbox.world
        if ticket_id not in world.tickets:
            raise ValueError(f"ticket_id: {asked.get('ticket_id')!r} is no ticket")
        back = timedelta(hours=float(asked.get("hours", 0)))
        with world.lock:
            for table in (world.articles, world.history):
                for row in table.where(ticket_id=ticket_id):
                    moved = {name: row[name] - back for name in _MOVED if name in row}
                    table.put_all(row.id, moved)
            ticket = world.tickets[ticket_id]
            moved = {name: ticket[name] - back for name in _TICKET_TIMES if ticket[name] is not None}
            world.tickets.put_all(ticket_id, {**moved, "updated_at": world.stamp()})
            world.journal.forget()
            ticket = world.tickets[ticket_id]
        return {"ticket_id": ticket_id, "created_at": ticket.created_at, "updated_at": ticket.updated_at}

    def mail(self) -> Any:
        """POST a raw message (message/rfc822, or form field `mail`), handled as Zammad's mail fetch would."""
        form = request.form.get("mail") if request.form else None
        raw = form.encode("utf-8") if form is not None else request.get_data()
        if not raw.strip():
            raise ValueError("an empty message")
        outcome = receive(self._sandbox.engine, raw)
        return asdict(outcome)

    def check(self) -> Any:
        """POST {"name": "pending" | "escalation" | "auto_unassign" | "data_privacy"} or {"job_id": 3}."""
        asked = _body()
        if "job_id" in asked:
            self._sandbox.run_job(to_integer(asked["job_id"]) or 0)
            return {"ran": "job"}
        name = str(asked.get("name"))
        try:
            self._sandbox.check(name)
        except KeyError:
            raise ValueError(f"name: {name!r}, allowed: pending, escalation, auto_unassign") from None
        return {"ran": name}

    def cost(self) -> Any:
        """GET: Zammad's milliseconds and agents' notices since the last reset (`?login=` for one caller)."""
        cost = self._sandbox.cost(login=request.args.get("login"))
        return {"zammad_ms": cost.zammad_ms, "notices": cost.notices, "rows": [asdict(row) for row in cost.rows]}

    def reset_cost(self) -> Any:
        """POST: counts from nothing again."""
        self._sandbox.reset_cost()
        return self.cost()

    def faults(self) -> Any:
        """GET: the faults in force."""
        return {"seed": self._sandbox.faults.seed, "faults": self._sandbox.faults.list()}

    def add_faults(self) -> Any:
        """POST one fault, or {"seed": 7, "faults": [...]}."""
        asked = _body()
        book = self._sandbox.faults
        if "seed" in asked:
            book.reseed(to_integer(asked.pop("seed")) or 0)
        given = asked.get("faults", [asked] if asked else [])
        for fault in [Fault.parse(item) for item in given]:
            book.add(fault, now=self._sandbox.clock.now())
        return self.faults()

    def clear_faults(self) -> Any:
        """DELETE: ends all faults."""
        self._sandbox.faults.clear()
        return self.faults()

    def _forward(self, moment: datetime) -> None:
        clock = self._sandbox.clock
        if clock.stands_still and moment >= clock.now():
            self._sandbox.run_until(moment)
        else:
            clock.set(moment)


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValueError("a JSON object is needed")
    return body


def _guarded(view: Any) -> Any:
    def run() -> Response:
        try:
            body, status = to_json(view()), 200
        except (ValueError, TypeError) as fault:
            body, status = to_json({"error": str(fault)}), 422
        return Response(body, status=status, content_type="application/json; charset=utf-8")

    return run
