"""How long one exchange may take in all: a server that drips is cut off, however slowly it does so.

The time-out of a socket begins anew with every byte; a whole answer could take days within it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class Exchange:
    """One exchange under way in one thread; another thread may ``cut`` it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_over = False
        self.was_cut = False
        """An answer without a length looks whole when it was cut: ask here."""

    def runs_over(self, connection: HTTPConnection) -> None:
        """From now on, this connection's socket is the one to cut."""
        with self._lock:
            self._socket = connection.sock
            if self.was_cut:
                self._shut()

    def cut(self) -> None:
        """End it now: whoever waits for a byte of it gets an error, or the end."""
        with self._lock:
            if not self._is_over:
                self.was_cut = True
                self._shut()

    def end(self) -> None:
        """It is over: its connection may serve another one, and is left alone."""
        with self._lock:
            self._is_over = True
            self._socket = None

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have been closed meanwhile
                self._socket.shutdown(socket.SHUT_RDWR)


class _UnderWay(threading.local):
    exchange: Exchange | None = None


_under_way = _UnderWay()


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[Exchange]:
    """Whatever this thread asks through a ``PatientAdapter`` inside the block is cut after so many seconds."""
    exchange = _under_way.exchange = Exchange()
    timer = threading.Timer(seconds, exchange.cut)
    timer.daemon = True
    timer.start()
    try:
        yield exchange
    finally:
        timer.cancel()
        exchange.end()
        _under_way.exchange = None


class PatientAdapter(HTTPAdapter):
    """Real HTTP, without retries, that ``at_most`` can cut."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _note(connection: HTTPConnection) -> None:
    if _under_way.exchange is not None:
        _under_way.exchange.runs_over(connection)


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _note(self)

    def request(self, *arguments: Any, **options: Any) -> None:
        _note(self)  # it may be connected already
        super().request(*arguments, **options)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}
