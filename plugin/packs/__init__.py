"""Policy packs: one YAML file an administrator can read aloud, read with positions and checked to the last key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.packs import files
from plugin.packs.files import shipped

if TYPE_CHECKING:
    from plugin.model.pack import Pack
    from plugin.packs.options import HasOptions

__all__ = ["load", "loads", "shipped", "text_of"]


def load(name_or_path: str | Path, *, policies: Mapping[str, HasOptions] | None = None) -> Pack:
    """The pack of that name, or of the file at that path.

    Raises PackError with all mistakes of the file, a line each: ``file:line:column: key: found …, allowed …``.
    ``policies`` are those rules may name; left out, every module of ``plugin.policies``.
    """
    # half a second of imports, which a receiver that only asks for the text need not wait for
    from plugin.packs import loading

    return loading.load(name_or_path, policies=policies)


def text_of(name_or_path: str | Path) -> str:
    """The text of a pack as it was written, and of all it extends, unchecked; raises PackError where one is missing.

    It loads by itself, wherever it is kept: see ``loads``.
    """
    return files.joined(files.chain(name_or_path))


def loads(text: str, *, name: str, policies: Mapping[str, HasOptions] | None = None) -> Pack:
    """The pack of a text such as ``text_of`` gave; raises PackError as ``load`` does, calling the file ``name``."""
    from plugin.packs import loading, source

    return loading.loads(source.parse(text, name=name), policies=policies)
