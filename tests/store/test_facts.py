"""The ledger keeps what was seen, once, in a chain, and seals what customers wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plugin.model.facts import Fact, FactKind, Timeline
from plugin.model.people import Actor, Role
from plugin.store import case_keys, facts
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEI = Actor(id=10, login="mei@customer.example", role=Role.CUSTOMER)
ANNA = Actor(id=7, login="anna", role=Role.AGENT)
LETTER = Fact(
    key="article:17",
    kind=FactKind.ARTICLE,
    at=NOON,
    seen_at=NOON,
    by=MEI,
    data={"id": 17, "internal": False, "ours": []},
    payload={"subject": "Kühlschrank 冰箱", "body": "It leaks.\0\ud800"},
)
CHANGE = Fact(
    key="history:5",
    kind=FactKind.CHANGED,
    at=NOON + timedelta(microseconds=1),
    seen_at=NOON,
    by=ANNA,
    data={"attribute": "owner", "id_from": 1, "id_to": 7},
)


def append(store: Store, *observed: Fact, ticket_id: int = 7) -> tuple[Fact, ...]:
    with store.write() as connection:
        return store.append_facts(connection, ticket_id, observed, now=NOON)


def timeline(store: Store, ticket_id: int = 7) -> Timeline:
    with store.read() as connection:
        return store.timeline(connection, ticket_id)


def first_broken(store: Store) -> int | None:
    with store.read() as connection:
        return facts.first_broken(connection, 7)


def change_row(store: Store, statement: str) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(statement)


def test_facts_come_back_as_they_went_in(store: Store) -> None:
    append(store, LETTER, CHANGE)
    assert list(timeline(store)) == [LETTER, CHANGE]


def test_a_known_fact_is_not_added_again(store: Store) -> None:
    assert append(store, LETTER, CHANGE) == (LETTER, CHANGE)
    assert append(store, CHANGE, replace(LETTER, seen_at=NOON + timedelta(hours=1))) == ()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(LETTER, data={**LETTER.data, "internal": True}), id="made internal"),
        pytest.param(replace(LETTER, payload={"subject": "another"}), id="other words"),
        pytest.param(replace(LETTER, by=ANNA), id="other author"),
        pytest.param(replace(LETTER, by=replace(MEI, login="mei@new.example")), id="customer renamed"),
        pytest.param(replace(LETTER, at=NOON + timedelta(microseconds=1)), id="other moment"),
    ],
)
def test_changed_content_supersedes_and_nothing_is_rewritten(store: Store, changed: Fact) -> None:
    append(store, LETTER)
    [added] = append(store, changed)
    assert added == replace(changed, revision=1)
    assert list(timeline(store)) == [added]
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM facts").scalar_one() == 2


def test_a_payload_that_was_not_read_again_stays(store: Store) -> None:
    append(store, LETTER)
    assert append(store, replace(LETTER, payload=None)) == ()
    append(store, replace(LETTER, payload=None, data={**LETTER.data, "internal": True}))
    [now] = timeline(store)
    assert now["internal"] is True
    assert now.text("subject") == "Kühlschrank 冰箱"


def test_a_fact_that_changes_back_is_a_revision_too(store: Store) -> None:
    append(store, LETTER)
    append(store, replace(LETTER, data={"id": 17, "internal": True}))
    [back] = append(store, LETTER)
    assert back.revision == 2


def test_tickets_have_timelines_of_their_own(store: Store) -> None:
    append(store, LETTER, ticket_id=7)
    append(store, CHANGE, ticket_id=8)
    assert list(timeline(store, 8)) == [CHANGE]


def test_customers_words_and_addresses_are_sealed_on_disk(store: Store) -> None:
    append(store, LETTER, CHANGE)
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM facts").all()
    raw = repr([tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row) for row in rows])
    assert "leaks" not in raw
    assert "mei@" not in raw
    assert "anna" in raw


def test_dropping_the_key_erases_the_words_and_leaves_the_chain_sound(store: Store) -> None:
    append(store, LETTER, CHANGE)
    with store.write() as connection:
        case_keys.drop(connection, 7)
    assert list(timeline(store)) == [replace(LETTER, payload=None, by=replace(MEI, login="")), CHANGE]
    assert first_broken(store) is None


def test_a_late_read_does_not_bring_erased_words_back(store: Store) -> None:
    append(store, LETTER)
    with store.write() as connection:
        case_keys.drop(connection, 7)
    assert append(store, LETTER) == ()
    append(store, replace(LETTER, key="article:18"))
    assert [fact.payload for fact in timeline(store)] == [None, None]


def test_a_sound_chain_has_no_broken_entry(store: Store) -> None:
    append(store, LETTER, CHANGE)
    append(store, replace(CHANGE, key="history:6"))
    assert first_broken(store) is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        pytest.param("UPDATE facts SET data = '{}' WHERE seq = 2", 2, id="data changed"),
        pytest.param("UPDATE facts SET at = at + 1 WHERE seq = 1", 1, id="time moved"),
        pytest.param("UPDATE facts SET by = '{\"id\":1}' WHERE seq = 3", 3, id="author changed"),
        pytest.param("UPDATE facts SET payload_digest = 'x' WHERE seq = 1", 1, id="digest changed"),
        pytest.param("DELETE FROM facts WHERE seq = 2", 2, id="entry deleted"),
        pytest.param("UPDATE facts SET seq = seq + 10 WHERE seq = 1", 1, id="order changed"),
    ],
)
def test_tampering_is_found_where_it_was_done(store: Store, statement: str, broken: int) -> None:
    append(store, LETTER, CHANGE, replace(CHANGE, key="history:6"))
    change_row(store, statement)
    assert first_broken(store) == broken


def test_many_facts_at_once_find_their_predecessors(store: Store) -> None:
    many = [replace(CHANGE, key=f"history:{number}") for number in range(1100)]
    assert len(append(store, *many)) == 1100
    assert append(store, *many) == ()


def test_data_with_a_moment_or_a_set_is_kept_as_text_and_list(store: Store) -> None:
    append(store, replace(CHANGE, data={"accepted_at": NOON, "ids": frozenset({2, 1})}))
    [kept] = timeline(store)
    assert kept.data == {"accepted_at": "2026-11-20T12:00:00.000000+00:00", "ids": [1, 2]}


def test_what_json_has_no_word_for_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="object has no place in the store"):
        append(store, replace(CHANGE, data={"what": object()}))
