"""Prefixes on dates, against sets of moments."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.ast import DateValue, Prefix
from fhir_server.search.entries import DateEntry
from fhir_server.search.types.date import matches

SPANS = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda start: (start[0], start[0] + start[1]))


def expected(prefix: Prefix, entry: set[int], value: set[int]) -> bool:
    """R4's table of prefixes, said of sets of moments."""
    above, below = {m for m in entry if m > max(value)}, {m for m in entry if m < min(value)}
    return {
        "eq": entry <= value,
        "ne": not entry <= value,
        "gt": bool(above),
        "lt": bool(below),
        "ge": bool(above) or entry <= value,
        "le": bool(below) or entry <= value,
        "sa": entry == above,
        "eb": entry == below,
        "ap": bool(entry & value),
    }[prefix]


@given(st.sampled_from(get_args(Prefix)), SPANS, SPANS)
def test_prefixes_compare_as_sets_of_moments_do(
    prefix: Prefix, entry: tuple[int, int], value: tuple[int, int]
) -> None:
    found = matches(DateEntry("date", *entry), DateValue(prefix, *value), None)
    assert found == expected(prefix, set(range(*entry)), set(range(*value)))
