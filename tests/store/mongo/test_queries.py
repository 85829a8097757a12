"""Random queries on random resources: MongoDB agrees with the reference, with indexes and without."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from tests.mongo.databases import new_store
from tests.store.test_queries import RESOURCES, SEARCHES, Resources, Searches, assert_agree


@pytest.fixture(scope="module", params=[1, 1_000], ids=["walked", "listed"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[Store, ...]]:
    """With indexes and without. What chains lead to is listed where it is little, so it is told how much that
    may be.
    """
    others = (new_store(indexes, clock=lambda: 0) for indexes in (False, True))
    opened = MemoryStore(lambda: 0), *others
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_server.store.mongo.reference_resolver.LISTED_MAX", request.param)
        yield opened
    for store in opened:
        store.close()


@settings(max_examples=12)
@given(resources=RESOURCES, searches=SEARCHES)
def test_backends_agree_on_random_searches(
    stores: tuple[Store, ...], resources: Resources, searches: Searches
) -> None:
    assert_agree(stores, resources, searches)
