"""A receiver asked in process; on SQLite, where a module does not ask for both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from plugin.observability.health import Health
from plugin.observability.metrics import Metrics
from plugin.store.store import Store
from plugin.web import health as health_routes
from plugin.web import metrics as metrics_routes
from plugin.web import webhook
from plugin.web.app import create_web
from plugin.web.intake import Intake

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'steward.db'}") as opened:
        yield opened


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def intake(store: Store, health: Health, metrics: Metrics) -> Iterator[Intake]:
    made = Intake(store, health=health, metrics=metrics, longest_wait=60.0)  # however busy the machine is
    yield made
    made.close()


@pytest.fixture
def client(store: Store, intake: Intake, health: Health, metrics: Metrics) -> FlaskClient:
    """Signed with "secret" or, until it is replaced, "older"; the time is noon."""
    probes = {
        "store": health_routes.store_probe(store),
        "worker": health_routes.worker_probe(store, clock=lambda: NOON),
        "lag": health_routes.lag_probe(store, clock=lambda: NOON),
    }
    app = create_web(
        [
            health_routes.create_blueprint(
                health=health,
                probes=probes,
                others=health_routes.workers_elsewhere(store, clock=lambda: NOON),
                clock=lambda: NOON,
            ),
            metrics_routes.create_blueprint(metrics),
        ],
        receiver=webhook.create_receiver(
            intake=intake, secrets=["secret", "ältér"], clock=lambda: NOON, metrics=metrics
        ),
    )
    return app.test_client()
