"""Writes docs/examples.md from the sentences and expectations of plugin/packs/examples."""

from __future__ import annotations

from pathlib import Path

from plugin.packs.examples.expectations import CLOCK_ALLOWED, NOTE_ALLOWED, TASK_ALLOWED
from plugin.packs.examples.moments import ALLOWED
from plugin.packs.examples.schema import EXPECTED
from plugin.packs.examples.sentences import SENTENCES

PAGE = Path(__file__).with_name("examples.md")

HEAD = """\
# Examples

A pack proves itself: under `examples` it tells stories and says what should hold in them. `steward pack test
our-pack.yaml` tells each story, decides at each moment that is named, as the worker would, and shows given, expected
and got of what comes out otherwise. Nothing of it needs a Zammad. A pack whose examples fail is not put in force
without saying so on purpose.

<!-- a test keeps this example true -->
```yaml
examples:
  without an answer the promise to a VIP is broken after 24 hours:
    clauses: [C3.1 first response]
    given:
      vip: true
      people: {supervisors: [chief]}
    story:
      monday 09:00: customer writes "Where is my order?"
      +1 h: [anna takes it, anna notes "I ask the carrier."]
    expect:
      +18 h: {tags: warned, notes: {warning: tells anna}}
      tuesday 09:00:
        tags: breached
        clocks: {first_response: breached until tuesday 09:00}
        notes: {breach: "tells anna, chief"}
```

A pack that extends another takes its examples over. What you change makes some of them fail: write those anew under
their names, as they are meant now, or take them away with `null`.

`steward pack coverage our-pack.yaml` says of every clause of the standard which rules carry it and which examples
prove it. A clause that asks for several things is cited with the one that is meant: `A2.1 resolution`.

<!-- What follows is written by `make docs` from plugin/packs/examples; change it there. -->

## When
"""

GIVEN = """
## Given

What is not said is plain: a mail of a customer who is no VIP, in a group where the rules hold, and nobody named in
the pack's people, whoever your pack names, so that an example says the same everywhere.

`vip`, `group`, `channel`, `address` (the customer's), `people`, `handlers` (of the tiers), `customer_mail` (true:
messages to customers are switched on), `options` (by policy, to show what comes of
others), `written` (by policy, to how many other tickets within 24 hours: what a
`limit` then holds back), `enforced_since` (a moment).

## Story

Each moment has a sentence, or a list of them. Agents are any small names. What stands in brackets may be left out.

| sentence |
|---|
"""

EXPECT = """
## Expected

At each moment, whatever matters of:

| key | what is written there |
|---|---|
"""


def page() -> str:
    """The whole page as Markdown, the same for the same language."""
    sentences = "".join(f"| `{pattern}` |\n" for pattern in dict.fromkeys(known.pattern for known in SENTENCES))
    expected = "".join(f"| `{key}` | {what} |\n" for key, what in _expected())
    return f"{HEAD}\n{ALLOWED[0].upper()}{ALLOWED[1:]}.\n{GIVEN}{sentences}{EXPECT}{expected}"


def _expected() -> list[tuple[str, str]]:
    return [
        *EXPECTED.items(),
        ("clocks", f"by name: {CLOCK_ALLOWED}. Only what is written is compared"),
        ("notes", f"by rule, its end, or what it is about: {NOTE_ALLOWED}"),
        ("tasks", f"by key: {TASK_ALLOWED}"),
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
