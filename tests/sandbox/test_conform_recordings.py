"""The sandbox does as the recorded servers did, and leaves out only what no part of Steward calls."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.sandbox.conform import replay_stories
from plugin.sandbox.conform.replay import BY_TOKEN_OF_OAUTH
from plugin.sandbox.conform.report import Report
from plugin.sandbox.conform.stories import read_story, stories_in

RECORDINGS = Path(__file__).parents[1] / "recordings"
CLIENT = Path(__file__).parents[2] / "plugin" / "zammad"
VERBS = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE"}

LEFT_OUT = {
    "sign-in pages and OAuth": (
        r"\w+ /oauth/\w+",
        r"\w+ /api/v1/applications(/:id)?",
        r"\w+ /api/v1/sign(in|out|show)",
        re.escape(BY_TOKEN_OF_OAUTH),
    ),
    "what a template may say": (r"GET /api/v1/webhooks/payload/replacements",),
    "logs and health texts": (r"GET /api/v1/http_logs/webhook", r"GET /api/v1/monitoring/health_check"),
    "an administrator's installation": (r"GET /api/v1/getting_started", r"GET /api/v1/channels_email"),
    "the public web form": (r"POST /api/v1/form_(config|submit)",),
}
"""What recorded steps ask for and the sandbox does not model, by reason."""


@pytest.fixture(scope="module", params=["zammad-6.1", "zammad-6.5"])
def report(request: pytest.FixtureRequest) -> Report:
    return replay_stories([read_story(path) for path in stories_in(RECORDINGS / request.param).values()])


def test_the_sandbox_does_as_recorded(report: Report) -> None:
    assert [difference.line() for difference in report.differences] == []


def test_only_what_has_a_reason_is_not_modelled(report: Report) -> None:
    allowed = re.compile("|".join(pattern for patterns in LEFT_OUT.values() for pattern in patterns))
    assert [route for route in report.not_modelled if not allowed.fullmatch(route)] == []


def test_whatever_the_client_calls_is_modelled(report: Report) -> None:
    called = {f"{method} /api/v1{path}" for method, path in routes_of_the_client()}
    assert called & report.not_modelled.keys() == set()


def test_the_client_s_routes_are_read_from_its_code() -> None:
    routes = set(routes_of_the_client())
    assert {("GET", "/tickets/:id"), ("PUT", "/tickets/:id"), ("POST", "/tickets/search")} <= routes
    assert len(routes) > 20


def routes_of_the_client() -> Iterator[tuple[str, str]]:
    """Method and path of every call the client's modules make, placeholders as ``:id``."""
    for module in CLIENT.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in VERBS and (path := _path(node.args[0])):
                yield VERBS[name], path
            elif name == "Request" and len(node.args) > 1 and (path := _path(node.args[1])):
                yield str(_path(node.args[0])), path


def _path(node: ast.expr) -> str | None:
    """The path an argument spells, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if node.value.startswith("/") or node.value.isupper() else None
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else ":id" for part in node.values)
        text = "".join(map(str, parts))
        return text if text.startswith("/") else None
    return None
