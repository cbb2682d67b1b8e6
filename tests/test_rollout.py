"""Which pack decides which case: the setting until somebody activates one, then what was activated last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin import packs, rollout
from plugin.model.decision import Mode
from plugin.model.errors import PackError, StewardError
from plugin.model.rollout import Activation, RunningCases, version_for
from plugin.rollout import Rollout, Wanted
from plugin.settings import Settings
from plugin.store import brakes, switches
from plugin.store import packs as kept_packs
from plugin.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
SHIPPED = packs.text_of("service-standard")
STRICTER = SHIPPED.replace("    limit: 24 h\n", "    limit: 8 h\n", 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A pack file of the administrator's own."""
    path = tmp_path / "own.yaml"
    path.write_text(SHIPPED, encoding="utf-8")
    return path


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened


def settings(file: Path | str, *, mode: str = "enforce") -> Settings:
    return Settings.from_environ({"STEWARD_PACK": str(file), "STEWARD_MODE": mode})


def wanted(text: str, **values: str) -> Wanted:
    said = {"source": "new.yaml", "author": "ann", "reason": "quicker for all", **values}
    return Wanted(text=text, running=None, **said)


def first_limit(found: Rollout) -> str:
    return str(found.active.clocks["first_response"].limit)


def test_a_fresh_store_follows_the_setting_and_a_changed_file_counts_at_the_next_start(
    store: Store, file: Path
) -> None:
    assert first_limit(Rollout.begin(store, settings(file), now=NOON)) == "24 h"
    file.write_text(STRICTER, encoding="utf-8")
    assert first_limit(Rollout.begin(store, settings(file), now=LATER)) == "8 h"
    with store.read() as connection:
        first, second = kept_packs.history(connection)
    assert first.source == second.source == f"STEWARD_PACK={file}"
    assert (first.is_by_setting, second.is_by_setting) == (True, True)
    assert (first.at, second.at) == (NOON, LATER)


def test_a_start_without_a_change_adds_nothing_to_the_history(store: Store, file: Path) -> None:
    for _ in range(2):
        Rollout.begin(store, settings(file), now=NOON)
    with store.read() as connection:
        assert len(kept_packs.history(connection)) == 1


def test_once_somebody_activated_a_pack_only_activating_changes_it(store: Store, file: Path) -> None:
    Rollout.begin(store, settings(file), now=NOON)
    rollout.activate(store, wanted(STRICTER), now=LATER)
    assert rollout.beside(store, settings(file)).startswith(f"{file} is not in force: ann activated service-standard")
    file.unlink()
    assert first_limit(Rollout.begin(store, settings(file), now=LATER)) == "8 h"
    assert not rollout.waits_for_setting(store, settings(file))


def test_nothing_is_said_of_a_setting_that_names_what_is_in_force(store: Store, file: Path) -> None:
    Rollout.begin(store, settings(file), now=NOON)
    assert rollout.beside(store, settings(file)) == ""
    rollout.activate(store, wanted(SHIPPED), now=LATER)
    assert rollout.beside(store, settings(file)) == ""


def test_a_running_process_takes_up_what_another_one_activated(store: Store, file: Path) -> None:
    running = Rollout.begin(store, settings(file), now=NOON)
    assert not running.take_up(running.number, now=NOON)
    rollout.activate(store, wanted(STRICTER), now=LATER)
    with store.read() as connection:
        newest = kept_packs.newest_activation(connection)
    assert running.take_up(newest, now=LATER)
    assert first_limit(running) == "8 h"
    assert not running.take_up(newest, now=LATER)


def test_a_rule_is_switched_on_when_the_version_that_enforces_it_is_taken_up(store: Store, file: Path) -> None:
    observing = SHIPPED.replace("  - policy: stages\n    mode: enforce", "  - policy: stages\n    mode: observe")
    file.write_text(observing, encoding="utf-8")
    running = Rollout.begin(store, settings(file), now=NOON)
    rollout.activate(store, wanted(SHIPPED), now=LATER)
    running.take_up(running.number + 1, now=LATER)
    with store.read() as connection:
        since = switches.enforced_since(connection)
    assert (since["deadlines"], since["stages"]) == (NOON, LATER)


def test_steward_mode_holds_back_whatever_is_in_force(store: Store, file: Path) -> None:
    running = Rollout.begin(store, settings(file, mode="observe"), now=NOON)
    rollout.activate(store, wanted(STRICTER), now=LATER)
    running.take_up(running.number + 1, now=LATER)
    assert {rule.mode for rule in running.active.rules} == {Mode.OBSERVE}


def test_an_older_version_is_put_in_force_again(store: Store, file: Path) -> None:
    before = Rollout.begin(store, settings(file), now=NOON).active.version
    rollout.activate(store, wanted(STRICTER), now=LATER)
    rollout.activate(store, wanted(SHIPPED, version=before, reason="too strict"), now=LATER)
    assert Rollout.begin(store, settings(file), now=LATER).active.version == before
    with store.read() as connection:
        assert [step.reason for step in kept_packs.history(connection)] == ["", "quicker for all", "too strict"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"author": " "}, "author and reason", id="nobody"),
        pytest.param({"reason": ""}, "author and reason", id="no reason"),
    ],
)
def test_each_change_has_an_author_and_a_reason(store: Store, values: dict[str, str], said: str) -> None:
    with pytest.raises(StewardError, match=said):
        rollout.activate(store, wanted(STRICTER, **values), now=LATER)


def test_a_pack_with_a_mistake_is_not_put_in_force(store: Store, file: Path) -> None:
    Rollout.begin(store, settings(file), now=NOON)
    with pytest.raises(PackError, match=r"new\.yaml:\d+:\d+: clocks\.first_response\.limit"):
        rollout.activate(store, wanted(SHIPPED.replace("    limit: 24 h\n", "    limit: soon\n", 1)), now=LATER)
    with store.read() as connection:
        assert len(kept_packs.history(connection)) == 1


def test_what_is_in_force_already_is_refused(store: Store) -> None:
    rollout.activate(store, wanted(STRICTER), now=NOON)
    with pytest.raises(StewardError, match="is in force since 2026-11-20 12:00 UTC"):
        rollout.activate(store, wanted(STRICTER), now=LATER)


def test_a_version_this_steward_does_not_understand_stops_nobody_at_work_and_can_be_replaced(
    store: Store, file: Path
) -> None:
    running = Rollout.begin(store, settings(file), now=NOON)
    with store.write() as connection:
        kept_packs.keep(connection, name="p", version="f" * 64, text="pack: p\nmoods: []\n", now=LATER)
        said = {"author": "ann", "reason": "from a newer Steward"}
        move = RunningCases.MOVE
        kept_packs.activate(connection, name="p", version="f" * 64, source="p", running=move, now=LATER, **said)
    assert running.take_up(running.number + 1, now=LATER)
    assert first_limit(running) == "24 h"
    assert running.pack_for(None, now=LATER) is running.active
    with pytest.raises(
        PackError, match=r"(?s)is not understood by this Steward; put another in force .*p@ffffffffffff:2:1"
    ):
        Rollout.begin(store, settings(file), now=LATER)
    rollout.activate(store, wanted(STRICTER), now=LATER)
    assert first_limit(Rollout.begin(store, settings(file), now=LATER)) == "8 h"


def test_a_pack_goes_through_one_line_of_a_command_whole() -> None:
    sent = Wanted(STRICTER, "new.yaml", "ann", "quicker", "bob", RunningCases.KEEP, "abc")
    assert Wanted.unpacked({"command": "activate", **sent.packed()}) == sent
    with pytest.raises(StewardError, match="not whole"):
        Wanted.unpacked({"command": "activate", "text": "!"})


def history(*steps: str) -> Sequence[Activation]:
    """``v2 keep`` and so on, in order."""
    return tuple(
        Activation(number, NOON, "p", version, "p", running=RunningCases(running))
        for number, (version, running) in enumerate((step.split() for step in steps), start=1)
    )


@pytest.mark.parametrize(
    ("decided_by", "steps", "version"),
    [
        pytest.param(None, ("v1 move", "v2 keep"), "v2", id="nobody decided it yet"),
        pytest.param("v1", ("v1 move", "v2 move"), "v2", id="moves"),
        pytest.param("v1", ("v1 move", "v2 keep"), "v1", id="keeps"),
        pytest.param("v2", ("v1 move", "v2 keep"), "v2", id="began later"),
        pytest.param("v1", ("v1 move", "v2 keep", "v3 move"), "v3", id="kept, then moved"),
        pytest.param("v1", ("v1 move", "v2 move", "v3 keep"), "v2", id="on its way when the next came"),
        pytest.param("v2", ("v1 move", "v2 keep", "v1 keep"), "v2", id="an older version is back, this one is kept"),
        pytest.param("v2", ("v1 move", "v2 keep", "v1 move"), "v1", id="rolled back"),
        pytest.param("v0", ("v1 move",), "v1", id="from before there was a history"),
        pytest.param("v0", (), "v0", id="no history"),
        pytest.param(None, (), None, id="nothing at all"),
    ],
)
def test_a_case_moves_or_keeps_its_version(decided_by: str | None, steps: Sequence[str], version: str | None) -> None:
    assert version_for(decided_by, history(*steps)) == version


def test_a_rule_that_is_stopped_waits_for_a_person_or_for_a_higher_limit(store: Store, file: Path) -> None:
    limited = SHIPPED.replace("  - policy: stages\n", "  - policy: stages\n    limit: 2\n")
    file.write_text(limited, encoding="utf-8")
    Rollout.begin(store, settings(file), now=NOON)
    with store.write() as connection:
        assert brakes.stop(connection, "stages", most=2, ticket_id=7, now=NOON)
        assert not brakes.stop(connection, "stages", most=2, ticket_id=8, now=NOON)
    with pytest.raises(StewardError, match="rule deadlines: is not stopped; stopped are: stages"):
        rollout.release(store, "deadlines", by="ann", reason="", now=LATER)
    assert rollout.release(store, "stages", by="ann", reason="looked", now=LATER)
    with store.write() as connection:
        assert brakes.standing(connection) == ()
        assert brakes.released_at(connection, "stages") == LATER
        brakes.stop(connection, "stages", most=2, ticket_id=9, now=LATER)
    rollout.activate(store, wanted(limited.replace("limit: 2\n", "limit: 1\n")), now=LATER)
    with store.read() as connection:
        assert [brake.rule for brake in brakes.standing(connection)] == ["stages"]
    rollout.activate(store, wanted(limited.replace("limit: 2\n", "limit: 3\n")), now=LATER)
    with store.read() as connection:
        assert brakes.standing(connection) == ()
        assert [(b.released_by, b.ticket_id) for b in brakes.history(connection)] == [("ann", 7), ("ann", 9)]
