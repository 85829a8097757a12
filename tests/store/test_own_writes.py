"""A unit of work sees what it has written, and its look-ups by an identifier find what any search finds."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from fhir_server.search.ast import Include, Match, SearchQuery, Sort, TokenValue
from fhir_server.store.port import HistoryQuery, SearchResult, Store, TypeIndex, UnitOfWork
from tests.store.samples import identified, person, put, referring

LOOK_UP = SearchQuery(("Patient",), (identified("1"),), count=3, total="none")
IN_TWO_TYPES = structs.replace(LOOK_UP, types=("Patient", "Basic"))
IN_ALL_TYPES = structs.replace(LOOK_UP, types=())
ANY_SYSTEM = Match("identifier", "token", (TokenValue(None, "1"),))
BACKWARDS = Include("Observation", "subject", reverse=True)
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


@pytest.mark.parametrize("count", [11, 12, 13, 14])
def test_many_with_the_same_identifier_are_all_found(store: Store, count: int) -> None:
    query = structs.replace(LOOK_UP, count=count)
    with store.group():
        for number in range(12):
            put(store, person(f"p{number}"))

    def work(unit: UnitOfWork) -> list[SearchResult]:
        found = [unit.search(query)]
        unit.put(*person("late"), "PUT")
        return [*found, unit.search(query)]

    before = store.search(query)
    assert [told(found) for found in store.transact(work)] == [told(before), told(store.search(query))]


def written(unit: UnitOfWork) -> None:
    """Changes something of every kind."""
    unit.put(*person("a", family="Durand"), "PUT")
    unit.put(*referring("o", "Patient/a"), "PUT")
    unit.delete("Patient", "b")
    unit.put_document("name", b"new")
    unit.define_indexes([TypeIndex("Basic", {"code": "1"})])


@pytest.mark.parametrize(
    "ask",
    [
        lambda unit: unit.read("Patient", "a"),
        lambda unit: unit.read("Patient", "b"),
        lambda unit: unit.read_version("Patient", "a", 1),
        lambda unit: unit.read_version("Patient", "a", 2),
        lambda unit: unit.history(HistoryQuery("Patient")),
        lambda unit: unit.search(LOOK_UP).matches,
        lambda unit: unit.search(SearchQuery(())).matches,
        lambda unit: unit.included([unit.read("Patient", "a")], BACKWARDS, 10),
        lambda unit: unit.document("name"),
        lambda unit: unit.documents(""),
        lambda unit: unit.indexes(),
    ],
)
@pytest.mark.parametrize("prefetched", [False, True])
def test_whatever_a_unit_asks_it_sees_what_it_has_written(
    store: Store, ask: Callable[[Any], object], prefetched: bool
) -> None:
    put(store, person("a"))
    put(store, person("b"))

    def work(unit: UnitOfWork) -> object:
        if prefetched:
            unit.prefetch([("Patient", "a"), ("Patient", "nobody")])
        written(unit)
        if prefetched:
            unit.prefetch([("Patient", "a"), ("Patient", "b"), ("Observation", "o")])
        return ask(unit)

    answer = store.transact(work)
    assert answer == store.transact(ask)
    assert store.check() == []
