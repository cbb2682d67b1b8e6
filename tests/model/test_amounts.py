"""Amounts of money are found as people write them, in three languages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from plugin.model.amounts import Amount, amounts


@pytest.mark.parametrize(
    ("written", "value", "currency"),
    [
        pytest.param("I lost $1,200.50 by it", "1200.50", "USD", id="a sign before it"),
        pytest.param("ein Schaden von 1.234,50 €", "1234.50", "EUR", id="a sign behind it"),
        pytest.param("CHF 3'000", "3000", "CHF", id="grouped by apostrophes"),
        pytest.param("损失5万元", "50000", "CNY", id="in myriads"),
        pytest.param("損失NT$160,000。", "160000", "TWD", id="a sign right behind a Chinese word"),
        pytest.param("共计¥800", "800", "CNY", id="a yen sign right behind a Chinese word"),
    ],
)
def test_an_amount_is_found(written: str, value: str, currency: str) -> None:
    assert amounts(written) == (Amount(Decimal(value), currency),)


@pytest.mark.parametrize("written", ["order 5000", "model X$5000", "5000 bicycles"])
def test_a_number_without_a_currency_is_no_amount(written: str) -> None:
    assert amounts(written) == ()
