"""A sentence as a person reads it: translated, its moments on the wall clock of the pack's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_day_names, get_month_names

from plugin.model.words import Text

_SOON = timedelta(days=6)
"""Within it, and ahead, the name of the weekday is enough."""


@dataclass(frozen=True, slots=True)
class _Forms:
    """A date soon, this year and another year; the locale of CLDR has the names of weekdays and months."""

    locale: str
    soon: str
    this_year: str
    any_year: str


_FORMS = {
    "en": _Forms("en_GB", "{weekday}", "{weekday} {on.day} {month}", "{weekday} {on.day} {month} {on.year}"),
    "de": _Forms("de", "{weekday}", "{weekday} {on.day}. {month}", "{weekday} {on.day}. {month} {on.year}"),
    "zh-CN": _Forms(
        "zh_Hans_CN", "{weekday}", "{on.month}月{on.day}日 {weekday}", "{on.year}年{on.month}月{on.day}日 {weekday}"
    ),
}
_Names = Mapping[int, str]


def render(
    text: Text, *, language: str, zone: str, translate: Callable[[str], str], now: datetime | None = None
) -> str:
    """The sentence in ``language`` (en, de, zh-CN), plain text that is not escaped for HTML.

    Moments less than six days ahead of ``now`` read "Thu 14:30", others "Thu 3 Dec 14:30", with the year where it is
    not that of ``now`` or no ``now`` is given. Nested sentences are rendered alike.
    """

    def shown(value: Any) -> Any:
        if isinstance(value, Text):
            return render(value, language=language, zone=zone, translate=translate, now=now)
        if isinstance(value, datetime):
            return moment(value, language=language, zone=zone, now=now)
        if isinstance(value, date):
            return _written(value, _FORMS[language].any_year, language)
        return value.value if isinstance(value, Enum) else value

    return translate(text.template).format_map({name: shown(value) for name, value in text.values.items()})


def moment(at: datetime, *, language: str, zone: str, now: datetime | None = None) -> str:
    """A moment on the zone's wall clock, as short as ``now`` allows."""
    place = ZoneInfo(zone)
    here, forms = at.astimezone(place), _FORMS[language]
    if now is None:
        form = forms.any_year
    elif now <= at < now + _SOON:
        form = forms.soon
    else:
        form = forms.this_year if here.year == now.astimezone(place).year else forms.any_year
    return f"{_written(here, form, language)} {here.hour:02}:{here.minute:02}"


def _written(on: date, form: str, language: str) -> str:
    weekdays, months = _names(language)
    return form.format(on=on, weekday=weekdays[on.weekday()], month=months[on.month])


@cache
def _names(language: str) -> tuple[_Names, _Names]:
    """Short names of the weekdays from 0 and of the months from 1."""
    locale = Locale.parse(_FORMS[language].locale)
    return get_day_names("abbreviated", locale=locale), get_month_names("abbreviated", locale=locale)
