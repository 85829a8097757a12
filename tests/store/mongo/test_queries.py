"""Random queries on random resources: MongoDB agrees with the reference, with indexes and without."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from fhir_server.store.port import Store
from tests.mongo.databases import new_store
from tests.store.test_queries import (
    RESOURCES,
    SEARCHES,
    Limits,
    Resources,
    Searches,
    assert_agree,
    reference,
)

__all__ = ["reference"]


@pytest.fixture(scope="module")
def stores() -> Iterator[list[tuple[Store, Limits]]]:
    """With indexes and without. What chains lead to is listed where it is little, so each store is asked
    twice: where one resource is much already, and where all are little.
    """
    opened = [new_store(indexes, clock=lambda: 0) for indexes in (False, True)]
    yield [
        (store, {"fhir_server.store.mongo.reference_resolver.LISTED_MAX": little})
        for store in opened
        for little in (1, 1_000)
    ]
    for store in opened:
        store.close()


@settings(max_examples=12)
@given(resources=RESOURCES, searches=SEARCHES)
def test_backends_agree_on_random_searches(
    reference: Store, stores: list[tuple[Store, Limits]], resources: Resources, searches: Searches
) -> None:
    assert_agree(reference, stores, resources, searches)
