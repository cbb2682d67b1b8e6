"""The start of a process: what comes in while its rules are still being read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.ground import Ground
from plugin.receiver import Receiver
from plugin.service import Service
from plugin.settings import Settings
from plugin.store import switches
from plugin.store.inbox import Delivery

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environ(
        {
            "STEWARD_ZAMMAD_URL": "http://zammad.test",
            "STEWARD_ZAMMAD_TOKEN": "token",
            "STEWARD_WEBHOOK_SECRET": "secret",
            "STEWARD_DATABASE_URL": f"sqlite:///{tmp_path / 'steward.db'}",
            "STEWARD_MODE": "enforce",
        }
    )


def switched_on(settings: Settings, *, at: datetime) -> datetime:
    """Since when the rules count after a process was started then, and ended in order."""
    with Ground.open(settings, clock=lambda: at) as ground:
        receiver = Receiver.open(ground)
        receiver.intake.receive(delivery(at))
        Service.upon(ground, receiver, worker=False).close()
        receiver.close()
        with ground.store.read() as connection:
            return max(switches.enforced_since(connection).values())


def delivery(at: datetime) -> Delivery:
    return Delivery(f"{{{at}}}".encode(), "id", at, ticket_id=1, version=None)


def dies_after_a_delivery(settings: Settings, *, at: datetime) -> None:
    """Before it has read its rules."""
    with Ground.open(settings, clock=lambda: at) as ground:
        receiver = Receiver.open(ground)
        receiver.intake.receive(delivery(at))
        receiver.close()


def test_a_process_that_died_before_it_had_its_rules_leaves_no_ticket_behind_that_is_older(settings: Settings) -> None:
    dies_after_a_delivery(settings, at=MONDAY)
    dies_after_a_delivery(settings, at=MONDAY + timedelta(minutes=1))
    assert switched_on(settings, at=MONDAY + timedelta(minutes=2)) == MONDAY


def test_rules_that_are_new_at_a_later_start_begin_with_it(settings: Settings, tmp_path: Path) -> None:
    fewer = tmp_path / "pack.yaml"
    fewer.write_text("pack: own\nextends: service-standard\nrules: [{name: stages, mode: observe}]\n", encoding="utf-8")
    assert switched_on(replace(settings, pack=str(fewer)), at=MONDAY) == MONDAY
    later = MONDAY + timedelta(hours=1)
    assert switched_on(settings, at=later) == later


def test_a_process_that_died_long_ago_makes_no_rule_count_since_then(settings: Settings) -> None:
    dies_after_a_delivery(settings, at=MONDAY)
    later = MONDAY + timedelta(days=20)
    assert switched_on(settings, at=later) == later


def test_a_ticket_that_comes_while_the_rules_are_read_is_not_older_than_they_are(settings: Settings) -> None:
    moments = iter(MONDAY + timedelta(minutes=number) for number in range(1000))
    with Ground.open(settings, clock=lambda: next(moments)) as ground:
        received_at = ground.clock()
        Service.upon(ground, None, worker=False).close()
        with ground.store.read() as connection:
            since = switches.enforced_since(connection)
    assert since
    assert max(since.values()) <= received_at
