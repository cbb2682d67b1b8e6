"""The least a Flask on granian can do with a delivery: read it and say 202. What ``bench.intake`` is held against."""

from __future__ import annotations

import signal
import sys

from flask import Flask, Response, request

from plugin.web.server import WebServer

app = Flask("noop", static_folder=None)


@app.post("/zammad/<source>")
def receive(source: str) -> Response:  # noqa: ARG001
    """No signature, no store, no promise."""
    request.get_data(cache=False)
    return Response(status=202)


def main(port: int) -> None:
    """Serve it as Steward serves its own: in this process, bodies read in the event loop."""
    server = WebServer(app, host="127.0.0.1", port=port)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: server.stop())
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
