"""The environment, read once: every ``STEWARD_*`` name, its meaning, default, unit and check."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

from plugin import settings_values as values
from plugin.model.decision import Mode
from plugin.model.errors import StewardError
from plugin.settings_values import Address, Secret

__all__ = ["TABLE", "Address", "Secret", "Setting", "Settings", "SettingsError"]

PREFIX = "STEWARD_"
TESTS_PREFIX = "STEWARD_TEST_"
FILE_SUFFIX = "_FILE"


class SettingsError(StewardError):
    """Do not start: the message is one line that names each wrong setting, what was found and the way out."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: ``STEWARD_<name>`` becomes ``Settings.<field>`` by ``parse``.

    ``default`` is what would be written in the environment, None for "not set". ``parse`` raises ValueError
    with what was found and what is allowed. A ``secret`` may come from a file that ``STEWARD_<name>_FILE``
    names instead.
    """

    name: str
    meaning: str
    parse: Callable[[str], object]
    default: str | None = None
    unit: str = ""
    secret: bool = False

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name

    @property
    def field(self) -> str:
        """Its name in ``Settings``."""
        return self.name.lower()


class ZammadAccess(TypedDict):
    """How Zammad is reached, in the words of ``zammad.room.connect``; secrets are in plain text."""

    url: str
    token: str
    timeout: float
    ca: Path | None
    proxy: str | None
    rate: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process was told; ``from_environ`` is the way to get one. Units are those of ``TABLE``."""

    zammad_url: str | None
    zammad_token: Secret | None
    zammad_ca: Path | None
    zammad_proxy: Secret | None
    webhook_secret: Secret | None
    webhook_secret_previous: Secret | None
    database_url: Secret
    secret_key: Secret | None
    pack: str
    mode: Mode
    customer_mail: bool
    listen: Address
    concurrency: int
    quiet_time: float
    rate: float
    sweep_interval: float
    client_timeout: float
    unknown_wait: float
    note_brake: int
    log: str
    log_level: str
    clock: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read every ``STEWARD_*`` name of ``environ``; an empty value counts as not set.

        Raises SettingsError for an unknown name, a value that is not allowed, a secret given twice.
        """
        problems = [_unknown(name) for name in sorted(environ) if not is_known(name)]
        known: dict[str, Any] = {}
        for setting in TABLE:
            try:
                known[setting.field] = _value(setting, environ)
            except ValueError as problem:
                problems.append(f"{setting.variable}: {problem}")
        if known.get("webhook_secret_previous") and known.get("webhook_secret", "wrong") is None:
            problems.append(
                "STEWARD_WEBHOOK_SECRET: not set, but STEWARD_WEBHOOK_SECRET_PREVIOUS is; set the current one"
            )
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(**known)

    def require(self, *names: str) -> None:
        """Raise SettingsError naming each of the fields ``names`` that is not set."""
        asked = [setting for setting in TABLE if setting.field in names]
        missing = [_missing(setting) for setting in asked if getattr(self, setting.field) is None]
        if missing:
            raise SettingsError("; ".join(missing))

    @property
    def webhook_secrets(self) -> tuple[Secret, ...]:
        """The secrets a webhook may be signed with, the current one first; two while one is replaced."""
        return tuple(secret for secret in (self.webhook_secret, self.webhook_secret_previous) if secret)

    @property
    def sealing_key(self) -> bytes | None:
        """The secret that what is kept is sealed under, as the store takes it; None without one."""
        return self.secret_key.reveal().encode() if self.secret_key else None

    def zammad_access(self) -> ZammadAccess:
        """To be handed on at once, for it holds the token; raises SettingsError without address and token."""
        self.require("zammad_url", "zammad_token")
        assert self.zammad_url is not None
        assert self.zammad_token is not None
        return {
            "url": self.zammad_url,
            "token": self.zammad_token.reveal(),
            "timeout": self.client_timeout,
            "ca": self.zammad_ca,
            "proxy": self.zammad_proxy.reveal() if self.zammad_proxy else None,
            "rate": self.rate,
        }

    @property
    def is_sqlite(self) -> bool:
        """One file, one process."""
        return self.database_url.reveal().startswith("sqlite")

    @property
    def sqlite_file(self) -> Path:
        """The SQLite file; meaningless on PostgreSQL."""
        return Path(self.database_url.reveal().partition("///")[2])

    @property
    def database(self) -> str:
        """The database by kind, host and name, fit for logs: without user, password and options."""
        parts = urlsplit(self.database_url.reveal())
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme.partition('+')[0]}://{host}{parts.path}"


def is_known(name: str) -> bool:
    """False for a ``STEWARD_*`` name that is neither a setting nor a test's own."""
    return not name.startswith(PREFIX) or name.startswith(TESTS_PREFIX) or name in _names()


def _names() -> frozenset[str]:
    plain = {setting.variable for setting in TABLE}
    return frozenset(plain | {setting.variable + FILE_SUFFIX for setting in TABLE if setting.secret})


def _unknown(name: str) -> str:
    known = {other.removeprefix(PREFIX): other for other in sorted(_names())}
    near = [known[other] for other in difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)]
    way_out = f"did you mean {near[0]}?" if near else "unset it; docs/settings.md lists the names there are"
    return f"{name}: there is no such setting; {way_out}"


def _missing(setting: Setting) -> str:
    other = f" or {setting.variable}{FILE_SUFFIX}" if setting.secret else ""
    return f"{setting.variable}: not set; set it{other} ({setting.meaning})"


def _value(setting: Setting, environ: Mapping[str, str]) -> object:
    text = environ.get(setting.variable) or None
    file = (environ.get(setting.variable + FILE_SUFFIX) or None) if setting.secret else None
    if text is not None and file is not None:
        raise ValueError(f"is set, and so is {setting.variable}{FILE_SUFFIX}; keep one of them")
    if file is not None:
        text = _content(file, named_by=setting.variable + FILE_SUFFIX)
    if text is None:
        text = setting.default
    return None if text is None else setting.parse(text)


def _content(file: str, *, named_by: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as problem:
        what = f"cannot be read ({problem.strerror}); check its path and rights"
    except UnicodeDecodeError:
        what = "is not UTF-8 text; write the secret into it as text"
    else:
        if text.strip():
            return text
        what = "is empty; write the secret into it"
    raise ValueError(f"the file {file!r} named by {named_by} {what}")


TABLE: tuple[Setting, ...] = (
    Setting("ZAMMAD_URL", "where Zammad answers, without /api/v1; needed to serve or work", values.zammad_url),
    Setting("ZAMMAD_TOKEN", "access token of Steward's own service user", values.token, secret=True),
    Setting(
        "ZAMMAD_CA",
        "certificate authorities that vouch for Zammad, where the system's do not",
        values.certificates,
        unit="PEM file",
    ),
    Setting(
        "ZAMMAD_PROXY",
        "proxy to reach Zammad through; proxy variables of the system are not used",
        values.proxy,
        unit="address",
    ),
    Setting(
        "WEBHOOK_SECRET",
        "signature secret of Zammad's webhook; needed to enforce, a trial in observe finds changes without",
        Secret,
        secret=True,
    ),
    Setting(
        "WEBHOOK_SECRET_PREVIOUS",
        "the secret before, still accepted while it is being replaced",
        Secret,
        secret=True,
    ),
    Setting(
        "DATABASE_URL",
        "the store: a SQLite file, or PostgreSQL for more than one process",
        values.database_url,
        "sqlite:///steward.db",
        secret=True,
    ),
    Setting(
        "SECRET_KEY",
        "seals the key that encrypts bodies and customers' words; without it that key lies in the same database",
        values.key,
        unit="at least 32 characters",
        secret=True,
    ),
    Setting(
        "PACK",
        "the policy pack: name of a shipped one, or path of a YAML file",
        str,
        "service-standard",
    ),
    Setting(
        "MODE",
        "observe: record what would be written; enforce: write it, as each rule's own mode allows",
        values.mode,
        "observe",
        unit="observe, enforce",
    ),
    Setting(
        "CUSTOMER_MAIL",
        "whether messages to customers may be sent at all",
        values.switch,
        "off",
        unit="on, off",
    ),
    Setting(
        "LISTEN",
        "address of the receiver, health and metrics",
        values.address,
        "127.0.0.1:8080",
        unit="host:port",
    ),
    Setting("CONCURRENCY", "tickets worked on at the same time", values.whole_number(1, 64), "4", unit="1 to 64"),
    Setting(
        "QUIET_TIME",
        "how long a ticket must be quiet before an event is worked on, 10 s at most; deadlines never wait",
        values.number(0, 60),
        "1",
        unit="seconds, 0 to 60",
    ),
    Setting("RATE", "calls to Zammad at most", values.number(0.1, 1000), "5", unit="calls a second, 0.1 to 1000"),
    Setting(
        "SWEEP_INTERVAL",
        "how often Zammad is asked for changes no webhook told of",
        values.number(1, 86400),
        "600",
        unit="seconds, 1 to 86400",
    ),
    Setting(
        "CLIENT_TIMEOUT",
        "how long an answer of Zammad is waited for",
        values.number(1, 600),
        "30",
        unit="seconds, 1 to 600",
    ),
    Setting(
        "UNKNOWN_WAIT",
        "how long a write without a clear answer rests until it is looked for",
        values.number(0, 3600),
        "180",
        unit="seconds, 0 to 3600",
    ),
    Setting(
        "NOTE_BRAKE",
        "new notes in an hour over all tickets; more wait and raise an alarm",
        values.whole_number(0, 100_000),
        "60",
        unit="notes an hour",
    ),
    Setting(
        "LOG",
        "form of the log; auto is console on a terminal, json elsewhere",
        values.choice("auto", "console", "json"),
        "auto",
        unit="auto, console, json",
    ),
    Setting(
        "LOG_LEVEL",
        "least level that is logged",
        values.choice("debug", "info", "warning", "error"),
        "info",
        unit="debug, info, warning, error",
    ),
    Setting(
        "CLOCK",
        "sandbox: follow the sandbox Zammad's clock; for the demo and tests only",
        values.choice("system", "sandbox"),
        "system",
        unit="system, sandbox",
    ),
)
