"""Which tickets are linked to which interruption, from either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plugin.model.linked import Interruption
from plugin.store import interrupted
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOWN = Interruption(incident_id=1, epoch="history:17", opened_at=NOON, since=NOON + HOUR)
TIMED = replace(DOWN, back_at=NOON + 6 * HOUR)


def keep(store: Store, incident_id: int, linked: dict[int, Interruption]) -> None:
    with store.write() as connection:
        interrupted.keep(connection, incident_id, linked)


def test_what_an_incident_left_is_found_by_each_of_its_tickets(store: Store) -> None:
    keep(store, 1, {8: DOWN, 9: TIMED})
    with store.read() as connection:
        assert interrupted.of_ticket(connection, 9) == (TIMED,)
        assert interrupted.of_ticket(connection, 1) == ()
        assert interrupted.of_incident(connection, 1) == {8: DOWN, 9: TIMED}


def test_what_is_linked_no_more_is_forgotten_and_other_incidents_stay(store: Store) -> None:
    other = replace(DOWN, incident_id=2, since=NOON)
    keep(store, 2, {8: other})
    keep(store, 1, {8: DOWN, 9: DOWN})
    over = replace(DOWN, restored_at=NOON + 2 * HOUR)
    keep(store, 1, {8: over})
    with store.read() as connection:
        assert interrupted.of_ticket(connection, 8) == (other, over)
        assert interrupted.of_ticket(connection, 9) == ()


def test_of_a_ticket_that_is_gone_nothing_is_left_on_either_side(store: Store) -> None:
    keep(store, 1, {8: DOWN, 9: DOWN})
    keep(store, 9, {8: replace(DOWN, incident_id=9)})
    with store.write() as connection:
        interrupted.drop(connection, 9)
    with store.read() as connection:
        assert interrupted.of_incident(connection, 9) == {}
        assert interrupted.of_incident(connection, 1) == {8: DOWN}
