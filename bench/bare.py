"""The least a server can do with a delivery: see that all of it has come, and say 503. It measures the sender."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import cast

import uvloop

from bench.sender import ANNOUNCED

ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\ncontent-length: 0\r\n\r\n"


class Bare(asyncio.Protocol):
    """One connection, one request after the other."""

    def __init__(self) -> None:
        self._wanted = 0
        self._has = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._wanted:
            head, _, _ = data.partition(b"\r\n\r\n")  # the sender's heads come in one piece
            self._wanted = len(head) + 4 + int(head.rpartition(ANNOUNCED)[2])
        self._has += len(data)
        if self._has >= self._wanted:
            self._wanted = self._has = 0
            self._transport.write(ANSWER)


async def serve(port: int) -> None:
    """Until SIGTERM."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    server = await loop.create_server(Bare, "127.0.0.1", port, backlog=2048)
    await over.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
