"""What agents record: lines of internal notes, attributes, codes, amounts."""

from __future__ import annotations

import pytest

from plugin.model import records
from plugin.model.facts import Timeline
from plugin.model.pack import RecordItem
from tests.policies.story import ANNA, MEI, STEWARD, Story

CAUSE = RecordItem("cause", lines=(("en", ("Cause", "Root cause")), ("zh-CN", ("原因",))), field="complaint_cause")
OUTCOME = RecordItem(
    "outcome", lines=(("en", ("Outcome",)),), values=(("upheld", ("justified", "成立")), ("partly", ("partly upheld",)))
)
ITEMS = (CAUSE, OUTCOME)


def recorded(story: Story) -> dict[str, str]:
    timeline = Timeline(1, story.facts)
    newest = records.newest(timeline, ITEMS, since=story.started_at)
    return {name: entry.code or entry.value for name, entry in newest.items()}


@pytest.mark.parametrize(
    ("note", "found"),
    [
        pytest.param("Cause: the pump", {"cause": "the pump"}, id="a line"),
        pytest.param("cause : the pump.", {"cause": "the pump."}, id="small letters and a blank"),
        pytest.param("- Root cause: the pump", {"cause": "the pump"}, id="a bullet"),
        pytest.param("原因：水泵装反", {"cause": "水泵装反"}, id="a wide colon"),
        pytest.param("Called him.\nCause: the pump\nBye", {"cause": "the pump"}, id="among other lines"),
        pytest.param("Cause:\nthe pump\nwas wrong\n\nBye", {"cause": "the pump was wrong"}, id="below its label"),
        pytest.param("Cause: …\nOutcome: Justified.", {"outcome": "upheld"}, id="a form half filled in"),
        pytest.param("Outcome: partly", {"outcome": "partly"}, id="a code itself"),
        pytest.param("Outcome: 成立", {"outcome": "upheld"}, id="a word for a code"),
        pytest.param("Outcome: who knows", {}, id="a word for no code"),
        pytest.param("Cause:\nOutcome: upheld", {"outcome": "upheld"}, id="an empty line before another"),
        pytest.param("The cause: nobody knows", {}, id="a label inside a sentence"),
        pytest.param("At 10:30 he called", {}, id="a time of day"),
    ],
)
def test_lines_of_an_internal_note_are_read(note: str, found: dict[str, str]) -> None:
    story = Story().customer_writes_in()
    story.notes(after=1, text=note)
    assert recorded(story) == found


def test_the_newest_line_counts() -> None:
    story = Story().customer_writes_in()
    story.notes(after=1, text="Cause: the pump")
    story.notes(after=2, text="Cause: the hose")
    assert recorded(story) == {"cause": "the hose"}


def test_only_what_agents_write_internally_is_recorded() -> None:
    story = Story().customer_writes_in("Cause: you")
    story.answers(after=1)
    story.article("Cause: public", after=1, by=ANNA, sender="Agent", type="email", to_customer=True)
    story.article("Cause: a macro", after=1, by=ANNA, sender="System", type="note", internal=True, macro=True)
    story.article("Cause: ours", after=1, by=STEWARD, sender="System", type="note", internal=True, ours=["k"])
    assert recorded(story) == {}


def test_an_attribute_of_the_ticket_may_hold_it() -> None:
    story = Story().customer_writes_in()
    story.sets("complaint_cause", "the pump", after=1)
    assert recorded(story) == {"cause": "the pump"}
    story.sets("complaint_cause", "", after=2)
    assert recorded(story) == {}


def test_what_a_customer_sets_counts_for_nothing() -> None:
    story = Story().customer_writes_in()
    story.sets("complaint_cause", "you", by=MEI, after=1)
    assert recorded(story) == {}
