"""What a replay needs of the thing it holds to the recordings: requests, a clock, a queue, hands behind the scenes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from plugin.sandbox.conform.requests import Request
from plugin.sandbox.deliveries import Delivery, Reply

Change = Callable[[datetime], datetime]
Receive = Callable[[Delivery], Reply]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; ``body`` is parsed where it is JSON, text where it is not, ``None`` where empty."""

    status: int
    body: Any
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A background job in the order the worker would take it; one that is no delivery has no ``url``."""

    number: int
    run_at: datetime
    url: str | None = None
    trigger: str = ""
    ticket_id: int = 0
    article_id: int | None = None
    delivery_id: str = ""


class Bench(Protocol):
    """A Zammad on a bench: everything a story and its directions do to it."""

    @property
    def tokens(self) -> Mapping[str, str]:
        """Tokens that were there before the first story, by the person of the recordings."""

    @property
    def workers(self) -> int:
        """How many background workers run."""

    def now(self) -> datetime:
        """The moment on its clock."""

    def set_clock(self, moment: datetime) -> None:
        """Set the clock, also back."""

    def call(self, request: Request) -> Answer:
        """Send a request and read the answer."""

    def mail(self, raw: str) -> Mapping[str, Any]:
        """Give a raw mail to the parser; answers ``ticket_id``, ``number``, ``article_id``, ``user_id``."""

    def leave_numbers(self, upto: str) -> None:
        """Skip the ticket numbers below this one, which tickets got that nobody recorded."""

    def waiting(self) -> Sequence[Waiting]:
        """The jobs that wait, first the one the worker would take first."""

    def run(self, job: Waiting, *, receive: Receive) -> Delivery | None:
        """Run one waiting job; the clock moves on while the receiver takes its time. ``None``: nothing was sent."""

    def check(self, name: str) -> None:
        """Run a background check: ``escalation``, ``pending``, ``auto_unassign`` or ``data privacy tasks``."""

    def run_job(self, job_id: int) -> None:
        """Run a scheduler job whatever its timeplan says."""

    def set_setting(self, name: str, value: Any) -> None:
        """Change a setting behind the API."""

    def start_workers(self, count: int) -> None:
        """Start background workers."""

    def stop_workers(self) -> None:
        """Stop all background workers."""

    def work_on_states(self) -> list[str]:
        """Ids of the states that count as work in progress, as strings."""

    def set_mail_group(self, name: str) -> None:
        """Let new tickets from mail go into a group."""

    def shift_ticket(self, ticket_id: int, *, columns: Sequence[str], change: Change) -> None:
        """Move times of a ticket without an event."""

    def shift_articles(self, ticket_id: int, *, columns: Sequence[str], change: Change) -> None:
        """Move times of a ticket's articles without an event."""

    def shift_history(self, ticket_id: int, *, kind: str, columns: Sequence[str], change: Change) -> None:
        """Move times of history rows of one type."""

    def recompute_sla(self, ticket_id: int) -> None:
        """Let Zammad compute a ticket's SLA times anew and save them, with an event."""

    def cut_articles(self, ticket_id: int, *, longer_than: int, text: str) -> None:
        """Replace long article bodies without an event."""

    def set_role(self, role_id: int, *, permissions: Sequence[str]) -> None:
        """Give a role exactly these permissions behind the API."""

    def set_rights(self, user_id: int, *, group: str, rights: Sequence[str]) -> None:
        """Give a user exactly these rights in a group behind the API."""

    def record(self, kind: str, record_id: int) -> Mapping[str, Any]:
        """The columns of a user, group, organization or role as they are now; empty where there is none."""

    def adopt(self, kind: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Write such columns without anything coming of it; what is no column is left aside."""

    def switch(self, kind: str, record_id: int, *, active: bool) -> None:
        """Switch a trigger or a webhook on or off behind the API."""

    def delete(self, kind: str, record_id: int) -> None:
        """Delete a trigger or a webhook behind the API."""
