"""Random queries on random resources: MongoDB finds what the reference finds, with indexes and without."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.search.ast import Clause, SearchQuery, Sort
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from tests.mongo.databases import new_store
from tests.store import samples
from tests.store.test_queries import Resources, fill, found


@pytest.fixture(scope="module", params=[1, 1_000], ids=["walked", "listed"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[Store, ...]]:
    """With indexes and without. What chains lead to is listed where it is little, so it is told how much that
    may be.
    """
    others = (new_store(indexes, clock=lambda: 0) for indexes in (False, True))
    opened = MemoryStore(lambda: 0), *others
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_server.store.mongo.hops.LISTED_MAX", request.param)
        yield opened
    for store in opened:
        store.close()


@settings(max_examples=12)
@given(
    resources=st.dictionaries(
        st.tuples(st.sampled_from(samples.TYPES), st.sampled_from(samples.IDS)), samples.entries(), min_size=2
    ),
    searches=st.lists(
        st.tuples(samples.type_lists(), st.lists(samples.clauses(), min_size=1, max_size=3), samples.sorts()),
        min_size=12,
        max_size=12,
    ),
)
def test_backends_agree(
    stores: tuple[Store, ...],
    resources: Resources,
    searches: list[tuple[tuple[str, ...], list[Clause], tuple[Sort, ...]]],
) -> None:
    for store in stores:
        fill(store, resources)
    reference, *others = stores
    for types, where, sort in searches:
        query = SearchQuery(types, tuple(where), sort, count=4)
        expected = found(reference.search(query))
        for store in others:
            assert found(store.search(query)) == expected
