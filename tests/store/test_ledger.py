"""A ledger that is read first and written later keeps everything once, in one chain, or says that it could not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from plugin.model.facts import Timeline
from plugin.store import case_keys, facts
from plugin.store.errors import StoreUnavailable
from plugin.store.facts import Ledger
from plugin.store.store import Store
from tests.store.test_facts import LETTER as A_LETTER
from tests.store.test_facts import NOON

TICKET = 7
LETTER = replace(A_LETTER, data={"id": 17, "internal": False}, payload={"subject": "It leaks"})
SECOND = replace(LETTER, key="article:18", data={"id": 18, "internal": False})
MADE_INTERNAL = replace(LETTER, data={"id": 17, "internal": True}, payload=None)


def read(store: Store) -> Ledger:
    with store.read() as connection:
        return store.ledger(connection, TICKET)


def write(store: Store, ledger: Ledger) -> None:
    with store.write() as connection:
        ledger.write(connection, now=NOON)
    ledger.kept()


def kept(store: Store) -> Timeline:
    return read(store).timeline


def is_sound(store: Store) -> bool:
    with store.read() as connection:
        return facts.first_broken(connection, TICKET) is None


def test_what_was_added_is_there_when_it_is_written(store: Store) -> None:
    ledger = read(store)
    assert ledger.add([LETTER, SECOND]) == (LETTER, SECOND)
    assert len(kept(store)) == 0
    assert not ledger.is_kept

    write(store, ledger)
    assert list(kept(store)) == [LETTER, SECOND]
    assert ledger.is_kept


def test_what_was_added_before_is_known_before_it_is_written(store: Store) -> None:
    ledger = read(store)
    ledger.add([LETTER])
    assert ledger.add([LETTER]) == ()
    assert ledger.add([MADE_INTERNAL]) == (replace(MADE_INTERNAL, revision=1),)
    write(store, ledger)
    [now] = kept(store)
    assert (now["internal"], now.text("subject"), now.revision) == (True, "It leaks", 1)
    assert is_sound(store)


def test_more_may_be_added_behind_what_was_written(store: Store) -> None:
    ledger = read(store)
    ledger.add([LETTER])
    write(store, ledger)
    ledger.add([SECOND])
    write(store, ledger)
    write(store, ledger)
    assert list(kept(store)) == [LETTER, SECOND]
    assert is_sound(store)


def test_a_transaction_that_failed_is_written_once_more(store: Store) -> None:
    ledger = read(store)
    ledger.add([LETTER])

    def fail_behind_it(connection: Connection) -> None:
        ledger.write(connection, now=NOON)
        raise RuntimeError("what came behind it failed")

    with pytest.raises(RuntimeError, match="behind it"):
        store.commit(fail_behind_it)
    write(store, ledger)
    assert list(kept(store)) == [LETTER]
    assert is_sound(store)


def test_a_ledger_that_somebody_else_added_to_since_is_not_written(store: Store) -> None:
    first = read(store)
    first.add([LETTER])
    write(store, first)

    ours, theirs = read(store), read(store)
    ours.add([SECOND])
    theirs.add([MADE_INTERNAL])
    write(store, theirs)
    with pytest.raises(StoreUnavailable, match="the ledger of ticket 7 was added to by somebody else"):
        write(store, ours)
    assert [fact.key for fact in kept(store)] == ["article:17"]
    assert is_sound(store)


def test_two_first_keys_of_a_case_are_one_too_many(store: Store) -> None:
    ours, theirs = read(store), read(store)
    ours.add([LETTER])
    theirs.add([SECOND])
    write(store, theirs)
    with pytest.raises(StoreUnavailable, match="ticket 7 was given a key by somebody else"):
        write(store, ours)
    assert [fact.text("subject") for fact in kept(store)] == ["It leaks"]


def test_a_key_that_was_dropped_meanwhile_is_not_made_anew(store: Store) -> None:
    with store.write() as connection:
        case_keys.lock(connection, TICKET, now=NOON)
    ledger = read(store)
    ledger.add([LETTER])
    with store.write() as connection:
        case_keys.drop(connection, TICKET)
    with pytest.raises(StoreUnavailable, match="ticket 7 was given a key by somebody else"):
        write(store, ledger)

    again = read(store)
    again.add([LETTER])
    write(store, again)
    assert [fact.payload for fact in kept(store)] == [None]
