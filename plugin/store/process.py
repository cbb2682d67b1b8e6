"""One process at a time on a SQLite file: a lock file that the operating system frees when the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from plugin.store.errors import StoreError


class ProcessLock:
    """Held from ``take`` to ``release``, or until the process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._file: int | None = None

    def take(self) -> None:
        """Raises StoreError naming the file, the process that holds it and the way out."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as refusal:
            raise StoreError(f"{self.path}: {refusal.strerror}; let Steward's user write there") from refusal
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise StoreError(
                f"{self.path}: process {holder} works on this SQLite store, which takes one; stop it, "
                "or set STEWARD_DATABASE_URL to PostgreSQL for several"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        self._file = file

    def release(self) -> None:
        # the file stays: removing it would let two processes lock two different files of one name
        if self._file is not None:
            os.close(self._file)
            self._file = None
