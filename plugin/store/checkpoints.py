"""SQLite's write-ahead log is carried over to the file beside the commits: inside one, all who share it would wait."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

COMMITS = 64
"""After so many it is worth the while: some hundred pages, a few milliseconds of the disk."""
END_SECONDS = 5.0


class Checkpoints:
    """One thread for one file; it begins with the first ``committed`` that calls for it. ``close`` it to end it.

    What fails here is tried again after as many commits: the log still holds it, and whoever commits is told by the
    disk itself. SQLite carries the log over inside a commit, as ever, where it has grown long all the same.
    """

    def __init__(self, file: Path, *, patience: float) -> None:
        """``patience``: seconds to wait for somebody else's lock."""
        self._file = file
        self._patience = patience
        self._commits = 0
        self._wanted = threading.Event()
        self._is_over = False
        self._one_at_a_time = threading.Lock()
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """One more commit; only whoever writes calls it, one after the other."""
        self._commits += 1
        if self._commits < COMMITS:
            return
        self._commits = 0
        self._wanted.set()
        if self._thread is None and not self._is_over:
            self._thread = threading.Thread(target=self._run, name="steward-checkpoint", daemon=True)
            self._thread.start()

    def carry_over(self, mode: str) -> None:
        """``PASSIVE`` waits for nobody; ``TRUNCATE`` leaves an empty log. Raises sqlite3.Error."""
        with self._one_at_a_time, contextlib.closing(sqlite3.connect(self._file, timeout=self._patience)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA wal_checkpoint({mode})")

    def close(self) -> None:
        self._is_over = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._is_over:
                return
            self._wanted.clear()
            with contextlib.suppress(sqlite3.Error):
                self.carry_over("PASSIVE")
