"""How soon an idle Steward writes: from the webhook's POST to the PUT arriving at Zammad, in real processes.

``python -m bench.idle``. ``steward serve`` as it is run, a Zammad that answers at once, one ticket after another.
"""

from __future__ import annotations

import hashlib
import hmac
import queue
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import requests

from bench.canned import Canned, deliveries, model, moved
from bench.sender import SECRET
from bench.telling import Bar, Report, Sheet, percentile, tell
from plugin import logs
from tests.faults.steward import StewardProcess
from tests.ports import free_port

QUIET_SECONDS = 1.0
"""STEWARD_QUIET_TIME, its default: a look waits so long for more hints."""
PATIENCE = 30.0
WARM_UP = 3


@click.command()
@click.option("--tickets", type=click.IntRange(1), default=30, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(tickets: int, *, as_json: bool) -> None:
    """Measure; status 1 where a bar is missed."""
    logs.configure(level="error")
    began = time.monotonic()
    beyond = [(seconds - QUIET_SECONDS) * 1000 for seconds in _measured(tickets)]
    figures = (len(beyond), statistics.median(beyond), percentile(beyond, 0.9), max(beyond))
    report = Report(
        bench="idle",
        sheets=(Sheet("webhook to PUT, beyond the quiet time", ("tickets", "p50 ms", "p90 ms", "max ms"), (figures,)),),
        bars=(Bar("webhook to PUT beyond the quiet time, p50", figures[1], 100, "ms"),),
        notes=(f"The quiet time of {QUIET_SECONDS:g} s waits for more hints about the same ticket; it is taken off.",),
        seconds=time.monotonic() - began,
    )
    sys.exit(tell(report, as_json=as_json))


def _measured(tickets: int) -> Iterator[float]:
    """Seconds from each POST to its PUT."""
    written: queue.SimpleQueue[float] = queue.SimpleQueue()
    canned = Canned(model(), clock=lambda: datetime.now(UTC))
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as directory,
        _zammad(canned, written) as url,
        _steward(Path(directory), url) as address,
    ):
        # after the rules came into force, so that they act on them
        canned.model = moved(canned.model, datetime.now(UTC))
        for number, body in enumerate(deliveries(canned.model, tickets + WARM_UP)):
            posted = _post(address, body)
            seconds = written.get(timeout=PATIENCE) - posted
            if number >= WARM_UP:
                yield seconds


def _post(address: str, body: bytes) -> float:
    """When it was sent."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha1={signature}"}
    posted = time.monotonic()
    answer = requests.post(f"http://{address}/zammad/ticket", data=body, headers=headers, timeout=PATIENCE)
    answer.raise_for_status()
    return posted


@contextmanager
def _steward(directory: Path, url: str) -> Iterator[str]:
    settings = {
        "zammad_url": url,
        "zammad_token": "bench",
        "webhook_secret": SECRET,
        "database_url": f"sqlite:///{directory / 'steward.db'}",
        "mode": "enforce",
        "listen": f"127.0.0.1:{free_port()}",
    }
    process = StewardProcess(settings, directory / "steward.log")
    process.start()
    try:
        process.wait_ready()
        yield settings["listen"]
    finally:
        process.stop()


# -- a Zammad that answers at once ------------------------------------------------------------------------------------


@contextmanager
def _zammad(canned: Canned, written: queue.SimpleQueue[float]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # the whole answer in one packet
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command == "PUT":
                written.put(time.monotonic())
            answer = canned.answer(self.command, self.path, body)
            self.send_response(201 if self.command == "POST" else 200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (the names http.server asks for)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="zammad", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
