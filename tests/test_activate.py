"""``steward pack activate``, ``history`` and ``release`` as an administrator meets them, beside a Steward at work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin import commands, packs
from plugin.cli import main
from plugin.control import ControlServer, Handler, socket_path
from plugin.model.facts import FactKind
from plugin.store import brakes, cases
from plugin.store import packs as kept_packs
from tests.scenarios.helpdesk import Helpdesk, Ticket, open_helpdesk

ANN = ("--author", "ann", "--reason", "quicker answers")


@pytest.fixture
def helpdesk(tmp_path: Path) -> Iterator[Helpdesk]:
    """Steward at work on a SQLite file, with its socket."""
    opened = open_helpdesk(like="6.5", store_url=f"sqlite:///{tmp_path / 'steward.db'}")
    server = ControlServer(
        socket_path(tmp_path / "steward.db"),
        {name: _handler(opened, name) for name in ("activate", "release")},
    )
    server.start()
    yield opened
    server.close()
    opened.service.close()


def _handler(helpdesk: Helpdesk, name: str) -> Handler:
    return lambda asked: commands.handlers(helpdesk.service.hands())[name](asked)


def steward(helpdesk: Helpdesk, *words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, words, env=dict(helpdesk.environ), input=answer)


def own(tmp_path: Path, *changes: tuple[str, str], name: str = "own.yaml") -> str:
    text = packs.text_of("service-standard").partition("\nexamples:")[0] + "\n"
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / name)


STRICTER = ("    limit: 24 h\n", "    limit: 8 h\n")


def hours_for_the_first_response(ticket: Ticket) -> float:
    clock = ticket.clock("first_response")
    return (clock.limit_at - clock.starts_at) / timedelta(hours=1)


def test_a_running_steward_takes_up_what_is_activated_and_the_ledger_says_so(
    helpdesk: Helpdesk, tmp_path: Path
) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    assert hours_for_the_first_response(ticket) == 24
    before = helpdesk.service.pack.version
    done = steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, "--yes")
    assert done.exit_code == 0, done.output
    assert "  clocks.first_response.limit: 24 h → 8 h\n" in done.output
    assert "1 cases move to it." in done.output
    helpdesk.works()
    after = helpdesk.service.pack.version
    assert hours_for_the_first_response(ticket) == 8
    moved = [f for f in helpdesk.timeline_of(ticket).of(FactKind.OBSERVED) if f["what"] == "pack_version"]
    assert [(fact["from"], fact["value"]) for fact in moved] == [(before, after)]
    decided_by = [effect.pack_version for effect in helpdesk.effects_of(ticket)]
    assert (decided_by[0], decided_by[-1]) == (before, after)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("  groups: all\n", "  groups: [Users]\n", "scope.groups: all → Users"),
        ("policy: retention\n", "policy: retention\n    groups: [Users]\n", "rules.retention.groups: all → Users"),
        (
            "policy: retention\n",
            "policy: retention\n    when: {tiers: [serious, major], vip: true}\n",
            "rules.retention.when.tiers: all → serious, major\n  rules.retention.when.vip: VIP or not → true",
        ),
        ("  supervisors: []\n", "  supervisors: [chief]\n", "people.supervisors: + chief"),
        (
            "zone: Europe/Berlin\n",
            "zone: Europe/Berlin\nwaiting_states: [on hold]\n",
            "waiting_states: those of the type pending reminder → on hold",
        ),
    ],
    ids=["scope", "roll-out", "tiers", "people nobody named", "states"],
)
def test_where_empty_means_all_the_preview_says_all(
    helpdesk: Helpdesk, tmp_path: Path, old: str, new: str, line: str
) -> None:
    asked = ("--author", "ann", "--reason", "fewer groups")
    done = steward(helpdesk, "pack", "activate", own(tmp_path, (old, new)), *asked, answer="n\n")
    assert f"  {line}\n" in done.output, done.output


def test_on_postgresql_a_worker_takes_it_up_that_did_not_hear_the_command(postgresql_url: str, tmp_path: Path) -> None:
    helpdesk = open_helpdesk(like="6.5", store_url=postgresql_url)
    try:
        ticket = helpdesk.mails("Where is my order?")
        helpdesk.works()
        done = steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, "--yes")
        assert done.exit_code == 0, done.output
        ticket.noted(helpdesk.anna)  # the command goes by the system's clock, this story by another
        helpdesk.works()
        assert hours_for_the_first_response(ticket) == 8
    finally:
        helpdesk.service.close()


def test_cases_under_way_keep_their_version_where_that_is_asked_for(helpdesk: Helpdesk, tmp_path: Path) -> None:
    old = helpdesk.mails("Where is my order?")
    helpdesk.works()
    done = steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, "--yes", "--running", "keep")
    assert "1 cases keep the version that decided them." in done.output
    new = helpdesk.mails("Where is mine?")
    helpdesk.works()
    old.noted(helpdesk.anna)
    helpdesk.works()
    assert (hours_for_the_first_response(old), hours_for_the_first_response(new)) == (24, 8)
    helpdesk.restarts()
    old.noted(helpdesk.anna)
    helpdesk.works()
    assert (hours_for_the_first_response(old), hours_for_the_first_response(new)) == (24, 8)
    told = json.loads(steward(helpdesk, "pack", "history", "--json").output)
    assert [(step["running"], step["cases"]) for step in told["history"]] == [("move", 1), ("keep", 1)]


def test_a_matter_that_begins_later_on_a_ticket_that_kept_its_version_is_the_new_ones(
    helpdesk: Helpdesk, tmp_path: Path
) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, "--yes", "--running", "keep")
    helpdesk.passes(days=20)
    helpdesk.mails("And where is the other one?", to=ticket)
    helpdesk.works()
    ticket.noted(helpdesk.anna)
    ticket.put(helpdesk.anna, state="open")
    helpdesk.works()
    with helpdesk.service.store.read() as connection:
        case = cases.get(connection, ticket.id)
    assert case is not None
    assert case.pack_version == helpdesk.service.pack.version


def test_the_pack_itself_may_say_that_running_cases_stay(helpdesk: Helpdesk, tmp_path: Path) -> None:
    helpdesk.mails("Where is my order?")
    helpdesk.works()
    file = own(tmp_path, STRICTER, ("running_cases: move", "running_cases: keep"))
    assert (
        "1 cases keep the version that decided them."
        in steward(helpdesk, "pack", "activate", file, *ANN, "--yes").output
    )


KEPT_DEADLINES = ("  - policy: deadlines\n", "  - policy: deadlines\n    running_cases: keep\n")


def test_a_rule_may_say_that_running_cases_keep_it_while_the_others_move(helpdesk: Helpdesk, tmp_path: Path) -> None:
    old = helpdesk.mails("Where is my order?")
    helpdesk.works()
    before = helpdesk.service.pack.version
    file = own(tmp_path, STRICTER, KEPT_DEADLINES, ("language: en", "language: de"))
    done = steward(helpdesk, "pack", "activate", file, *ANN, "--yes")
    assert "1 cases move to it, but keep as they were: deadlines" in done.output
    new = helpdesk.mails("Where is mine?")
    helpdesk.works()
    for _ in range(2):
        assert (hours_for_the_first_response(old), hours_for_the_first_response(new)) == (24, 8)
        helpdesk.restarts()
        old.noted(helpdesk.anna)
        helpdesk.works()
    moved = [f for f in helpdesk.timeline_of(old).of(FactKind.OBSERVED) if f["what"] == "pack_version"]
    after = helpdesk.service.pack.version
    assert [(fact["from"], fact["value"], fact["kept"]) for fact in moved] == [(before, after, ["deadlines"])]
    explained = json.loads(steward(helpdesk, "case", "explain", str(old.id), "--json").output)
    first = next(clock for clock in explained["clocks"] if clock["name"] == "first_response")
    assert first["allowed"] == "24 h"
    assert explained["pack"]["version"] == after

    file = own(tmp_path, STRICTER, ("language: en", "language: zh-CN"))
    assert "2 cases move to it;" in steward(helpdesk, "pack", "activate", file, *ANN, "--yes").output
    helpdesk.works()
    assert hours_for_the_first_response(old) == 8


def test_a_matter_that_begins_after_a_rule_was_kept_has_the_new_rule(helpdesk: Helpdesk, tmp_path: Path) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    ticket.answered(helpdesk.anna, state="closed")
    helpdesk.works()
    steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER, KEPT_DEADLINES), *ANN, "--yes")
    helpdesk.works()
    assert hours_for_the_first_response(ticket) == 24
    helpdesk.passes(days=20)
    helpdesk.mails("And where is the other one?", to=ticket)
    helpdesk.works()
    ticket.noted(helpdesk.anna)
    helpdesk.works()
    assert hours_for_the_first_response(ticket) == 8


def test_rolling_back_is_activating_an_earlier_version(helpdesk: Helpdesk, tmp_path: Path) -> None:
    first = helpdesk.service.pack.version
    steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, "--yes")
    done = steward(helpdesk, "pack", "activate", first[:8], "--author", "bob", "--reason", "too strict", "--yes")
    assert done.exit_code == 0, done.output
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.works()
    assert hours_for_the_first_response(ticket) == 24
    table = steward(helpdesk, "pack", "history").output
    assert [word for word in table.split() if word in ("ann", "bob")] == ["ann", "bob"]
    assert "too strict" in table
    assert "Only activating changes what is in force" in table


def test_a_version_nobody_ever_put_in_force_is_said_to_be_none(helpdesk: Helpdesk) -> None:
    done = steward(helpdesk, "pack", "activate", "deadbeef", *ANN, "--yes")
    assert done.exit_code == 1
    assert "version deadbeef: none that was in force begins so; steward pack history has them all" in done.output


def test_nothing_happens_where_the_administrator_says_no(helpdesk: Helpdesk, tmp_path: Path) -> None:
    done = steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, answer="n\n")
    assert done.exit_code == 1
    assert "Put it in force? [y/N]: n" in done.output
    with helpdesk.service.store.read() as connection:
        assert len(kept_packs.history(connection)) == 1


def test_a_pack_whose_example_fails_is_put_in_force_only_by_force(helpdesk: Helpdesk, tmp_path: Path) -> None:
    file = Path(own(tmp_path, STRICTER))
    example = """
examples:
  a day for the first answer:
    clauses: [C3.1]
    story:
      monday 09:00: customer writes "Where is my order?"
    expect:
      +10 h: {clocks: {first_response: running}}
"""
    file.write_text(file.read_text(encoding="utf-8") + example, encoding="utf-8")
    refused = steward(helpdesk, "pack", "activate", str(file), *ANN, "--yes")
    assert refused.exit_code == 1
    assert "example fails: a day for the first answer" in refused.output
    assert "1 examples fail (steward pack test); mend them, or use --force" in refused.output
    assert steward(helpdesk, "pack", "activate", str(file), *ANN, "--yes", "--force").exit_code == 0


def test_names_zammad_does_not_know_are_told_at_once(helpdesk: Helpdesk, tmp_path: Path) -> None:
    changes = (("  groups: all\n", "  groups: [Frist line]\n"), ("  supervisors: []\n", "  supervisors: [cheif]\n"))
    done = steward(helpdesk, "pack", "activate", own(tmp_path, *changes), *ANN, "--yes")
    assert done.exit_code == 0, done.output
    assert "warning: Frist line: no group of this name" in done.output
    assert "did you mean First line?" in done.output
    assert "warning: cheif: unknown, inactive" in done.output


def test_a_setting_that_names_something_else_is_told_at_the_start_and_in_the_history(
    helpdesk: Helpdesk, tmp_path: Path
) -> None:
    steward(helpdesk, "pack", "activate", own(tmp_path, STRICTER), *ANN, "--yes")
    helpdesk.restarts()
    said = [str(finding) for finding in helpdesk.service.check() if finding.name == "pack"]
    assert len(said) == 1
    assert "service-standard is not in force: ann activated service-standard version" in said[0]
    assert "STEWARD_PACK: service-standard is not in force" in " ".join(
        steward(helpdesk, "pack", "history").output.split()
    )


def test_a_rule_at_its_limit_stops_says_so_and_waits_for_a_person(helpdesk: Helpdesk, tmp_path: Path) -> None:
    limited = own(
        tmp_path, ("  - policy: stages\n    mode: enforce\n", "  - policy: stages\n    mode: enforce\n    limit: 2\n")
    )
    assert steward(helpdesk, "pack", "activate", limited, *ANN, "--yes").exit_code == 0
    tickets = [helpdesk.mails("Where is my order?") for _ in range(4)]
    helpdesk.works()
    assert sorted(bool(ticket.field("stage")) for ticket in tickets) == [False, False, True, True]
    assert all(ticket.field("kind") == "request" for ticket in tickets)
    assert helpdesk.alarms("rule_limit") >= 1
    assert helpdesk.service.app is not None
    ready = helpdesk.service.app.test_client().get("/readyz").get_json()["parts"]["rules"]
    assert not ready["ok"]
    assert "stages stopped" in ready["said"]
    assert "steward pack release stages" in ready["said"]
    helpdesk.passes(days=3)
    assert sum(bool(ticket.field("stage")) for ticket in tickets) == 2, "it waits for a person, not for time"
    said = steward(helpdesk, "pack", "release", "stages", "--author", "ann", "--reason", "meant so")
    assert "Rule stages goes on, and counts anew; 2 cases had something held back." in said.output
    helpdesk.works()
    assert all(ticket.field("stage") for ticket in tickets)
    helpdesk.mails("And mine?")
    helpdesk.works()
    with helpdesk.service.store.read() as connection:
        assert [brake.rule for brake in brakes.standing(connection)] == ["stages"]
    assert (
        "not stopped; stopped are: stages"
        in steward(helpdesk, "pack", "release", "deadlines", "--author", "ann").output
    )


def test_without_a_running_steward_the_command_works_on_the_store_alone(tmp_path: Path) -> None:
    environ = {"STEWARD_DATABASE_URL": f"sqlite:///{tmp_path / 'steward.db'}"}
    for words in (("activate", own(tmp_path), *ANN, "--yes"), ("history",)):
        done = CliRunner().invoke(main, ["pack", *words], env=environ)
        assert done.exit_code == 0, done.output
