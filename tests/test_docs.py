"""What the documents name exists: links, settings, make targets, commands; what is generated is current."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs import draw_architecture, write_settings
from plugin import settings

ROOT = Path(__file__).resolve().parent.parent
# an image cannot be read for names, and the table of settings itself is checked below
TEXTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*")
    for path in ROOT.glob(pattern)
    if path.is_file() and path.suffix != ".svg"
)
PAGES = [path for path in TEXTS if path.suffix == ".md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
SETTING = re.compile(r"STEWARD_[A-Z][A-Z_]*[A-Z]")
COMMAND = re.compile(r"(?:^[ \t]*|`|bin/|\$ )steward(?=[ \t]+[a-z])((?:[ \t]+[^\s`|;&()\"'\\#]+)+)", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code(path: Path) -> str:
    """What ``path`` says as code: a page's blocks and `` `words` ``, any other file whole."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(match[0] for match in CODE.finditer(text)) if path.suffix == ".md" else text


def anchors(page: Path) -> set[str]:
    """The names a page's headings can be reached by, as forges make them."""
    headings = re.findall(r"^#+ +(.+?)\s*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def missing_commands(text: str, root: click.Command) -> Iterator[str]:
    """The ``steward …`` calls in ``text`` whose command or options the command tree does not have."""
    for match in COMMAND.finditer(text):
        if not resolves(match[1].split(), root):
            yield f"steward{match[1]}"


def resolves(words: list[str], command: click.Command) -> bool:
    for word in words:
        if word.startswith("--"):
            options = {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}
            if word.partition("=")[0] not in options | {"--help", "--version"}:
                return False
        elif isinstance(command, click.Group):
            if word in ("…", "%i"):  # anything; what a systemd template is asked for
                return True
            found = command.get_command(click.Context(command), word)
            if found is None:
                return False
            command = found
    return True


@pytest.fixture(scope="module")
def steward() -> click.Command:
    main = importlib.import_module("plugin.cli").main
    assert isinstance(main, click.Command)
    return main


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_every_setting_named_exists(path: Path) -> None:
    names = set(SETTING.findall(path.read_text(encoding="utf-8")))
    unknown = {name for name in names if not settings.is_known(name)}
    assert unknown == set()


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_make_target_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", code(path))) - targets == set()


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_every_command_named_exists(path: Path, steward: click.Command) -> None:
    assert list(missing_commands(code(path), steward)) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        pytest.param("$ steward case show 7", [], id="in a group"),
        pytest.param("`steward serve`", [], id="in words"),
        pytest.param("/opt/steward/bin/steward serve", [], id="by its path"),
        pytest.param("steward serve --port 1", [], id="with an option"),
        pytest.param("steward-web steward serve", [], id="after a name that looks alike"),
        pytest.param("User=steward", [], id="not a command"),
        pytest.param("steward serv", ["steward serv"], id="unknown command"),
        pytest.param("steward case shwo 7", ["steward case shwo 7"], id="unknown in a group"),
        pytest.param("steward serve --prot 1", ["steward serve --prot 1"], id="unknown option"),
    ],
)
def test_a_command_that_does_not_exist_is_found(text: str, missing: list[str]) -> None:
    show = click.Command("show", params=[click.Argument(["ticket"])])
    serve = click.Command("serve", params=[click.Option(["--port"])])
    tree = click.Group("steward", commands=[serve, click.Group("case", commands=[show])])
    assert list(missing_commands(text, tree)) == missing


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        pytest.param("[a](other.md)", [], id="file"),
        pytest.param("[a](other.md#one-two)", [], id="heading"),
        pytest.param("[a](https://example.com/x)", [], id="elsewhere"),
        pytest.param("[a](gone.md)", ["gone.md"], id="no file"),
        pytest.param("[a](other.md#three)", ["other.md#three"], id="no heading"),
        pytest.param("[a](#three)", ["#three"], id="no heading here"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(text: str, broken: list[str], tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One, two!\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert list(broken_links(page)) == broken


def test_the_picture_shows_the_imports_there_are() -> None:
    assert draw_architecture.PICTURE.read_text(encoding="utf-8") == draw_architecture.draw(), "run `make docs`"


def test_the_page_of_settings_is_the_table() -> None:
    assert write_settings.PAGE.read_text(encoding="utf-8") == write_settings.page(), "run `make docs`"
