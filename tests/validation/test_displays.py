"""The displays of codings: one of those that the code has, or told as an error that refuses no write."""

from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.validation.validator import Validator

CARE = "https://example.org/fhir/CodeSystem/care"
OUTCOME = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def care(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "url": CARE,
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        "language": "en",
        "concept": [
            {"code": "visit", "display": "Visit", "designation": [{"language": "fr", "value": "Visite"}]},
            {"code": "nameless"},
        ],
        **more,
    }


def validator(*resources: dict[str, Any]) -> Validator:
    registry = Registry.r4().with_guides(resources)
    return Validator(registry, FhirPath(), Terminology(registry))


def condition(code: str, display: str, system: str = CARE) -> dict[str, Any]:
    coding = {"system": system, "code": code, "display": display}
    return {
        "resourceType": "Condition",
        "text": {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">-</div>'},
        "clinicalStatus": {"coding": [{"system": OUTCOME, "code": "active"}]},
        "code": {"coding": [coding]},
        "subject": {"reference": "Patient/1"},
    }


PLACE = ("Condition.code.coding[0].display",)


@pytest.mark.parametrize(
    ("code", "display"),
    [("visit", "Visit"), ("visit", "VISIT"), ("visit", "visite"), ("nameless", "Anything")],
)
def test_any_display_of_the_code_is_right_whatever_its_case(code: str, display: str) -> None:
    assert validator(care()).validate(condition(code, display)) == []


@pytest.mark.parametrize("display", ["Call", "Visit ", "Besuch"])
def test_another_is_an_error_that_names_the_right_one(display: str) -> None:
    (issue,) = validator(care()).validate(condition("visit", display))
    assert (issue.severity, issue.code, issue.expression) == ("error", "invalid", PLACE)
    assert "Visit" in issue.text.render("en")


def test_it_refuses_no_write() -> None:
    judge, wrong = validator(care()), condition("visit", "Call")
    assert judge.errors(wrong) == []
    assert [issue.severity for issue in judge.conformance(wrong)] == ["warning"]


@pytest.mark.parametrize("more", [{"content": "fragment"}, {"caseSensitive": False}])
def test_a_system_that_is_known_in_part_warns(more: dict[str, Any]) -> None:
    (issue,) = validator(care(**more)).validate(condition("visit", "Call"))
    assert (issue.severity, issue.expression) == ("warning", PLACE)


def test_a_code_outside_a_part_is_not_wrong() -> None:
    assert validator(care(content="fragment")).validate(condition("call", "Call")) == []


def test_a_supplement_that_only_translates_brings_its_displays() -> None:
    supplement = {
        "resourceType": "CodeSystem",
        "url": f"{CARE}-de",
        "status": "active",
        "content": "supplement",
        "supplements": CARE,
        "language": "de",
        "concept": [{"code": "visit", "display": "Besuch"}],
    }
    assert validator(care(), supplement).validate(condition("visit", "Besuch")) == []


def test_the_displays_of_r4_are_known() -> None:
    (issue,) = validator().validate(condition("active", "Inactive", OUTCOME))
    assert (issue.severity, issue.expression) == ("error", PLACE)
