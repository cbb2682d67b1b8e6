"""Who is there today: absences, substitutes, and whether every step of a pack's ladder reaches somebody."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
import responses

from plugin.model.pack import Pack, People
from plugin.packs import load
from plugin.zammad.preflight import Severity
from plugin.zammad.reach import reach
from plugin.zammad.room import Zammad
from tests.zammad.conftest import API

TODAY = date(2026, 3, 4)
AWAY = {
    "out_of_office": True,
    "out_of_office_start_at": "2026-03-02",
    "out_of_office_end_at": "2026-03-06",
}


def user(number: int, login: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "login": login, "email": "", "active": True, "group_ids": {"2": ["full"]}} | more


def away(number: int, login: str, **more: Any) -> dict[str, Any]:
    return user(number, login, **(AWAY | more))


PEOPLE = [
    pytest.param([user(7, "anna")], "anna", id="there"),
    pytest.param([away(7, "anna", out_of_office_replacement_id=8), user(8, "ben")], "ben", id="a substitute"),
    pytest.param(
        [
            away(7, "anna", out_of_office_replacement_id=8),
            away(8, "ben", out_of_office_replacement_id=9),
            user(9, "cleo"),
        ],
        "cleo",
        id="a substitute's substitute",
    ),
    pytest.param([away(7, "anna")], None, id="nobody stands in"),
    pytest.param(
        [away(7, "anna", out_of_office_replacement_id=8), away(8, "ben", out_of_office_replacement_id=7)],
        None,
        id="each for the other",
    ),
    pytest.param([user(7, "anna", active=False)], None, id="inactive"),
    pytest.param([away(7, "anna", out_of_office_end_at="2026-03-03")], "anna", id="back since today"),
    pytest.param([away(7, "anna", out_of_office_start_at="2026-03-05")], "anna", id="leaves tomorrow"),
    pytest.param([user(7, "anna", out_of_office=True)], "anna", id="no days are said"),
    pytest.param([], None, id="unknown"),
]


@pytest.mark.parametrize(("users", "found"), PEOPLE)
def test_for_who_is_out_of_office_stands_his_substitute(
    server: responses.RequestsMock, zammad: Zammad, users: list[dict[str, Any]], found: str | None
) -> None:
    server.get(f"{API}/users/search", json=users[:1])
    for one in users[1:]:
        server.add(responses.GET, f"{API}/users/{one['id']}", json=one)
    there = zammad.people.there("anna", TODAY)
    assert (there.login if there else None) == found


def naming(**people: tuple[str, ...]) -> Pack:
    return replace(load("service-standard"), people=People(**people))


def test_a_step_that_reaches_nobody_is_a_warning(server: responses.RequestsMock, zammad: Zammad) -> None:
    server.get(f"{API}/users/search", json=[away(7, "anna")])
    [found] = reach(zammad.people, naming(supervisors=("anna",)), day=TODAY)
    assert (found.name, found.severity) == ("nobody_present", Severity.WARNING)
    assert "people: supervisors" in found.where


@pytest.mark.parametrize("part", [one.name for one in fields(People)])
def test_everybody_a_pack_names_is_looked_for(server: responses.RequestsMock, zammad: Zammad, part: str) -> None:
    server.get(f"{API}/users/search", json=[])
    named = naming(**{"supervisors": (), part: ("anna",)})
    assert f"people: {part}" in {found.where.partition(", ")[2] for found in reach(zammad.people, named, day=TODAY)}


def test_a_step_that_reaches_one_of_two_is_good_to_know(server: responses.RequestsMock, zammad: Zammad) -> None:
    server.get(f"{API}/users/search", json=[away(7, "anna"), user(8, "ben")])
    [found] = reach(zammad.people, naming(supervisors=("anna", "ben")), day=TODAY)
    assert (found.name, found.severity) == ("away", Severity.INFO)


def test_a_pack_that_names_nobody_is_told_where_its_steps_go(zammad: Zammad) -> None:
    [found] = reach(zammad.people, naming(), day=TODAY)
    assert found.name == "supervisors"
