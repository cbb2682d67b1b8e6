"""The planted bugs fit the tree they are to be put into, and the trial tells caught from missed and broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.plants import HERE, ROOT, Misplanted, Plant, plants, put, read
from tests.planted.trial import Case, Deaf, Verdict, cases_of, judge, rehearse, try_out

PLANTS = plants()
FEWEST = 20


def test_there_are_enough_and_their_room_is_the_product() -> None:
    assert len(PLANTS) >= FEWEST
    outside = [file for plant in PLANTS for file in plant.files if not file.startswith("plugin/")]
    assert outside == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_every_patch_applies_and_leaves_python(plant: Plant, tmp_path: Path) -> None:
    for file in plant.files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    put(plant, tmp_path)


def test_every_test_named_exists() -> None:
    tests = sorted({test for plant in PLANTS for test in plant.tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *tests]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = (*collected.stdout.splitlines(), *collected.stderr.splitlines())
    assert [line for line in lines if line.startswith("ERROR")] == []
    assert collected.returncode == 0


# -- the trial itself -------------------------------------------------------------------------------------------------

PRODUCT = "def limit():\n    return 24\n"
TESTS = """
from plugin.clock import limit


def test_the_limit():
    assert limit() == 24


def test_nothing():
    assert True


def test_by_key():
    {24: "a day"}[limit()]
"""


def planted(tree: Path, *, test: str, line: str = "    return 48") -> Plant:
    """A tree of one function and its tests, and a bug in it."""
    for name, text in (("plugin/clock.py", PRODUCT), ("plugin/__init__.py", ""), ("test_clock.py", TESTS)):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    patch = tree.parent / "limit.patch"
    patch.write_text(
        f"Bug: Two days.\nHurts: Everybody.\nBreaks: C3.1\nTest: test_clock.py::{test}\n\n"
        "--- a/plugin/clock.py\n+++ b/plugin/clock.py\n@@ -1,2 +1,2 @@\n def limit():\n"
        f"-    return 24\n+{line}\n",
        encoding="utf-8",
    )
    return read(patch)


@pytest.mark.parametrize(
    ("test", "line", "verdict"),
    [
        pytest.param("test_the_limit", "    return 48", Verdict.CAUGHT, id="its assertion fails"),
        pytest.param("test_nothing", "    return 48", Verdict.MISSED, id="it passes"),
        pytest.param("test_by_key", "    return 48", Verdict.BROKEN, id="it fails by something else"),
        pytest.param("test_gone", "    return 48", Verdict.BROKEN, id="it is not there"),
        pytest.param("test_the_limit", "    return", Verdict.CAUGHT, id="its assertion fails on nothing"),
        pytest.param("test_the_limit", "    return (", Verdict.BROKEN, id="what is planted is not Python"),
        pytest.param("test_the_limit", "    import nowhere", Verdict.BROKEN, id="what is planted cannot run"),
    ],
)
def test_a_bug_is_caught_only_by_an_assertion_that_fails(
    tmp_path: Path, test: str, line: str, verdict: Verdict
) -> None:
    plant = planted(tmp_path / "tree", test=test, line=line)
    assert try_out(plant, tmp_path / "tree", tmp_path / "bed").verdict is verdict
    assert (tmp_path / "tree" / "plugin" / "clock.py").read_text(encoding="utf-8") == PRODUCT


def test_tests_that_fail_without_a_bug_tell_nothing(tmp_path: Path) -> None:
    plant = planted(tmp_path / "tree", test="test_the_limit")
    assert rehearse([plant], tmp_path / "tree") > 0
    (tmp_path / "tree" / "plugin" / "clock.py").write_text("def limit():\n    return 25\n", encoding="utf-8")
    with pytest.raises(Deaf, match="test_the_limit"):
        rehearse([plant], tmp_path / "tree")


def test_a_patch_that_does_not_fit_is_misplanted(tmp_path: Path) -> None:
    plant = planted(tmp_path / "tree", test="test_the_limit")
    put(plant, tmp_path / "tree")
    with pytest.raises(Misplanted, match="does not apply"):
        put(plant, tmp_path / "tree")


def test_a_head_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "bare.patch").write_text("Bug: None.\n\n--- a/plugin/x.py\n+++ b/plugin/x.py\n", encoding="utf-8")
    with pytest.raises(Misplanted, match=r"bare\.patch: lacks Hurts, Breaks, Test"):
        read(tmp_path / "bare.patch")


def test_every_test_named_has_to_notice() -> None:
    plant = read(next(HERE.glob("*.patch")))
    both = Plant(**{name: getattr(plant, name) for name in Plant.__slots__} | {"tests": ("a.py::one", "a.py::two")})
    failed = Case("a.py::one[x]", failed="assert 1 == 2")
    assert judge(both, [failed, Case("a.py::two", failed="Failed: DID NOT RAISE")]) == (Verdict.CAUGHT, "")
    assert judge(both, [failed, Case("a.py::two")]) == (Verdict.MISSED, "a.py::two: passed")
    assert judge(both, [failed, Case("a.py::two", error="assert 1 == 2")])[0] is Verdict.BROKEN


def test_a_report_names_cases_as_pytest_does() -> None:
    report = (
        '<testsuites><testsuite><testcase file="tests/a.py" name="one[x-y]"><failure message="assert 1&#10;more"/>'
        '</testcase><testcase file="tests/a.py" name="two"/></testsuite></testsuites>'
    )
    assert cases_of(report) == (Case("tests/a.py::one[x-y]", failed="assert 1"), Case("tests/a.py::two"))
