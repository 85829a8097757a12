"""Invariants that R4 words better than it writes them."""

from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.validation.validator import Validator


@pytest.fixture(scope="module")
def validator(registry: Registry) -> Validator:
    return Validator(registry, FhirPath(), Terminology(registry))


@pytest.mark.parametrize(
    ("repeat", "broken"),
    [
        ({"offset": 30, "when": ["AC"]}, []),
        ({"offset": 30, "when": ["ACM", "PC"]}, []),
        ({"when": ["C", "AC"]}, []),
        ({"offset": 30}, ["tim-9"]),
        ({"offset": 30, "when": ["CM"]}, ["tim-9"]),
        ({"offset": 30, "when": ["AC", "CV"]}, ["tim-9"]),
    ],
)
def test_an_offset_is_from_any_moments_but_meals(
    validator: Validator, repeat: dict[str, Any], broken: list[str]
) -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Glycémie"},
        "effectiveTiming": {"repeat": repeat},
    }
    assert [issue.key for issue in validator.errors(observation)] == broken


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("Form.answer.value[x]", []),
        ("Form.given-name", ["eld-20"]),
        ("Form.given name", ["eld-19", "eld-20"]),
        ("Form.answer,value", ["eld-19", "eld-20"]),
        ("Form.", ["eld-19", "eld-20"]),
        (f"Form.{'a' * 65}", ["eld-19"]),
    ],
)
def test_the_whole_path_of_an_element_is_made_of_names(
    validator: Validator, path: str, broken: list[str]
) -> None:
    definition = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/Form",
        "name": "Form",
        "status": "draft",
        "kind": "logical",
        "abstract": False,
        "type": "http://example.org/StructureDefinition/Form",
        "differential": {"element": [{"id": path, "path": path}]},
    }
    keys = [issue.key for issue in validator.conformance(definition)]
    assert [key for key in keys if key and key.startswith("eld-")] == broken
