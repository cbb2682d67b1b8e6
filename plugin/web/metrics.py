"""The door to this process' figures."""

from __future__ import annotations

from flask import Blueprint, Response

from plugin.observability.metrics import CONTENT_TYPE, Metrics


def create_blueprint(metrics: Metrics) -> Blueprint:
    """``GET /metrics`` in Prometheus' text form."""
    bp = Blueprint("metrics", __name__)

    @bp.get("/metrics")
    def show() -> Response:
        return Response(metrics.render(), content_type=CONTENT_TYPE)

    return bp
