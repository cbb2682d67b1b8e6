"""A Flask application that never redirects and answers errors with a status alone."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException

from plugin.web.webhook import LARGEST_BODY


def create_web(blueprints: Iterable[Blueprint]) -> Flask:
    """The web side of a process, from blueprints that were given what they need."""
    app = Flask("plugin.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    # old Zammads follow a redirect as GET, with the payload in the address (contract 1.4)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _status_alone)
    return app


def _status_alone(error: HTTPException) -> Response:
    response = Response(status=error.code or 500)
    del response.headers["Content-Type"]
    return response
