"""A sentence as a person reads it: translated, its moments on the wall clock of the pack's zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

from plugin.model.words import Text

_SOON = timedelta(days=6)
"""Within it, and ahead, the name of the weekday is enough."""


@dataclass(frozen=True, slots=True)
class _Forms:
    """Patterns of CLDR: a moment soon, this year, another year, and a date."""

    soon: str
    this_year: str
    any_year: str
    day: str


_FORMS = {
    "en": _Forms("EEE HH:mm", "EEE d MMM HH:mm", "EEE d MMM y HH:mm", "EEE d MMM y"),
    "de": _Forms("EEE HH:mm", "EEE d. MMM HH:mm", "EEE d. MMM y HH:mm", "EEE d. MMM y"),
    "zh-CN": _Forms("EEE HH:mm", "M月d日 EEE HH:mm", "y年M月d日 EEE HH:mm", "y年M月d日 EEE"),
}


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
            return format_date(value, _FORMS[language].day, locale=_locale(language))
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
    return format_datetime(here, form, locale=_locale(language))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse({"en": "en_GB", "de": "de", "zh-CN": "zh_Hans_CN"}[language])
