"""Errors sorted by what the caller can do about them."""

from __future__ import annotations


class StewardError(Exception):
    """Base of all our errors: the message names the thing, the place and the way out."""


class Unavailable(StewardError):
    """Later: the other side is down, overloaded or refuses the token; nothing counts against the case.

    ``retry_after`` is in seconds, where the other side said it.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreadable(Unavailable):
    """Later, and less and less often: the other side answers, but what it says of this one thing cannot be used.

    No outage: other things may well be read. Nothing counts against the case.
    """


class Refused(StewardError):
    """Not like this: the other side said no, and nothing was done. ``status`` is the HTTP status, None without one.

    ``detail`` is what the other side said about it, shortened; it may hold a customer's words and is never logged.
    """

    def __init__(self, message: str, *, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail


class Unknown(StewardError):
    """Find out first: the call may or may not have had its effect."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NotFound(Refused):
    """Zammad answered 404: the record does not exist (any more)."""


class OutOfSight(Refused):
    """Zammad answered 403 for one record: it exists, we may not see it."""


class PackError(StewardError):
    """Do not start: the policy pack is wrong; the message is ``file:line:column: key: found, allowed``."""
