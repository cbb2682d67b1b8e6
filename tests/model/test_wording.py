"""Words found in what a customer writes."""

from __future__ import annotations

import pytest

from plugin.model.wording import matcher
from plugin.packs import load, shipped


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("fire", True, id="the word alone"),
        pytest.param("It caught FIRE!", True, id="another case, a mark behind it"),
        pytest.param("firewall", False, id="part of a longer word"),
        pytest.param("campfire", False, id="end of a longer word"),
        pytest.param("Überfire", False, id="behind a letter that is not English"),
        pytest.param("I complained", True, id="any ending"),
        pytest.param("electric\nshock", True, id="over a line break"),
        pytest.param("electricshock", False, id="without the blank"),
        pytest.param("充电器起火了", True, id="Chinese, anywhere"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_phrase_is_found_at_word_edges(text: str, found: bool) -> None:
    assert matcher(("fire", "complain*", "electric shock", "起火"))(text) is found


def test_parts_of_words_are_found_on_demand() -> None:
    assert matcher(("monitoring@",), whole_words=False)("alerts-monitoring@example.com")


def test_without_phrases_nothing_is_found() -> None:
    assert not matcher(())("anything")


@pytest.mark.parametrize("name", shipped())
def test_the_lists_of_a_shipped_pack_fit_into_the_matcher_s_memory(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    words = load(name).words
    long_text = "Lorem ipsum dolor sit amet, 这是一段很长的文字, Überprüfung. " * 2000
    for phrases in (words.complaint, words.serious, words.danger, words.mood, *words.natures.values()):
        assert not matcher(phrases)(long_text)
    assert capfd.readouterr().err == ""  # RE2 complains there, and goes on slowly


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        pytest.param("I wish to complain about my brand new phone", {"complaint"}, id="English"),
        pytest.param("Ich beschwere mich.", {"complaint"}, id="German verb"),
        pytest.param("Das ist eine Beschwerde!", {"complaint"}, id="German noun"),
        pytest.param("我要投诉", {"complaint"}, id="simplified Chinese"),
        pytest.param("我要投訴", {"complaint"}, id="traditional Chinese"),
        pytest.param("Der Akku geriet in Brand.", {"danger"}, id="German fire"),
        pytest.param("My favourite brand", set(), id="no fire at all"),
        pytest.param("有人受伤", {"danger"}, id="Chinese injury"),
        pytest.param("You will hear from my lawyer", {"serious"}, id="lawyer"),
        pytest.param("This is unacceptable", {"mood"}, id="mood"),
        pytest.param("Please reset my password, thanks", set(), id="a plain request"),
    ],
)
def test_the_service_standard_finds_what_it_looks_for(text: str, lists: set[str]) -> None:
    words = load("service-standard").words
    looked_for = {"complaint": words.complaint, "serious": words.serious, "danger": words.danger, "mood": words.mood}
    assert {name for name, phrases in looked_for.items() if matcher(phrases)(text)} == lists
