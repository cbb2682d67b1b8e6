"""How the sandbox refuses: Zammad's statuses and error shapes, its masking, its versions' wording."""

from __future__ import annotations

import re
import secrets
from typing import Any

UNFORESEEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error)
"""What the code stumbles over where Ruby would raise a `NoMethodError`, a `TypeError` or the like."""


class Refusal(Exception):
    """A request that ends in an error answer.

    `human` says whether the body repeats the text as `error_human`; a `masked` one shows its text only to
    users with the permission `admin` (contract 4.2).
    """

    ends_well = False
    """Whether Zammad answers it by itself instead of raising: then the events of the request are committed."""

    def __init__(self, status: int, error: str, *, human: bool = True, masked: bool = False) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.human = human
        self.masked = masked

    def body(self, *, for_admin: bool) -> dict[str, Any]:
        """The JSON body as the caller may see it."""
        if self.masked and not for_admin:
            code = secrets.token_urlsafe(6)
            return {"error": f"Error ID {code}: Please contact your administrator."}
        if self.masked or not self.human:
            return {"error": self.error}
        return {"error": self.error, "error_human": self.error}


class NotModelled(Exception):
    """A route that Zammad has and the sandbox has not."""


def forbidden(text: str = "Not authorized") -> Refusal:
    """403: known caller, not allowed."""
    return Refusal(403, text)


def unauthorized(text: str) -> Refusal:
    """401: the credentials are wrong."""
    return Refusal(401, text)


def unprocessable(text: str) -> Refusal:
    """422 whose text everybody sees (validations, unknown names)."""
    return Refusal(422, text)


def masked(text: str) -> Refusal:
    """422 of the core workflow: only admins see which field it was (contract 4.2)."""
    return Refusal(422, text, human=False, masked=True)


def broken(text: str) -> Refusal:
    """500: what Zammad did not foresee; only admins see the text."""
    return Refusal(500, text, human=False, masked=True)


def bad_request() -> Refusal:
    """400 as Rails answers when a parameter object is missing."""
    return Refusal(400, "Bad Request", human=False)
