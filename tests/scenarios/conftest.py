"""Stories run on both Zammads and both stores: SQLite beside either, PostgreSQL beside the newer one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenarios.helpdesk import Helpdesk, open_helpdesk, write_pack

Open = Callable[..., Helpdesk]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out PostgreSQL beside 6.1: store and Zammad never meet, so three of four pairs show as much."""
    left_out = [item for item in items if _is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _is_left_out(item: pytest.Item) -> bool:
    if item.path.parent != Path(__file__).parent or not isinstance(item, pytest.Function):
        return False
    params = item.callspec.params if hasattr(item, "callspec") else {}
    pinned = [mark.args[0] for mark in item.iter_markers("parametrize")]
    return (params.get("like"), params.get("store_url")) == ("6.1", "postgresql") and "like" not in pinned


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
