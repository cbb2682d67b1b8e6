"""What administrators keep: what a record needs, which may repeat, how lists are cut, what follows from a change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import MakeTown, Town

OPEN = {"ticket.state_id": {"operator": "is", "value": ["2"]}}
PLAN = {"days": {"Mon": True}, "hours": {"10": True}, "minutes": {"0": True}}
HOURS = {"mon": {"active": True, "timeframes": [["09:00", "17:00"]]}}
WHOLE: dict[str, dict[str, Any]] = {
    "webhooks": {"endpoint": "http://x.example/"},
    "triggers": {"condition": OPEN, "perform": {"ticket.title": {"value": "x"}}},
    "jobs": {"object": "Ticket", "timeplan": PLAN, "condition": OPEN, "perform": {"ticket.title": {"value": "x"}}},
    "macros": {"perform": {"ticket.title": {"value": "x"}}},
    "calendars": {"timezone": "UTC", "business_hours": HOURS},
    "slas": {"first_response_time": 60},
    "overviews": {"condition": OPEN, "order": {"by": "id", "direction": "ASC"}, "view": {"s": ["title"]}},
    "text_modules": {"content": "x"},
    "templates": {"options": {"ticket.title": {"value": "x"}}},
    "ticket_states": {"state_type_id": 2},
    "ticket_priorities": {},
}


def made(town: Town, kind: str, **more: Any) -> Any:
    """A record of a kind with all it needs."""
    answer = town.person("admin").post(kind, {"name": "one", **WHOLE[kind], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", WHOLE)
def test_a_record_needs_what_it_needs(town: Town, kind: str) -> None:
    admin = town.person("admin")
    for missing in ("name", *(name for name, value in WHOLE[kind].items() if isinstance(value, dict))):
        body = {name: value for name, value in {"name": "none", **WHOLE[kind]}.items() if name != missing}
        answer = admin.post(kind, body)
        assert (answer.status_code, sorted(answer.json())) == (422, ["error", "error_human"]), missing
    made(town, kind)


@pytest.mark.parametrize("kind", ["triggers", "macros", "slas", "calendars"])
def test_only_newer_servers_mind_a_name_in_another_case(town: Town, kind: str) -> None:
    made(town, kind)
    answer = town.person("admin").post(kind, {"name": "ONE", **WHOLE[kind]})
    assert answer.status_code == (201 if town.sandbox.world.manners.version == "6.1" else 422)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_list_in_full_tells_ids_and_records(town: Town, kind: str) -> None:
    made(town, kind, name="a")
    made(town, kind, name="b")
    admin = town.person("admin")
    told = admin.get(f"{kind}?full=true&per_page=1&sort_by=name&order_by=desc").json()
    assert sorted(told) == ["assets", "record_ids", "total_count"]
    assert len(told["record_ids"]) == 1
    assert told["total_count"] == len(admin.get(kind).json())
    one = admin.get(f"{kind}/{told['record_ids'][0]}?full=true").json()
    assert one["id"] == told["record_ids"][0]


def test_times_of_a_service_level_are_numbers_and_exclude_each_other(town: Town) -> None:
    made_one = made(town, "slas", first_response_time="90", response_time="", solution_time=None)
    assert (made_one["first_response_time"], made_one["response_time"]) == (90, None)
    both = {"name": "both", "response_time": 5, "update_time": 5}
    assert town.person("admin").post("slas", both).status_code == 422


def test_a_calendar_without_hours_is_refused(town: Town) -> None:
    closed = {"mon": {"active": False, "timeframes": [["09:00", "17:00"]]}}
    body = {"name": "closed", "timezone": "UTC", "business_hours": closed}
    assert town.person("admin").post("calendars", body).status_code == 422


def test_a_deleted_calendar_leaves_its_service_levels_to_the_default(town: Town) -> None:
    first, second = made(town, "calendars"), made(town, "calendars", name="two", default=True)
    level = made(town, "slas", calendar_id=second["id"])
    admin = town.person("admin")
    assert admin.delete(f"calendars/{second['id']}").status_code == 200
    assert admin.get(f"calendars/{first['id']}").json()["default"] is True
    assert admin.get(f"slas/{level['id']}").json()["calendar_id"] == first["id"]


def test_there_is_one_state_of_new_tickets(town: Town) -> None:
    fresh = made(town, "ticket_states", default_create=True)
    admin = town.person("admin")
    assert [row["id"] for row in admin.get("ticket_states").json() if row["default_create"]] == [fresh["id"]]
    admin.delete(f"ticket_states/{fresh['id']}")
    assert [row["name"] for row in admin.get("ticket_states").json() if row["default_create"]] == ["new"]


def test_a_tag_nobody_may_make_is_refused_by_newer_servers(town: Town) -> None:
    older = town.sandbox.world.manners.version == "6.1"
    anna, admin = town.person("anna"), town.person("admin")
    ticket_id = anna.opens_ticket(tags="known")
    town.sandbox.set_setting("tag_new", False)
    wanted = {"object": "Ticket", "o_id": ticket_id, "item": "fresh"}
    assert anna.post("tags/add", {**wanted, "item": "known"}).status_code == 201
    assert anna.post("tags/add", wanted).status_code == (201 if older else 403)
    made_with = anna.opens_ticket(tags="known,unheard")
    assert town.sandbox.world.tags_of(made_with) == (["known", "unheard"] if older else ["known"])
    assert admin.post("tags/add", wanted).status_code == 201


@pytest.mark.parametrize("kind", ["groups", "roles"])
def test_what_is_in_use_is_not_deleted(town: Town, kind: str) -> None:
    admin = town.person("admin")
    spare = admin.post(kind, {"name": "spare"}).json()["id"]
    used = {"groups": town.sandbox.world.groups, "roles": town.sandbox.world.roles}[kind]
    assert admin.delete(f"{kind}/{next(iter(used)).id}").status_code == 422
    assert admin.delete(f"{kind}/{spare}").status_code == 200
    assert admin.get(f"{kind}/{spare}").status_code == 404
    assert town.person("anna").delete(f"{kind}/1").status_code == 403


@pytest.mark.parametrize(
    ("path", "key"),
    [
        pytest.param("users/search?query=ller", "user_ids", id="people"),
        pytest.param("organizations/search?query=Handels", "organization_ids", id="organizations"),
    ],
)
def test_people_and_organizations_are_found_by_a_part_of_their_name(town: Town, path: str, key: str) -> None:
    older, anna = town.sandbox.world.manners.version == "6.1", town.person("anna")
    rows = anna.get(path).json()
    assert rows
    assert all("ller" in str(row) or "Handels" in str(row) for row in rows)
    full = anna.get(f"{path}&full=true").json()
    ids = [row["id"] for row in rows]
    assert full.get(key if older else "record_ids") == ids
    assert full.get("total_count") == (None if older else len(ids))
    assert anna.post(path.partition("?")[0], {"query": path.rpartition("=")[2]}).json() == rows
    assert town.person("mei@customer.example").get(path).status_code == 403


@pytest.mark.parametrize(
    "call",
    [
        "GET ticket_related/1",
        "GET search/Ticket",
        "GET calendars/timezones",
        "DELETE tickets/1/time_accountings/1",
        "POST overviews_prio",
        "GET tickets/shared_drafts",
    ],
)
def test_a_call_zammad_has_and_the_sandbox_has_not_says_so(town: Town, call: str) -> None:
    method, _, path = call.partition(" ")
    admin = town.person("admin")
    answer = {"GET": admin.get, "POST": admin.post, "DELETE": admin.delete}[method](path)
    assert answer.status_code == 501


def test_a_template_of_checklists_is_changed_and_deleted(make_town: MakeTown) -> None:
    town = make_town("6.5")
    admin = town.person("admin")
    assert admin.post("checklist_templates", {"name": " "}).status_code == 422
    made_one = admin.post("checklist_templates", {"name": "a", "items": ["one", "", "two"]}).json()
    assert len(made_one["item_ids"]) == 2
    path = f"checklist_templates/{made_one['id']}"
    renamed = admin.put(path, {"name": "b", "active": False}).json()
    assert (renamed["name"], renamed["active"], renamed["item_ids"]) == ("b", False, made_one["item_ids"])
    assert len(admin.put(path, {"items": ["three"]}).json()["item_ids"]) == 1
    assert town.person("anna").delete(path).status_code == 403
    assert admin.delete(path).status_code == 200
    assert admin.get(path).status_code == 404


def test_one_s_own_notice_is_deleted(town: Town) -> None:
    town.person("chief").opens_ticket()
    town.passes(seconds=10)
    anna = town.person("anna")
    notice = anna.get("online_notifications").json()[0]["id"]
    assert town.person("ben").delete(f"online_notifications/{notice}").status_code == 403
    assert anna.delete(f"online_notifications/{notice}").status_code == 200
    assert notice not in [row["id"] for row in anna.get("online_notifications").json()]
