"""Thousands of malformed but signed bodies over a real socket: each is understood or quarantined, nothing breaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.sender import SECRET
from plugin.store import inbox
from plugin.store.store import Store
from tests.faults import malformed
from tests.web.wire import BODY, door, request

COUNT = 2_000
"""``python -m bench.malformed`` sends 20,000."""


def test_malformed_bodies_are_understood_or_quarantined(store_url: str, tell: Callable[[str], None]) -> None:
    began = time.monotonic()
    with Store.open(store_url) as store, door(store, secret=SECRET) as opened:
        verdict = malformed.send_all(opened.address, store, seed=1, count=COUNT)
        assert verdict.faults == ()
        with store.write() as connection:
            while inbox.fold(connection, quiet=timedelta(0), now=datetime.now(UTC)):
                pass
            assert inbox.counts(connection).keys() == {"folded", "quarantined"}
            for ticket in (7, 206):
                assert all(isinstance(body, bytes) for body in inbox.bodies(connection, ticket, store_key=store.key))
        assert opened.talk(request(BODY, secret=SECRET)) == [202]  # and it still works
    tell(f"seed 1: {verdict}, {time.monotonic() - began:.0f} s")
