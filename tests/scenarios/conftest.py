"""Stories run on both Zammads and both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenarios.helpdesk import Helpdesk, open_helpdesk, write_pack

Open = Callable[..., Helpdesk]


@pytest.fixture(params=["6.1", "6.5"])
def like(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opens(like: str, store_url: str) -> Iterator[Open]:
    """Opens a helpdesk with settings of one's own (mode="observe"), and closes it after the story."""
    opened: list[Helpdesk] = []

    def open_one(**settings: str) -> Helpdesk:
        opened.append(open_helpdesk(like=like, store_url=store_url, **settings))
        return opened[-1]

    yield open_one
    for helpdesk in opened:
        helpdesk.service.close()


@pytest.fixture
def helpdesk(opens: Open) -> Helpdesk:
    """A helpdesk on a Monday morning, Steward enforcing the shipped pack, which names nobody."""
    return opens()


@pytest.fixture
def staffed(opens: Open, tmp_path: Path) -> Helpdesk:
    """The same with a pack that names people: chief is the supervisor, dora the management."""
    return opens(pack=write_pack(tmp_path))
