"""An engine on every backend, and clients of it."""

from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Store
from fhir_server.validation.checks.builtin_checks import CHECKS
from fhir_server.validation.fhirpath.engine import CompiledFhirPath
from fhir_server.validation.validator import Validator
from tests.interactions.client import ZONE, Client, ClientFactory, engine_over
from tests.store.conftest import store

__all__ = ["client", "client_with", "extractor", "registry", "store", "validator"]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.r4()


@pytest.fixture(scope="session")
def validator(registry: Registry) -> Validator:
    return Validator(registry, CompiledFhirPath(registry), Terminology(registry), CHECKS)


@pytest.fixture(scope="session")
def extractor(registry: Registry) -> Extractor:
    return Extractor(registry, ZONE, fhirpath=CompiledFhirPath(registry))


@pytest.fixture
def client_with(
    store: Store, registry: Registry, validator: Validator, extractor: Extractor
) -> ClientFactory:
    """Makes clients of engines with other settings, plug-ins among them, on the same store."""

    def make(**settings: Any) -> Client:
        parts: dict[str, Any] = {
            "store": store,
            "registry": registry,
            "validator": validator,
            "extractor": extractor,
        }
        return Client(engine_over(**(parts | settings)))

    return make


@pytest.fixture
def client(client_with: ClientFactory) -> Client:
    return client_with()
