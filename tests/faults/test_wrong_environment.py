"""A wrong environment ends the real command with one line that names the setting, the place and the way out."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from plugin import packs
from plugin.cli import main
from plugin.sandbox import Sandbox
from plugin.store import migrate
from plugin.store.store import Store
from tests.faults.served import serving
from tests.faults.steward import READY_SECONDS, StewardProcess, command, environment
from tests.ports import free_port

URL = "http://127.0.0.1:1"
"""Nobody listens on port 1."""


def right(directory: Path, **other: str) -> dict[str, str]:
    """An environment in which nothing is wrong but what ``other`` says; an empty value unsets."""
    return {
        "zammad_url": URL,
        "zammad_token": "a-token",
        "webhook_secret": "a-secret",
        "database_url": f"sqlite:///{directory / 'steward.db'}",
        "listen": f"127.0.0.1:{free_port()}",
        **other,
    }


def stops(*arguments: str, **settings: str) -> str:
    """What the command says on its one line; it ends by itself, with a status that is not 0."""
    ended = command(*arguments, **settings)
    assert ended.stdout == ""
    return the_error(ended.returncode, ended.stderr)


def the_error(status: int, said: str) -> str:
    """The one line that is no finding of the preflight."""
    assert status == 1, said
    errors = [line for line in said.splitlines() if not re.match(r"steward: (info|warning|error): ", line)]
    assert len(errors) == 1, said
    assert errors[0].startswith("steward: ")
    return errors[0]


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        pytest.param("zamad_url", "http://x", "did you mean STEWARD_ZAMMAD_URL", id="a name mistyped"),
        pytest.param("colour", "red", "docs/settings.md", id="a name nobody knows"),
        pytest.param("zammad_url", "zammad.example.com", "as in https://zammad.example.com", id="a URL without scheme"),
        pytest.param("zammad_url", "https://u:p@zammad.example.com", "use STEWARD_ZAMMAD_TOKEN", id="a login in it"),
        pytest.param("zammad_url", "", "not set; set it", id="no URL"),
        pytest.param("zammad_token", "", "not set; set it or STEWARD_ZAMMAD_TOKEN_FILE", id="no token"),
        pytest.param("zammad_ca", "/nowhere/ca.pem", "give the path of one", id="no such CA file"),
        pytest.param("database_url", "mysql://x/y", "allowed: sqlite:///", id="a database nobody speaks"),
        pytest.param("database_url", "sqlite:////nowhere/steward.db", "make it first", id="no such directory"),
        pytest.param("mode", "enforced", "allowed: observe, enforce", id="a mode that is none"),
        pytest.param("listen", "8080", "allowed: host:port", id="a port alone"),
        pytest.param("rate", "fast", "allowed: a number", id="a rate that is no number"),
        pytest.param("pack", "no-such-pack", "service-standard", id="no such pack"),
    ],
)
def test_a_wrong_setting_is_named_with_the_way_out(tmp_path: Path, name: str, value: str, way_out: str) -> None:
    # the same command without a process of its own: so many starts take their time
    ended = CliRunner().invoke(main, ["serve"], env=environment(**right(tmp_path, **{name: value})))
    said = the_error(ended.exit_code, ended.stderr)
    assert f"STEWARD_{name.upper()}" in said
    assert way_out in said
    assert not (tmp_path / "steward.db").exists()


def test_writing_needs_the_webhooks_secret(tmp_path: Path) -> None:
    said = stops("serve", **right(tmp_path, mode="enforce", webhook_secret=""))
    assert "STEWARD_WEBHOOK_SECRET: not set; set it or STEWARD_WEBHOOK_SECRET_FILE" in said


def test_a_token_file_that_is_missing_is_named(tmp_path: Path) -> None:
    file = str(tmp_path / "token")
    said = stops("serve", **right(tmp_path, zammad_token="", zammad_token_file=file))
    assert "STEWARD_ZAMMAD_TOKEN" in said
    assert file in said
    assert "check its path and rights" in said


def test_a_certificate_file_without_certificates_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate", encoding="ascii")
    said = stops("serve", **right(tmp_path, zammad_url="https://127.0.0.1:1", zammad_ca=str(file)))
    assert "STEWARD_ZAMMAD_CA" in said
    assert str(file) in said


def test_a_mistake_in_the_pack_is_shown_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    shipped = packs.text_of("service-standard")
    line = 1 + shipped[: shipped.index("\nlanguage: en")].count("\n") + 1
    file.write_text(shipped.replace("\nlanguage: en", "\nlanguage: tlh"), encoding="utf-8")
    said = stops("serve", **right(tmp_path, pack=str(file)))
    assert f"STEWARD_PACK: {file}:{line}:" in said
    assert "language: found 'tlh', allowed en, de, zh-CN" in said


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    settings = right(tmp_path)
    Store.open(settings["database_url"]).close()
    with sqlite3.connect(tmp_path / "steward.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for arguments in (("serve",), ("case", "show", "1"), ("case", "list")):
        said = stops(*arguments, **settings)
        assert "has schema 9999" in said
        assert migrate.HEAD in said
        assert "install the Steward that wrote it" in said


def test_a_second_process_on_a_sqlite_store_is_refused_and_names_the_first(tmp_path: Path) -> None:
    settings = right(tmp_path)
    with Store.open(settings["database_url"]):
        said = stops("serve", **settings)
    assert "steward.db.lock: process " in said
    assert "STEWARD_DATABASE_URL to PostgreSQL" in said


@pytest.mark.parametrize("half", ["web", "worker"])
def test_half_a_process_on_sqlite_is_refused(tmp_path: Path, half: str) -> None:
    said = stops(half, **right(tmp_path))
    assert "STEWARD_DATABASE_URL" in said
    assert "use steward serve" in said


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    said = stops("worker", **right(tmp_path, database_url="postgresql://me:hidden@127.0.0.1:1/steward"))
    assert "PostgreSQL database steward at 127.0.0.1:1" in said
    assert "hidden" not in said


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with serving(Sandbox(like="6.5")) as (sandbox, address):
        settings = right(tmp_path, zammad_url=address, zammad_token=sandbox.tokens["steward"])
        said = stops("serve", **settings | {"listen": address.removeprefix("http://")})
    assert "STEWARD_LISTEN" in said
    assert "name a free port" in said


def test_a_store_that_is_not_there_yet_has_nothing_to_show(tmp_path: Path) -> None:
    assert "start steward serve once" in stops("case", "show", "1", **right(tmp_path))


@pytest.mark.parametrize("arguments", [("case", "look", "1"), ("case", "look", "#81001")], ids=["by id", "by number"])
def test_a_look_at_a_dead_zammad_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    said = stops(*arguments, **right(tmp_path))
    assert "Zammad cannot be reached" in said
    assert "STEWARD_ZAMMAD_URL" in said


@pytest.fixture
def steward(tmp_path: Path) -> Iterator[StewardProcess]:
    steward = StewardProcess(settings={}, log=tmp_path / "steward.log")
    yield steward
    steward.close()


def heard(steward: StewardProcess, words: str) -> str:
    """What the process said until it said ``words``; it receives before it knows of Zammad."""
    ends = time.monotonic() + READY_SECONDS
    while words not in (said := steward.tail()):
        assert not steward.died(within=0.05), said
        assert time.monotonic() < ends, said
    return said


def test_an_unreachable_zammad_is_said_and_waited_for(steward: StewardProcess, tmp_path: Path) -> None:
    steward.settings = right(tmp_path)
    steward.start()
    said = heard(steward, "Zammad cannot be reached")
    assert "STEWARD_ZAMMAD_URL" in said
    assert steward.is_ready()


def test_a_zammad_that_does_not_take_the_token_is_said_and_waited_for(steward: StewardProcess, tmp_path: Path) -> None:
    with serving(Sandbox(like="6.5")) as (_, address):
        steward.settings = right(tmp_path, zammad_url=address, zammad_token="a-wrong-token")
        steward.start()
        heard(steward, "STEWARD_ZAMMAD_TOKEN")
        assert steward.is_ready()
