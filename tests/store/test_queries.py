"""Random queries on random resources: every backend agrees with the reference in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.resource import draft
from fhir_server.search.ast import Clause, SearchQuery, Sort
from fhir_server.search.entries import Entries
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import SearchResult, Store
from fhir_server.store.sqlite import SqliteStore
from tests.store import samples

Resources = dict[tuple[str, str], Entries]
Searches = list[tuple[tuple[str, ...], list[Clause], tuple[Sort, ...]]]


@pytest.fixture(scope="module", params=[1, 256], ids=["many", "few"])
def stores(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, ...]]:
    """The embedded store reads few rows in another way than many, so it is told which these are."""
    folder: Path = tmp_path_factory.mktemp("queries")
    opened = MemoryStore(lambda: 0), SqliteStore(folder / "store.sqlite", lambda: 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_server.store.sqlite.row_sources.FEW", request.param)
        patch.setattr("fhir_server.store.sqlite.search.SORTED_MAX", request.param)
        patch.setattr("fhir_server.store.sqlite.plan.FIRST_ROWS", request.param)
        yield opened
    for store in opened:
        store.close()


def fill(store: Store, resources: Resources) -> None:
    """Leave the store with these resources alone; those of before stay behind as deletions."""

    def write(type: str, id: str) -> None:
        entries = resources.get((type, id))
        if entries is None:
            store.transact(lambda unit: unit.delete(type, id))
        else:
            store.transact(lambda unit: unit.put(draft({"resourceType": type}, id), entries, "PUT"))

    with store.group():
        for type in samples.TYPES:
            for id in samples.IDS:
                write(type, id)


def found(result: SearchResult) -> tuple[list[str], int | None, object]:
    return samples.references(result.matches), result.total, result.next


RESOURCES = st.dictionaries(
    st.tuples(st.sampled_from(samples.TYPES), st.sampled_from(samples.IDS)), samples.entries(), min_size=2
)
SEARCHES = st.lists(
    st.tuples(samples.type_lists(), st.lists(samples.clauses(), min_size=1, max_size=3), samples.sorts()),
    min_size=12,
    max_size=12,
)


def assert_agree(stores: tuple[Store, ...], resources: Resources, searches: Searches) -> None:
    """All find what the first one finds."""
    for store in stores:
        fill(store, resources)
    reference, *others = stores
    for types, where, sort in searches:
        query = SearchQuery(types, tuple(where), sort, count=4)
        expected = found(reference.search(query))
        for store in others:
            assert found(store.search(query)) == expected


@given(resources=RESOURCES, searches=SEARCHES)
def test_backends_agree_on_random_searches(
    stores: tuple[Store, ...], resources: Resources, searches: Searches
) -> None:
    assert_agree(stores, resources, searches)
