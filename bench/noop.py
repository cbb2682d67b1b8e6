"""The least a Flask on granian can do with a delivery: read it and say 202. What ``bench.intake`` is held against."""

from __future__ import annotations

from flask import Flask, Response, request

app = Flask("noop", static_folder=None)


@app.post("/zammad/<source>")
def receive(source: str) -> Response:  # noqa: ARG001
    """No signature, no store, no promise."""
    request.get_data(cache=False)
    return Response(status=202)
