"""A Flask application that never redirects and answers errors with a status alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException

from plugin.web.webhook import LARGEST_BODY, PLACE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)


def create_web(blueprints: Iterable[Blueprint], *, receiver: WSGIApplication | None = None) -> Flask:
    """The web side of a process, from blueprints that were given what they need, and the receiver before them."""
    app = _Web(receiver)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    # old Zammads follow a redirect as GET, with the payload in the address (contract 1.4)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _status_alone)
    return app


class _Web(Flask):
    """Flask for everything but deliveries, which come by thousands."""

    def __init__(self, receiver: WSGIApplication | None) -> None:
        super().__init__("plugin.web", static_folder=None)
        self._receiver = receiver

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._receiver is not None and environ["PATH_INFO"].startswith(PLACE):
            return self._received(self._receiver, environ, start_response)
        return super().wsgi_app(environ, start_response)

    def _received(
        self, receiver: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """A mistake of the receiver ends as one of a view does: said in the log, and 500 for the client."""
        try:
            return receiver(environ, start_response)
        except Exception:
            log.exception("the receiver made a mistake")
            return Response(status=500)(environ, start_response)


def _status_alone(error: HTTPException) -> Response:
    response = Response(status=error.code or 500)
    del response.headers["Content-Type"]
    return response
