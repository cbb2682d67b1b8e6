"""Where the text of a pack lies, and that of the packs it extends, before anything is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from plugin.model.errors import PackError
from plugin.packs import hints

LARGEST = 512 * 1024
"""Bytes of a file; the largest shipped pack has a sixth of it."""
LONGEST = 5
"""Packs that may extend one another."""

_SHIPPED = Path(__file__).parent
_EXTENDS = re.compile(
    r"""^extends:[ \t]*(?P<quote>["']?)(?P<base>[^\s"'#][^"'#\n\x85\u2028\u2029]*?)(?P=quote)[ \t]*(?:\#.*)?$""",
    re.MULTILINE | re.VERBOSE,
)
_BEGINS = "# ===== extends {} ====="
_BEGUN = re.compile(r"^# ===== extends (?P<name>.+) =====$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class File:
    """The text of one pack. ``name`` is what messages call the file; the text begins after ``lines_before`` of it."""

    name: str
    text: str
    path: Path
    lines_before: int = 0

    @property
    def extends(self) -> re.Match[str] | None:
        """What stands behind ``extends:``, as ``base``."""
        return _EXTENDS.search(self.text)

    def place(self, position: int) -> str:
        """``file:line:column`` of a position in the text."""
        before = self.text[:position]
        return f"{self.name}:{before.count(chr(10)) + 1 + self.lines_before}:{position - before.rfind(chr(10))}"


def shipped() -> tuple[str, ...]:
    """Names of the packs that come with Steward."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.yaml")))


def chain(name_or_path: str | Path) -> tuple[File, ...]:
    """The pack of that name or path, then the one it extends, then what that extends, to the end.

    Raises PackError where one is missing, cannot be read, or comes back to an earlier one.
    """
    path, name = place_of(name_or_path)
    return extended(_read(path, name=name))


def extended(file: File) -> tuple[File, ...]:
    """A file as it was read, and what it extends; a text that was kept has it all in itself."""
    found = list(_split(file))
    while base := found[-1].extends:
        if len(found) == LONGEST:
            raise PackError(_about_base(found[-1], base, f"allowed {LONGEST} packs that extend one another"))
        following = _base(found[-1], base)
        if any(following.path.resolve() == earlier.path.resolve() for earlier in found):
            circle = " → ".join([*(earlier.name for earlier in found), following.name])
            raise PackError(_about_base(found[-1], base, f"allowed a pack that does not come back here ({circle})"))
        found.extend(_split(following))
    return tuple(found)


def joined(files: tuple[File, ...]) -> str:
    """One text of all of them, which ``extended`` takes apart again: what is kept of a version must load by itself."""
    parts = [files[0].text]
    for file, base in pairwise(files):
        named = file.extends["base"] if file.extends else ""
        parts += ["" if file.text.endswith("\n") else "\n", f"{_BEGINS.format(named)}\n", base.text]
    return "".join(parts)


def place_of(name_or_path: str | Path) -> tuple[Path, str]:
    """The file of a pack, and what messages call it; raises PackError for what is neither a name nor a path."""
    name = str(name_or_path)
    if name in shipped():
        return _SHIPPED / f"{name}.yaml", f"{name}.yaml"
    if not _is_path(name) and not Path(name).exists():
        raise PackError(f"pack {name}: found no such pack, {_allowed(name)}")
    return Path(name), name


def of_text(text: str, *, name: str, folder: Path = Path()) -> File:
    """A text that is in no file; what it extends is looked for in ``folder``."""
    return File(name=name, text=text, path=folder / name)


def _allowed(name: str) -> str:
    names = shipped()
    return f"allowed {', '.join(names)}, or the path of a .yaml file{hints.did_you_mean(name, names)}"


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _split(file: File) -> Iterator[File]:
    """The packs in a text that was kept; any other text is one. Raises PackError where a part is not extended."""
    begun = list(_BEGUN.finditer(file.text))
    begins = [0, *(match.end() + 1 for match in begun)]
    ends = [*(match.start() for match in begun), len(file.text)]
    names = [file.path, *(Path(match["name"]) for match in begun)]
    for begin, end, path in zip(begins, ends, names, strict=True):
        before = file.lines_before + file.text.count("\n", 0, begin)
        part = File(name=file.name, text=file.text[begin:end], path=path, lines_before=before)
        if end < len(file.text) and part.extends is None:
            raise PackError(f"{file.place(end)}: pack: found a line only kept packs have, allowed it behind an extends")
        yield part


def _base(file: File, found: re.Match[str]) -> File:
    base = found["base"]
    if base in shipped():
        return _read(_SHIPPED / f"{base}.yaml", name=f"{base}.yaml")
    path = file.path.parent / base
    if not _is_path(base) or not path.exists():
        raise PackError(_about_base(file, found, _allowed(base)))
    return _read(path, name=str(path))


def _about_base(file: File, found: re.Match[str], allowed: str) -> str:
    return f"{file.place(found.start('base'))}: extends: found '{found['base']}', {allowed}"


def _read(path: Path, *, name: str) -> File:
    """The text as it was written; raises PackError where it cannot be read."""
    try:
        if path.exists() and not path.is_file():
            raise PackError(f"{name}:1:1: pack: found {'a directory' if path.is_dir() else 'no file'}, allowed a file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as fault:
        reason = fault.strerror or fault
        raise PackError(f"{name}:1:1: pack: found no file to read ({reason}), allowed a text in UTF-8") from fault
    if len(content) > LARGEST:
        raise PackError(f"{name}:1:1: pack: found more than {LARGEST // 1024} KB, allowed a pack of that size at most")
    return File(name=name, text=_decoded(content, name=name), path=path)


def _decoded(content: bytes, *, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PackError(f"{name}:1:1: pack: found UTF-16, allowed a text in UTF-8: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        before = content[: fault.start].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        odd = content[fault.start]
        raise PackError(
            f"{name}:{line}:{column}: pack: found the byte {odd:#04x}, which is not UTF-8, allowed a text in UTF-8"
        ) from fault
    return text.replace("\r\n", "\n").replace("\r", "\n")
