"""The sandbox itself: one stand-in Zammad, in process or served, with its clock, worker and checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from plugin.sandbox import checklists, checks, notices, sla, tickets, triggers
from plugin.sandbox.adapter import InProcess
from plugin.sandbox.clock import SandboxClock
from plugin.sandbox.controls import Controls
from plugin.sandbox.cost import Bill, Cost
from plugin.sandbox.deliveries import Courier, Deliver, over_http
from plugin.sandbox.engine import Engine
from plugin.sandbox.faults import FaultBook, Faulty
from plugin.sandbox.manners import Like
from plugin.sandbox.notices import NoticeBook
from plugin.sandbox.pages import pages
from plugin.sandbox.seed import people_the_town, sow
from plugin.sandbox.web import Frontdoor
from plugin.sandbox.worker import Worker
from plugin.sandbox.world import World


def _let_pass(clock: SandboxClock, seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Connection:
    """The webhook and trigger that tell Steward of changes."""

    webhook_id: int
    trigger_id: int


class Sandbox:
    """A stand-in Zammad.

    `like` is the version it behaves as; `bare` leaves it as a fresh Zammad with only its admin, otherwise it
    has the people, groups and fields of `steward sandbox serve`. `app` is the WSGI application, `world` the
    records for tests to read.
    """

    def __init__(self, *, like: Like = "6.5", clock: SandboxClock | None = None, bare: bool = False) -> None:
        self.clock = clock or SandboxClock()
        self.engine = Engine(like=like, clock=self.clock)
        self.engine.notices = NoticeBook()
        self.engine.courier = Courier(self.engine, over_http)
        if self.clock.stands_still:
            # a receiver that takes its time holds back the one worker (contract 1.5)
            self.engine.courier.elapsed = lambda seconds: _let_pass(self.clock, seconds)
        self.engine.commit_hooks.append(triggers.commit)
        self.engine.state_hooks.append(checklists.follow_ticket)
        self.engine.state_hooks.append(notices.follow_state)
        self.engine.sla_hook = sla.recalculate
        self.engine.recount_hook = tickets.queue_count
        self.faults = FaultBook()
        self.tokens: dict[str, str] = {}
        self._bill = Bill()
        self._worker = Worker(self.engine)
        self._beat = checks.Heartbeat(self.engine)
        with self.world.lock:
            sow(self.world)
            if not bare:
                self.tokens = people_the_town(self.world)
            self.world.journal.forget()
        self.engine.restart_worker()
        self.app = self._application()

    @property
    def world(self) -> World:
        """The records, for reading."""
        return self.engine.world

    @property
    def deliver(self) -> Deliver:
        """How a webhook goes out; real HTTP until set."""
        return self.engine.courier.deliver

    @deliver.setter
    def deliver(self, deliver: Deliver) -> None:
        self.engine.courier.deliver = deliver

    def adapter(self) -> InProcess:
        """A requests adapter that calls the sandbox without a network."""
        return InProcess(self.app)

    def work_off(self) -> int:
        """Runs every background job that is due now, in queue order; returns how many."""
        return self._worker.work_off()

    def run_until(self, moment: datetime) -> None:
        """Moves a virtual clock to `moment`, with the worker's polls and all retries on the way."""
        self._worker.run_until(moment)

    def start(self) -> None:
        """Starts the worker and the periodic checks in threads, for `serve`."""
        self._worker.start()
        self._beat.start()

    def stop(self) -> None:
        """Stops the threads."""
        self._beat.stop()
        self._worker.stop()

    def stop_workers(self) -> None:
        """No background job runs from now on."""
        self._worker.stop()
        self._worker.count = 0

    def start_workers(self, count: int = 1) -> None:
        """Background jobs run again, `count` at a time where threads run."""
        self.engine.restart_worker()
        self._worker.count = count

    def check(self, name: str) -> None:
        """Runs a background check now: "pending", "escalation", "auto_unassign" or "data_privacy"."""
        checks.run(self.engine, name)

    def run_job(self, job_id: int, *, forced: bool = True) -> None:
        """Runs a scheduler job now, whatever its timeplan says if `forced`."""
        checks.run_job(self.engine, job_id, forced=forced)

    def set_setting(self, name: str, value: Any) -> None:
        """Sets a Zammad setting."""
        with self.world.lock:
            self.world.set_setting(name, value)
            self.world.journal.forget()

    def cost(self, *, login: str | None = None) -> Cost:
        """What the calls since the last reset cost Zammad, and the notices agents got."""
        lines = self._bill.lines(login=login)
        total = sum(line.milliseconds for line in lines)
        return Cost(zammad_ms=round(total, 1), notices=len(self.engine.notices.sent), rows=lines)

    def reset_cost(self) -> None:
        """Starts counting at nothing again."""
        self._bill.reset()
        self.engine.notices.sent.clear()

    def connect_steward(self, endpoint: str, secret: str) -> Connection:
        """Makes Steward's webhook and its trigger: always, unless Steward wrote last."""
        world = self.world
        with world.lock:
            stamp = world.stamp()
            stamps: Mapping[str, Any] = {
                "created_by_id": 1,
                "updated_by_id": 1,
                "created_at": stamp,
                "updated_at": stamp,
            }
            steward = world.users.where(login="steward")[0]
            webhook = world.webhooks.insert(
                {
                    "name": "Steward",
                    "endpoint": endpoint,
                    "signature_token": secret,
                    "ssl_verify": True,
                    "basic_auth_username": None,
                    "basic_auth_password": None,
                    "note": "",
                    "pre_defined_webhook_type": None,
                    "customized_payload": False,
                    "custom_payload": None,
                    "preferences": {},
                    "active": True,
                    **stamps,
                }
            )
            trigger = world.triggers.insert(
                {
                    "name": "Steward: ticket changed",
                    "condition": {
                        "ticket.updated_by_id": {
                            "operator": "is not",
                            "pre_condition": "specific",
                            "value": [str(steward.id)],
                            "value_completion": "",
                        }
                    },
                    "perform": {"notification.webhook": {"webhook_id": str(webhook.id)}},
                    "disable_notification": True,
                    "note": "",
                    "activator": "action",
                    "execution_condition_mode": "always",
                    "active": True,
                    **stamps,
                }
            )
            world.journal.forget()
        return Connection(webhook_id=webhook.id, trigger_id=trigger.id)

    def _do_later(self, run: Callable[[], None], moment: datetime) -> None:
        with self.world.lock:
            self.engine.jobs.add("LateRequest", run, run_at=moment)

    def _application(self) -> Flask:
        app = Flask("plugin.sandbox")
        Frontdoor(self.engine, self._bill).install(app)
        Controls(self).install(app)
        app.register_blueprint(pages(self.engine))
        app.wsgi_app = Faulty(app.wsgi_app, self.faults, self.clock, later=self._do_later)  # type: ignore[method-assign]
        return app
