"""A trial: a token that may only read, no webhook, none of our fields, no write, and a record of what would be done."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from plugin.cli import main
from plugin.model.decision import STEWARD_FIELDS
from plugin.model.effects import EffectState
from plugin.sandbox.seed import add_token
from plugin.settings import SettingsError
from plugin.zammad.preflight import Severity
from tests.scenarios.helpdesk import Helpdesk, open_helpdesk

READER = "dora"
"""She may read every group, and nothing else."""
CHANGING = ("POST", "PUT", "DELETE", "PATCH")
ASKING = ("POST /tickets/search", "POST /core_workflows/perform")
"""Calls that change nothing though they are POSTs."""


@pytest.fixture
def trial(like: str, tmp_path: Path) -> Iterator[Helpdesk]:
    """A helpdesk Steward was never installed on; it is read with a token that may not write."""
    helpdesk = open_helpdesk(like=like, store_url=f"sqlite:///{tmp_path / 'steward.db'}", mode="observe")
    for name in STEWARD_FIELDS:
        found = helpdesk.sandbox.world.object_attributes.where(name=name)[0]
        helpdesk.admin.call("DELETE", f"/object_manager_attributes/{found.id}")
    helpdesk.admin.call("POST", "/object_manager_attributes_execute_migrations", {})
    for one in [*helpdesk.sandbox.world.triggers]:
        helpdesk.sandbox.world.triggers.put(one.id, active=False)
    token = add_token(helpdesk.sandbox.world, READER, token="a-token-that-only-reads")
    helpdesk.restarts(zammad_token=token, webhook_secret="")
    yield helpdesk
    helpdesk.service.close()


def test_it_records_what_it_would_do_and_writes_nothing(trial: Helpdesk) -> None:
    ticket = trial.mails("I want to complain: the device is broken.")
    ticket.owned(trial.anna)
    ticket.said(trial.anna, "complaint")
    trial.passes(days=3)
    calls = [line for line in trial.sandbox.cost(login=READER).rows if line.calls]
    assert calls
    assert [line.name for line in calls if line.name.startswith(CHANGING) and not line.name.startswith(ASKING)] == []
    assert ticket.is_untouched()
    assert trial.told == []
    would = trial.effects_of(ticket)
    assert {effect.state for effect in would} == {EffectState.OBSERVED}
    assert {effect.kind for effect in would} >= {"fields", "tag_add", "note"}
    assert {name for effect in would for name in effect.request.get("fields", {})} >= {"steward_kind", "steward_tier"}
    assert ticket.clock("first_response").was_broken


def test_nothing_lacks_that_a_trial_does_not_need(trial: Helpdesk) -> None:
    trial.mails("Where is my order?")
    found = {finding.name: finding for finding in trial.service.check()}
    assert {finding.severity for finding in found.values()} == {Severity.INFO}
    assert "enough for a trial" in found["only_read"].what
    assert "field_missing" in found


def test_it_can_be_read_afterwards(trial: Helpdesk) -> None:
    ticket = trial.mails("I want to complain: the device is broken.")
    trial.passes(days=3)
    told = CliRunner().invoke(main, ["case", "explain", str(ticket.id)], env=dict(trial.environ))
    assert told.exit_code == 0, told.output
    assert "first_response" in told.output


def test_nobody_can_deliver_what_no_secret_signs(trial: Helpdesk) -> None:
    assert trial.service.app is not None
    door = trial.service.app.test_client()
    unsigned = door.post("/zammad/ticket", json={"ticket": {"id": 1}})
    no_key = hmac.new(b"", b"{}", "sha1").hexdigest()
    signed = door.post("/zammad/ticket", data=b"{}", headers={"X-Hub-Signature": f"sha1={no_key}"})
    assert (unsigned.status_code, signed.status_code) == (404, 404)


def test_whoever_forgot_the_secret_is_told(trial: Helpdesk) -> None:
    said = [str(finding) for finding in trial.service.check() if finding.name == "webhook_secret"]
    assert len(said) == 1
    assert "changes are found every 600 s" in said[0]


def test_writing_for_real_needs_the_secret(trial: Helpdesk) -> None:
    with pytest.raises(SettingsError, match="STEWARD_WEBHOOK_SECRET: not set"):
        trial.restarts(mode="enforce")
