"""Writes docs/settings.md from the table in plugin/settings.py."""

from __future__ import annotations

from pathlib import Path

from plugin.settings import TABLE, Setting

PAGE = Path(__file__).with_name("settings.md")

HEAD = """\
# Settings

Steward is told everything through its environment. An unknown `STEWARD_*` name or a value that is not
allowed stops it at once, with one line that names the setting, what was found and the way out. An empty value
counts as not set.

A secret (■) may come from a file instead: `STEWARD_ZAMMAD_TOKEN_FILE=/run/secrets/token` in place of
`STEWARD_ZAMMAD_TOKEN`, and so on; not both. Secrets are never printed.

<!-- Written by `make docs` from plugin/settings.py; change it there. -->

| name | meaning | default | values |
|---|---|---|---|
"""


def page() -> str:
    """The whole page as Markdown, the same for the same table."""
    return HEAD + "".join(_row(setting) for setting in TABLE)


def _row(setting: Setting) -> str:
    name = f"`{setting.variable}`" + (" ■" if setting.secret else "")
    default = f"`{setting.default}`" if setting.default else "–"
    return f"| {name} | {setting.meaning} | {default} | {setting.unit or '–'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
