"""From the text of a setting to its value, or to a ValueError with what was found and what is allowed."""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit, urlunsplit

from plugin.model.decision import Mode


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that is never shown: printed, it is stars; ``reveal`` it only where it is used."""

    _text: str

    def reveal(self) -> str:
        """The text itself; give it to the one who needs it, keep it out of messages and logs."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: a host name or IP address (IPv6 without brackets), and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def token(text: str) -> Secret:
    """A token as it goes into a header: visible ASCII without blanks."""
    # it goes into a header, where a line break would begin another one
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("holds a blank or a character no token has; paste the token alone")
    return Secret(text)


def key(text: str) -> Secret:
    """What an encryption key is made from: 32 characters or more."""
    if len(text) < 32:
        raise ValueError(f"found {len(text)} characters, needs 32 or more; make one with: openssl rand -hex 32")
    return Secret(text)


def choice(*allowed: str) -> Callable[[str], str]:
    """A reader of one of the words ``allowed``."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"found {text!r}, allowed: {', '.join(allowed)}")
        return text

    return parse


def switch(text: str) -> bool:
    """``on`` or ``off``."""
    return choice("on", "off")(text) == "on"


def mode(text: str) -> Mode:
    """``observe`` or ``enforce``."""
    return Mode(choice(*Mode)(text))


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A reader of a whole number from ``low`` to ``high``."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"found {text!r}, allowed: a whole number from {low} to {high}")
        return int(text)

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """A reader of a number from ``low`` to ``high``."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:  # false for NaN, too
            raise ValueError(f"found {text!r}, allowed: a number from {low:g} to {high:g}")
        return number

    return parse


def file(text: str) -> Path:
    """The path of a file that exists."""
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"found {text!r}, which is not a file; give the path of one")
    return path


def certificates(text: str) -> Path:
    """The path of a file with certificates that can be trusted."""
    path = file(text)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise ValueError(f"found {text!r}, which holds no certificate in PEM form; give a file that does") from None
    except OSError as problem:
        raise ValueError(
            f"found {text!r}, which cannot be read ({problem.strerror}); check its path and rights"
        ) from None
    return path


def address(text: str) -> Address:
    """``host:port``, an IPv6 address in brackets."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/\[\]]+)):([0-9]{1,5})", text)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ValueError(f"found {text!r}, allowed: host:port, as in 127.0.0.1:8080")
    return Address(host=match[1] or match[2], port=int(match[3]))


def zammad_url(text: str) -> str:
    """Zammad's address without ``/api/v1`` and closing slash; credentials in it are refused."""
    if "@" in text:
        # never repeated in the message: it may hold a password
        raise ValueError("holds a user name or password; leave them out and use STEWARD_ZAMMAD_TOKEN")
    parts = _web_url(text, example="https://zammad.example.com")
    if parts.query or parts.fragment:
        raise ValueError(f"found {text!r}, which goes on after the address; end it before '?' or '#'")
    path = parts.path.rstrip("/").removesuffix("/api/v1").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def proxy(text: str) -> Secret:
    """An http or https address; secret because it may hold a password."""
    _web_url(text, example="http://proxy.example.com:3128")
    return Secret(text)


def _web_url(text: str, *, example: str) -> SplitResult:
    shown = repr(text) if "@" not in text else "an address with a password"
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        raise ValueError(f"found {shown}, allowed: an http or https address, as in {example}")
    return parts


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # looked at only now; raises for one that is no number
    except ValueError:
        return None
    return parts


def database_url(text: str) -> Secret:
    """A SQLite file that has a directory, or PostgreSQL as SQLAlchemy names it for psycopg."""
    scheme, separator, rest = text.partition("://")
    if separator and scheme == "sqlite":
        return _sqlite_url(text, path=rest.removeprefix("/").partition("?")[0])
    if separator and scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        url = f"postgresql+psycopg://{rest}"
        if _split(url) is None:
            raise ValueError("its host or port is not well formed, as in postgresql://user:password@host:5432/name")
        return Secret(url)
    # only the scheme is repeated: the rest may hold a password
    found = f"found {scheme + '://'!r}" if separator else "found no address"
    raise ValueError(f"{found}, allowed: sqlite:///path/to/steward.db or postgresql://user:password@host/name")


def _sqlite_url(text: str, *, path: str) -> Secret:
    if not text.startswith("sqlite:///") or path in ("", ":memory:"):
        raise ValueError("names no file, and a store in memory would forget; give one, as in sqlite:///steward.db")
    if not Path(path).parent.is_dir():
        raise ValueError(f"the directory {str(Path(path).parent)!r} does not exist; make it first")
    return Secret(text)
