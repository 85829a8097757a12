"""Definitions of search parameters as clients and packages bring them, and what stands against them."""

from typing import Any

import pytest

from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.search.parameter_validator import SearchParameterValidator
from fhir_server.search.types.context import Indexing
from tests.search.universe import BASE_URL, PARIS

R4 = "http://hl7.org/fhir/SearchParameter/"
OF_R4 = {
    "resourceType": "SearchParameter",
    "status": "active",
    "url": f"{R4}Patient-active",
    "code": "active",
    "type": "token",
    "base": ["Patient"],
    "expression": "Patient.active",
}
OWN = OF_R4 | {"url": "https://example.org/SearchParameter/own", "code": "own"}


def composite(**second: str) -> dict[str, Any]:
    first = {"definition": f"{R4}individual-given", "expression": "given"}
    components = [first, {"definition": f"{R4}individual-family", "expression": "family"} | second]
    return {"type": "composite", "expression": "Patient.name", "component": components}


def places(registry: Registry, resource: dict[str, Any]) -> list[str]:
    """Where something stands against a definition."""
    problems = SearchParameterValidator(registry, Indexing(PARIS, BASE_URL), FhirPath()).validate(resource)
    return [path.removeprefix("SearchParameter.") for issue in problems for path in issue.expression]


@pytest.mark.parametrize(
    "members", [{}, composite(), {"base": ["Resource"], "expression": "Resource.language"}]
)
def test_a_definition_of_ones_own_is_admitted(registry: Registry, members: dict[str, Any]) -> None:
    assert places(registry, OWN | members) == []


def test_a_parameter_of_r4_may_be_brought_as_it_is(registry: Registry) -> None:
    assert places(registry, OF_R4) == []
    for other in ({"expression": "Patient.deceased"}, {"code": "alive"}, {"base": ["Person"]}):
        assert places(registry, OF_R4 | other) == ["url"]


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"base": ["Patient", "Patien"]}, "base[1]"),
        (composite(expression="nothing"), "component[1].expression"),
        (composite(definition=f"{R4}Observation-code-value-quantity"), "component[1].definition"),
        (composite() | {"expression": "Patient.naem"}, "expression"),
        (composite() | {"expression": "Patient.name.first()"}, "expression"),
    ],
)
def test_a_problem_is_told_at_its_place(registry: Registry, members: dict[str, Any], place: str) -> None:
    assert places(registry, OWN | members) == [place]
