"""A pack of one's own at work: other times for VIP, a rule rolled out, and its version when its files are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin import packs
from plugin.store import packs as kept_packs
from tests.scenarios.conftest import Open
from tests.scenarios.helpdesk import Helpdesk

BASE = "pack: house\nextends: service-standard\npeople: {supervisors: [chief]}\n"
OWN = """\
pack: our-pack
extends: house.yaml
clocks:
  first_response:
    instead:
      - when: {vip: true}
        limit: 8 working hours
        calendar: office
rules:
  - name: stages
    groups: [Complaints]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "house.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "our-pack.yaml").write_text(OWN, encoding="utf-8")
    return tmp_path / "our-pack.yaml"


@pytest.fixture
def helpdesk(opens: Open, file: Path) -> Helpdesk:
    return opens(pack=str(file))


def test_vip_customers_are_due_after_eight_working_hours_others_after_a_day(helpdesk: Helpdesk) -> None:
    vip = helpdesk.mails("Where is my order?", sender="mei@customer.example")
    other = helpdesk.mails("Where is my order?", sender="olga@customer.example")
    helpdesk.works()
    assert (vip.clock("first_response").allowed, other.clock("first_response").allowed) == ("8 working hours", "24 h")
    assert vip.field("next_due_at") == vip.clock("first_response").limit_at
    assert vip.field("next_due_at") < other.field("next_due_at")


def test_a_rule_writes_only_where_it_is_rolled_out_to(helpdesk: Helpdesk) -> None:
    first_line = helpdesk.calls_in(helpdesk.chief, "Where is it?")
    complaints = helpdesk.calls_in(helpdesk.chief, "Where is it?", group="Complaints")
    helpdesk.works()
    assert first_line.field("stage") is None
    assert complaints.field("stage")
    assert "stages" in {effect.rule for effect in helpdesk.effects_of(first_line) if effect.error == "observe"}


def test_a_version_loads_from_the_store_when_its_files_are_gone(helpdesk: Helpdesk, file: Path) -> None:
    helpdesk.complains()
    pack = helpdesk.service.pack
    file.unlink()
    file.with_name("house.yaml").unlink()
    with helpdesk.service.store.read() as connection:
        row = kept_packs.get(connection, name="our-pack", version=pack.version)
    assert row is not None
    kept = packs.loads(row.text, name="kept")
    assert (kept.version, kept.clocks, kept.people.supervisors) == (pack.version, pack.clocks, ("chief",))
