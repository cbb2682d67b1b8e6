"""What Zammad answers becomes nouns, and a wrong type names its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.model.ticket import StateType
from plugin.zammad import schemas
from plugin.zammad.room import Zammad
from tests.zammad.conftest import Body


@pytest.mark.usefixtures("server")
def test_a_look_is_parsed(zammad: Zammad, body: Body) -> None:
    raw = body("ticket")
    ticket = schemas.ticket(raw, names=zammad.catalogues)
    assert ticket.id == raw["id"]
    assert ticket.version == raw["updated_at"]
    assert ticket.updated_at == datetime.fromisoformat(raw["updated_at"])
    assert ticket.created_at.tzinfo is UTC
    assert ticket.group == "First line"
    assert ticket.state_type is StateType.NEW
    assert not ticket.has_owner
    assert ticket.article_ids == tuple(raw["article_ids"])
    assert ticket.fields["steward_tier"] == "major"
    assert set(ticket.fields) == {name for name in raw if name.startswith("steward_")}
    assert ticket.extra["owner"] == "-"
    assert "steward_tier" not in ticket.extra
    assert not ticket.extra.keys() & {"id", "title", "state"}


@pytest.mark.usefixtures("server")
def test_a_look_without_names_is_the_same_look(zammad: Zammad, body: Body) -> None:
    plain = schemas.ticket(body("ticket_plain"), names=zammad.catalogues)
    expanded = schemas.ticket(body("ticket"), names=zammad.catalogues)
    assert plain.state == expanded.state
    assert plain.state_type is expanded.state_type
    assert plain.group == expanded.group
    assert plain.fields == expanded.fields


@pytest.mark.usefixtures("server")
def test_nested_names_and_null_names_are_taken(zammad: Zammad, body: Body) -> None:
    raw = {**body("ticket"), "group": {"id": 2, "name": "First line"}, "title": None, "organization": {}}
    ticket = schemas.ticket(raw, names=zammad.catalogues)
    assert ticket.group == "First line"
    assert ticket.title == ""


def test_an_article_is_parsed(body: Body) -> None:
    article = schemas.article(body("article"))
    assert (article.type, article.sender, article.internal) == ("note", "Agent", False)
    assert article.from_ == "Anna Erste"
    assert article.to == ""
    assert len(article.extra["attachments"]) == 2


def test_history_rows_are_parsed(body: Body) -> None:
    rows = [schemas.history_row(raw) for raw in body("history")["history"]]
    assert (rows[0].object, rows[0].type, rows[0].attribute) == ("Ticket", "created", None)
    assert all(row.source is None for row in rows)


def test_a_merge_row_names_both_tickets(body: Body) -> None:
    rows = [schemas.history_row(raw) for raw in body("history_merge")["history"]]
    merged = next(row for row in rows if row.type in ("merged_into", "received_merge"))
    assert merged.id_from
    assert merged.id_to
    assert merged.id_from != merged.id_to


WRONG = [
    pytest.param({"created_at": "yesterday"}, "ticket.created_at", id="no moment"),
    pytest.param({"created_at": "2026-11-21T07:44:30"}, "ticket.created_at", id="no zone"),
    pytest.param({"updated_at": None}, "ticket.updated_at", id="null"),
    pytest.param({"created_at": "9999-12-31T23:59:59-23:00"}, "ticket.created_at", id="after the last day"),
    pytest.param({"owner_id": "seven"}, "ticket.owner_id", id="text for id"),
    pytest.param({"owner_id": True}, "ticket.owner_id", id="truth for id"),
    pytest.param({"owner_id": 7.0}, "ticket.owner_id", id="fraction for id"),
    pytest.param({"owner_id": -1}, "ticket.owner_id", id="below all ids"),
    pytest.param({"owner_id": 2**63}, "ticket.owner_id", id="beyond all ids"),
    pytest.param({"owner_id": "9" * 5000}, "ticket.owner_id", id="digits without end"),
    pytest.param({"article_ids": [1, 2, "x"]}, "ticket.article_ids[2]", id="inside a list"),
    pytest.param({"preferences": "none"}, "ticket.preferences", id="text for object"),
    pytest.param({"number": True}, "ticket.number", id="truth for text"),
]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("change", "path"), WRONG)
def test_a_wrong_type_names_its_path(zammad: Zammad, body: Body, change: dict[str, Any], path: str) -> None:
    with pytest.raises(schemas.Misshapen) as told:
        schemas.ticket({**body("ticket"), **change}, names=zammad.catalogues)
    assert told.value.path == path
    assert path in str(told.value)


@pytest.mark.parametrize("raw", [None, [], "ok", 7], ids=["null", "list", "text", "number"])
def test_an_answer_that_is_no_object_is_named(zammad: Zammad, raw: Any) -> None:
    with pytest.raises(schemas.Misshapen, match="ticket: not an object"):
        schemas.ticket(raw, names=zammad.catalogues)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("missing", ["checklist_id", "pending_time", "preferences", "organization_id", "title"])
def test_keys_a_version_lacks_are_empty(zammad: Zammad, body: Body, missing: str) -> None:
    raw = body("ticket")
    raw.pop(missing, None)
    assert not getattr(schemas.ticket(raw, names=zammad.catalogues), missing)


USERS = [
    pytest.param({"id": 7}, "", frozenset(), id="without names"),
    pytest.param({"id": 7, "login": None, "firstname": None, "lastname": "Lin"}, "Lin", frozenset(), id="null"),
    pytest.param({"id": 7, "roles": ["Agent"]}, "", frozenset({"Agent"}), id="expanded"),
    pytest.param({"id": 7, "roles": [{"name": "Agent"}]}, "", frozenset({"Agent"}), id="nested"),
    pytest.param({"id": 7, "role_ids": [2, 9]}, "", frozenset({"Agent"}), id="ids"),
]


@pytest.mark.parametrize(("raw", "name", "roles"), USERS)
def test_users_come_in_many_shapes(raw: dict[str, Any], name: str, roles: frozenset[str]) -> None:
    user = schemas.user(raw, role_names={2: "Agent"})
    assert user.name == name
    assert user.role_names == roles
    assert user.active


@pytest.mark.parametrize(
    ("raw", "rights"),
    [
        pytest.param({"2": ["full"]}, {2: frozenset({"full"})}, id="lists"),
        pytest.param({"2": "full"}, {2: frozenset({"full"})}, id="texts"),
        pytest.param({"2": None}, {2: frozenset()}, id="null"),
        pytest.param([], {}, id="list of nothing"),
        pytest.param(None, {}, id="none"),
    ],
)
def test_access_comes_in_many_shapes(raw: Any, rights: dict[int, frozenset[str]]) -> None:
    assert schemas.access(raw) == rights


def test_checklist_items_keep_their_shown_order() -> None:
    items = {str(one): {"id": one, "text": f"i{one}", "checked": False} for one in (4, 6, 7, 8)}
    raw = {"id": 3, "name": None, "sorted_item_ids": ["8", "7", "6"], "item_ids": [4, 8, 6, 7]}
    found = schemas.checklist(raw, items=items)
    assert [item.id for item in found.items] == [8, 7, 6, 4]
    assert found.name == ""
