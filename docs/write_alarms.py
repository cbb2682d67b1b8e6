"""Writes docs/alarms.md from the alarms in plugin/observability/alarms.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from plugin.observability.alarms import ALARMS, PARTS

PAGE = Path(__file__).with_name("alarms.md")

HEAD = """\
# Alarms

Steward goes on by itself where it can: it waits for a Zammad that is away, leaves out what a server lacks, and
lets one broken ticket wait without holding up the others. What an operator should know of nevertheless is raised as an
alarm with a name. The same name stands

- in the log: `alarm` events have `alarm=<name>`, and `ticket_id=` where it is about one ticket;
- in the metrics: `steward_alarms_total{alarm="<name>"}`;
- on `GET /readyz`: the part `alarms` shows those of the last hour, each with its newest tickets,
  those of workers in other processes too.

`steward case show N` has the rest of a ticket's story: why it waits, and which write was refused for what reason.

<!-- Written by `make docs` from plugin/observability/alarms.py; change it there. -->

| alarm | what it means | what to do |
|---|---|---|
"""

PARTS_HEAD = """
## What `/readyz` says

Only `store` decides whether the process is ready (200 or 503): a restart would mend none of the others. A part that is
not `ok` says what is wrong and what to do.

| part | `ok` is false when |
|---|---|
"""


def page() -> str:
    """The whole page as Markdown, the same for the same alarms."""
    alarms = "".join(f"| `{name}` | {alarm.means} | {alarm.do} |\n" for name, alarm in sorted(ALARMS.items()))
    return HEAD + alarms + PARTS_HEAD + _rows(PARTS)


def _rows(parts: Mapping[str, str]) -> str:
    return "".join(f"| `{name}` | {meaning} |\n" for name, meaning in sorted(parts.items()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
