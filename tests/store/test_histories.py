"""The cache of histories: sealed, dropped when old, and nobody else's to open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.store.errors import StoreError
from plugin.store.histories import KEPT_FOR, Histories, forget, unseal
from plugin.store.keys import WrongKey

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = b"a secret of at least thirty-two characters"
CANARY = b"my canary sings no more " * 40


def opened(tmp_path: Path, *, secret: bytes | None = SECRET, now: datetime = NOW) -> Histories:
    return Histories.open(tmp_path / "histories.db", secret_key=secret, now=now)


def keep(cache: Histories, ticket_id: int, *, at: datetime = NOW, content: bytes = CANARY) -> None:
    cache.keep(ticket_id, content, version=f"v{ticket_id}", changed_at=at, read_at=at)


def contents(cache: Histories, *, since: datetime | None = None) -> dict[int, bytes]:
    return {ticket_id: unseal(cache.key, ticket_id, sealed) for ticket_id, sealed, _ in cache.read(since=since)}


@pytest.mark.parametrize("secret", [SECRET, None], ids=["under the setting's key", "under a key of its own"])
def test_what_was_kept_is_read_again(tmp_path: Path, secret: bytes | None) -> None:
    with opened(tmp_path, secret=secret) as cache:
        keep(cache, 7)
    with opened(tmp_path, secret=secret) as cache:
        assert contents(cache) == {7: CANARY}
        assert cache.versions() == {7: "v7"}


def test_nothing_lies_in_the_clear(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7)
    assert all(b"canary" not in file.read_bytes() for file in tmp_path.iterdir())


def test_nobody_but_the_owner_may_read_the_file(tmp_path: Path) -> None:
    opened(tmp_path).close()
    assert (tmp_path / "histories.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("secret", [None, b"another secret of thirty-two characters"], ids=["none", "another"])
def test_the_wrong_key_is_said_at_once(tmp_path: Path, secret: bytes | None) -> None:
    opened(tmp_path).close()
    with pytest.raises(StoreError, match="STEWARD_SECRET_KEY"):
        opened(tmp_path, secret=secret)


def test_a_history_opens_in_its_own_place_only(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7)
        ((_, sealed, _),) = cache.read()
        with pytest.raises(WrongKey):
            unseal(cache.key, 8, sealed)


def test_the_newest_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7, content=b"old")
        keep(cache, 7, content=b"new")
        assert contents(cache) == {7: b"new"}


def test_what_nobody_confirmed_for_long_is_dropped(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7)
        keep(cache, 8)
    later = NOW + KEPT_FOR - timedelta(days=1)
    with opened(tmp_path, now=later) as cache:
        cache.confirm([8], at=later)
    with opened(tmp_path, now=NOW + KEPT_FOR + timedelta(days=1)) as cache:
        assert set(contents(cache)) == {8}


def test_what_is_dropped_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7)
        ((_, sealed, _),) = cache.read()
        cache.drop(7)
        assert cache.count() == 0
    assert all(sealed[:64] not in file.read_bytes() for file in tmp_path.iterdir())


def test_only_what_changed_since_is_read(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7, at=NOW - timedelta(days=2))
        keep(cache, 8)
        assert set(contents(cache, since=NOW - timedelta(days=1))) == {8}
        assert cache.count(since=NOW - timedelta(days=1)) == 1


def test_thousands_are_read_some_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        cache.keep_many([(number, b"%d" % number) for number in range(1, 1202)], version="1", at=NOW)
        assert list(contents(cache)) == list(range(1, 1202))


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        keep(cache, 7)
    forget(tmp_path / "histories.db")
    assert list(tmp_path.iterdir()) == []
