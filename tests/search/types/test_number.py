"""Prefixes on numbers and ranges, against exact arithmetic."""

from decimal import Decimal
from fractions import Fraction
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.decimal import sort_key
from fhir_server.search.ast import Prefix
from fhir_server.search.entries import NumberEntry
from fhir_server.search.types.number import matches, parse_number

TENTHS = st.integers(-30, 30).map(lambda tenths: Decimal(tenths) / 10)
PREFIXES = st.sampled_from(get_args(Prefix))


def expected(prefix: Prefix, low: Fraction, high: Fraction, written: str) -> bool:
    """R4's rules: eq and ne look at the value's implicit range, the others at the value itself."""
    value = Fraction(written)
    places = len(written.partition(".")[2])
    half = Fraction(1, 2 * 10**places)
    within = value - half <= low and high < value + half
    tenth = abs(value) / 10
    return {
        "eq": within,
        "ne": not within,
        "gt": high > value,
        "lt": low < value,
        "ge": high >= value,
        "le": low <= value,
        "sa": low > value,
        "eb": high < value,
        "ap": low <= value + tenth and high >= value - tenth,
    }[prefix]


@given(PREFIXES, TENTHS, TENTHS, TENTHS)
def test_prefixes_compare_as_the_numbers_do(
    prefix: Prefix, one: Decimal, other: Decimal, value: Decimal
) -> None:
    low, high = sorted((one, other))
    for upper in (low, high):
        entry = NumberEntry("n", sort_key(low), sort_key(upper))
        found = matches(entry, parse_number(f"{prefix}{value}"), None)
        assert found == expected(prefix, Fraction(low), Fraction(upper), str(value))
