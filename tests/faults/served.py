"""A sandbox Zammad on a port of its own, in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from plugin.sandbox import Sandbox
from plugin.sandbox.serve import listen


@contextmanager
def serving(sandbox: Sandbox) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox, its workers running, and its address."""
    server = listen(sandbox, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever, name="sandbox")
    thread.start()
    sandbox.start()
    try:
        yield sandbox, f"http://127.0.0.1:{server.server_port}"
    finally:
        sandbox.stop()
        server.shutdown()
        thread.join()
        server.server_close()
