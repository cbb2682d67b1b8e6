"""A trial: a copy of the tree with one bug in it, the tests named for the bug, and whether they noticed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

from tests.planted.plants import Misplanted, Plant, put

LONGEST_SECONDS = 180.0
"""One trial takes so long at most; a bug that hangs its tests is a plant to be mended."""
_ASSERTED = ("assert ", "AssertionError", "Failed: ")
"""How the message of a failed assertion begins, and that of ``pytest.fail`` and ``pytest.raises``."""


class Verdict(StrEnum):
    """How a trial ended."""

    CAUGHT = "caught"
    """Every test named failed, by an assertion."""
    MISSED = "missed"
    """A test named passed."""
    BROKEN = "broken"
    """The trial says nothing: the patch does not apply, or the tests ended in something else than an assertion."""


class Deaf(Exception):
    """Tests fail although no bug was planted: they can tell nothing."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One plant and how it went; ``said`` names what a person has to look at, empty where it was caught."""

    plant: Plant
    verdict: Verdict
    seconds: float
    said: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One test as it ran. ``failed``: the message of what it failed by in its own body; ``error`` elsewhere."""

    id: str
    failed: str | None = None
    error: str | None = None


def copy_tree(source: Path, target: Path) -> Path:
    """Copy what belongs to the tree as it stands now, nothing that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=source,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)
    return target


def rehearse(plants: Iterable[Plant], tree: Path) -> float:
    """Run every test named, without a bug: all pass. Returns the seconds it took; raises Deaf."""
    tests = tuple(dict.fromkeys(test for plant in plants for test in plant.tests))
    began = time.monotonic()
    cases, said = run_tests(tests, tree, longest=LONGEST_SECONDS * 5)
    bad = [f"{case.id}: {case.failed or case.error}" for case in cases if case.failed or case.error]
    if not cases:
        raise Deaf(said)
    bad += [f"{test}: did not run" for test in tests if not _of(test, cases)]
    if bad:
        raise Deaf("\n".join(bad))
    return time.monotonic() - began


def try_out(plant: Plant, tree: Path, bed: Path) -> Trial:
    """Plant the bug in a copy of ``tree`` made in ``bed``, and see whether its tests notice."""
    began = time.monotonic()
    shutil.copytree(tree, bed)
    try:
        put(plant, bed)
        for file in plant.files:
            # compiled before, and perhaps in the same second
            shutil.rmtree((bed / file).parent / "__pycache__", ignore_errors=True)
        cases, said = run_tests(plant.tests, bed, longest=LONGEST_SECONDS)
        verdict, reason = judge(plant, cases, said)
    except Misplanted as failure:
        verdict, reason = Verdict.BROKEN, str(failure)
    finally:
        shutil.rmtree(bed, ignore_errors=True)
    return Trial(plant, verdict, time.monotonic() - began, reason)


def judge(plant: Plant, cases: Sequence[Case], said: str = "") -> tuple[Verdict, str]:
    """Caught where each test named has a case that failed by an assertion; ``said`` is what pytest said beside."""
    for test in plant.tests:
        its = _of(test, cases)
        if not its:
            return Verdict.BROKEN, f"{test}: did not run\n{said}".strip()
        if any(case.failed and case.failed.startswith(_ASSERTED) for case in its):
            continue
        other = next((case.failed or case.error for case in its if case.failed or case.error), None)
        if other is not None:
            return Verdict.BROKEN, f"{test}: no assertion failed, but {other}"
        return Verdict.MISSED, f"{test}: passed"
    return Verdict.CAUGHT, ""


def run_tests(tests: Sequence[str], tree: Path, *, longest: float) -> tuple[tuple[Case, ...], str]:
    """Every case that ran, and the end of what pytest said. Raises Misplanted after ``longest`` seconds."""
    report = tree / "planted.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "-p", "no:cacheprovider", "--tb=line", f"--junit-xml={report}", "-o", "junit_family=xunit1"]
    # before the installed one, also for every process the tests start
    environment = os.environ | {"PYTHONPATH": str(tree)}
    said = _run([sys.executable, "-m", "pytest", *options, *tests], tree, environment, longest=longest)
    return cases_of(report.read_text(encoding="utf-8")) if report.exists() else (), said[-2000:]


def cases_of(report: str) -> tuple[Case, ...]:
    """The cases of a report in JUnit's form, with pytest's node ids."""
    return tuple(_case(element) for element in ElementTree.fromstring(report).iter("testcase"))


def _case(element: ElementTree.Element) -> Case:
    failure, error = element.find("failure"), element.find("error")
    return Case(
        id=f"{element.get('file')}::{element.get('name')}",
        failed=None if failure is None else _first_line(failure),
        error=None if error is None else _first_line(error),
    )


def _first_line(element: ElementTree.Element) -> str:
    return next(iter((element.get("message") or "").splitlines()), "") or "no message"


def _of(test: str, cases: Iterable[Case]) -> list[Case]:
    """The cases of a node id: that very one, or all its parameters."""
    return [case for case in cases if case.id == test or case.id.startswith(f"{test}[")]


def _run(command: Sequence[str], directory: Path, environment: dict[str, str], *, longest: float) -> str:
    """What a command said. Its whole group ends with it, and with us."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=longest)[0]
    except subprocess.TimeoutExpired as failure:
        raise Misplanted(f"its tests took longer than {longest:g} s") from failure
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
