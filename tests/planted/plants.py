"""A planted bug is a patch with a head: what is wrong, whom it would hurt, which promise it breaks, who must notice."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_CHANGED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)


class Misplanted(Exception):
    """A patch that cannot be read or put on a tree: the plant is broken, whatever the tests are worth."""


@dataclass(frozen=True, slots=True)
class Plant:
    """One bug. ``tests`` are pytest's node ids: each of them has to fail."""

    name: str
    bug: str
    hurts: str
    breaks: str
    tests: tuple[str, ...]
    files: tuple[str, ...]
    """What the patch changes, below the tree's root."""
    patch: Path

    @property
    def rooms(self) -> tuple[str, ...]:
        """Where in ``plugin/`` the bug is."""
        return tuple(dict.fromkeys(file.split("/")[1].removesuffix(".py") for file in self.files))


def plants(directory: Path = HERE) -> tuple[Plant, ...]:
    """Every plant there is, by name. Raises Misplanted."""
    return tuple(read(path) for path in sorted(directory.glob("*.patch")))


def read(path: Path) -> Plant:
    """The plant of a patch file. Its head is written like that of a mail; ``Test`` may be there several times."""
    head = HeaderParser().parsestr(path.read_text(encoding="utf-8"))
    tests = [" ".join(str(test).split()) for test in head.get_all("Test", [])]
    files = _CHANGED.findall(str(head.get_payload()))
    found = {name: " ".join(str(head.get(name, "")).split()) for name in ("Bug", "Hurts", "Breaks")}
    lacking = [name for name, value in (*found.items(), ("Test", tests), ("+++ b/…", files)) if not value]
    if lacking:
        raise Misplanted(f"{path.name}: lacks {', '.join(lacking)}")
    return Plant(
        name=path.stem,
        bug=found["Bug"],
        hurts=found["Hurts"],
        breaks=found["Breaks"],
        tests=tuple(tests),
        files=tuple(files),
        patch=path,
    )


def put(plant: Plant, tree: Path) -> None:
    """Plant the bug in the tree. Raises Misplanted where the patch does not fit, or what it makes is not Python."""
    # told where to stop, git works below a repository as it does outside of one
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
    # one line around a change is enough: the code beside it may go on changing
    command = ["git", "apply", "--recount", "-C1", "--whitespace=nowarn", str(plant.patch)]
    before = _texts(plant, tree)
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    after = _texts(plant, tree)
    if done.returncode or any(old == new for old, new in zip(before, after, strict=True)):
        said = done.stderr.strip() or "nothing changed"
        raise Misplanted(
            f"{plant.name}: does not apply; put the bug into the code as it is now, and its diff here: {said}"
        )
    for file, text in zip(plant.files, after, strict=True):
        if file.endswith(".py"):
            _compile(plant, file, text)


def _texts(plant: Plant, tree: Path) -> list[str]:
    return list(_read_all(plant, tree))


def _read_all(plant: Plant, tree: Path) -> Iterator[str]:
    for file in plant.files:
        try:
            yield (tree / file).read_text(encoding="utf-8")
        except OSError as failure:
            raise Misplanted(f"{plant.name}: {file}: {failure.strerror}") from failure


def _compile(plant: Plant, file: str, text: str) -> None:
    try:
        compile(text, file, "exec")
    except SyntaxError as failure:
        raise Misplanted(f"{plant.name}: {file}:{failure.lineno}: {failure.msg}") from failure
