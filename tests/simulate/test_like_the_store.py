"""The complaints of a simulation beside those of a store: asked the same, at any moment, they tell the same."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.policies.repeat_complaints import Options
from plugin.simulate.complaints import NEVER, Complaints, Held, Trace
from plugin.store import complaints
from plugin.store.complaints import MOST, MOST_ALIKE, Complaint
from plugin.store.store import Store
from plugin.store.types import to_microseconds

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPTIONS = Options()
TICKETS = 900
NATURES = ("product", "product", "product", "service", None)
SUBJECTS = (None, None, None, "pump", "lamp")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as opened:
        yield opened


def lived(seed: int) -> list[Held]:
    """Complaints of half a year: some become other ones, some none any more; a customer of one has eleven others."""
    chance = random.Random(seed)
    found: list[Held] = []
    for ticket_id in range(1, TICKETS + 1):
        since = BEGAN + timedelta(days=chance.random() * 180)
        for _ in range(chance.choice((1, 1, 1, 2))):
            until = NEVER if chance.random() < 0.7 else since + timedelta(days=chance.random() * 20)
            found.append(Held(one_of(ticket_id, since, chance), since, until))
            since = until + timedelta(hours=1) if until != NEVER else NEVER
            if since == NEVER:
                break
    return found


def one_of(ticket_id: int, since: datetime, chance: random.Random) -> Complaint:
    return Complaint(
        ticket_id=ticket_id,
        customer_id=1 + int(chance.paretovariate(0.4)) % 400,
        organization_id=chance.choice((None, None, *range(1, 9))),
        accepted_at=since - timedelta(seconds=chance.randrange(200_000)),
        nature=chance.choice(NATURES),
        subject=chance.choice(SUBJECTS),
    )


def simulated(held: list[Held]) -> Complaints:
    by_ticket: dict[int, list[Held]] = {}
    for one in held:
        by_ticket.setdefault(one.one.ticket_id, []).append(one)
    return Complaints((Trace(tuple(some), looks(some)) for some in by_ticket.values()), OPTIONS)


def looks(some: list[Held]) -> array[int]:
    return array("q", [to_microseconds(held.since) for held in some])


@pytest.mark.parametrize("seed", [1, 2])
def test_at_any_moment_the_others_are_those_of_a_store(store: Store, seed: int, tell: Callable[[str], None]) -> None:
    held, chance, counted = lived(seed), random.Random(seed), 0
    among = simulated(held)
    for days in (10, 60, 170):
        now = BEGAN + timedelta(days=days)
        fill(store, [one.one for one in held if one.holds(now)])
        for one in chance.choices([one.one for one in held if one.since <= now], k=60):
            view = among.view(one, now)
            with store.read() as connection:
                others = complaints.others(
                    connection,
                    one,
                    since=one.accepted_at - OPTIONS.window,
                    alike_since=one.accepted_at - OPTIONS.common_window,
                    surveyed_until=now,
                )
            assert {each.ticket_id for each in view.earlier} == {each.ticket_id for each in others.earlier}
            assert view.alike.customers == others.alike
            assert view.until > now
            counted += 1
    tell(f"complaints beside a store's, seed {seed}: {counted} asked, the same in both")


def test_so_many_are_told_of_as_a_store_tells(store: Store) -> None:
    """The newest of a customer and the newest that are alike, however many there are."""
    many = [
        Complaint(number, 7, None, BEGAN + timedelta(minutes=number), "product") for number in range(1, MOST + 6)
    ] + [
        Complaint(100 + number, 100 + number, None, BEGAN + timedelta(hours=1, minutes=number), "product")
        for number in range(MOST_ALIKE + 20)
    ]
    fill(store, many)
    now = BEGAN + timedelta(days=1)
    one = Complaint(9999, 7, None, now, "product")
    view = simulated([Held(each, each.accepted_at) for each in many]).view(one, now)
    assert sorted(each.ticket_id for each in view.earlier) == [*range(6, MOST + 6)]
    assert view.alike.customers == MOST_ALIKE
    assert view.alike.oldest == many[-MOST_ALIKE].accepted_at


def test_what_was_told_stands_until_something_of_it_turns() -> None:
    first = Complaint(1, 7, None, BEGAN, "product")
    second = Complaint(2, 7, None, BEGAN + timedelta(days=1), "product")
    until = BEGAN + timedelta(days=3)
    among = simulated([Held(first, BEGAN, until), Held(second, second.accepted_at)])
    view = among.view(second, second.accepted_at)
    assert [each.ticket_id for each in view.earlier] == [1]
    assert view.until == until
    assert among.view(second, until).earlier == ()


def fill(store: Store, some: list[Complaint]) -> None:
    with store.write() as connection:
        for ticket_id in range(1, TICKETS + 1):
            complaints.drop(connection, ticket_id)
        for one in some:
            complaints.keep(connection, one)
