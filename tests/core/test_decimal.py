"""Decimals: the range that the precision implies, and keys that sort as numbers do."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.decimal import (
    HIGHEST_KEY,
    LOWEST_KEY,
    approximate_range,
    implicit_range,
    key_above,
    key_below,
    parse_decimal,
    sort_key,
)

DECIMALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.integers(min_value=-(10**40), max_value=10**40).map(Decimal),
    st.builds(
        lambda digits, exponent: Decimal(f"{digits}e{exponent}"),
        st.integers(min_value=-(10**12), max_value=10**12),
        st.integers(min_value=-1200, max_value=1200),
    ),
)


@given(DECIMALS, DECIMALS)
def test_keys_sort_as_the_numbers_do(one: Decimal, other: Decimal) -> None:
    assert (sort_key(one) < sort_key(other)) == (one < other)
    assert (sort_key(one) == sort_key(other)) == (one == other)


@given(DECIMALS)
def test_keys_are_ascii_and_lie_between_the_open_ends(value: Decimal) -> None:
    key = sort_key(value)
    assert key.isascii()
    assert LOWEST_KEY < key < HIGHEST_KEY


@given(st.integers(min_value=-(10**9), max_value=10**9), st.integers(min_value=0, max_value=9))
def test_neighbours_sort_as_they_should(value: int, places: int) -> None:
    step = Decimal(1).scaleb(-places)
    exact = Decimal(value).scaleb(-places)
    assert sort_key(exact - step) < sort_key(exact) < sort_key(exact + step)


@given(DECIMALS, DECIMALS)
def test_what_lies_beside_a_number_is_nearer_than_any_other(one: Decimal, other: Decimal) -> None:
    assert key_below(sort_key(one)) < sort_key(one) < key_above(sort_key(one))
    if one < other:
        assert key_above(sort_key(one)) < key_below(sort_key(other))


@pytest.mark.parametrize("number", ["0", "1", "10", "5.4", "-1", "-5.4", "9.99", "-0.1", "1e-30"])
def test_what_lies_beside_a_number_is_nearer_than_its_neighbours(number: str) -> None:
    key, step = sort_key(Decimal(number)), Decimal("1e-60")
    with localcontext(prec=100):
        less, more = sort_key(Decimal(number) - step), sort_key(Decimal(number) + step)
    assert less < key_below(key) < key < key_above(key) < more


def test_equal_numbers_have_one_key_however_they_are_written() -> None:
    assert len({sort_key(Decimal(text)) for text in ("608", "608.0", "6.08e2", "0608", "60800e-2")}) == 1
    assert sort_key(Decimal("0")) == sort_key(Decimal("-0.00"))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("1e2", "95", "105"),
        ("1.00e2", "99.5", "100.5"),
        ("2.0", "1.95", "2.05"),
        ("5.4", "5.35", "5.45"),
        ("5.40e-3", "0.005395", "0.005405"),
        ("-3", "-3.5", "-2.5"),
        ("0", "-0.5", "0.5"),
        ("1.0e-9999999", "9.5e-10000000", "1.05e-9999999"),
        ("123456789012345678901234567890.1", "123456789012345678901234567890.05",
         "123456789012345678901234567890.15"),
    ],
)  # fmt: skip
def test_the_digits_written_give_the_range(text: str, low: str, high: str) -> None:
    assert implicit_range(text) == (Decimal(low), Decimal(high))


@given(st.integers(min_value=-(10**40), max_value=10**40), st.integers(min_value=0, max_value=40))
def test_the_range_is_exact_and_half_a_unit_to_either_side(digits: int, places: int) -> None:
    sign = "-" if digits < 0 else ""
    text = str(abs(digits)).rjust(places + 1, "0")
    written = f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"
    value, half = Fraction(digits, 10**places), Fraction(1, 2 * 10**places)
    low, high = implicit_range(written)
    assert (Fraction(low), Fraction(high)) == (value - half, value + half)


@pytest.mark.parametrize(
    "text", ["", "abc", "1.", ".5", "1e", "NaN", "Infinity", "1_000", "0x1", "1 0", "１"]
)
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_decimal(text)


def test_an_exponent_past_all_bounds_is_refused() -> None:
    with pytest.raises(ValueError):
        implicit_range("1e99999999999999999999")


def test_ap_reaches_ten_percent_to_either_side() -> None:
    assert approximate_range(Decimal("100")) == (Decimal("90"), Decimal("110"))
    assert approximate_range(Decimal("-100")) == (Decimal("-110"), Decimal("-90"))
    assert approximate_range(Decimal("0")) == (Decimal(0), Decimal(0))
    assert approximate_range(Decimal("-1e9999999")) == (Decimal("-11e9999998"), Decimal("-9e9999998"))


def test_at_the_end_of_all_numbers_there_are_no_ranges() -> None:
    with pytest.raises(ValueError, match="E"):
        approximate_range(Decimal("9.99e999999999999999999"))
    with pytest.raises(ValueError, match="e-"):
        implicit_range("1e-1999999999999999997")
