"""Limits of rules in a simulation: what would have been stopped, when first, by how much, on how many days."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from bench.lives import lives
from plugin.model.decision import Mode
from plugin.model.effects import EffectState
from plugin.model.pack import Pack
from plugin.simulate import files
from plugin.simulate.changes import changes
from plugin.simulate.histories import History, to_bytes
from plugin.simulate.limits import Reached, Touched, limited, reached
from plugin.simulate.outcome import Outcome
from plugin.simulate.playing import play
from plugin.simulate.report import About
from plugin.simulate.running import Result, Work, simulate
from plugin.simulate.sources import Kept, Source
from plugin.simulate.tally import Window
from plugin.simulate.telling import difference, summary
from tests.policies.story import ANNA, Story, shipped
from tests.scenarios.helpdesk import Helpdesk, open_helpdesk, write_pack
from tests.scenarios.test_any_story import plays
from tests.simulate.played import history, played

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = "tiered_escalation"


def with_limit(limit: int | None, *rules: str, mode: Mode = Mode.ENFORCE) -> Pack:
    """The shipped pack with a limit on these rules only, on every rule where none is named."""
    pack = shipped()
    limits = (
        replace(one, limit=None) if rules and one.name not in rules else replace(one, limit=limit, mode=mode)
        for one in pack.rules
    )
    return replace(pack, rules=tuple(limits))


def unlimited() -> Pack:
    return with_limit(None)


def writes(*hours_and_tickets: tuple[float, int]) -> Touched:
    """The rule wrote to these tickets so many hours after the beginning."""
    touched = Touched()
    for hours, ticket_id in hours_and_tickets:
        one = played(Story().customer_writes_in("Hello"), until=1)
        at = BEGAN + timedelta(hours=hours)
        touched.add(replace(one, ticket_id=ticket_id, touched=((RULE, at),)))
    return touched


@pytest.mark.parametrize(
    ("done", "most", "first", "days"),
    [
        pytest.param([(0, 1), (1, 2)], 2, None, 0, id="as many as it allows"),
        pytest.param([(0, 1), (1, 2), (2, 3)], 3, 2, 1, id="one more"),
        pytest.param([(0, 1), (1, 2), (2, 1), (3, 2)], 2, None, 0, id="the same tickets again"),
        pytest.param([(0, 1), (1, 2), (24, 3)], 2, None, 0, id="a day later the first has left"),
        pytest.param([(0, 1), (1, 2), (23.9, 3)], 3, 23.9, 1, id="within the day"),
        pytest.param([(0, 1), (1, 2), (2, 3), (72, 1), (73, 2), (74, 3), (75, 4)], 4, 2, 2, id="on two days"),
        pytest.param([(2, 3), (1, 2), (0, 1)], 3, 2, 1, id="in any order"),
    ],
)
def test_a_rule_is_over_its_limit(done: list[tuple[float, int]], most: int, first: float | None, days: int) -> None:
    (found,) = reached(writes(*done), with_limit(2, RULE), Window("UTC"))
    first_at = None if first is None else BEGAN + timedelta(hours=first)
    assert found == Reached(RULE, 2, most, first_at, days)


def test_what_was_before_the_time_that_is_counted_is_not_told() -> None:
    touched = writes((0, 1), (1, 2), (2, 3), (25.5, 4))
    (found,) = reached(touched, with_limit(2, RULE), Window("UTC", BEGAN + timedelta(hours=25)))
    assert (found.most, found.first_at) == (2, None)  # of the day before it, the third still counts


def test_a_rule_on_trial_writes_nothing_that_could_be_stopped() -> None:
    assert limited(with_limit(1, RULE, mode=Mode.OBSERVE)) == ()
    assert [rule.name for rule in limited(with_limit(1, RULE))] == [RULE]


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
def test_an_imports_moments_break_nothing(year: int) -> None:
    one = replace(played(Story().customer_writes_in("Hello"), until=1), touched=((RULE, BEGAN.replace(year=year)),))
    touched = Touched()
    touched.add(one)
    (found,) = reached(touched, with_limit(2, RULE), Window("UTC"))
    assert found.most == 1


def test_without_a_limit_nothing_is_kept() -> None:
    assert late(unlimited()).touched == ()
    assert {name for name, _ in late(with_limit(9, RULE)).touched} == {RULE}


def late(pack: Pack) -> Outcome:
    story = Story(pack=pack).customer_writes_in("Where is my order?")
    story.gives(ANNA, by=ANNA, after=1)
    return played(story, until=60)


# -- beside the worker ------------------------------------------------------------------------------------------------


@pytest.fixture
def helpdesk(tmp_path: Path) -> Iterator[Helpdesk]:
    pack = write_pack(tmp_path)
    text = re.sub(r"^    limit: \d+$\n", "", Path(pack).read_text(encoding="utf-8"), flags=re.MULTILINE)
    limited = re.sub(r"^  - policy: ", "  - limit: 1000\n    policy: ", text, flags=re.MULTILINE)
    Path(pack).write_text(limited, encoding="utf-8")
    opened = open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}", pack=pack)
    yield opened
    opened.service.close()


@pytest.mark.parametrize("seed", [1, 4, 6])
def test_the_rules_that_write_are_those_the_worker_let_write(
    helpdesk: Helpdesk, seed: int, tell: Callable[[str], None]
) -> None:
    """Quiet writes too: fields, tags, words that are taken off."""
    ticket = plays(helpdesk, seed)
    rules = {rule.policy for rule in helpdesk.service.pack.rules}
    assert all(rule.limit == 1000 for rule in helpdesk.service.pack.rules)
    reached_zammad = (EffectState.APPLIED, EffectState.VOID)
    really = {one.rule.partition(".")[0] for one in helpdesk.effects_of(ticket) if one.state in reached_zammad} & rules
    outcome = play(History(ticket.id, "", "", helpdesk.now, tuple(helpdesk.timeline_of(ticket))), helpdesk.service.pack)
    assert outcome is not None
    assert {name for name, _ in outcome.touched} == really
    tell(f"limits, seed {seed}: {len(really)} rules wrote, the same in both")


# -- told -------------------------------------------------------------------------------------------------------------


def simulated(pack: Pack, against: Pack | None = None, *, processes: int | None = None) -> tuple[Result, About]:
    made = [*lives(40, seed=3)]
    some = 10_000 if processes else len(made)
    source = Source("made up", some, lambda: (Kept(one.ticket_id, to_bytes(one)) for one in made))
    result = simulate(source, Work(pack, Window("UTC"), against), processes=processes)
    differing = changes(against, pack) if against is not None else ()
    return result, About(pack, against, "made up", None, BEGAN, differing)


def test_a_limit_stops_nothing_here_and_says_so(tmp_path: Path) -> None:
    free, _ = simulated(unlimited())
    braked, about = simulated(with_limit(1, "deadlines"))
    assert braked.tally == free.tally
    page = files.write(braked, about, tmp_path)
    assert "unbraked" in page.read_text(encoding="utf-8")
    assert "deadlines, limit 1, most" in summary(braked, about)
    assert "stopped first on" in summary(braked, about)
    (found,) = orjson.loads((tmp_path / "report.json").read_bytes())["result"]["limits"]
    assert found["rule"] == "deadlines"
    assert found["over_by"] == found["most_in_24_h"] - 1 > 0
    assert found["stopped_first_at"]
    assert found["days_over"] > 1
    with (tmp_path / "limits.csv").open(encoding="utf-8-sig", newline="") as opened:
        assert [row["rule"] for row in csv.DictReader(opened)] == ["deadlines"]


def test_where_no_rule_has_a_limit_nothing_is_said_of_it() -> None:
    result, about = simulated(unlimited())
    assert "Limits" not in summary(result, about)


def test_where_only_a_limit_changes_that_is_told() -> None:
    result, about = simulated(with_limit(10_000, "deadlines"), against=with_limit(1, "deadlines"))
    assert result.comparison.tickets == 0
    told = difference(result, about, 10)
    assert "rules.deadlines.limit" in told
    assert "before: deadlines, limit 1, most" in told
    assert (
        f"now: deadlines, limit 10000, most {told.split('limit 10000, most ')[1].split(':')[0]}: never stopped" in told
    )


def test_any_number_of_processes_comes_to_the_same_limits() -> None:
    alone, about = simulated(with_limit(3))
    shared, _ = simulated(with_limit(3), processes=2)
    window = Window("UTC")
    assert reached(shared.touched, about.pack, window) == reached(alone.touched, about.pack, window)


def test_a_ticket_nobody_may_write_to_is_no_write() -> None:
    pack = replace(with_limit(9), scope=replace(shipped().scope, exclude_groups=("First line",)))
    outcome = play(history(Story().customer_writes_in("Hello"), until=60), pack)
    assert outcome is not None
    assert outcome.touched == ()
