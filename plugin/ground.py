"""What a process stands on: settings that fit it, the store open, a clock, and what it tells of its condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin import clock as clocks
from plugin.model.decision import Mode
from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.settings import Settings, SettingsError
from plugin.store.store import Store


def check(settings: Settings, *, web: bool, worker: bool, alone: bool = False) -> None:
    """Raises SettingsError where such a process cannot work with ``settings``.

    ``alone``: for one command, where no other process runs.
    """
    # a trial needs no webhook: the sweep finds what changed
    receives = web and settings.mode is Mode.ENFORCE
    settings.require("zammad_url", "zammad_token", *(["webhook_secret"] if receives else []))
    if settings.is_sqlite and web is not worker and not alone:
        raise SettingsError(
            f"STEWARD_DATABASE_URL: found the SQLite file {settings.database}, which one process holds; "
            "use steward serve, or a PostgreSQL URL to run steward web and steward worker apart"
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """``open`` it with settings that were checked, ``close`` it when all that stands on it is closed."""

    settings: Settings
    store: Store
    clock: clocks.Clock
    health: Health
    metrics: Metrics
    opened_at: datetime
    """From then on the receiver may take deliveries, though the rules are still being read."""

    @classmethod
    def open(cls, settings: Settings, *, clock: clocks.Clock | None = None) -> Ground:
        """``clock`` stands in for the one of the settings. Raises SettingsError and StoreError."""
        store = Store.open(settings.database_url.reveal(), secret_key=settings.sealing_key)
        try:
            now = clock or _clock(settings, store)
        except BaseException:
            store.close()
            raise
        return cls(settings=settings, store=store, clock=now, health=Health(), metrics=Metrics(), opened_at=now())

    def close(self) -> None:
        if isinstance(self.clock, clocks.FollowedClock):
            self.clock.stop()
        self.store.close()

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _clock(settings: Settings, store: Store) -> clocks.Clock:
    if settings.clock == "system":
        return clocks.system
    from plugin.zammad import sandbox_clock  # no receiver waits for what only demo and tests need

    assert settings.zammad_url is not None
    try:
        return clocks.FollowedClock(sandbox_clock.reader(settings.zammad_url), on_jump=store.bell.ring)
    except OSError as error:
        raise SettingsError(
            f"STEWARD_CLOCK: found sandbox, but the clock of {settings.zammad_url} cannot be read; "
            "start the sandbox first, or leave STEWARD_CLOCK away"
        ) from error
