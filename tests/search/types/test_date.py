"""What instants cover, and prefixes on dates, against sets of moments."""

from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.ast import DateValue, Prefix
from fhir_server.search.entries import DateEntry, Entries
from fhir_server.search.types.context import Indexing, Target
from fhir_server.search.types.date import indexer, matches

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


@pytest.mark.parametrize(("type", "microseconds"), [("dateTime", 1_000_000), ("instant", 1)])
def test_an_instant_is_a_point_where_a_date_time_covers_its_second(type: str, microseconds: int) -> None:
    entries = Entries()
    index = indexer(Target("date", type), Indexing(ZoneInfo("UTC")))
    assert index is not None
    index("1970-01-01T00:00:01Z", entries)
    assert entries.dates == [DateEntry("date", 1_000_000, 1_000_000 + microseconds)]
