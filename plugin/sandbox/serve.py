"""`steward sandbox serve`: the sandbox on a port, with everything one needs to use it printed."""

from __future__ import annotations

import socket
import sys
from email.utils import formatdate
from typing import Any, TextIO

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from plugin.sandbox.clock import SandboxClock
from plugin.sandbox.manners import Like
from plugin.sandbox.sandbox import Sandbox

_PEOPLE = (
    ("admin@example.com", "roles Admin and Agent, full in every group, wants no notices"),
    ("anna@example.com", "agent, full in First line"),
    ("ben@example.com", "agent, full in First line and Second line"),
    ("chief@example.com", "agent, full in every group"),
    ("mei@customer.example", "customer, VIP"),
    ("juergen@handel.example", "customer of Muster Handels GmbH"),
    ("olga@customer.example", "customer"),
    ("tom@handel.example", "customer of Muster Handels GmbH"),
)


class _Handler(WSGIRequestHandler):
    """Speaks HTTP/1.1, logs nothing, and lets a fault cut the connection."""

    protocol_version = "HTTP/1.1"

    def make_environ(self) -> dict[str, Any]:
        environment: dict[str, Any] = super().make_environ()
        environment["werkzeug.socket"] = self.connection
        return environment

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing: the terminal belongs to whoever runs the sandbox."""
        del type, message, args


def _handler(clock: SandboxClock) -> type[_Handler]:
    """The handler whose `Date` headers tell the sandbox's time, not the machine's."""

    class Handler(_Handler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(clock.now().timestamp() if timestamp is None else timestamp, usegmt=True)

    return Handler


def listen(sandbox: Sandbox, *, host: str, port: int) -> BaseWSGIServer:
    """Binds `host`:`port` (0 = a free one) for the sandbox, whose links name it then; OSError where it cannot."""
    # werkzeug itself would print and exit
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    server = make_server(host, port, sandbox.app, threaded=True, request_handler=_handler(sandbox.clock))
    sandbox.set_setting("fqdn", f"{host}:{server.server_port}")
    return server


def serve(
    *,
    like: Like = "6.5",
    host: str = "127.0.0.1",
    port: int = 8065,
    out: TextIO = sys.stdout,
    speed: float = 1.0,
) -> None:
    """Serves a peopled sandbox until interrupted; `speed` is sandbox seconds per second."""
    sandbox = Sandbox(like=like, clock=SandboxClock(speed=speed))
    server = listen(sandbox, host=host, port=port)
    base = f"http://{host}:{server.server_port}"
    print(introduction(sandbox, base), file=out, flush=True)
    sandbox.start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped", file=out)
    finally:
        server.server_close()
        sandbox.stop()


def introduction(sandbox: Sandbox, base: str) -> str:
    """What a person needs to know: addresses, people, passwords, tokens, fields."""
    lines = [
        f"Zammad sandbox, like {sandbox.world.manners.version}",
        f"  pages      {base}/",
        f"  API        {base}/api/v1",
        f"  controls   {base}/sandbox/clock · age · mail · check · cost · faults",
        "",
        "People (password = what stands before the @)",
        *(f"  {login:<24} {what}" for login, what in _PEOPLE),
        "",
        "API tokens (Authorization: Token token=…)",
        *(f"  {login:<24} {token}" for login, token in sandbox.tokens.items() if login != "admin"),
        "",
        "Steward's fields",
        *(f"  {name}" for name in sandbox.world.ticket_fields),
        "",
        f"STEWARD_ZAMMAD_URL={base}",
        f"STEWARD_ZAMMAD_TOKEN={sandbox.tokens['steward']}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    serve()
