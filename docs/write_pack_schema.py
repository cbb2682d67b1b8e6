"""Writes docs/pack.schema.json from the fields that read a pack."""

from __future__ import annotations

from pathlib import Path

from plugin.packs import json_schema

PAGE = Path(__file__).with_name("pack.schema.json")

if __name__ == "__main__":
    PAGE.write_text(json_schema.written(), encoding="utf-8")
