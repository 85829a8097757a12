"""Slices that discriminators do not tell apart: where there are none, or where slices say nothing of them.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

import pytest

from tests.structures import Json
from tests.validation.profiles.conftest import ROOT, Problems, patient, sliced, structure, telecoms, within


def test_what_cannot_be_told_is_said_and_not_guessed() -> None:
    path = "Patient.identifier"
    problems = Problems(
        structure(
            "vague",
            "Patient",
            *sliced(path, {"path": path, "sliceName": "one", "max": "1"}, by=("value", "system")),
        )
    )
    resource = patient(identifier=[{"value": "1"}, {"value": "2"}])
    assert problems(resource, "vague") == []
    assert ("not-supported", "Patient.identifier[0]") in problems(resource, "vague", severities=("warning",))


def test_what_cannot_be_told_of_values_is_no_lack_of_them() -> None:
    path = "Patient.telecom"
    slices = ({"path": path, "sliceName": "a", "min": 1},)
    problems = Problems(structure("vague", "Patient", *sliced(path, *slices, by=("value", "system"))))
    assert problems(telecoms("phone"), "vague") == []
    assert problems(patient(), "vague") == [("required", path)]


def test_a_slice_that_nothing_tells_apart_is_missed_in_a_whole_sentence() -> None:
    path = "Patient.telecom"
    vague = {"path": path, "slicing": {"rules": "open", "description": "celui du domicile"}}
    problems = Problems(
        structure("undivided", "Patient", vague, {"path": path, "sliceName": "domicile", "min": 1})
    )
    [issue] = problems.validator.errors(patient(), [ROOT + "undivided"])
    assert issue.text.render() == "'telecom' needs 1 of the kind 'domicile' at least, and has 0."
    assert problems(telecoms("phone"), "undivided") == []


def test_what_belongs_to_two_slices_is_told_and_stored() -> None:
    path = "Patient.contact"
    mother, emergency = ({"coding": [{"system": "urn:s", "code": code}]} for code in ("mother", "emergency"))
    problems = Problems(
        structure(
            "kin",
            "Patient",
            *sliced(
                path,
                {"path": path, "sliceName": "mother", "max": "1"},
                within(path, "mother", "relationship", min=1, patternCodeableConcept=mother),
                {"path": path, "sliceName": "emergency", "max": "1"},
                within(path, "emergency", "relationship", min=1, patternCodeableConcept=emergency),
                by=("value", "relationship"),
            ),
        )
    )

    def contact(*relationships: Json) -> Json:
        return {"name": {"text": "x"}, "relationship": list(relationships)}

    both = patient(contact=[contact(mother, emergency)])
    assert ("invalid", "Patient.contact[0]") in problems(both, "kin")
    assert ("slice", "warning") in [
        (issue.key, issue.severity) for issue in problems.validator.conformance(both, [ROOT + "kin"])
    ]
    assert problems(patient(contact=[contact(mother), contact(emergency)]), "kin") == []


def contacts_by_system_and_use() -> Problems:
    """A work phone, and an email of no use, which are all there may be; a fax is one whatever its use."""
    path = "Patient.telecom"
    return Problems(
        structure(
            "contacts",
            "Patient",
            *sliced(
                path,
                {"path": path, "sliceName": "work", "min": 1, "max": "1"},
                within(path, "work", "system", min=1, fixedCode="phone"),
                within(path, "work", "use", min=1, fixedCode="work"),
                {"path": path, "sliceName": "email"},
                within(path, "email", "system", min=1, fixedCode="email"),
                within(path, "email", "use", max="0"),
                {"path": path, "sliceName": "fax", "max": "1"},
                within(path, "fax", "system", min=1, fixedCode="fax"),
                rules="closed",
                discriminator=[{"type": "value", "path": name} for name in ("system", "use")],
            ),
        )
    )


def test_a_slice_without_what_decides_takes_the_values_without_it() -> None:
    """As in R4's own example: https://hl7.org/fhir/R4/profiling-examples.html"""
    problems = contacts_by_system_and_use()
    work = {"system": "phone", "use": "work", "value": "1"}
    assert problems(patient(telecom=[work, {"system": "email", "value": "a@b"}]), "contacts") == []
    at_home = {"system": "email", "use": "home", "value": "a@b"}
    assert problems(patient(telecom=[work, at_home]), "contacts") == [("structure", "Patient.telecom[1]")]


def test_a_discriminator_that_a_slice_says_nothing_of_leaves_it_to_the_others() -> None:
    """https://hl7.org/fhir/R4/profiling.html#discriminator"""
    problems = contacts_by_system_and_use()
    faxes = [{"system": "fax", "use": use, "value": "1"} for use in ("work", "home")]
    assert problems(patient(telecom=faxes), "contacts") == [
        ("required", "Patient.telecom"),
        ("structure", "Patient.telecom[1]"),
    ]


def untold(path: str, *slices: Json, rules: str = "open") -> tuple[Json, ...]:
    """An element that is sliced by nothing but words, and its slices."""
    return ({"path": path, "slicing": {"description": "by what they are", "rules": rules}}, *slices)


@pytest.mark.parametrize(
    ("systems", "found"),
    [
        (["http://a"], []),
        (["http://b", "http://a", "http://c"], []),
        (["http://b"], [("required", "Patient.identifier")]),
        (["http://a", "http://a"], [("structure", "Patient.identifier[1]")]),
    ],
)
def test_slices_without_discriminator_are_told_by_all_that_is_fixed_in_them(
    systems: list[str], found: list[tuple[str, str]]
) -> None:
    """https://hl7.org/fhir/R4/profiling.html#discriminator: such are hard to process, and allowed"""
    path = "Patient.identifier"
    lines = untold(
        path,
        {"path": path, "sliceName": "a", "min": 1, "max": "1"},
        within(path, "a", "system", min=1, fixedUri="http://a"),
        {"path": path, "sliceName": "b", "max": "1"},
        within(path, "b", "system", min=1, fixedUri="http://b"),
    )
    problems = Problems(structure("untold", "Patient", *lines))
    assert problems(patient(identifier=[{"system": system} for system in systems]), "untold") == found


def test_a_choice_inside_counts_for_what_no_discriminator_tells() -> None:
    path = "Observation.component"
    lines = untold(
        path,
        {"path": path, "sliceName": "one", "min": 1},
        within(path, "one", "code", patternCodeableConcept={"text": "one"}),
        within(path, "one", "value[x]", min=1, type=[{"code": "string"}]),
        rules="closed",
    )
    problems = Problems(structure("untold", "Observation", *lines))
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    told = observation | {"component": [{"code": {"text": "one"}, "valueString": "1"}]}
    assert problems(told, "untold") == []
    other = observation | {"component": [*told["component"], {"code": {"text": "two"}, "valueString": "2"}]}
    assert problems(other, "untold") == [("structure", "Observation.component[1]")]
