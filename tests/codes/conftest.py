"""A small world of codes: systems with a hierarchy, properties and designations, and value sets over them."""

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
    """Makes the terminology of R4 with further resources."""

    def make(*resources: dict[str, Any], **settings: Any) -> Terminology:
        return Terminology(r4.with_guides(resources), **settings)

    return make


@pytest.fixture(scope="session")
def terminology(over: TerminologyFactory) -> Terminology:
    return over(*RESOURCES)
