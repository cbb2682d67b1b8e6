"""A store on each database, and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugin.store.store import Store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open, empty store."""
    with Store.open(store_url) as opened:
        yield opened
