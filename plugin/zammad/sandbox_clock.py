"""The sandbox Zammad's clock, read over HTTP: for demos and tests that say so explicitly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import requests

from plugin.clock import Reading

TIMEOUT_SECONDS = 5.0


def reader(url: str) -> Callable[[], Reading]:
    """Reads ``GET /sandbox/clock`` of the Zammad at ``url``; raises OSError where there is none (a real Zammad)."""
    session = requests.Session()
    session.trust_env = False
    address = f"{url.rstrip('/')}/sandbox/clock"

    def read() -> Reading:
        answer = session.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        if answer.status_code != 200:
            raise OSError(f"{address}: found status {answer.status_code}, only a sandbox Zammad has this clock")
        said = answer.json()
        return Reading(now=datetime.fromisoformat(said["now"]), speed=float(said.get("speed", 1.0)))

    return read
