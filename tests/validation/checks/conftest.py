"""What the checks run with."""

import pytest

from fhir_server.definitions.registry import Registry
from tests.validation.checks.runner import Runner


@pytest.fixture(scope="session")
def r4() -> Registry:
    return Registry.r4()


@pytest.fixture
def run(r4: Registry) -> Runner:
    return Runner(r4)
