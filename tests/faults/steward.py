"""The real command line as a subprocess: ``steward serve`` started, killed at failpoints, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from plugin import failpoints

READY_SECONDS = 120.0
"""Longer than any start takes, on whatever machine: who waits so long waits in vain."""
STEWARD = Path(sys.executable).with_name("steward")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of Steward's, and these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("STEWARD_", "COVERAGE_"))}
    return bare | {f"STEWARD_{name.upper()}": value for name, value in settings.items()}


def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One ``steward …`` to its end."""
    return subprocess.run(
        [STEWARD, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
        check=False,
    )


@dataclass(slots=True)
class StewardProcess:
    """One process of Steward at a time, and what became of those before it."""

    settings: Mapping[str, str]
    log: Path
    program: Sequence[str | Path] = (STEWARD, "serve")
    killed_at: list[str] = field(default_factory=list)
    armed: str = ""
    _process: subprocess.Popen[bytes] | None = None

    def start(self, failpoint: str = "") -> None:
        """Start it, armed to die at ``name:n``; returns at once."""
        env = environment(**self.settings)
        if failpoint:
            env[failpoints.VARIABLE] = failpoint
        self.armed = failpoint
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(list(self.program), env=env, stdout=log, stderr=log)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(f"http://{self.settings['listen']}/healthz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def is_ready_to_work(self) -> bool:
        """Whether it has all it needs, by its own word."""
        try:
            return requests.get(f"http://{self.settings['listen']}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def wait_ready(self) -> None:
        ends = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            assert not self.died(within=0.02), self.tail()
            assert time.monotonic() < ends, self.tail()

    def died(self, *, within: float) -> bool:
        """Wait so many seconds for its end; whether a failpoint killed it. Any other end fails the test."""
        try:
            status = self.process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        assert status == -signal.SIGKILL, f"ended with {status}: {self.tail()}"
        self.killed_at.append(self.armed)
        return True

    def kill(self) -> None:
        """As a power cut would, wherever it is."""
        self.process.kill()
        self.process.wait(READY_SECONDS)
        self.killed_at.append("anywhere")

    def stop(self) -> float:
        """SIGTERM; the seconds until it was gone."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(READY_SECONDS)
        return time.monotonic() - began

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
