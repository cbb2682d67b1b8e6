"""Histories are fetched by reading alone, each once, and a fetch that ended goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.model.errors import Unavailable
from plugin.model.facts import Fact, FactKind
from plugin.model.people import Role
from plugin.simulate.fetching import TRIES
from plugin.simulate.playing import play
from tests.scenarios.helpdesk import Helpdesk, open_helpdesk
from tests.scenarios.test_same_facts import STORIES, Story, _told, complaint_by_words_of_agents
from tests.simulate.reading import Killed, Reading


@pytest.fixture(params=["6.1", "6.5"])
def helpdesk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Helpdesk]:
    """A helpdesk where Steward hears nothing: a trial without webhook, fields and rights."""
    opened = open_helpdesk(like=request.param, store_url=f"sqlite:///{tmp_path / 'steward.db'}")
    opened.deaf = True
    yield opened
    opened.service.close()


@pytest.fixture
def reading(helpdesk: Helpdesk, tmp_path: Path) -> Reading:
    return Reading(helpdesk, tmp_path / "histories.db")


def looks(reading: Reading) -> list[str]:
    return [path for path in reading.adapter.reads if path.startswith("/api/v1/tickets/") and path[-1].isdigit()]


def test_a_whole_desk_is_fetched_and_played_without_a_single_write(helpdesk: Helpdesk, reading: Reading) -> None:
    tickets = [story(helpdesk) for story in STORIES]
    before = {ticket.id: str(ticket.row.updated_at) for ticket in tickets}
    progress = reading.fetches()
    assert progress.read >= len(STORIES)
    assert progress.to_go == 0
    histories = reading.histories()
    outcomes = [play(histories[str(ticket.row.number)], helpdesk.service.pack) for ticket in tickets]
    assert all(outcome is not None and outcome.clocks for outcome in outcomes)
    assert reading.adapter.writes == []
    assert {ticket.id: str(ticket.row.updated_at) for ticket in tickets} == before


@pytest.mark.parametrize("helpdesk", ["6.5"], indirect=True)
@pytest.mark.parametrize("story", STORIES)
def test_a_fetched_history_has_the_facts_the_worker_makes(helpdesk: Helpdesk, reading: Reading, story: Story) -> None:
    ticket = story(helpdesk)
    reading.fetches()
    fetched = reading.histories()[str(ticket.row.number)].facts
    helpdesk.deaf = False
    helpdesk.passes(minutes=11)
    known = [fact for fact in helpdesk.timeline_of(ticket) if fact.by.role is not Role.STEWARD]
    assert rows(fetched) == rows(known)


def test_who_is_named_on_a_ticket_is_asked_with_its_history(helpdesk: Helpdesk, reading: Reading) -> None:
    ticket = helpdesk.complains()
    ticket.noted(helpdesk.ben, "About: Anna Erste")
    reading.fetches()
    facts = reading.histories()[str(ticket.row.number)].facts
    assert [fact["logins"] for fact in facts if fact["what"] == "named"] == [[["anna"]]]
    assert reading.adapter.writes == []


@pytest.mark.parametrize("login", ["anna", "chief", "steward"])
def test_anybodys_token_will_do_and_what_he_did_counts(helpdesk: Helpdesk, reading: Reading, login: str) -> None:
    ticket = complaint_by_words_of_agents(helpdesk)
    reading.login = login
    reading.fetches()
    outcome = play(reading.histories()[str(ticket.row.number)], helpdesk.service.pack)
    assert outcome is not None
    assert (outcome.verdicts["kind"], outcome.verdicts["first_responder"]) == ("complaint", "anna")
    assert {"accept", "assess"}.isdisjoint({outcome.verdicts["stage"]})


def test_steward_is_not_taken_for_a_person_by_his_own_token(helpdesk: Helpdesk, reading: Reading) -> None:
    helpdesk.deaf = False
    ticket = complaint_by_words_of_agents(helpdesk)
    reading.login = "steward"
    reading.fetches()
    facts = reading.histories()[str(ticket.row.number)].facts
    assert {fact.by.role for fact in facts if fact.by.login == "steward"} == {Role.STEWARD}


def rows(facts: object) -> list[tuple[object, ...]]:
    assert isinstance(facts, tuple | list)
    kept: list[Fact] = [fact for fact in facts if fact.kind is not FactKind.OBSERVED]
    return sorted((_told(fact) for fact in kept), key=str)


def test_what_did_not_change_is_not_read_again(helpdesk: Helpdesk, reading: Reading) -> None:
    first = helpdesk.mails("Where is my order?")
    helpdesk.mails("And my invoice?")
    helpdesk.passes(hours=1)
    reading.fetches()
    reading.adapter.reads.clear()
    first.answered(helpdesk.anna)
    helpdesk.passes(hours=1)
    progress = reading.fetches()
    assert (progress.fresh, progress.read) == (1, 1)
    assert looks(reading) == [f"/api/v1/tickets/{first.id}"]


def test_a_fetch_that_was_cut_off_goes_on_where_it_stopped(helpdesk: Helpdesk, reading: Reading) -> None:
    tickets = [helpdesk.mails(f"Where is order {number}?") for number in range(5)]
    helpdesk.passes(hours=1)
    last = f"/api/v1/tickets/{tickets[3].id}"
    reading.adapter.fails = lambda path: path == last
    with pytest.raises(Unavailable):
        reading.fetches()
    assert len(reading.waited) == TRIES - 1
    reading.adapter.fails = lambda _path: False
    reading.adapter.reads.clear()
    progress = reading.fetches()
    assert (progress.fresh, progress.read) == (progress.listed - 2, 2)
    assert len(looks(reading)) == 2


def test_a_fetch_that_was_killed_keeps_what_it_had_read(helpdesk: Helpdesk, reading: Reading) -> None:
    for number in range(5):
        helpdesk.mails(f"Where is order {number}?")
    helpdesk.passes(hours=1)
    with pytest.raises(Killed):
        reading.is_killed_after(reads=2)
    reading.adapter.reads.clear()
    progress = reading.fetches()
    assert (progress.fresh, progress.read) == (2, progress.listed - 2)
    assert len(looks(reading)) == progress.listed - 2


def test_a_zammad_that_comes_back_is_waited_for(helpdesk: Helpdesk, reading: Reading) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.passes(hours=1)
    failures = iter([True, True])
    reading.adapter.fails = lambda path: path.endswith(f"/tickets/{ticket.id}") and next(failures, False)
    assert reading.fetches().to_go == 0
    assert reading.waited == sorted(reading.waited)
    assert len(reading.waited) == 2


def test_a_ticket_out_of_sight_is_left_out_and_forgotten(helpdesk: Helpdesk, reading: Reading) -> None:
    ticket = helpdesk.mails("Where is my order?")
    helpdesk.passes(hours=1)
    reading.fetches()
    number = str(ticket.row.number)
    assert number in reading.histories()
    ticket.noted(helpdesk.anna)
    reading.adapter.lost = f"/api/v1/tickets/{ticket.id}"
    assert reading.fetches().left_out == 1
    assert number not in reading.histories()


def test_customers_words_lie_nowhere_in_the_clear(helpdesk: Helpdesk, reading: Reading) -> None:
    helpdesk.mails("My canary Tweety-4711 sings no more.")
    helpdesk.passes(hours=1)
    reading.fetches()
    found = reading.histories()
    assert any("Tweety-4711" in fact.text("body") for history in found.values() for fact in history.facts)
    for file in reading.file.parent.glob(f"{reading.file.name}*"):
        for word in (b"Tweety", b"mei@customer"):
            assert word not in file.read_bytes(), file.name
