"""The tariff is dated data with its source."""

from datetime import date
from decimal import Decimal

import pytest

from fhir_server.core import json
from mappings.sesame.tariff import Price, price_on, read_tariff


@pytest.mark.parametrize(("forfait", "text"), [("classique", b"608.00"), ("leger", b"245.00")])
def test_the_two_prices_of_the_2023_opinion(forfait: str, text: bytes) -> None:
    price = price_on(read_tariff(), forfait, date(2025, 1, 13))
    assert json.serialise(price.amount) == text
    assert price.currency == "EUR"
    assert "15 juin 2023" in price.source


def test_no_price_before_the_first_day() -> None:
    with pytest.raises(LookupError, match="no tariff for the forfait 'classique' on 2023-08-31"):
        price_on(read_tariff(), "classique", date(2023, 8, 31))


def test_the_price_is_that_of_the_day() -> None:
    first, last = date(2024, 12, 31), date(2025, 1, 1)
    old = Price("classique", 600, "EUR", date(2024, 1, 1), first, "")
    new = Price("classique", 610, "EUR", last, None, "")
    assert price_on((new, old), "classique", first) is old
    assert price_on((new, old), "classique", last) is new


@pytest.mark.parametrize(
    ("forfait", "sequences", "total"), [("classique", 4152, 2524416), ("leger", 378, 92610)]
)
def test_prices_give_the_totals_of_the_forecast(forfait: str, sequences: int, total: int) -> None:
    price = price_on(read_tariff(), forfait, date(2024, 1, 1))
    assert json.decimal(price.amount) * sequences == Decimal(total)
