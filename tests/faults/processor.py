"""Whether processes are at work or wait for something, by the kernel's word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

AT_WORK = frozenset("RD")
"""On a processor or in line for one, and waiting for the disk (proc(5))."""


def is_wanted(processes: Iterable[int]) -> bool:
    """Whether a thread of these processes runs, or would if the machine were less busy."""
    return any(_is_at_work(stat) for process in processes for stat in Path(f"/proc/{process}/task").glob("*/stat"))


def _is_at_work(stat: Path) -> bool:
    try:
        said = stat.read_text(encoding="ascii", errors="replace")
    except OSError:  # it has ended meanwhile
        return False
    return said.rpartition(")")[2].split()[0] in AT_WORK
