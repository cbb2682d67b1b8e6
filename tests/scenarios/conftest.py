"""Stories run on both Zammads and both stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.helpdesk import Helpdesk, open_helpdesk


@pytest.fixture(params=["6.1", "6.5"])
def like(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def helpdesk(like: str, store_url: str) -> Iterator[Helpdesk]:
    """A helpdesk on a Monday morning, Steward enforcing."""
    helpdesk = open_helpdesk(like=like, store_url=store_url)
    yield helpdesk
    helpdesk.service.close()
