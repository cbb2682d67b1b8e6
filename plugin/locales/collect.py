"""Brings the catalogues up to date with the sentences in the code: ``python -m plugin.locales.collect``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from plugin.locales import CATALOGUES, FOLDER, translations

PLUGIN = FOLDER.parent
WORDS = "plugin.model.words"


def templates(plugin: Path = PLUGIN) -> dict[str, str]:
    """Every template given to ``text(…)`` with the file it is first in; raises ValueError for a computed one."""
    found: dict[str, str] = {}
    for path in sorted(plugin.rglob("*.py")):
        name = path.relative_to(plugin).as_posix()
        for template in _of_file(path):
            found.setdefault(template, name)
    return found


def update() -> None:
    """Write the catalogues anew: new sentences empty, old ones gone, translations kept."""
    for language, path in CATALOGUES.items():
        known = translations(path) if path.exists() else {}
        catalogue = Catalog(locale=path.parent.name, charset="utf-8")
        for template, file in templates().items():
            catalogue.add(template, known.get(template, ""), auto_comments=[file])
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as stream:
            write_po(stream, catalogue, width=0, omit_header=True, no_location=True)
        missing = sum(1 for template in templates() if template not in known)
        print(f"{language}: {len(templates())} sentences, {missing} without translation")


def _of_file(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == WORDS)
    defines_it = path.parts[-2:] == ("model", "words.py")
    if not (defines_it or any(alias.name == "text" for node in imported for alias in node.names)):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text" and node.args:
            yield from _literals(node.args[0], f"{path.name}:{node.lineno}")


def _literals(node: ast.expr, place: str) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body, place)
        yield from _literals(node.orelse, place)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        raise ValueError(f"{place}: found a computed template, allowed one written in place")


if __name__ == "__main__":
    update()
