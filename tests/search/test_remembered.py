"""A search that comes again is not understood again, unless time has a part in it."""

import pytest

from fhir_server.search.ast import SearchQuery
from fhir_server.search.parse import ParsedSearch
from fhir_server.search.remembered import QUERY_LENGTH_MAX, SEARCHES_MAX, Asked, RememberedSearches


def asked(value: str, lenient: bool = False) -> Asked:
    return Asked(("Patient",), (("name", value),), "http://a/fhir", lenient)


class Counting:
    """Understands every search, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> ParsedSearch:
        self.times += 1
        return ParsedSearch(SearchQuery(("Patient",), count=self.times))


def test_what_comes_again_is_not_understood_again() -> None:
    remembered, parse = RememberedSearches(), Counting()
    first = remembered.understood(asked("x"), parse)
    assert remembered.understood(asked("x"), parse) is first
    assert remembered.understood(asked("y"), parse) is not first
    assert remembered.understood(asked("x", lenient=True), parse) is not first
    assert parse.times == 3


@pytest.mark.parametrize("value", ["ap2020-01-01", "2020,ap2021", "x" * (QUERY_LENGTH_MAX + 1)])
def test_what_depends_on_the_time_or_is_long_is_not_kept(value: str) -> None:
    remembered, parse = RememberedSearches(), Counting()
    for _ in range(2):
        remembered.understood(asked(value), parse)
    assert parse.times == 2


def test_it_does_not_grow_without_end() -> None:
    remembered, parse = RememberedSearches(), Counting()
    for number in range(SEARCHES_MAX + 1):
        remembered.understood(asked(str(number)), parse)
    remembered.understood(asked("0"), parse)
    assert parse.times == SEARCHES_MAX + 2
