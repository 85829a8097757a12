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


Limits = dict[str, int]
"""Where a store begins to read in another way, each by its place: many are few to a test that lowers it."""

LIMITS = ("row_sources.FEW", "search.SORTED_MAX", "plan.FIRST_ROWS")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Store, Limits]]]:
    """One that takes one row for many, and one that takes all that the test writes for few."""
    folder: Path = tmp_path_factory.mktemp("queries")
    opened: list[tuple[Store, Limits]] = [
        (
            SqliteStore(folder / f"{few}.sqlite", lambda: 0),
            {f"fhir_server.store.sqlite.{limit}": few for limit in LIMITS},
        )
        for few in (1, 256)
    ]
    yield opened
    for store, _ in opened:
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


@pytest.fixture(scope="module")
def reference() -> MemoryStore:
    return MemoryStore(lambda: 0)


def assert_agree(
    reference: Store, stores: list[tuple[Store, Limits]], resources: Resources, searches: Searches
) -> None:
    """Every store finds what the reference finds, under its limits."""
    queries = [SearchQuery(types, tuple(where), sort, count=4) for types, where, sort in searches]
    for store in (reference, *dict(stores)):
        fill(store, resources)
    expected = [found(reference.search(query)) for query in queries]
    for store, limits in stores:
        with pytest.MonkeyPatch.context() as patch:
            for place, limit in limits.items():
                patch.setattr(place, limit)
            assert [found(store.search(query)) for query in queries] == expected


@given(resources=RESOURCES, searches=SEARCHES)
def test_backends_agree_on_random_searches(
    reference: Store, stores: list[tuple[Store, Limits]], resources: Resources, searches: Searches
) -> None:
    assert_agree(reference, stores, resources, searches)
