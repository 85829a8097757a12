"""An engine on every backend, and clients of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.limits import Limits
from fhir_server.core.tokens import PageTokens
from fhir_server.definitions.registry import Registry
from fhir_server.extension import Engine, Software
from fhir_server.operations.table import OPERATIONS
from fhir_server.search.extract import Extractor
from fhir_server.store.backends import open_store
from fhir_server.store.clock import wall_clock
from fhir_server.store.port import Store
from fhir_server.validation.checks.table import CHECKS
from fhir_server.validation.invariants.paths import CompiledPaths
from fhir_server.validation.validator import Validator
from tests.interactions.client import ZONE, Client, ClientFactory
from tests.mongo.databases import emptied_store


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.r4()


@pytest.fixture(scope="session")
def validator(registry: Registry) -> Validator:
    return Validator(registry, CompiledPaths(registry), Terminology(registry), CHECKS)


@pytest.fixture(scope="session")
def extractor(registry: Registry) -> Extractor:
    return Extractor(registry, ZONE, fhirpath=CompiledPaths(registry))


@pytest.fixture(params=["memory", "sqlite", "mongodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "mongodb":
        opened: Store = emptied_store()
    else:
        opened = open_store(
            "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'fhir.sqlite'}"
        )
    yield opened
    opened.close()


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
            "codes": Terminology(registry),
            "paths": CompiledPaths(registry),
            "tokens": PageTokens(store.secret),
            "zone": ZONE,
            "software": Software("test", "0", 0),
            "now": wall_clock,
            "new_id": lambda: str(uuid4()),
            "limits": Limits(),
            "operations": OPERATIONS,
        }
        return Client(Engine(**(parts | settings)))

    return make


@pytest.fixture
def client(client_with: ClientFactory) -> Client:
    return client_with()
