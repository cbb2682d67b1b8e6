"""The sandbox on the bench: its app asked in process, its queue taken apart job by job, its rows moved by hand."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from werkzeug.test import Client

from plugin.sandbox import Sandbox, SandboxClock, sla
from plugin.sandbox.conform.bench import Answer, Change, Receive, Waiting
from plugin.sandbox.conform.credentials import LOGINS
from plugin.sandbox.conform.requests import Request
from plugin.sandbox.deliveries import Delivery, Order, Reply
from plugin.sandbox.jobs import QueuedJob, in_turn
from plugin.sandbox.mail import receive as receive_mail
from plugin.sandbox.manners import Like
from plugin.sandbox.rows import Table
from plugin.sandbox.seed import ADMIN_LOGIN, add_token, stable_token
from plugin.sandbox.tickets import leave_numbers
from plugin.sandbox.world import WORK_ON_STATES, World

PRIVACY = "data privacy tasks"
"""The check that erases people, as directions name it."""

TABLES: Mapping[str, Callable[[World], Table]] = {
    "Calendar": lambda world: world.calendars,
    "CoreWorkflow": lambda world: world.core_workflows,
    "Group": lambda world: world.groups,
    "Job": lambda world: world.jobs,
    "Macro": lambda world: world.macros,
    "Organization": lambda world: world.organizations,
    "Overview": lambda world: world.overviews,
    "Role": lambda world: world.roles,
    "Sla": lambda world: world.slas,
    "Ticket": lambda world: world.tickets,
    "Trigger": lambda world: world.triggers,
    "User": lambda world: world.users,
    "Webhook": lambda world: world.webhooks,
}
"""Where the sandbox keeps what others than the recorder can have changed."""


class SandboxBench:
    """A bare sandbox with a standing clock, like one version of Zammad."""

    def __init__(self, *, like: Like, start: datetime) -> None:
        self._clock = SandboxClock.virtual(start - timedelta(minutes=1))
        self._sandbox = Sandbox(like=like, clock=self._clock, bare=True)
        self._engine = self._sandbox.engine
        self._client = Client(self._sandbox.app)
        self._workers = 1
        self._admin_token = add_token(self._engine.world, ADMIN_LOGIN, token=stable_token(ADMIN_LOGIN))
        self._let_admin_have_logged_in()

    def _let_admin_have_logged_in(self) -> None:
        """Whoever made the admin's token had logged in as admin before."""
        world = self._engine.world
        admin = world.users.where(login=ADMIN_LOGIN)[0]
        world.users.put(admin.id, last_login=self.now(), updated_by_id=admin.id)
        world.journal.forget()

    @property
    def tokens(self) -> Mapping[str, str]:
        """The token of the admin who was there before the first story."""
        return {"admin": self._admin_token}

    @property
    def workers(self) -> int:
        """How many background workers run."""
        return self._workers

    def now(self) -> datetime:
        """The moment on its clock."""
        return self._clock.now()

    def set_clock(self, moment: datetime) -> None:
        """Set the clock, also back."""
        self._clock.set(moment)

    def call(self, request: Request) -> Answer:
        """Send a request and read the answer."""
        response = self._client.open(
            request.path, method=request.method, headers=list(request.headers.items()), data=request.body
        )
        content = response.get_data()
        return Answer(response.status_code, _parsed(content, response.mimetype or ""), response.headers.get("ETag"))

    def mail(self, raw: str) -> Mapping[str, Any]:
        """Give a raw mail to the parser."""
        received = receive_mail(self._engine, raw.encode())
        return {
            "ticket_id": received.ticket_id,
            "number": received.number,
            "article_id": received.article_id,
            "user_id": received.user_id,
        }

    def leave_numbers(self, upto: str) -> None:
        """Skip the ticket numbers below this one, which tickets got that nobody recorded."""
        leave_numbers(self._engine.world, upto)

    def waiting(self) -> Sequence[Waiting]:
        """The jobs that wait, first the one the worker would take first."""
        return [self._waiting(job) for job in sorted(self._engine.jobs.waiting(), key=in_turn)]

    def run(self, job: Waiting, *, receive: Receive) -> Delivery | None:
        """Run one waiting job; the clock moves on while the receiver takes its time. ``None``: nothing was sent."""
        sent: list[Delivery] = []

        def deliver(delivery: Delivery) -> Reply:
            sent.append(delivery)
            return receive(delivery)

        queued = next(queued for queued in self._engine.jobs.waiting() if queued.number == job.number)
        self._engine.jobs.remove(queued)
        self._engine.courier.deliver = deliver
        queued.run()
        return sent[0] if sent else None

    def check(self, name: str) -> None:
        """Run a background check."""
        if name == PRIVACY:
            self._erase()
        else:
            self._sandbox.check(name)

    def _erase(self) -> None:
        """Erase people; those who take part in later stories are put back at once, as the recorder did."""
        world = self._engine.world
        people = [user for user in world.users if user.login in LOGINS.values()]
        tokens = [token for user in people for token in world.tokens.where(user_id=user.id)]
        self._sandbox.check("data_privacy")
        for table, rows in ((world.users, people), (world.tokens, tokens)):
            for row in rows:
                if row.id not in table:
                    table.insert(row, row_id=row.id)
        world.journal.forget()

    def run_job(self, job_id: int) -> None:
        """Run a scheduler job whatever its timeplan says."""
        self._sandbox.run_job(job_id, forced=True)

    def set_setting(self, name: str, value: Any) -> None:
        """Change a setting behind the API."""
        self._sandbox.set_setting(name, value)

    def start_workers(self, count: int) -> None:
        """Start background workers; they only count how many may be at work at once."""
        self._engine.restart_worker()
        self._workers = count

    def stop_workers(self) -> None:
        """Stop all background workers."""
        self._workers = 0

    def work_on_states(self) -> list[str]:
        """Ids of the states that count as work in progress, as strings."""
        world = self._engine.world
        return [str(state.id) for state in world.states if world.state_type(state.id) in WORK_ON_STATES]

    def set_mail_group(self, name: str) -> None:
        """Let new tickets from mail go into a group."""
        self._mail_group = name

    def shift_ticket(self, ticket_id: int, *, columns: Sequence[str], change: Change) -> None:
        """Move times of a ticket without an event."""
        self._shift(self._engine.world.tickets, ticket_id, columns, change)

    def shift_articles(self, ticket_id: int, *, columns: Sequence[str], change: Change) -> None:
        """Move times of a ticket's articles without an event."""
        for article in self._engine.world.articles_of(ticket_id):
            self._shift(self._engine.world.articles, article.id, columns, change)

    def shift_history(self, ticket_id: int, *, kind: str, columns: Sequence[str], change: Change) -> None:
        """Move times of history rows of one type."""
        for row in self._engine.world.history.where(ticket_id=ticket_id, kind=kind):
            self._shift(self._engine.world.history, row.id, columns, change)

    def recompute_sla(self, ticket_id: int) -> None:
        """Let Zammad compute a ticket's SLA times anew and save them, with an event."""
        ticket = self._engine.world.tickets[ticket_id]
        with self._engine.background(ticket.updated_by_id):
            sla.recalculate(self._engine, ticket_id, forced=True)

    def cut_articles(self, ticket_id: int, *, longer_than: int, text: str) -> None:
        """Replace long article bodies without an event."""
        world = self._engine.world
        for article in world.articles_of(ticket_id):
            if len(article.body) > longer_than:
                world.articles.put(article.id, body=text)
        world.journal.forget()

    def set_role(self, role_id: int, *, permissions: Sequence[str]) -> None:
        """Give a role exactly these permissions behind the API."""
        world = self._engine.world
        ids = [permission.id for permission in world.permissions if permission.name in permissions]
        world.roles.put(role_id, permission_ids=ids)
        world.journal.forget()

    def set_rights(self, user_id: int, *, group: str, rights: Sequence[str]) -> None:
        """Give a user exactly these rights in a group behind the API; a group's new people touch it."""
        world = self._engine.world
        group_id = world.groups.where(name=group)[0].id
        world.users.put(user_id, group_ids={**world.users[user_id].group_ids, group_id: list(rights)})
        world.groups.put(group_id, updated_at=self.now())
        world.journal.forget()

    def record(self, kind: str, record_id: int) -> Mapping[str, Any]:
        """The columns of a user, group, organization or role as they are now; empty where there is none."""
        return self._table(kind).get(record_id) or {}

    def adopt(self, kind: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Write such columns without anything coming of it; a group's people get full rights in it."""
        table = self._table(kind)
        row = table[record_id]
        table.put_all(record_id, {column: value for column, value in values.items() if column in row})
        if kind == "Group":
            self._let_in(record_id, values.get("user_ids", ()))
        self._engine.world.journal.forget()

    def _let_in(self, group_id: int, user_ids: Sequence[int]) -> None:
        users = self._engine.world.users
        for user_id in user_ids:
            rights = users[user_id].group_ids
            if group_id not in rights:
                users.put(user_id, group_ids={**rights, group_id: ["full"]})

    def switch(self, kind: str, record_id: int, *, active: bool) -> None:
        """Switch a trigger or a webhook on or off behind the API."""
        self._table(kind).put(record_id, active=active, updated_at=self.now())
        self._engine.world.journal.forget()

    def delete(self, kind: str, record_id: int) -> None:
        """Delete a trigger or a webhook behind the API."""
        self._table(kind).delete(record_id)
        self._engine.world.journal.forget()

    def _table(self, kind: str) -> Table:
        return TABLES[kind](self._engine.world)

    def _shift(self, table: Table, record_id: int, columns: Sequence[str], change: Change) -> None:
        row = table[record_id]
        table.put_all(record_id, {column: change(row[column]) for column in columns if row[column] is not None})
        self._engine.world.journal.forget()

    def _waiting(self, job: QueuedJob) -> Waiting:
        order = job.about
        if not isinstance(order, Order):
            return Waiting(number=job.number, run_at=job.run_at)
        world = self._engine.world
        kind, performer_id = order.performer
        performer = (world.triggers if kind == "trigger" else world.jobs).get(performer_id)
        webhook = world.webhooks.get(int(order.webhook_id))
        return Waiting(
            number=job.number,
            run_at=job.run_at,
            url=None if webhook is None else webhook.endpoint,
            trigger="" if performer is None else performer.name,
            ticket_id=order.ticket_id,
            article_id=order.article_id,
            delivery_id=order.delivery_id,
        )


def _parsed(content: bytes, media_type: str) -> Any:
    if not content:
        return None
    if media_type == "application/json":
        return json.loads(content)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"__binary_base64__": b64encode(content).decode(), "__length__": len(content)}
