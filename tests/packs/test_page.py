"""docs/packs.md shows what is: its edit with three mistakes prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from plugin.cli import main
from plugin.packs import load

PAGE = Path(__file__).resolve().parents[2] / "docs" / "packs.md"


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_edit_with_three_mistakes_prints_what_the_page_says(tmp_path: Path) -> None:
    file = tmp_path / "our-pack.yaml"
    file.write_text(block("yaml"), encoding="utf-8")
    ended = CliRunner().invoke(main, ["pack", "validate", str(file)])
    assert (ended.exit_code, ended.stderr.replace(f"{tmp_path}/", "")) == (1, block("text"))


def test_the_edit_loads_once_each_mistake_is_mended_as_the_page_proposes(tmp_path: Path) -> None:
    text = block("yaml").replace("calender:", "calendar:")
    for found, meant in re.findall(r"found '([^']+)',.* did you mean (.+)\?$", block("text"), re.MULTILINE):
        text = text.replace(found, meant)
    file = tmp_path / "our-pack.yaml"
    file.write_text(text, encoding="utf-8")
    assert str(load(file).clocks["first_response"].instead[0].limit) == "8 working hours"
