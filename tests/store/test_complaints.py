"""Which complaints came before one: its customer's, his organization's, and those that are alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.store import complaints
from plugin.store.complaints import MOST, Complaint, Others
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ONE = Complaint(ticket_id=1, customer_id=10, organization_id=3, accepted_at=NOON, nature="product")


def before(ticket_id: int, days: float = 1, **more: object) -> Complaint:
    return replace(ONE, ticket_id=ticket_id, accepted_at=NOON - days * DAY, **more)  # type: ignore[arg-type]


def keep(store: Store, *some: Complaint) -> None:
    with store.write() as connection:
        for one in some:
            complaints.keep(connection, one)


def seen(store: Store, one: Complaint = ONE, *, days: int = 90, alike_days: int = 30) -> Others:
    with store.read() as connection:
        return complaints.others(
            connection, one, since=NOON - days * DAY, alike_since=NOON - alike_days * DAY, surveyed_until=NOON
        )


def test_beside_the_only_complaint_there_is_nothing(store: Store) -> None:
    assert seen(store) == Others()
    keep(store, ONE)
    assert seen(store) == Others(kept=ONE)


def test_a_complaint_comes_back_as_it_was_kept_last(store: Store) -> None:
    later = replace(ONE, nature="service", subject="ab" * 32, explains=True, surveyed_at=NOON, organization_id=None)
    keep(store, ONE, later)
    assert seen(store).kept == later


def test_whose_complaint_is_of_which_organization_is_known(store: Store) -> None:
    keep(store, ONE, before(2, organization_id=4), before(3, organization_id=None))
    with store.read() as connection:
        assert complaints.organizations(connection) == {1: 3, 2: 4}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        pytest.param(before(2), True, id="of the customer"),
        pytest.param(before(2, nature="service"), True, id="of the customer, of another nature"),
        pytest.param(before(2, customer_id=11), True, id="of his organization"),
        pytest.param(before(2, organization_id=None), True, id="of the customer, from before he had one"),
        pytest.param(before(2, customer_id=11, organization_id=4), False, id="of another organization"),
        pytest.param(before(2, customer_id=11, organization_id=None), False, id="of somebody without any"),
        pytest.param(before(2, days=90), True, id="on the last day of the window"),
        pytest.param(before(2, days=90.1), False, id="before the window"),
        pytest.param(before(2, days=0), True, id="at the same moment"),
        pytest.param(before(2, days=-1), False, id="after it"),
    ],
)
def test_earlier_complaints_are_those_of_the_customer_and_his_organization(
    store: Store, other: Complaint, found: bool
) -> None:
    keep(store, ONE, other)
    assert seen(store).earlier == ((other,) if found else ())


def test_without_an_organization_nobody_shares_it(store: Store) -> None:
    alone = replace(ONE, organization_id=None)
    keep(store, before(2, customer_id=11, organization_id=None))
    assert seen(store, alone).earlier == ()


def test_the_newest_are_told_of(store: Store) -> None:
    keep(store, *(before(number, days=number) for number in range(2, 40)))
    assert {one.ticket_id for one in seen(store).earlier} == set(range(2, 2 + MOST))


@pytest.mark.parametrize(
    ("mine", "customers"),
    [
        pytest.param({}, 2, id="of the same nature: two customers with three complaints"),
        pytest.param({"nature": "system"}, 0, id="of a nature of its own"),
        pytest.param({"nature": None}, 0, id="of no nature"),
        pytest.param({"subject": "aa"}, 1, id="of the same subject, which comes before the nature"),
        pytest.param({"subject": "bb"}, 0, id="of a subject of its own"),
    ],
)
def test_other_customers_with_the_same_are_counted_once_each(
    store: Store, mine: dict[str, str | None], customers: int
) -> None:
    keep(
        store,
        before(2, customer_id=11),
        before(3, customer_id=11, days=2),
        before(4, customer_id=12, subject="aa"),
        before(5, customer_id=13, days=31),
        before(6, customer_id=14, nature="service"),
        before(7, days=3),
    )
    assert seen(store, replace(ONE, **mine)).alike == customers  # type: ignore[arg-type]


def test_that_somebody_elses_explains_it_is_known(store: Store) -> None:
    keep(store, before(2, customer_id=11), before(3, customer_id=12))
    assert not seen(store).explained
    keep(store, before(3, customer_id=12, explains=True))
    assert seen(store).explained


def test_when_the_customer_was_surveyed_last_is_known(store: Store) -> None:
    keep(store, replace(ONE, surveyed_at=NOON), before(2, surveyed_at=NOON - 5 * DAY), before(3, days=200))
    keep(store, before(4, surveyed_at=NOON - 9 * DAY), before(5, surveyed_at=NOON + DAY))
    assert seen(store).surveyed_at == NOON - 5 * DAY


def test_what_is_none_any_more_is_forgotten(store: Store) -> None:
    keep(store, ONE, before(2))
    with store.write() as connection:
        complaints.drop(connection, 2)
    assert seen(store) == Others(kept=ONE)


def test_indexes_answer_however_many_there_are(store: Store) -> None:
    """No part of the question reads the whole table."""
    if not store.database.is_sqlite:
        pytest.skip("PostgreSQL reads a table of this size whole, whatever indexes there are")
    keep(store, *(before(number, customer_id=number % 50) for number in range(2, 200)))
    with store.read() as connection:
        for statement in (complaints._ALIKE_NATURE, complaints._ALIKE_SUBJECT):
            compiled = statement._for(connection.dialect)
            names = dict.fromkeys(compiled._names, 1)
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {compiled.text}", tuple(names[n] for n in compiled._names)
            )
            assert [row for row in plan.fetchall() if "SCAN complaints" in str(row)] == []
