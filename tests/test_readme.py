"""The README's block for an administrator of Zammad does what it says, on both versions."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server

from plugin.model.decision import STEWARD_FIELDS
from plugin.sandbox import Sandbox

README = Path(__file__).parent.parent / "README.md"
MARK = "<!-- the tests run this block against the sandbox -->\n```sh\n"


def block() -> str:
    _, _, rest = README.read_text(encoding="utf-8").partition(MARK)
    return rest.partition("```")[0]


@pytest.fixture(params=["6.1", "6.5"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox(like=request.param, bare=True)
    http = make_server("127.0.0.1", 0, sandbox.app, threaded=True)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield sandbox, f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def admin_token(url: str) -> str:
    answer = requests.post(
        f"{url}/api/v1/user_access_token",
        auth=("admin@example.com", "admin"),
        json={"name": "set-up", "permission": ["admin"]},
        timeout=60,
    )
    assert answer.ok, answer.text
    return str(answer.json()["token"])


def test_the_curl_calls_make_fields_webhook_trigger_and_macros(server: tuple[Sandbox, str]) -> None:
    sandbox, url = server
    environment = {
        "PATH": os.environ["PATH"],
        "ZAMMAD": url,
        "ADMIN": admin_token(url),
        "STEWARD": "http://127.0.0.1:9",
        "STEWARD_WEBHOOK_SECRET": "secret",
        "ZAMMAD_USER_ID": "3",
    }
    ran = subprocess.run(
        ["sh", "-eu", "-c", block()], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    world = sandbox.world
    assert set(STEWARD_FIELDS) <= set(world.ticket_fields)
    assert "http://127.0.0.1:9/zammad/ticket" in {webhook["endpoint"] for webhook in world.webhooks}
    assert "Steward" in {trigger["name"] for trigger in world.triggers}
    macros = {macro["name"] for macro in world.macros}
    assert {"Steward: complaint", "Steward: dissatisfied", "Steward: accept"} <= macros
