"""Names of groups and states in a pack that this Zammad does not know."""

from __future__ import annotations

from pathlib import Path

import responses

from plugin.packs import load
from plugin.zammad.naming import naming
from plugin.zammad.preflight import Severity
from plugin.zammad.room import Zammad
from tests.zammad.conftest import API

OURS = """\
pack: ours
extends: service-standard
scope: {groups: [Users, Frist line], exclude_groups: [Elsewhere]}
waiting_states: [pending remindr]
group_kinds: {Complaint: complaint}
clocks:
  first_response: {instead: [{when: {groups: [Shop]}, limit: 8 h}]}
rules:
  - {name: stages, groups: [Second line]}
"""


def test_what_zammad_does_not_know_is_named_with_what_may_be_meant(
    server: responses.RequestsMock, zammad: Zammad, tmp_path: Path
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(OURS, encoding="utf-8")
    groups = ("Users", "First line", "Second line", "Complaints")
    server.get(f"{API}/groups", json=[{"id": number, "name": name} for number, name in enumerate(groups, start=1)])
    found = naming(zammad.catalogues, load(file))
    assert {finding.severity for finding in found} == {Severity.WARNING}
    assert [(finding.where.partition(", ")[2], finding.what.partition(": no ")[::2]) for finding in found] == [
        ("scope: groups", ("Frist line", "group of this name is known to Steward's user; did you mean First line?")),
        ("group_kinds", ("Complaint", "group of this name is known to Steward's user; did you mean Complaints?")),
        ("when: groups", ("Shop", "group of this name is known to Steward's user")),
        (
            "waiting_states",
            ("pending remindr", "state of this name is known to Steward's user; did you mean pending reminder?"),
        ),
    ]


def test_where_zammad_does_not_answer_nothing_is_said(server: responses.RequestsMock, zammad: Zammad) -> None:
    server.get(f"{API}/groups", status=503)
    assert naming(zammad.catalogues, load("service-standard")) == ()
