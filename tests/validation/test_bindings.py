"""Required bindings of codes and concepts."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.structure import StructureValidator

Validate = Callable[[Any], list[Issue]]
Problems = Callable[[Any], list[tuple[str, ...]]]

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def condition(clinical: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": clinical}


def test_a_code_of_the_required_value_set(problems: Problems) -> None:
    assert problems({"resourceType": "Patient", "gender": "female"}) == []


def test_a_code_outside_the_required_value_set(validate: Validate) -> None:
    (issue,) = validate({"resourceType": "Patient", "gender": "F"})
    assert (issue.code, issue.expression) == ("code-invalid", ("Patient.gender",))
    words = issue.text.render()
    assert "http://hl7.org/fhir/ValueSet/administrative-gender" in words
    assert "Use one of 'male', 'female', 'other', 'unknown'." in words


def test_of_a_long_value_set_the_nearest_code_is_named(validate: Validate) -> None:
    parameter = {"name": "x", "use": "in", "min": 0, "max": "1", "type": "Pateint"}
    operation = {
        "resourceType": "OperationDefinition",
        "name": "X",
        "status": "draft",
        "kind": "operation",
        "code": "x",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [parameter],
    }
    (issue,) = validate(operation)
    assert "Did you mean 'Patient'?" in issue.text.render()


def test_a_code_that_is_no_code_is_reported_once(problems: Problems) -> None:
    assert problems({"resourceType": "Patient", "gender": " male"}) == [("value", "Patient.gender")]
    assert problems({"resourceType": "Patient", "gender": 1}) == [("structure", "Patient.gender")]


def test_codes_in_a_list(problems: Problems) -> None:
    timing = {"repeat": {"dayOfWeek": ["mon", "Tue"]}}
    extension = [{"url": "http://x", "valueTiming": timing}]
    assert problems({"resourceType": "Patient", "extension": extension}) == [
        ("code-invalid", "Patient.extension[0].value.ofType(Timing).repeat.dayOfWeek[1]")
    ]


@pytest.mark.parametrize(
    "concept",
    [
        {"coding": [{"system": CLINICAL, "code": "active"}]},
        {"coding": [{"system": "http://example.org", "code": "x"}, {"system": CLINICAL, "code": "active"}]},
    ],
)
def test_a_concept_with_one_coding_of_the_set(problems: Problems, concept: dict[str, Any]) -> None:
    assert problems(condition(concept)) == []


@pytest.mark.parametrize(
    ("concept", "place"),
    [
        ({"text": "active"}, "Condition.clinicalStatus"),
        ({"coding": [{"system": CLINICAL, "code": "actif"}]}, "Condition.clinicalStatus.coding"),
        ({"coding": [{"code": "active"}]}, "Condition.clinicalStatus.coding"),
        ({"coding": [{"system": "http://x", "code": "active"}]}, "Condition.clinicalStatus.coding"),
        ({"coding": [{"display": "active"}]}, "Condition.clinicalStatus.coding"),
    ],
)
def test_a_concept_without_a_coding_of_the_set(
    problems: Problems, concept: dict[str, Any], place: str
) -> None:
    assert problems(condition(concept)) == [("code-invalid", place)]


def test_a_malformed_concept_is_reported_as_such(problems: Problems) -> None:
    assert problems(condition({"coding": ["active"]})) == [
        ("structure", "Condition.clinicalStatus.coding[0]")
    ]


def test_bindings_that_are_not_required_or_cannot_be_listed_let_codes_pass(problems: Problems) -> None:
    attachment = {"contentType": "application/x-own", "language": "tlh", "url": "http://x"}
    photo = {"resourceType": "Patient", "photo": [attachment], "maritalStatus": {"coding": [{"code": "?"}]}}
    assert problems(photo) == []


def test_every_binding_that_is_required_and_listable_is_enforced(registry: Registry) -> None:
    """The few required value sets that cannot be listed are known by name; no other may be missing."""

    def unlisted(elements: Any) -> set[str]:
        found = set()
        for element in elements.values():
            binding = element.binding
            if binding and binding.strength == "required" and registry.codes(binding.value_set) is None:
                found.add(binding.value_set.partition("|")[0])
            if not element.content_reference:
                found |= unlisted(element.inline)
        return found

    types = {ref.code for name in registry.resource_types for ref in _types(registry.type(name).elements)}
    found: set[str] = set()
    for name in {*registry.resource_types, *types}:
        found |= unlisted(registry.type(name).elements)
    assert found == {
        "http://hl7.org/fhir/ValueSet/mimetypes",
        "http://hl7.org/fhir/ValueSet/ucum-units",
        "http://loinc.org/vs/LL379-9",
    }


def _types(elements: Any) -> list[Any]:
    below = [ref for e in elements.values() if not e.content_reference for ref in _types(e.inline)]
    return [*below, *(ref for e in elements.values() for ref in e.types)]


def test_a_guide_may_hold_the_value_set(registry: Registry) -> None:
    url = "http://hl7.org/fhir/ValueSet/currencies"
    euro = {"system": "urn:iso:std:iso:4217", "concept": [{"code": "EUR"}]}
    value_set = {"resourceType": "ValueSet", "url": url, "version": "4.0.1", "compose": {"include": [euro]}}
    validator = StructureValidator(registry.with_guides([value_set]))
    extension = {"url": "http://x", "valueMoney": {"value": 608, "currency": "USD"}}
    (issue,) = validator.validate({"resourceType": "Patient", "extension": [extension]})
    assert issue.expression == ("Patient.extension[0].value.ofType(Money).currency",)
