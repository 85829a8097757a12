"""One validator for all tests here, and the official examples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_server.core.json import parse
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.structure import StructureValidator

EXAMPLES = Path(__file__).parent.parent / "data" / "hl7-r4"

Example = Callable[[str], dict[str, Any]]
Problems = Callable[[Any], list[tuple[str, ...]]]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.r4()


@pytest.fixture(scope="session")
def validate(registry: Registry) -> Callable[[Any], list[Issue]]:
    return StructureValidator(registry).validate


@pytest.fixture(scope="session")
def problems(validate: Callable[[Any], list[Issue]]) -> Problems:
    """Every problem as its issue code and its place."""
    return lambda resource: [(issue.code, *issue.expression) for issue in validate(resource)]


@pytest.fixture(scope="session")
def example() -> Example:
    """A fresh copy of an official example by the name of its file."""
    return lambda name: parse((EXAMPLES / f"{name}.json").read_bytes())
