"""The definitions and an extractor, built once for the search tests."""

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from tests.search.universe import BASE_URL, PARIS


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.r4()


@pytest.fixture(scope="session")
def extractor(registry: Registry) -> Extractor:
    return Extractor(registry, PARIS, BASE_URL)
