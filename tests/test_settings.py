"""Settings say what they were told, or in one line what is wrong and the way out."""

from __future__ import annotations

import shutil
from pathlib import Path

import certifi
import pytest

from plugin.model.decision import Mode
from plugin.settings import TABLE, Address, Secret, Settings, SettingsError
from plugin.zammad.room import connect

KEY = "0123456789abcdef0123456789abcdef"


def read(**environ: str) -> Settings:
    return Settings.from_environ({f"STEWARD_{name}": value for name, value in environ.items()})


def complaint(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return str(caught.value)


def test_an_empty_environment_observes_on_sqlite() -> None:
    settings = read()
    assert settings.mode is Mode.OBSERVE
    assert settings.database_url.reveal() == "sqlite:///steward.db"
    assert settings.pack == "service-standard"
    assert settings.customer_mail is False
    assert settings.listen == Address(host="127.0.0.1", port=8080)
    assert (settings.concurrency, settings.quiet_time, settings.rate) == (4, 1, 5)
    assert (settings.zammad_url, settings.zammad_token, settings.zammad_ca) == (None, None, None)


def test_an_empty_value_counts_as_not_set() -> None:
    assert read(MODE="", ZAMMAD_URL="", ZAMMAD_TOKEN_FILE="") == read()


def test_names_of_others_and_of_tests_are_left_alone() -> None:
    environ = {"PATH": "/bin", "ZAMMAD_URL": "ftp://x", "STEWARD_TEST_POSTGRESQL": "x"}
    assert Settings.from_environ(environ) == read()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("https://help.example.com", "https://help.example.com", id="plain"),
        pytest.param("https://help.example.com/", "https://help.example.com", id="closing slash"),
        pytest.param("https://help.example.com/api/v1", "https://help.example.com", id="with the API's path"),
        pytest.param("https://help.example.com/api/v1/", "https://help.example.com", id="and its slash"),
        pytest.param("http://127.0.0.1:3000", "http://127.0.0.1:3000", id="port"),
        pytest.param("http://[::1]:3000/", "http://[::1]:3000", id="IPv6"),
        pytest.param("https://example.com/zammad/", "https://example.com/zammad", id="below a path"),
    ],
)
def test_zammads_address_is_kept_without_what_we_add_ourselves(given: str, kept: str) -> None:
    assert read(ZAMMAD_URL=given).zammad_url == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("postgres://u:p@db/steward", "postgresql+psycopg://u:p@db/steward", id="postgres"),
        pytest.param("postgresql://u:p@db/steward", "postgresql+psycopg://u:p@db/steward", id="postgresql"),
        pytest.param("postgresql+psycopg://db/steward", "postgresql+psycopg://db/steward", id="with driver"),
        pytest.param("postgresql:///steward", "postgresql+psycopg:///steward", id="by socket"),
        pytest.param("sqlite:///other.db", "sqlite:///other.db", id="SQLite here"),
        pytest.param("sqlite:////tmp/other.db", "sqlite:////tmp/other.db", id="SQLite elsewhere"),
    ],
)
def test_a_database_is_named_as_the_store_wants_it(given: str, kept: str) -> None:
    assert read(DATABASE_URL=given).database_url.reveal() == kept


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param("postgres://u:p@db:5433/steward?password=q", "postgresql://db:5433/steward", id="postgres"),
        pytest.param("postgresql:///steward", "postgresql:///steward", id="by socket"),
        pytest.param("sqlite:///steward.db", "sqlite:///steward.db", id="SQLite"),
    ],
)
def test_a_database_is_shown_without_user_and_password(given: str, shown: str) -> None:
    assert read(DATABASE_URL=given).database == shown


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("ZAMMAD_URL", "help.example.com", "http or https", id="no scheme"),
        pytest.param("ZAMMAD_URL", "ftp://help.example.com", "http or https", id="wrong scheme"),
        pytest.param("ZAMMAD_URL", "https://", "http or https", id="no host"),
        pytest.param("ZAMMAD_URL", "https://help.example.com:port", "http or https", id="port is a word"),
        pytest.param("ZAMMAD_URL", "https://[::1", "http or https", id="half an IPv6 address"),
        pytest.param("ZAMMAD_URL", "https://help example.com", "http or https", id="blank inside"),
        pytest.param("ZAMMAD_URL", "https://u:hunter2@help.example.com", "ZAMMAD_TOKEN", id="password"),
        pytest.param("ZAMMAD_URL", "https://help.example.com/?x=1", "before '?'", id="query"),
        pytest.param("ZAMMAD_TOKEN", "hunter2 hunter2", "token alone", id="token with a blank"),
        pytest.param("ZAMMAD_TOKEN", "hunter2\r\nX: 1", "token alone", id="token with a line break"),
        pytest.param("ZAMMAD_TOKEN", "hünter2", "token alone", id="token with an umlaut"),
        pytest.param("ZAMMAD_CA", "/nowhere/ca.pem", "not a file", id="no such file"),
        pytest.param("ZAMMAD_PROXY", "socks5://u:hunter2@proxy", "http or https", id="proxy of another kind"),
        pytest.param("WEBHOOK_SECRET_PREVIOUS", "hunter2", "WEBHOOK_SECRET: not set", id="only the old secret"),
        pytest.param("DATABASE_URL", "mysql://u:hunter2@db/x", "'mysql://'", id="another database"),
        pytest.param("DATABASE_URL", "u:hunter2@db/steward", "no address", id="database without scheme"),
        pytest.param("DATABASE_URL", "postgresql://u:hunter2@db:x/y", "host or port", id="database port"),
        pytest.param("DATABASE_URL", "sqlite://", "no file", id="store in memory"),
        pytest.param("DATABASE_URL", "sqlite:///:memory:", "no file", id="store in memory, named"),
        pytest.param("DATABASE_URL", "sqlite:////nowhere/at/all/x.db", "does not exist", id="no directory"),
        pytest.param("SECRET_KEY", "hunter2", "openssl rand", id="short key"),
        pytest.param("MODE", "Enforce", "observe, enforce", id="mode in capitals"),
        pytest.param("CUSTOMER_MAIL", "true", "on, off", id="switch"),
        pytest.param("CONCURRENCY", "0", "from 1 to 64", id="too few"),
        pytest.param("CONCURRENCY", "65", "from 1 to 64", id="too many"),
        pytest.param("CONCURRENCY", "4.5", "from 1 to 64", id="not whole"),
        pytest.param("CONCURRENCY", "٤", "from 1 to 64", id="digits of another script"),
        pytest.param("QUIET_TIME", "-1", "from 0 to 60", id="negative"),
        pytest.param("QUIET_TIME", "nan", "from 0 to 60", id="not a number"),
        pytest.param("QUIET_TIME", "1s", "from 0 to 60", id="with a unit"),
        pytest.param("RATE", "0", "from 0.1", id="no calls at all"),
        pytest.param("SWEEP_INTERVAL", "inf", "to 86400", id="never"),
        pytest.param("LISTEN", "8080", "host:port", id="port alone"),
        pytest.param("LISTEN", "::1:8080", "host:port", id="IPv6 without brackets"),
        pytest.param("LISTEN", "127.0.0.1:70000", "host:port", id="port too high"),
        pytest.param("LOG", "xml", "auto, console, json", id="log form"),
        pytest.param("LOG_LEVEL", "INFO", "debug, info", id="log level"),
        pytest.param("CLOCK", "zammad", "system, sandbox", id="clock"),
        pytest.param("ZAMMAD_TOKEN_FILE", "/nowhere/token", "cannot be read", id="no such secret file"),
        pytest.param("ZAMMAD_TOKEN_FILE", "/", "cannot be read", id="secret file is a directory"),
        pytest.param("ZAMAD_URL", "https://x", "did you mean STEWARD_ZAMMAD_URL?", id="slip of the pen"),
        pytest.param("MODE_FILE", "/x", "no such setting", id="file for what is no secret"),
        pytest.param("XYZZY", "1", "docs/settings.md", id="no name is near"),
    ],
)
def test_a_wrong_value_is_named_in_one_line_that_keeps_the_secret(name: str, value: str, words: str) -> None:
    message = complaint(**{name: value})
    assert "STEWARD_" + name in message
    assert words in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_every_problem_is_named_at_once() -> None:
    message = complaint(MODE="x", RATE="y", XYZZY="z")
    assert all(name in message for name in ("STEWARD_MODE", "STEWARD_RATE", "STEWARD_XYZZY"))


@pytest.mark.parametrize("name", [setting.name for setting in TABLE if setting.secret])
def test_a_secret_may_come_from_a_file_but_not_from_both(name: str, tmp_path: Path) -> None:
    value = "sqlite:///steward.db" if name == "DATABASE_URL" else KEY
    file = tmp_path / "secret"
    file.write_text(value + "\r\n", encoding="utf-8")
    others = {"WEBHOOK_SECRET": KEY} if name == "WEBHOOK_SECRET_PREVIOUS" else {}
    secret = getattr(read(**others, **{name + "_FILE": str(file)}), name.lower())
    assert secret == Secret(value)
    message = complaint(**others, **{name: value, name + "_FILE": str(file)})
    assert f"STEWARD_{name}: is set, and so is STEWARD_{name}_FILE; keep one of them" in message


@pytest.mark.parametrize(
    ("content", "words"),
    [pytest.param(b"\n", "is empty", id="empty"), pytest.param(b"\xff\xfe", "not UTF-8", id="binary")],
)
def test_a_secret_file_must_hold_a_text(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    assert words in complaint(WEBHOOK_SECRET_FILE=str(file))


def test_two_webhook_secrets_hold_while_one_is_replaced() -> None:
    assert read().webhook_secrets == ()
    assert read(WEBHOOK_SECRET="new").webhook_secrets == (Secret("new"),)
    both = read(WEBHOOK_SECRET="new", WEBHOOK_SECRET_PREVIOUS="old")
    assert both.webhook_secrets == (Secret("new"), Secret("old"))


def test_no_secret_is_ever_printed() -> None:
    settings = read(
        ZAMMAD_TOKEN="hunter2",
        ZAMMAD_PROXY="http://u:hunter2@proxy:3128",
        WEBHOOK_SECRET="hunter2",
        DATABASE_URL="postgresql://u:hunter2@db/x",
        SECRET_KEY="hunter2" * 9,
    )
    printed = f"{settings!r} {settings} {settings.zammad_token} {settings.zammad_token!r} {settings.database}"
    assert "hunter2" not in printed
    assert settings.zammad_token is not None
    assert settings.zammad_token.reveal() == "hunter2"


def test_a_certificate_file_is_kept_as_its_path(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    shutil.copy(certifi.where(), file)
    assert read(ZAMMAD_CA=str(file)).zammad_ca == file


def test_a_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not one", encoding="ascii")
    with pytest.raises(SettingsError, match=r"STEWARD_ZAMMAD_CA: found .*ca\.pem', which holds no certificate"):
        read(ZAMMAD_CA=str(file))


def test_what_is_missing_is_named_together() -> None:
    with pytest.raises(SettingsError) as caught:
        read(ZAMMAD_URL="https://help.example.com").require("zammad_url", "zammad_token", "webhook_secret")
    message = str(caught.value)
    assert "STEWARD_ZAMMAD_URL" not in message
    assert "STEWARD_ZAMMAD_TOKEN: not set; set it or STEWARD_ZAMMAD_TOKEN_FILE" in message
    assert "STEWARD_WEBHOOK_SECRET: not set" in message
    assert "\n" not in message


def test_how_zammad_is_reached_is_said_in_the_words_of_the_connection() -> None:
    given = {"ZAMMAD_URL": "https://help.example.com", "ZAMMAD_TOKEN": "t0ken", "ZAMMAD_PROXY": "http://u:p@proxy:3128"}
    access = read(**given, RATE="7").zammad_access()
    assert (access["url"], access["token"], access["proxy"]) == tuple(given.values())
    assert (access["rate"], access["ca"]) == (7, None)
    zammad = connect(**access)
    assert zammad.client.url == "https://help.example.com"
    zammad.close()


def test_without_a_token_nobody_learns_how_zammad_is_reached() -> None:
    with pytest.raises(SettingsError, match="STEWARD_ZAMMAD_TOKEN"):
        read(ZAMMAD_URL="https://help.example.com").zammad_access()


def test_what_is_there_satisfies_a_requirement() -> None:
    read(ZAMMAD_URL="https://help.example.com").require("zammad_url", "database_url")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        pytest.param("0.0.0.0:80", Address(host="0.0.0.0", port=80), id="IPv4"),
        pytest.param("[::]:8080", Address(host="::", port=8080), id="IPv6"),
        pytest.param("steward.internal:8080", Address(host="steward.internal", port=8080), id="name"),
    ],
)
def test_an_address_reads_as_it_is_written(given: str, address: Address) -> None:
    assert read(LISTEN=given).listen == address
    assert str(address) == given


def test_every_field_has_one_row_in_the_table_and_a_default_that_is_allowed() -> None:
    assert sorted(setting.field for setting in TABLE) == sorted(Settings.__dataclass_fields__)
    assert Settings.from_environ({row.variable: row.default for row in TABLE if row.default}) == read()
