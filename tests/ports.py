"""Ports for servers of tests: each is given once in a run, and to nobody else while its server starts again."""

from __future__ import annotations

import os
import random
import socket

PORTS = range(10_000, 32_000)
"""Below those that the kernel gives to whoever asks for any (``net.ipv4.ip_local_port_range``)."""
WORKERS = 8
"""So many processes of pytest-xdist share them out."""


def _shared_out() -> list[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = [port for port in PORTS if port % WORKERS == worker % WORKERS]
    random.SystemRandom().shuffle(own)
    return own


_left = _shared_out()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    while True:
        port = _left.pop()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
