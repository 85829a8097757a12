"""A parsed search is cached, unless it is long or depends on the time."""

import pytest

from fhir_server.search.ast import SearchQuery
from fhir_server.search.cache import ENTRIES_MAX, VALUES_LENGTH_MAX, SearchCache, SearchKey
from fhir_server.search.parse import ParsedSearch


def key(value: str, lenient: bool = False) -> SearchKey:
    return SearchKey(("Patient",), (("name", value),), "http://a/fhir", lenient)


class Counting:
    """Parses every search, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> ParsedSearch:
        self.times += 1
        return ParsedSearch(SearchQuery(("Patient",), count=self.times))


def test_a_repeated_search_is_parsed_once() -> None:
    cache, parse = SearchCache(), Counting()
    first = cache.get_or_parse(key("x"), parse)
    assert cache.get_or_parse(key("x"), parse) is first
    assert cache.get_or_parse(key("y"), parse) is not first
    assert cache.get_or_parse(key("x", lenient=True), parse) is not first
    assert parse.times == 3


@pytest.mark.parametrize("value", ["ap2020-01-01", "2020,ap2021", "x" * (VALUES_LENGTH_MAX + 1)])
def test_what_depends_on_the_time_or_is_long_is_not_cached(value: str) -> None:
    cache, parse = SearchCache(), Counting()
    for _ in range(2):
        cache.get_or_parse(key(value), parse)
    assert parse.times == 2


def test_the_cache_is_bounded() -> None:
    cache, parse = SearchCache(), Counting()
    for number in range(ENTRIES_MAX + 1):
        cache.get_or_parse(key(str(number)), parse)
    cache.get_or_parse(key("0"), parse)
    assert parse.times == ENTRIES_MAX + 2
