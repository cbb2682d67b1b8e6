"""Keys of side effects: what makes each happen once, in every version of Steward."""

from __future__ import annotations

from plugin.model.effects import op_key


def test_a_key_stays_what_it_was_or_everything_is_done_a_second_time() -> None:
    assert op_key(b"s" * 32, ticket_id=17, rule="deadlines", epoch="fields-1") == "7b0fb3c6619dc442c0eea8132a3143a8"


def test_another_secret_ticket_rule_or_epoch_has_another_key() -> None:
    keys = {
        op_key(secret, ticket_id=ticket_id, rule=rule, epoch=epoch)
        for secret in (b"s" * 32, b"t" * 32)
        for ticket_id in (1, 2)
        for rule in ("deadlines", "stages")
        for epoch in ("fields-1", "fields-2")
    }
    assert len(keys) == 16
