"""The start of a process: what comes in while its rules are still being read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from plugin.ground import Ground
from plugin.service import Service
from plugin.settings import Settings
from plugin.store import switches

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_ticket_that_comes_while_the_rules_are_read_is_not_older_than_they_are(tmp_path: Path) -> None:
    moments = iter(MONDAY + timedelta(minutes=number) for number in range(1000))
    settings = Settings.from_environ(
        {
            "STEWARD_ZAMMAD_URL": "http://zammad.test",
            "STEWARD_ZAMMAD_TOKEN": "token",
            "STEWARD_WEBHOOK_SECRET": "secret",
            "STEWARD_DATABASE_URL": f"sqlite:///{tmp_path / 'steward.db'}",
            "STEWARD_MODE": "enforce",
        }
    )
    with Ground.open(settings, clock=lambda: next(moments)) as ground:
        received_at = ground.clock()
        Service.upon(ground, None, worker=False).close()
        with ground.store.read() as connection:
            since = switches.enforced_since(connection)
    assert since
    assert max(since.values()) <= received_at
