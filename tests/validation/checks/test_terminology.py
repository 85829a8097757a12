"""Code systems, value sets and concept maps that contradict what is known."""

from typing import Any

import pytest

from fhir_server.validation.checks.terminology import CodeSystemCheck, ConceptMapCheck, ValueSetCheck
from tests.validation.checks.runner import Runner

GENDER = "http://hl7.org/fhir/administrative-gender"
COLOURS = [{"code": "bleu", "concept": [{"code": "marine"}]}, {"code": "rouge"}]


def code_system(**more: Any) -> dict[str, Any]:
    return {"resourceType": "CodeSystem", "content": "complete", "concept": COLOURS, **more}


@pytest.mark.parametrize("more", [{}, {"count": 3}, {"count": 900, "content": "fragment"}])
def test_counts_that_may_be_right(run: Runner, more: dict[str, Any]) -> None:
    assert run.found(CodeSystemCheck(), code_system(**more)) == []


@pytest.mark.parametrize("more", [{"count": 2}, {"count": 3, "concept": []}])
def test_what_is_complete_has_as_many_concepts_as_it_says(run: Runner, more: dict[str, Any]) -> None:
    assert run.found(CodeSystemCheck(), code_system(**more)) == [
        ("warning", "code-count", "CodeSystem.count")
    ]


def test_concepts_that_are_not_present_are_not_given(run: Runner) -> None:
    told = [("warning", "code-count", "CodeSystem.concept")]
    assert run.found(CodeSystemCheck(), code_system(content="not-present")) == told
    assert run.found(CodeSystemCheck(), code_system(content="not-present", concept=[])) == []


def test_what_supplements_says_so(run: Runner) -> None:
    of_gender = {"supplements": GENDER}
    place = ("warning", "supplement", "CodeSystem.content")
    assert run.found(CodeSystemCheck(), code_system(**of_gender)) == [place]
    supplement = code_system(**of_gender, content="supplement", concept=[{"code": "male"}])
    assert run.found(CodeSystemCheck(), supplement) == []


def test_a_supplement_says_of_what_it_is_one(run: Runner) -> None:
    supplement = code_system(content="supplement", concept=[])
    assert run.found(CodeSystemCheck(), supplement) == [("warning", "supplement", "CodeSystem.supplements")]


def test_a_supplement_defines_no_codes(run: Runner) -> None:
    concepts = [{"code": "male", "concept": [{"code": "garcon"}]}, {"code": "female"}]
    supplement = code_system(content="supplement", supplements=GENDER, concept=concepts)
    assert run.found(CodeSystemCheck(), supplement) == [
        ("warning", "supplement", "CodeSystem.concept[0].concept[0].code")
    ]
    elsewhere = supplement | {"supplements": "http://example.org/unknown"}
    assert run.found(CodeSystemCheck(), elsewhere) == []


@pytest.mark.parametrize("system", ["gender", "http://hl7.org/fhir/ValueSet/administrative-gender"])
@pytest.mark.parametrize("part", ["include", "exclude"])
def test_codes_are_taken_from_code_systems(run: Runner, part: str, system: str) -> None:
    value_set = {"resourceType": "ValueSet", "compose": {part: [{"system": GENDER}, {"system": system}]}}
    place = f"ValueSet.compose.{part}[1].system"
    assert run.found(ValueSetCheck(), value_set) == [("warning", "included-system", place)]


def test_an_unknown_system_is_nobodys_fault(run: Runner) -> None:
    included = [{"system": "http://example.org/ValueSet/couleurs"}, {"valueSet": ["http://example.org/v"]}]
    assert run.found(ValueSetCheck(), {"resourceType": "ValueSet", "compose": {"include": included}}) == []


def test_mapped_codes_exist(run: Runner) -> None:
    elements = [
        {"code": "male", "target": [{"code": "m"}]},
        {"code": "homme", "target": [{"code": "m"}]},
        {"code": "other", "target": [{"equivalence": "unmatched"}]},
    ]
    groups = [
        {"source": GENDER, "target": "http://example.org/unknown", "element": elements},
        {"source": "http://example.org/unknown", "target": GENDER, "element": elements[:1]},
    ]
    assert run.found(ConceptMapCheck(), {"resourceType": "ConceptMap", "group": groups}) == [
        ("warning", "concept-map-code", "ConceptMap.group[0].element[1].code"),
        ("warning", "concept-map-code", "ConceptMap.group[1].element[0].target[0].code"),
    ]
