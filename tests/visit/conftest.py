"""A helpdesk with Steward beside it, on both Zammads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.helpdesk import Helpdesk, open_helpdesk


@pytest.fixture(params=["6.1", "6.5"])
def like(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def helpdesk(like: str, tmp_path: Path) -> Iterator[Helpdesk]:
    helpdesk = open_helpdesk(like=like, store_url=f"sqlite:///{tmp_path / 'steward.db'}")
    yield helpdesk
    helpdesk.service.close()
