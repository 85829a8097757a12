"""Pages of a search: together they are the whole list, and writes in between do not disturb them.

https://hl7.org/fhir/R4/search.html#count
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from msgspec import structs

from fhir_server.definitions.registry import Registry
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Store
from tests.search.oracle.questions.queries import Plan, cases
from tests.search.oracle.questions.servers import BACKENDS, Server, oracle
from tests.search.oracle.questions.universes import LAST_UPDATED
from tests.search.oracle.search import reference_to

PLAN = Plan(("string", "token", "quantity"), ("Patient", "Observation", "Questionnaire"))

Resource = dict[str, Any]


def walk(store: Store, query: SearchQuery, between: Callable[[], None] = lambda: None) -> list[str]:
    """The references on all pages; `between` is called before each that follows the first."""
    found = []
    result = store.search(query)
    while True:
        assert len(result.matches) <= query.count
        found += [match.reference for match in result.matches]
        if result.next is None:
            return found
        assert len(result.matches) == query.count
        between()
        result = store.search(structs.replace(query, page=Page(result.snapshot, result.next)))


def everything(store: Store, query: SearchQuery) -> list[str]:
    """The references on one page that is large enough."""
    result = store.search(structs.replace(query, count=1_000))
    assert result.next is None
    return [match.reference for match in result.matches]


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, sorted=True)], ids=["unsorted", "sorted"])
@given(data=st.data())
def test_the_pages_are_the_whole_list(
    registry: Registry, extractor: Extractor, stores_folder: Path, plan: Plan, data: st.DataObject
) -> None:
    case = data.draw(cases(plan, registry.search_parameters, partial(oracle, registry), size=4))
    count = data.draw(st.integers(1, 3))
    with Server.open(registry, extractor, stores_folder) as server:
        server.put(*case.universe)
        for types, query in case.searches:
            note(f"{','.join(types)}?{query}")
            understood = server.query(types, f"{query}&_count={count}&_total=none")
            counting = server.query(types, f"{query}&_count=0")
            for name, store in server.stores.items():
                assert store.search(understood).total is None
                whole, counted = everything(store, understood), store.search(counting)
                assert walk(store, understood) == whole, name
                assert (counted.matches, counted.total, counted.next) == ((), len(whole), None), name


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, sorted=True)], ids=["unsorted", "sorted"])
@given(data=st.data())
def test_writes_in_between_disturb_no_page(
    registry: Registry, extractor: Extractor, stores_folder: Path, plan: Plan, data: st.DataObject
) -> None:
    """What was there comes exactly once, and at its place unless it is sorted by the time of its change; what
    is updated here differs in nothing else that is searched. What is new does not come.
    """
    case = data.draw(cases(plan, registry.search_parameters, partial(oracle, registry), size=1))
    ((types, query),) = case.searches
    changed = data.draw(st.lists(st.sampled_from(case.universe), min_size=8, max_size=8))
    moved = set(map(reference_to, changed)) if "_lastUpdated" in query else set()
    for name, backend in BACKENDS.items():
        with Server.open(registry, extractor, stores_folder, {name: backend}) as server:
            server.put(*case.universe)
            store, understood = server.stores[name], server.query(types, f"{query}&_count=1")
            expected = everything(store, understood)
            found = walk(store, understood, partial(write_two, server, written_meanwhile(changed)))
        assert [id for id in found if id not in moved] == [id for id in expected if id not in moved], name


def written_meanwhile(changed: list[Resource]) -> Iterator[Resource]:
    """In turn a resource that was there, changed, and a new one like it."""
    for number, resource in enumerate(changed):
        meta = {**resource["meta"], "lastUpdated": LAST_UPDATED[-1]}
        yield {**resource, "meta": meta, "implicitRules": f"urn:x:{number}"}
        yield {**resource, "meta": meta, "id": f"new-{number}"}


def write_two(server: Server, writes: Iterator[Resource]) -> None:
    server.put(next(writes), next(writes))


@pytest.fixture(scope="module")
def stores_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")
