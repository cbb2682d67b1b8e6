"""A requests adapter that calls the sandbox in the same process, as the wire would."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from werkzeug.test import run_wsgi_app

Application = Any
"""A WSGI application."""


class InProcess(BaseAdapter):
    """Mount it on a session: `session.mount("http://zammad.test", sandbox.adapter())`."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Runs the request through the application; a cut connection raises as requests would."""
        del stream, verify, cert, proxies
        environment = _environment(request)
        environment["sandbox.timeout"] = timeout[1] if isinstance(timeout, tuple) else timeout
        signals: dict[str, str] = {}
        environment["sandbox.signals"] = signals
        chunks, status, headers = run_wsgi_app(self._application, environment, buffered=True)
        cut = signals.get("cut")
        if cut:
            kind = {"timeout": requests.ReadTimeout, "connect": requests.ConnectionError}
            raise kind.get(cut, requests.ConnectionError)(f"connection {cut}", request=request)
        body = b"".join(chunks)
        return _response(request, int(status.split()[0]), dict(headers), status.partition(" ")[2], body)

    def close(self) -> None:
        """Nothing is held open."""


def _environment(request: requests.PreparedRequest) -> dict[str, Any]:
    parts = urlsplit(str(request.url))
    body = request.body or b""
    data = body.encode("utf-8") if isinstance(body, str) else bytes(body)
    environment: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path).encode("utf-8").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "zammad.test",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(data)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environment[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = str(value)
    return environment


def _response(
    request: requests.PreparedRequest, status: int, headers: dict[str, str], reason: str, body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.reason = reason
    response.headers = CaseInsensitiveDict(headers)
    response.url = str(request.url)
    response.request = request
    response.encoding = "utf-8" if "charset=utf-8" in headers.get("Content-Type", "") else None
    response.raw = HTTPResponse(body=io.BytesIO(body), headers=headers, status=status, preload_content=False)
    return response
