"""What tests of the worker have at hand: a clock set by hand, visits that are remembered, and what wakes cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugin.model.work import CaseRow, Claim, Verdict, WakeReason
from plugin.store import cases, inbox, waking
from plugin.store.store import Store
from plugin.worker import Chore, Visit, Worker

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class HandClock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


class Visits:
    """Remembers which tickets were visited and why, and answers with what it was told to."""

    def __init__(self, answer: Verdict | Exception = Verdict()) -> None:  # noqa: B008
        self.answer = answer
        self.seen: list[tuple[int, str]] = []

    def __call__(self, claim: Claim) -> Verdict:
        self.seen.append((claim.ticket_id, claim.wake.reason.value))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def tickets(self) -> list[int]:
        return [ticket_id for ticket_id, _ in self.seen]


def hear(store: Store, ticket_id: int, *, at: datetime = NOON, text: str = "a", version: str | None = None) -> None:
    body = f"{ticket_id} {text}".encode()
    delivery = inbox.Delivery(body=body, source="t", received_at=at, ticket_id=ticket_id, version=version)
    with store.write() as connection:
        inbox.receive(connection, [delivery], store_key=store.key)
        store.bell.notify(connection)
    store.bell.ring()


def wake(store: Store, ticket_id: int, *, at: datetime = NOON, reason: WakeReason = WakeReason.DEADLINE) -> None:
    with store.write() as connection:
        waking.wake(connection, ticket_id, at=at, reason=reason, now=NOON)


def case(store: Store, ticket_id: int) -> CaseRow:
    with store.read() as connection:
        found = cases.get(connection, ticket_id)
    assert found is not None
    return found


def make(store: Store, visit: Visit, clock: HandClock, *, quiet: float = 1, do: tuple[Chore, ...] = ()) -> Worker:
    return Worker(store, visit=visit, clock=clock, quiet=timedelta(seconds=quiet), chores=do)
