"""Look-ups by an identifier in a unit of work: they see what it wrote, and find what any search finds."""

import dataclasses

import pytest
from msgspec import structs

from fhir_server.search.ast import Match, SearchQuery, Sort, TokenValue
from fhir_server.store.port import SearchResult, Store, UnitOfWork
from tests.store.samples import identified, person, put

LOOK_UP = SearchQuery(("Patient",), (identified("1"),), count=3, total="none")
IN_TWO_TYPES = structs.replace(LOOK_UP, types=("Patient", "Basic"))
IN_ALL_TYPES = structs.replace(LOOK_UP, types=())
ANY_SYSTEM = Match("identifier", "token", (TokenValue(None, "1"),))
ONE_OF_TWO = Match("identifier", "token", (TokenValue("urn:mrn", "1"), TokenValue("urn:mrn", "2")))


def told(result: SearchResult) -> tuple[list[str], int | None, object]:
    return [one.reference for one in result.matches], result.total, result.next


@pytest.mark.parametrize(
    "query",
    [
        LOOK_UP,
        *(structs.replace(LOOK_UP, count=count) for count in (0, 1, 2, 4)),
        structs.replace(LOOK_UP, total="accurate"),
        IN_TWO_TYPES,
        IN_ALL_TYPES,
        structs.replace(LOOK_UP, sort=(Sort("_id", "token", True),)),
        structs.replace(LOOK_UP, visibility=identified("2")),
        structs.replace(LOOK_UP, where=(ANY_SYSTEM,)),
        structs.replace(LOOK_UP, where=(ONE_OF_TWO,)),
        structs.replace(LOOK_UP, where=(dataclasses.replace(identified("1"), modifier="not"),)),
        structs.replace(LOOK_UP, where=(dataclasses.replace(identified("1"), only=("Basic",)),)),
        structs.replace(LOOK_UP, where=(identified("1"), ANY_SYSTEM)),
        structs.replace(LOOK_UP, where=()),
    ],
)
def test_a_unit_finds_what_is_found_after_it(store: Store, query: SearchQuery) -> None:
    put(store, person("gone", code="1"))
    put(store, person("other", code="2"))
    put(store, person("b", code="1"))
    put(store, person("changed", code="1"))

    def work(unit: UnitOfWork) -> list[SearchResult]:
        found = [unit.search(query)]
        unit.prefetch_searches([query])
        unit.delete("Patient", "gone")
        unit.put(*person("changed", code="2"), "PUT")
        unit.put(*person("a", code="1"), "PUT")
        unit.put(*person("b", code="1", type="Basic"), "PUT")
        unit.put(*person("c", code="1"), "PUT")
        return [*found, unit.search(query)]

    before = store.search(query)
    first, second = store.transact(work)
    assert told(first) == told(before)
    assert told(second) == told(store.search(query))
