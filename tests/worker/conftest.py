"""A store of each kind, and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugin.store.store import Store
from tests.worker.hands import HandClock


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
