"""A sentence in three languages and any zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest
from babel.dates import format_datetime

from plugin.model.rendering import moment, render
from plugin.model.words import text

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
"""A Monday."""


class Colour(StrEnum):
    RED = "red"


def rendered(sentence_with: datetime | date, *, language: str = "en", zone: str = "Europe/Berlin") -> str:
    return render(text("{at}", at=sentence_with), language=language, zone=zone, translate=str, now=NOW)


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        pytest.param(0, "Mon 10:00", id="now"),
        pytest.param(5.9, "Sun 07:36", id="soon: the weekday is enough"),
        pytest.param(6, "Sun 6 Dec 10:00", id="later: with its date"),
        pytest.param(-1, "Sun 29 Nov 10:00", id="past: with its date, never the next one of that name"),
        pytest.param(32, "Fri 1 Jan 2027 10:00", id="another year"),
    ],
)
def test_a_moment_is_as_short_as_it_can_be(days: float, shown: str) -> None:
    assert rendered(NOW + timedelta(days=days)) == shown


@pytest.mark.parametrize(
    ("language", "soon", "later"),
    [
        pytest.param("en", "Thu 14:30", "Thu 10 Dec 14:30", id="English"),
        pytest.param("de", "Do. 14:30", "Do. 10. Dez. 14:30", id="German"),
        pytest.param("zh-CN", "周四 14:30", "12月10日 周四 14:30", id="Chinese"),
    ],
)
def test_a_moment_is_written_as_the_language_writes_it(language: str, soon: str, later: str) -> None:
    thursday = datetime(2026, 12, 3, 13, 30, tzinfo=UTC)
    assert rendered(thursday, language=language) == soon
    assert rendered(thursday + timedelta(days=7), language=language) == later


@pytest.mark.parametrize(
    ("language", "locale", "form"),
    [
        pytest.param("en", "en_GB", "EEE d MMM y HH:mm", id="English"),
        pytest.param("de", "de", "EEE d. MMM y HH:mm", id="German"),
        pytest.param("zh-CN", "zh_Hans_CN", "y年M月d日 EEE HH:mm", id="Chinese"),
    ],
)
def test_every_day_of_a_year_is_named_as_in_cldr(language: str, locale: str, form: str) -> None:
    for day in range(366):
        at = datetime(2028, 1, 1, 9, 5, tzinfo=UTC) + timedelta(days=day)
        assert moment(at, language=language, zone="UTC") == format_datetime(at, form, locale=locale)


def test_a_moment_is_that_of_the_zone_s_wall_clock() -> None:
    assert rendered(NOW + timedelta(hours=20), zone="Asia/Shanghai") == "Tue 13:00"


def test_a_date_is_no_moment() -> None:
    assert rendered(date(2027, 6, 1)) == "Tue 1 Jun 2027"


def test_without_now_a_moment_has_its_year() -> None:
    sentence = text("{at}", at=NOW)
    assert render(sentence, language="en", zone="UTC", translate=str) == "Mon 30 Nov 2026 09:00"


def test_a_sentence_inside_a_sentence_is_translated_too() -> None:
    german = {"{do} by {limit}": "{do} bis {limit}", "Answer the customer": "Dem Kunden antworten"}
    sentence = text("{do} by {limit}", do=text("Answer the customer"), limit=NOW)
    shown = render(sentence, language="de", zone="UTC", translate=lambda template: german[template], now=NOW)
    assert shown == "Dem Kunden antworten bis Mo. 09:00"


def test_a_member_is_shown_by_its_value() -> None:
    assert render(text("{it}", it=Colour.RED), language="en", zone="UTC", translate=str) == "red"
