"""Imports run one way between the rooms; a new one fails until docs/import_map.py allows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import import_map
from docs.import_map import ALLOWED, IMPURE, LIBRARIES, PURE_ROOMS, Arrow


def faults(found: tuple[Arrow, ...]) -> list[str]:
    """The arrows nobody decided for, each with file and line."""
    return [f"{arrow.place}: {arrow.room} may not import {arrow.target}" for arrow in found if not is_allowed(arrow)]


def is_allowed(arrow: Arrow) -> bool:
    if arrow.inside:
        return arrow.target in ALLOWED.get(arrow.room, ())
    if arrow.room in PURE_ROOMS and arrow.target in IMPURE:
        return False
    return arrow.room in LIBRARIES.get(arrow.target, {arrow.room})


def house(tmp_path: Path, **files: str) -> Path:
    """A little plugin/ with the given files; a double underscore in a name is a directory."""
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    for room in ("model", "store", "zammad", "web", "cli"):
        (plugin / room).mkdir()
        (plugin / room / "__init__.py").touch()
    (plugin / "__init__.py").write_text("def create_app(): ...\n", encoding="utf-8")
    for name, text in files.items():
        (plugin / (name.replace("__", "/") + ".py")).write_text(text, encoding="utf-8")
    return plugin


def test_every_import_follows_an_arrow_somebody_decided_for() -> None:
    assert faults(import_map.arrows()) == []


def test_every_room_has_its_row_in_the_table() -> None:
    assert set(import_map.rooms()) - set(ALLOWED) == set()


def test_every_room_says_what_it_is_for() -> None:
    assert [room for room in import_map.rooms() if not import_map.purpose(room)] == []


def test_no_arrow_of_the_table_leads_in_a_circle() -> None:
    left = dict(ALLOWED)
    while free := [room for room, others in left.items() if not others & left.keys()]:
        for room in free:
            del left[room]
    assert left == {}


def test_every_name_in_the_table_is_a_room_of_the_table() -> None:
    assert {other for others in ALLOWED.values() for other in others} - set(ALLOWED) == set()


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        pytest.param("model__x", "import plugin.store", "model may not import store", id="module"),
        pytest.param("model__x", "from plugin.store import y", "model may not import store", id="name"),
        pytest.param("model__x", "from plugin import store", "model may not import store", id="from the top"),
        pytest.param("zammad__x", "from plugin import store as s", "zammad may not import store", id="alias"),
        pytest.param("store__x", "def f():\n    import plugin.web.y", "store may not import web", id="in a function"),
        pytest.param("web__x", "from plugin import create_app", "web may not import __init__", id="factory"),
        pytest.param("web__x", "import plugin", "web may not import __init__", id="whole package"),
        pytest.param("model__x", "import time", "model may not import time", id="clock in a pure room"),
        pytest.param("web__x", "import sqlalchemy.exc", "web may not import sqlalchemy", id="SQL outside the store"),
        pytest.param("model__x", "from os.path import join", "model may not import os", id="environment"),
        pytest.param("attic", "import plugin.model", "attic may not import model", id="unknown room"),
    ],
)
def test_a_new_arrow_is_found_and_named(tmp_path: Path, file: str, text: str, fault: str) -> None:
    found = faults(import_map.arrows(house(tmp_path, **{file: text})))
    line = text.count("\n") + 1
    assert found == [f"plugin/{file.replace('__', '/')}.py:{line}: {fault}"]


def test_arrows_the_table_allows_pass(tmp_path: Path) -> None:
    plugin = house(tmp_path, cli__x="from plugin import create_app\nimport plugin.web", store__y="import sqlalchemy")
    assert faults(import_map.arrows(plugin)) == []
