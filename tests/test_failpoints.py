"""A failpoint kills once, at the hit it was armed for, and costs nothing otherwise."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plugin import failpoints


def test_an_unarmed_failpoint_does_nothing() -> None:
    for name in failpoints.NAMES:
        failpoints.hit(name)


def test_a_name_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        failpoints.hit("nowhere")


@pytest.mark.parametrize(("armed", "passed"), [("claimed", 0), ("claimed:3", 2), ("locked", 5)])
def test_an_armed_failpoint_kills_at_its_hit(armed: str, passed: int) -> None:
    code = "from plugin import failpoints\nfor n in range(5): failpoints.hit('claimed'); print(n, flush=True)"
    environment = {**os.environ, failpoints.VARIABLE: armed}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert len(ended.stdout.split()) == passed
    assert ended.returncode == (0 if passed == 5 else -signal.SIGKILL)


def test_a_failpoint_may_stop_the_process_until_somebody_continues_it() -> None:
    code = "from plugin import failpoints\nfor n in range(3): failpoints.hit('claimed'); print(n, flush=True)"
    environment = {**os.environ, failpoints.VARIABLE: "claimed:2:stop"}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    process.send_signal(signal.SIGCONT)
    said, _ = process.communicate(timeout=60)
    assert said.split() == ["0", "1", "2"]
    assert process.returncode == 0


def test_every_name_is_passed_somewhere_and_there_are_enough() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path("plugin").rglob("*.py"))
    passed = set(re.findall(r'failpoints\.hit\("([a-z-]+)"\)', sources))
    assert passed == failpoints.NAMES
    assert len(failpoints.NAMES) >= 16
