"""Search parameters whose expressions find nothing."""

from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.validation.checks.search_parameter import SearchParameterCheck
from tests.validation.checks.runner import Found, Runner


def found(run: Runner, expression: str, *base: str, **more: Any) -> Found:
    resource = {"resourceType": "SearchParameter", "type": "token", "expression": expression}
    return run.found(SearchParameterCheck(), {**resource, "base": list(base or ("Patient",)), **more})


@pytest.mark.parametrize(
    "expression",
    [
        "Patient.name.family",
        "Patient.contact.name.given | Patient.name.given",
        "(Patient.deceased as boolean)",
        "Patient.deceased.ofType(dateTime)",
        "Patient.extension('http://example.org/x').value",
        "Patient.identifier.where(system = 'a|b').value",
        "Patient.link.other.where(resolve() is Patient)",
        "name.family",
        "extension('http://example.org/x').value",
    ],
)
def test_expressions_that_may_find_something(run: Runner, expression: str) -> None:
    assert found(run, expression) == []


@pytest.mark.parametrize(
    "expression",
    [
        "Patient.name.familiy",
        "Patient.deceasedBoolean",
        "Patient.contact.name.prenom",
        "Patient.gender | Patient.sexe",
        "Observation.status",
        "Resource.id",
        "Patient.name.where(",
        "prenom.value",
    ],
)
def test_expressions_that_cannot(run: Runner, expression: str) -> None:
    assert found(run, expression) == [("warning", "search-expression", "SearchParameter.expression")]


def test_every_type_searched_may_begin_an_alternative(run: Runner) -> None:
    assert found(run, "Observation.status | Patient.gender", "Observation", "Patient") == []
    assert found(run, "Resource.meta.tag", "Resource") == []


def test_no_parameter_of_r4_is_doubted(run: Runner, r4: Registry) -> None:
    for type in ("Patient", "Observation", "Claim", "Bundle"):
        for parameter in r4.search_parameters(type).values():
            assert not parameter.expression or found(run, parameter.expression, *parameter.base) == []


def test_a_composite_has_two_components(run: Runner) -> None:
    one = [{"definition": "http://example.org/a", "expression": "code"}]
    place = ("warning", "components", "SearchParameter.component")
    assert found(run, "Patient", type="composite", component=one) == [place]
    assert found(run, "Patient", type="composite", component=one * 2) == []


def test_a_path_without_a_type_leads_through_one_of_the_types_at_least(run: Runner) -> None:
    assert found(run, "gender", "Observation", "Patient") == []
    assert len(found(run, "gender", "Observation", "Claim")) == 1


ORGANIZATION_NAME = "http://hl7.org/fhir/SearchParameter/Organization-name"


@pytest.mark.parametrize(
    ("base", "more", "expected"),
    [
        ("Organization", {"type": "string"}, []),
        ("Organization", {"type": "string", "derivedFrom": f"{ORGANIZATION_NAME}|4.0.1"}, []),
        ("Organization", {"type": "token"}, ["SearchParameter.type"]),
        ("Location", {"type": "string"}, ["SearchParameter.base"]),
        ("Location", {"derivedFrom": "http://example.org/unknown"}, []),
        (
            "Location",
            {"derivedFrom": "http://hl7.org/fhir/SearchParameter/DomainResource-text", "type": "string"},
            [],
        ),
    ],
)
def test_a_parameter_agrees_with_that_it_is_derived_from(
    run: Runner, base: str, more: dict[str, Any], expected: list[str]
) -> None:
    issues = found(run, f"{base}.name", base, **{"derivedFrom": ORGANIZATION_NAME, **more})
    assert issues == [("warning", "derived-from", place) for place in expected]
