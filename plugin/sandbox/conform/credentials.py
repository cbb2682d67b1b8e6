"""Whose credentials a recorded request carried: the recorder replaced them by the name of the person.

A person's own token is sent for ``Token token=<agent>``; one made later in a story stands in for it until that
story ends. For ``<anonymous>`` the recording does not say what was sent, so it follows from the answer: something
right where it was accepted, something wrong for 401, something empty for 403, and what the step's name says.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugin.sandbox.conform.stories import Step

LOGINS: Mapping[str, str] = {
    "admin": "admin@example.com",
    "agent": "anna",
    "agent2": "ben",
    "chief": "chief",
    "customer": "mei@customer.example.com",
    "customer2": "juergen@muster.example.com",
    "service": "steward",
}
"""Login of everybody a step's ``as`` names (README of the recordings)."""

NOBODY = "anonymous"
BY_OAUTH = "oauth"
"""Whose token the recorder got over sign-in pages, which the sandbox has not."""

PLACEHOLDER = re.compile(r"<(\w+)>")


@dataclass(slots=True)
class Credentials:
    """Tokens and passwords of the people of one server, learnt from the steps that make them."""

    tokens: dict[str, str]
    passwords: dict[str, str] = field(default_factory=dict)
    _of_story: dict[str, str] = field(default_factory=dict)
    _newcomer: str | None = None
    _made_for_others: str | None = None

    def begin_story(self) -> None:
        """Forget the tokens and people of the story before."""
        self._of_story.clear()
        self._newcomer = self._made_for_others = None

    def learn(self, step: Step, *, answer: Any) -> None:
        """Take note of a token or a password the replayed step made."""
        request = step.record["request"]
        body = request["body"]
        if request["method"] != "POST" or not isinstance(answer, dict) or not isinstance(body, dict):
            return
        if request["path"] == "/api/v1/users" and "password" in body and "login" in answer:
            self.passwords[answer["login"]] = body["password"]
            if answer["login"] not in LOGINS.values():
                self._newcomer = answer["login"]
        elif request["path"] == "/api/v1/user_access_token" and "token" in answer:
            self._learn_token(str(step.record["as"]), answer["token"], foreign="From" in request["headers"])

    def header(self, step: Step) -> str | None:
        """The ``Authorization`` to send for a step, ``None`` where it had none."""
        recorded: str | None = step.record["request"]["headers"].get("Authorization")
        if recorded is None or PLACEHOLDER.search(recorded) is None:
            return recorded
        person = str(step.record["as"])
        if recorded.startswith("Basic "):
            return self._basic(step, person)
        token = self._unknown_token(step) if person == NOBODY else self._token(person)
        return recorded.replace(f"<{person}>", token)

    @staticmethod
    def are_missing(step: Step) -> bool:
        """Whether a step shows a token that only a sign-in page hands out."""
        return f"<{BY_OAUTH}>" in step.record["request"]["headers"].get("Authorization", "")

    def of(self, person: str) -> dict[str, str]:
        """The headers of an unrecorded request of a person, by the token of their own."""
        return {"Authorization": f"Token token={self.tokens.get(person, '')}"}

    def wrong_password(self) -> dict[str, str]:
        """The headers of somebody who mistypes the password of the newest user of the story."""
        credentials = base64.b64encode(f"{self._newcomer or LOGINS['agent']}:another wrong one".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}

    def _learn_token(self, person: str, token: str, *, foreign: bool) -> None:
        if foreign:
            self._made_for_others = token
            return
        if person in self.tokens or person == NOBODY:
            self._of_story[person] = token
        else:
            self.tokens[person] = token

    def _token(self, person: str) -> str:
        """His own, else the last one an administrator made for somebody."""
        own = self._of_story.get(person) or self.tokens.get(person)
        return own or self._made_for_others or f"no token of {person}"

    def _unknown_token(self, step: Step) -> str:
        status = step.record["response"]["status"]
        if "quotes" in step.name:
            return f'"{self._token("agent")}"'
        if status == 403 and "empty" in step.name:
            return ""
        if NOBODY in self._of_story:
            return self._of_story[NOBODY]
        return self._token("agent") if status < 400 else "nonsense"

    def _basic(self, step: Step, person: str) -> str:
        status = step.record["response"]["status"]
        login = LOGINS.get(person) or self._newcomer or LOGINS["agent"]
        password = self.passwords.get(login, "")
        if person == NOBODY and status == 401 and "right" not in step.name:
            if "broken" in step.name:
                return "Basic ?"
            login = "nobody@example.com" if "unknown" in step.name else login
            password = "wrong"
        return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
