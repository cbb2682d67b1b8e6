"""Wakes an idle worker when something was written: within the process, and across processes on PostgreSQL."""

from __future__ import annotations

import contextlib
import threading

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from plugin.store.database import postgresql_session

CHANNEL = "steward_work"
RETRY_SECONDS = 1.0


class Bell:
    """Rung after a commit that may be work for a worker; a ring is remembered until somebody waited for it."""

    def __init__(self, listen_to: URL | None = None) -> None:
        """``listen_to``: the PostgreSQL database whose notifications ring too; None on SQLite."""
        self._event = threading.Event()
        self._url = listen_to
        self._closed = threading.Event()
        self._listener: threading.Thread | None = None

    def ring(self) -> None:
        self._event.set()

    def notify(self, connection: Connection) -> None:
        """Ring everywhere when ``connection`` commits (PostgreSQL); a no-op on SQLite, where ``ring`` is enough."""
        if self._url is not None:
            connection.execute(text(f"NOTIFY {CHANNEL}"))

    def wait(self, seconds: float) -> bool:
        """Until it rings or the time is over; whether it rang."""
        self._listen()
        rang = self._event.wait(max(0.0, seconds))
        self._event.clear()
        return rang

    def close(self) -> None:
        self._closed.set()
        self._event.set()
        if self._listener is not None:
            self._listener.join(timeout=RETRY_SECONDS * 2)

    def _listen(self) -> None:
        if self._url is not None and self._listener is None:
            self._listener = threading.Thread(target=self._hear, name="steward-bell", daemon=True)
            self._listener.start()

    def _hear(self) -> None:
        import psycopg

        while not self._closed.is_set():
            # a lost connection costs only promptness: workers look by themselves every few seconds
            with contextlib.suppress(psycopg.Error):
                self._hear_on_one_connection()
            self._closed.wait(RETRY_SECONDS)

    def _hear_on_one_connection(self) -> None:
        assert self._url is not None
        with postgresql_session(self._url, purpose="bell") as session:
            session.execute(f"LISTEN {CHANNEL}")
            self.ring()  # for what was missed while nobody listened
            while not self._closed.is_set():
                for _ in session.notifies(timeout=0.5, stop_after=1):
                    self.ring()
