"""References: their form, their target types, and those into contained."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.issues import Issue

Validate = Callable[[Any], list[Issue]]
Problems = Callable[[Any], list[tuple[str, ...]]]


def observation(subject: Any, **elements: Any) -> dict[str, Any]:
    code = {"text": "PHQ-9"}
    return {"resourceType": "Observation", "status": "final", "code": code, "subject": subject, **elements}


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/1"},
        {"reference": "Patient/a-b.c/_history/2"},
        {"reference": "http://example.org/fhir/Patient/1"},
        {"reference": "http://example.org/fhir/Patient/1/_history/3"},
        {"reference": "https://example.org/anything?x=1"},
        {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
        {"reference": "urn:oid:1.2.3"},
        {"reference": "Patient?identifier=http://x|1"},
        {"reference": "Patient/1", "type": "Patient"},
        {"reference": "Patient/1", "type": "http://hl7.org/fhir/StructureDefinition/Patient"},
        {"identifier": {"value": "1"}, "type": "Group"},
        {"identifier": {"value": "1"}, "type": "http://example.org/logical/Thing"},
        {"display": "Marie"},
    ],
)
def test_references_to_an_allowed_type(problems: Problems, subject: dict[str, Any]) -> None:
    assert problems(observation(subject)) == []


@pytest.mark.parametrize(
    ("subject", "place", "words"),
    [
        (
            {"reference": "Practitioner/1"},
            ".reference",
            "to a Practitioner; it must be to 'Device', 'Group',",
        ),
        ({"reference": "https://example.org/fhir/Claim/1"}, ".reference", "to a Claim"),
        ({"reference": "Practitioner?name=x"}, ".reference", "to a Practitioner"),
        ({"reference": "Pateint/1"}, ".reference", "Did you mean 'Patient'?"),
        ({"reference": "Patient/1", "type": "Group"}, ".type", "its 'type' says 'Group'"),
        ({"identifier": {"value": "1"}, "type": "Claim"}, ".type", "to a Claim"),
        ({"reference": "urn:uuid:c757873d", "type": "Claim"}, ".type", "to a Claim"),
        ({"reference": "Patient"}, ".reference", "'Patient' is not a reference"),
        ({"reference": "Patient/"}, ".reference", "is not a reference"),
        ({"reference": "Patient/a b"}, ".reference", "is not a reference"),
        ({"reference": "1"}, ".reference", "write Type/id"),
    ],
)
def test_references_that_cannot_be(
    validate: Validate, subject: dict[str, Any], place: str, words: str
) -> None:
    (issue,) = validate(observation(subject))
    assert (issue.code, issue.expression) == ("value", (f"Observation.subject{place}",))
    assert words in issue.text.render()


def test_a_reference_to_any_type_must_still_be_a_reference(problems: Problems) -> None:
    focus = [{"reference": "Claim/1"}, {"reference": "/1"}, {"reference": "Foo/1"}]
    assert problems(observation({"display": "x"}, focus=focus)) == [
        ("value", "Observation.focus[1].reference"),
        ("value", "Observation.focus[2].reference"),
    ]


def test_a_reference_within_a_choice_and_an_extension(problems: Problems) -> None:
    extension = {"url": "http://x", "valueReference": {"reference": "no reference"}}
    assert problems({"resourceType": "Patient", "extension": [extension]}) == [
        ("value", "Patient.extension[0].value.ofType(Reference).reference")
    ]


PATIENT = {"resourceType": "Patient", "id": "p"}
CLAIM = {"resourceType": "Organization", "id": "o"}


def test_a_contained_resource_of_an_allowed_type_is_found(problems: Problems) -> None:
    assert problems(observation({"reference": "#p"}, contained=[CLAIM, PATIENT])) == []


def test_what_is_not_contained_is_not_found(validate: Validate) -> None:
    (issue,) = validate(observation({"reference": "#q"}, contained=[PATIENT]))
    assert (issue.code, issue.key) == ("invariant", "ref-1")
    assert issue.expression == ("Observation.subject.reference",)
    assert "'q'" in issue.text.render()


def test_a_contained_resource_of_another_type_is_refused(problems: Problems) -> None:
    found = problems(observation({"reference": "#o"}, contained=[CLAIM]))
    assert found == [("value", "Observation.subject.reference")]


def test_contained_resources_refer_to_each_other_and_to_their_container(problems: Problems) -> None:
    sibling = {**PATIENT, "managingOrganization": {"reference": "#o"}}
    back = {
        "resourceType": "Provenance",
        "id": "v",
        "target": [{"reference": "#"}],
        "recorded": "2024-01-01T00:00:00Z",
        "agent": [{"who": {"reference": "#q"}}],
    }
    assert problems(observation({"reference": "#p"}, contained=[sibling, CLAIM, back])) == [
        ("invariant", "Observation.contained[2].agent[0].who.reference")
    ]


def test_each_resource_of_a_bundle_has_its_own_contained(problems: Problems) -> None:
    entries = [
        {"resource": observation({"reference": "#p"}, contained=[PATIENT])},
        {"resource": observation({"reference": "#p"})},
    ]
    assert problems({"resourceType": "Bundle", "type": "collection", "entry": entries}) == [
        ("invariant", "Bundle.entry[1].resource.subject.reference")
    ]


def test_many_sound_references_into_contained_do_not_hide_what_follows(problems: Problems) -> None:
    focus = [{"reference": "#p"}] * 500
    found = problems(observation({"reference": "Patient/1"}, contained=[PATIENT], focus=focus, zzz=1))
    assert found == [("structure", "Observation.zzz")]
