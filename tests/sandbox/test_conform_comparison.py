"""Bodies are compared value by value: what is mapped may differ, what is not may not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.sandbox.conform.comparison import Comparison, Manner
from plugin.sandbox.conform.deviations import compare_error
from plugin.sandbox.conform.identities import Identities
from plugin.sandbox.conform.moments import Moments

BEGINS = datetime(2026, 11, 21, 7, tzinfo=UTC)
TICKET: dict[str, Any] = {
    "id": 6,
    "number": "81006",
    "title": "Gerät kommt nicht",
    "state_id": 1,
    "owner_id": 1,
    "customer_id": 10,
    "article_ids": [10, 11],
    "created_at": "2026-11-21T07:19:03.444Z",
    "updated_at": "2026-11-21T07:19:03.444Z",
    "close_at": None,
    "preferences": {"steward": {"n": 1}},
}
OWN_TICKET: dict[str, Any] = {
    **TICKET,
    "id": 2,
    "number": "26001",
    "customer_id": 5,
    "article_ids": [3, 4],
    "created_at": "2026-11-21T07:19:03.900Z",
    "updated_at": "2026-11-21T07:19:03.900Z",
}


def deviations(
    recorded: Any,
    own: Any,
    *,
    kind: str | None = "Ticket",
    manner: Manner | None = None,
    identities: Identities | None = None,
) -> list[tuple[str, str]]:
    comparison = Comparison(identities or known(), Moments(begins=BEGINS), manner or Manner())
    return [(found.path, found.what) for found in comparison.bodies(recorded, own, kind=kind)]


def known() -> Identities:
    identities = Identities()
    for kind, recorded, own in (("Ticket", 6, 2), ("User", 1, 1), ("User", 10, 5), ("number", "81006", "26001")):
        assert identities.match(kind, recorded=recorded, own=own)
    identities.made.update({("Ticket", "6"), ("User", "10")})
    return identities


def test_the_same_ticket_under_other_ids_is_the_same() -> None:
    assert deviations(TICKET, OWN_TICKET) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        pytest.param({"title": "Gerät kam"}, ("title", "value"), id="a text"),
        pytest.param({"state_id": 2}, ("state_id", "value"), id="a state, whose ids are no server's own"),
        pytest.param({"owner_id": 5}, ("owner_id", "value"), id="another person"),
        pytest.param({"customer_id": 6}, ("customer_id", "value"), id="a person nobody has seen"),
        pytest.param({"id": 3}, ("id", "value"), id="another ticket"),
        pytest.param({"number": "26002"}, ("number", "value"), id="another number"),
        pytest.param({"article_ids": [3]}, ("article_ids", "ids"), id="an article too few"),
        pytest.param({"article_ids": [4, 3, 7]}, ("article_ids", "ids"), id="an article too many"),
        pytest.param({"updated_at": "2026-11-21T07:19:08.000Z"}, ("updated_at", "value"), id="a later moment"),
        pytest.param({"updated_at": None}, ("updated_at", "value"), id="no moment"),
        pytest.param({"close_at": "2026-11-21T07:19:03.444Z"}, ("close_at", "value"), id="a moment too many"),
        pytest.param({"preferences": {"steward": {"n": 2}}}, ("preferences.steward.n", "value"), id="a deep value"),
        pytest.param({"state_id": "1"}, ("state_id", "value"), id="another type"),
        pytest.param({"close_at": False}, ("close_at", "value"), id="false for null"),
        pytest.param({"extra": 1}, (".extra", "not recorded"), id="a key too many"),
    ],
)
def test_a_planted_deviation_is_found(planted: dict[str, Any], found: tuple[str, str]) -> None:
    assert deviations(TICKET, {**OWN_TICKET, **planted}) == [found]


def test_a_key_that_is_missing_is_found() -> None:
    own = {key: value for key, value in OWN_TICKET.items() if key != "title"}
    assert deviations(TICKET, own) == [("title", "missing")]


def test_a_projected_body_may_show_less_but_nothing_else() -> None:
    recorded = {"id": 6, "title": "Gerät kommt nicht", "error": None}
    assert deviations(recorded, OWN_TICKET, manner=Manner(projected=True)) == []
    assert deviations({**recorded, "title": "x"}, OWN_TICKET, manner=Manner(projected=True)) == [("title", "value")]


def test_two_people_cannot_be_one() -> None:
    recorded = [{"customer_id": 20}, {"customer_id": 21}]
    assert deviations(recorded, [{"customer_id": 8}, {"customer_id": 8}], kind=None) == [("[1].customer_id", "value")]


def test_times_before_the_first_story_are_not_compared() -> None:
    recorded = {"created_at": "2026-11-21T06:58:21.118Z"}
    assert deviations(recorded, {"created_at": "2026-11-21T06:00:00.000Z"}) == []
    assert deviations(recorded, {"created_at": "2026-11-21T07:00:05.000Z"}) == [("created_at", "value")]


def test_rows_nobody_made_are_ignored_and_counted() -> None:
    comparison = Comparison(known(), Moments(begins=BEGINS))
    rows = [{"id": 5, "title": "from before"}, {"id": 6, "title": "known"}]
    assert list(comparison.bodies(rows, [{"id": 2, "title": "known"}], kind="Ticket")) == []
    assert comparison.ignored == 1


@pytest.mark.parametrize(
    ("own", "found"),
    [
        pytest.param([2, 9], [], id="the same order"),
        pytest.param([9, 2], [("[1]", "order")], id="turned around"),
        pytest.param([2], [("[1]", "missing")], id="one missing"),
        pytest.param([2, 9, 11], [("", "not recorded")], id="one too many"),
    ],
)
def test_known_rows_keep_their_order(own: list[int], found: list[tuple[str, str]]) -> None:
    identities = known()
    for recorded, ours in ((7, 9), (8, 11)):
        identities.match("Ticket", recorded=recorded, own=ours)
        identities.made.add(("Ticket", str(recorded)))
    recorded_rows = [{"id": 6}, {"id": 7}]
    assert deviations(recorded_rows, [{"id": one} for one in own], identities=identities) == found


def test_history_rows_pair_in_turn() -> None:
    recorded = {"history": [{"id": 432, "type": "created"}, {"id": 433, "type": "updated"}]}
    own = {"history": [{"id": 7, "type": "created"}, {"id": 9, "type": "updated"}]}
    assert deviations(recorded, own) == []
    own["history"][1]["type"] = "added"
    assert deviations(recorded, own) == [("history[1].type", "value")]
    del own["history"][1]
    assert deviations(recorded, own) == [("history[1]", "missing")]


def test_objects_by_id_are_paired_by_their_ids() -> None:
    recorded = {"assets": {"Ticket": {"6": {"id": 6, "title": "a"}}}}
    assert deviations(recorded, {"assets": {"Ticket": {"2": {"id": 2, "title": "a"}}}}) == []
    assert deviations(recorded, {"assets": {"Ticket": {}}}) == [("assets.Ticket.6", "missing")]
    wrong = {"assets": {"Ticket": {"2": {"id": 2, "title": "b"}}}}
    assert deviations(recorded, wrong) == [("assets.Ticket.6.title", "value")]


def test_ids_in_conditions_follow_their_attribute() -> None:
    recorded = {"condition": {"ticket.customer_id": {"operator": "is", "value": ["10"]}}}
    assert deviations(recorded, {"condition": {"ticket.customer_id": {"operator": "is", "value": ["5"]}}}) == []
    wrong = {"condition": {"ticket.customer_id": {"operator": "is", "value": ["1"]}}}
    assert deviations(recorded, wrong) == [("condition.ticket.customer_id.value", "ids")]


def test_a_cut_body_is_compared_as_far_as_it_goes() -> None:
    cut = {"__shortened__": '{"id":6,"title":"Gerät kommt nicht","note":"lo', "__length__": 900}
    assert deviations(cut, OWN_TICKET) == []
    assert deviations(cut, {**OWN_TICKET, "title": "x"}) == [("title", "value")]


def test_what_the_recorder_left_out_is_not_compared() -> None:
    assert deviations({"token": "REDACTEDxxxx", "tokens": "[…left out]"}, {"token": "t0k3n", "tokens": []}) == []


@pytest.mark.parametrize(
    ("recorded", "own", "found"),
    [
        pytest.param({"error": "a", "error_human": "a"}, {"error": "b", "error_human": "b"}, [], id="prose"),
        pytest.param({"error": "a", "error_human": "a"}, {"error": "a"}, ["keys of the error"], id="a key too few"),
        pytest.param(
            {"error": "Error ID Ab-3: Please contact your administrator."},
            {"error": "Missing required value for field 'x'!"},
            ["masked"],
            id="not masked",
        ),
        pytest.param("<html>", {"error": "a"}, ["shape of the error"], id="a page for JSON"),
    ],
)
def test_errors_are_compared_by_their_shape(recorded: Any, own: Any, found: list[str]) -> None:
    assert [deviation.what for deviation in compare_error(recorded, own)] == found
