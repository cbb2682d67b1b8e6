"""A PostgreSQL of one test's own, which may be restarted under whoever uses it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "postgresql.sh"
TELL = 'echo "$STEWARD_TEST_POSTGRESQL"; echo "$STEWARD_TEST_POSTGRESQL_HOME"; exec cat'
MODES = ("fast", "immediate")
"""How a restart ends the sessions: orderly, or as a crash of the server would."""


@dataclass(frozen=True, slots=True)
class OwnPostgresql:
    """``url`` names an empty database."""

    url: str
    home: str

    def restart(self, mode: str) -> float:
        """Returns when it takes connections again, and after how many seconds."""
        began = time.monotonic()
        subprocess.run([SCRIPT, "--restart", mode, self.home], check=True, capture_output=True, timeout=60)
        return time.monotonic() - began


@contextmanager
def own_postgresql() -> Iterator[OwnPostgresql]:
    """Started for this block alone."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("STEWARD_")}
    command = [str(SCRIPT), "--own", "sh", "-c", TELL]
    with subprocess.Popen(command, env=bare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, home = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert url, "no PostgreSQL could be started"
        yield OwnPostgresql(url, home)
        assert process.stdin is not None
        process.stdin.close()
