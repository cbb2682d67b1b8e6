"""A complaint that comes again, and a problem that many have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugin.model.decision import Task, TaskForm
from plugin.model.durations import Duration
from plugin.policies.repeat_complaints import Options
from tests.policies.story import ANNA, BEN, Outcome, Story, shipped, with_people

BROKEN = "I complain: the device is broken."
DAY = 24


def earlier(story: Story, *, days: float = 10, **more: Any) -> dict[str, Any]:
    return {"id": 9, "at": story.at(-days * DAY).isoformat(), "nature": "product", "customer": True} | more


def complaint(*, days: float = 10, text: str = BROKEN, story: Story | None = None, **more: Any) -> Story:
    """A complaint whose customer complained ``days`` before."""
    story = (story or Story()).customer_writes_in(text)
    story.says("complaint", after=1)
    story.observe("related", value=True, complaints=[earlier(story, days=days, **more)], alike=None)
    return story


def with_options(**options: Any) -> Story:
    pack = shipped()
    rules = tuple(
        replace(rule, options=Options(**options)) if isinstance(rule.options, Options) else rule for rule in pack.rules
    )
    return Story(pack=replace(pack, rules=rules))


def wanted(told: Outcome) -> dict[str, Task]:
    return {key: task for key, task in told.tasks.items() if task.wanted and task.rule.startswith("repeat_complaints")}


def test_a_repeated_complaint_is_tagged_and_asks_for_cause_and_attribution() -> None:
    told = complaint().decided(after=2)
    assert "steward:repeat" in told.tags
    assert {key: task.clause for key, task in wanted(told).items()} == {"root_cause": "C4.3", "attribution": "C5.1"}
    assert told.notes == {}
    assert told.found("repeated") == (9,)


@pytest.mark.parametrize(
    ("more", "repeated"),
    [
        pytest.param({}, True, id="the same nature"),
        pytest.param({"customer": False}, True, id="by somebody else of the organization"),
        pytest.param({"nature": "service"}, False, id="another nature"),
        pytest.param({"nature": None}, False, id="a nature nobody knows"),
        pytest.param({"days": 90}, True, id="on the last day"),
        pytest.param({"days": 91}, False, id="too long ago"),
    ],
)
def test_repeated_is_what_has_the_same_nature_within_the_window(more: dict[str, Any], repeated: bool) -> None:
    told = complaint(**more).decided(after=2)
    assert ("steward:repeat" in told.tags) is repeated
    assert (set(wanted(told)) == {"root_cause", "attribution"}) is repeated


def test_a_pack_can_count_every_earlier_complaint_of_the_customer() -> None:
    told = complaint(story=with_options(same_nature=False), nature=None).decided(after=2)
    assert "steward:repeat" in told.tags


def test_nothing_was_seen_and_nothing_is_said() -> None:
    story = Story().customer_writes_in(BROKEN)
    story.says("complaint", after=1)
    told = story.decided(after=2)
    assert told.decision.finding("repeated") is None
    assert wanted(told) == {}


def test_a_request_is_never_repeated() -> None:
    story = Story().customer_writes_in("Where is my order?")
    story.observe("related", value=True, complaints=[earlier(story)], alike=None)
    told = story.decided(after=2)
    assert (told.tags, wanted(told)) == (set(), {})


def test_tasks_are_taken_back_when_it_is_no_complaint_after_all() -> None:
    story = complaint()
    story.says("request", after=3)
    told = story.decided(after=4)
    assert "steward:repeat" not in told.tags
    assert {key: task.wanted for key, task in told.tasks.items() if task.rule.startswith("repeat")} == {
        "root_cause": False,
        "attribution": False,
    }


def test_an_agent_who_changes_the_nature_takes_the_tasks_back() -> None:
    story = complaint()
    story.sets("steward_nature", "service", after=3)
    told = story.decided(after=4)
    assert "steward:repeat" not in told.tags
    assert wanted(told) == {}


@pytest.mark.parametrize(
    ("line", "settled"),
    [
        pytest.param("Cause: the pump was mounted the wrong way round", {"root_cause"}, id="the cause"),
        pytest.param("Attribution: process", {"attribution"}, id="what it is put down to"),
        pytest.param("Ursache: Montage\nZuordnung: Ablauf", {"root_cause", "attribution"}, id="both, German"),
        pytest.param("Attribution: the moon", set(), id="none of the three"),
    ],
)
def test_what_agents_record_settles_the_tasks(line: str, settled: set[str]) -> None:
    story = complaint()
    story.notes(after=3, text=line)
    told = story.decided(after=4)
    assert {key for key, task in told.tasks.items() if task.settled and task.rule.startswith("repeat")} == settled
    assert set(wanted(told)) == {"root_cause", "attribution"} - settled


def test_the_quality_department_investigates_where_the_pack_names_one() -> None:
    story = complaint(story=Story(pack=with_people(shipped(), quality=("quinn", "quentin"))))
    story.answers(by=BEN, after=2)
    told = story.decided(after=3)
    assert {task.assignee for task in wanted(told).values()} == {"quinn"}
    without = complaint()
    without.answers(by=BEN, after=2)
    assert {task.assignee for task in wanted(without.decided(after=3)).values()} == {"ben"}


def test_the_cause_is_due_after_working_days_from_the_acceptance() -> None:
    told = complaint().decided(after=2)
    assert wanted(told)["root_cause"].due_at == Story().at(7 * DAY)  # five working days: Monday


@pytest.mark.parametrize(("tier", "reported"), [("general", False), ("serious", True), ("major", True)])
def test_a_grave_one_gets_a_case_report_once_it_is_closed(tier: str, reported: bool) -> None:
    story = complaint()
    story.says(tier, after=2)
    assert "case_report" not in story.decided(after=3).tasks
    story.answers(after=4)
    story.closes(after=5)
    told = story.decided(after=6)
    assert ("case_report" in wanted(told)) is reported
    assert "steward:repeat" not in told.tags
    if reported:
        report = wanted(told)["case_report"]
        assert (report.clause, report.form, report.due_at) == ("D5.4", TaskForm.TICKET, story.at(5 + 7 * DAY))


def common(customers: int, *, explained: bool = False) -> Story:
    """A complaint of which so many other customers complained before."""
    story = Story().customer_writes_in(BROKEN)
    story.says("complaint", after=1)
    alike = {"customers": customers, "by": "nature", "explained": explained}
    story.observe("related", value=True, complaints=[], alike=alike)
    story.answers(by=ANNA, after=2)
    return story


@pytest.mark.parametrize(
    ("others", "explained", "asked"),
    [
        pytest.param(3, False, False, id="four customers"),
        pytest.param(4, False, True, id="five customers"),
        pytest.param(9, False, True, id="ten, and nobody has explained it"),
        pytest.param(9, True, False, id="somebody else's ticket explains it"),
    ],
)
def test_a_common_problem_becomes_knowledge_once(others: int, explained: bool, asked: bool) -> None:
    story = common(others, explained=explained)
    told = story.decided(after=3)
    assert told.found("explains") is asked
    assert wanted(told) == {}
    story.closes(after=4)
    tasks = wanted(story.decided(after=5))
    assert set(tasks) == ({"knowledge"} if asked else set())
    if asked:
        task = tasks["knowledge"]
        assert (task.clause, task.form, task.assignee) == ("C2.3", TaskForm.TICKET, "anna")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        pytest.param({"within": Duration.parse("3 months")}, "days or weeks", id="months"),
        pytest.param({"common_within": Duration.parse("5 working days")}, "days or weeks", id="working days"),
        pytest.param({"common_customers": 1}, "2 or more", id="one customer"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Options(**options)
