"""The web side of a process: it needs the store and the secrets, neither the pack nor Zammad."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from plugin.ground import Ground
from plugin.web import health as health_routes
from plugin.web import metrics as metrics_routes
from plugin.web import webhook
from plugin.web.app import create_web
from plugin.web.intake import Intake
from plugin.web.turned_away import TurnedAway


@dataclass(frozen=True, slots=True)
class Receiver:
    """``open`` it on a ground whose settings were checked; ``close`` it before the ground."""

    intake: Intake
    app: Flask
    turned_away: TurnedAway
    probes: dict[str, health_routes.Probe]
    """What ``/readyz`` asks; rooms that come up later put their own in."""

    @classmethod
    def open(cls, ground: Ground) -> Receiver:
        """Ready to be served; nothing listens yet."""
        probes: dict[str, health_routes.Probe] = {
            "store": health_routes.store_probe(ground.store),
            "worker": health_routes.worker_probe(ground.store, clock=ground.clock),
            "clock": health_routes.clock_probe(ground.store),
            "rules": health_routes.rules_probe(ground.store),
            "lag": health_routes.lag_probe(ground.store, clock=ground.clock),
        }
        secrets = [secret.reveal() for secret in ground.settings.webhook_secrets]
        intake = Intake(ground.store, health=ground.health, metrics=ground.metrics, opened_at=ground.opened_at)
        app = create_web(
            [
                health_routes.create_blueprint(
                    health=ground.health,
                    probes=probes,
                    others=health_routes.workers_elsewhere(ground.store, clock=ground.clock),
                    clock=ground.clock,
                ),
                metrics_routes.create_blueprint(ground.metrics),
            ],
            # without a secret, on a trial, there is no door at all
            receiver=webhook.create_receiver(intake=intake, secrets=secrets, clock=ground.clock, metrics=ground.metrics)
            if secrets
            else None,
        )
        return cls(intake=intake, app=app, turned_away=TurnedAway(ground.metrics), probes=probes)

    def turns_away(self) -> bool:
        """Whether one more delivery is too many now; then it counts as turned away."""
        if not self.intake.is_full():
            return False
        self.turned_away.count("the receiver is overloaded; deliveries wait for the store already")
        return True

    def close(self) -> None:
        self.intake.close()
