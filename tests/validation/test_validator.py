"""The whole validator on the official examples, on any JSON, and on what resources here say of themselves."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.core.json import parse
from fhir_server.core.outcome import operation_outcome
from fhir_server.definitions.registry import Registry
from fhir_server.validation.checks.builtin_checks import CHECKS
from fhir_server.validation.validator import Validator
from tests.structures import line, structure

FILES = sorted((Path(__file__).parent.parent / "data" / "hl7-r4").glob("*.json"))
SMALL = [file for file in FILES if file.stat().st_size < 10_000]

# its id has 67 characters, three more than R4 allows
TOO_LONG_AN_ID = "questionnaireresponse-extensions-QuestionnaireResponse-item-subject"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def validator(registry: Registry) -> Validator:
    return Validator(registry, FhirPath(), Terminology(registry), CHECKS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_official_example_has_an_error(validator: Validator, file: Path) -> None:
    issues = validator.validate(parse(file.read_bytes()))
    errors = [(issue.code, *issue.expression) for issue in issues if issue.severity in ("error", "fatal")]
    assert errors == ([("value", "SearchParameter.id")] if file.stem == TOO_LONG_AN_ID else [])


def holders(value: Any) -> list[Any]:
    """Every object and array in a value."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(one for each in inner if isinstance(each, dict | list) for one in holders(each))]


@given(st.data(), JSON)
def test_any_json_in_any_place_gives_issues_that_make_an_outcome(
    validator: Validator, data: Any, value: Any
) -> None:
    resource = parse(data.draw(st.sampled_from(SMALL)).read_bytes())
    holder = data.draw(st.sampled_from(holders(resource)))
    key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key] = value
    issues = validator.validate(resource)
    for language in ("en", "fr"):
        outcome = operation_outcome(issues, language)
        assert all(issue["diagnostics"] for issue in outcome["issue"])


def test_what_is_said_of_a_resource_is_itself_sound(validator: Validator) -> None:
    resource = {"resourceType": "Patient", "contact": [{"gender": "male"}], "meta": {"profile": ["urn:x"]}}
    outcome = operation_outcome(validator.validate(resource), "fr")
    assert [issue.key for issue in validator.validate(outcome)] == ["dom-6"]


def test_problems_stop_after_a_hundred(validator: Validator) -> None:
    resource = {"resourceType": "Patient", "contact": [{"gender": "male"}] * 300}
    issues = validator.validate(resource)
    assert [issue.severity for issue in issues].count("error") == 100
    assert issues[-1].code == "too-costly"
    assert issues[-1].text.render().startswith("Checking stopped after 100 problems")


def test_no_number_of_warnings_hides_an_error(validator: Validator) -> None:
    outside = {"coding": [{"system": "urn:s", "code": "x"}]}
    contacts = [{"name": {"text": "x"}, "relationship": [outside]}] * 300
    resource = {"resourceType": "Patient", "maritalStatus": outside, "contact": contacts}
    unsure = {"resourceType": "Patient", "identifier": [{"type": outside, "value": "x"}] * 300}
    unsure["contact"] = [{"gender": "male"}]
    for one, errors in ((resource, 0), (unsure, 1)):
        issues = validator.validate(one)
        assert sum(issue.severity == "error" for issue in issues) == errors
        assert issues[-1].code == "too-costly"
        assert issues[-1].text.render().startswith("Only the first 100 warnings")


EXTENDED = {"extension": [{"url": "http://example.org/e", "valueString": "x"}]}
UNNAMED = [{"gender": "male"}]


@pytest.mark.parametrize(
    ("shapeless", "told"),
    [
        ({"nosuch": 1}, ["Patient.nosuch", "Patient.contact[0]"]),
        ({"name": []}, ["Patient.name", "Patient.contact[0]"]),
        ({"maritalStatus": {"coding": [{}]}}, ["Patient.maritalStatus.coding[0]", "Patient.contact[0]"]),
        ({"communication": [{"language": {}}]}, ["Patient.communication[0].language", "Patient.contact[0]"]),
        ({"name": [[]]}, ["Patient.name[0]", "Patient.contact[0]"]),
        (
            {"name": [{"given": "x"}], "_name": {}},
            ["Patient.name[0].given", "Patient.name", "Patient.contact[0]"],
        ),
        ({"active": "true"}, ["Patient.active", "Patient.contact[0]"]),
        ({"active": [True]}, ["Patient.active", "Patient.contact[0]"]),
        ({"name": {"family": 1}}, ["Patient.name", "Patient.name[0].family", "Patient.contact[0]"]),
        (
            {"name": [None, {"given": "x"}]},
            ["Patient.name[0]", "Patient.name[1].given", "Patient.contact[0]"],
        ),
        ({"_active": [EXTENDED]}, ["Patient.active", "Patient.contact[0]"]),
        (
            {"deceasedBoolean": 1, "_deceasedBoolean": 2},
            [*["Patient.deceased.ofType(boolean)"] * 2, "Patient.contact[0]"],
        ),
        # what the rule would look at is not there to be judged
        ({"contact": [{"name": "x", "id": "a", "gender": "male"}]}, ["Patient.contact[0].name"]),
        ({"contact": {"gender": "male"}}, ["Patient.contact", "Patient.contact[0]"]),
        ({"contact": ["x"]}, ["Patient.contact[0]"]),
    ],
)
def test_what_has_no_shape_hides_nothing_else(
    validator: Validator, shapeless: dict[str, Any], told: list[str]
) -> None:
    issues = validator.validate({"resourceType": "Patient", "contact": UNNAMED} | shapeless)
    errors = [issue.expression[0] for issue in issues if issue.severity == "error"]
    assert errors == told


def test_what_is_no_resource_is_told(validator: Validator) -> None:
    assert validator.validate([]) != []
    assert validator.validate({"resourceType": "Nosuch"}) != []


def test_a_rule_and_a_bad_code_are_both_told(validator: Validator) -> None:
    issues = validator.validate({"resourceType": "Patient", "gender": "x", "contact": [{"gender": "male"}]})
    assert {issue.key or issue.code for issue in issues} == {"code-invalid", "pat-1", "dom-6"}


def test_a_validator_for_other_definitions(validator: Validator, registry: Registry) -> None:
    profile = structure("http://example.org/p", "Patient", line("Patient.active", min=1))
    patient = {"resourceType": "Patient", "gender": "male"}
    wider = registry.with_guides([profile])
    asked = [issue.code for issue in validator.validate(patient, ["http://example.org/p"])]
    assert "not-found" in asked
    asked = [
        issue.code
        for issue in validator.with_registry(wider, Terminology(wider)).validate(
            patient, ["http://example.org/p"]
        )
    ]
    assert "required" in asked


def test_no_number_of_remarks_hides_an_error(validator: Validator) -> None:
    remarked = {"resourceType": "Patient", "active": True}
    wrong = {"resourceType": "Patient", "contact": [{"gender": "male"}]}
    entries = [{"fullUrl": f"urn:oid:1.2.{index}", "resource": remarked} for index in range(1, 150)]
    entries.append({"fullUrl": "urn:oid:1.2.150", "resource": wrong})
    issues = validator.validate({"resourceType": "Bundle", "type": "collection", "entry": entries})
    errors = [issue for issue in issues if issue.severity == "error"]
    assert [issue.key for issue in errors] == ["pat-1"]
    assert len(issues) == 102
