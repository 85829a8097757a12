"""Fixtures: the terminology service for R4 with sample code systems and value sets."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.definitions.registry import Registry
from tests.codes.sample_terminology import RESOURCES

TerminologyFactory = Callable[..., Terminology]


@pytest.fixture(scope="session")
def r4() -> Registry:
    return Registry.r4()


@pytest.fixture(scope="session")
def over(r4: Registry) -> TerminologyFactory:
    """Makes a terminology service for R4 with additional resources."""

    def make(*resources: dict[str, Any], **settings: Any) -> Terminology:
        return Terminology(r4.with_guides(resources), **settings)

    return make


@pytest.fixture(scope="session")
def terminology(over: TerminologyFactory) -> Terminology:
    return over(*RESOURCES)
