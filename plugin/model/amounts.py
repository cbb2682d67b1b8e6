"""Amounts of money, as people write them: ``1.234,50 €``, ``$1,200``, ``5万元``, ``CHF 3'000``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import re2

_SIGNS: Mapping[str, tuple[str, ...]] = {
    "EUR": ("€", "EUR", "Euro", "Euros", "欧元", "歐元"),
    "USD": ("US$", "$", "USD", "dollar", "dollars", "美元"),
    "GBP": ("£", "GBP", "pound", "pounds", "英镑", "英鎊"),
    "CHF": ("CHF", "Franken", "Fr."),
    "CNY": ("¥", "¥", "CNY", "RMB", "元", "块", "人民币", "人民幣"),
    "TWD": ("NT$", "TWD", "新台币", "新台幣", "台币", "台幣"),
    "HKD": ("HK$", "HKD", "港币", "港幣", "港元"),
}
_CURRENCY = {sign.casefold(): name for name, signs in _SIGNS.items() for sign in signs}
_SIGN = "|".join(re2.escape(sign) for sign in sorted(_CURRENCY, key=lambda sign: -len(sign)))
_NUMBER = r"\d{1,3}(?:[.,'’ \x{a0}]\d{3})+(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?"
_AMOUNT = re2.compile(
    rf"(?i)(?:(?:^|[^\pL\pN]|\p{{Han}})(?P<before>{_SIGN})\s?(?P<first>{_NUMBER})"
    rf"|(?P<number>{_NUMBER})\s?(?P<myriad>[万萬])?\s?(?P<after>{_SIGN}))"
)
_GROUPING = re2.compile(r"[.,'’ \x{a0}](\d{3})")
_FIGURE = re.compile("[0-9]")
_MYRIAD = 10_000
ALLOWED = f"an amount such as 5000 EUR ({', '.join(_SIGNS)})"


@dataclass(frozen=True, slots=True, order=True)
class Amount:
    """So much of one currency."""

    value: Decimal
    currency: str

    @classmethod
    def parse(cls, written: str) -> Amount:
        """Exactly one amount. Raises ValueError saying what is allowed."""
        found = tuple(amounts(written))
        if len(found) != 1:
            raise ValueError(f"found {written}, allowed {ALLOWED}")
        return found[0]

    def __str__(self) -> str:
        return f"{self.value} {self.currency}"


def amounts(text: str) -> tuple[Amount, ...]:
    """Every amount whose currency is named beside it, in the order they stand there."""
    return tuple(_amounts(text)) if _FIGURE.search(text) else ()


def _amounts(text: str) -> Iterator[Amount]:
    for found in _AMOUNT.finditer(text):
        sign, number = found["before"] or found["after"], found["first"] or found["number"]
        value = _value(number) * (_MYRIAD if found["myriad"] else 1)
        yield Amount(value, _CURRENCY[sign.casefold()])


def _value(number: str) -> Decimal:
    """A mark before three figures groups them, one before fewer begins the decimals."""
    whole = _GROUPING.sub(r"\1", number)
    return Decimal(whole.replace(",", "."))
