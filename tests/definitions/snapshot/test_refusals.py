"""Faulty StructureDefinitions, each with the line that is at fault. https://hl7.org/fhir/R4/profiling.html"""

from typing import Any

import pytest

from fhir_server.errors import SnapshotError
from tests.definitions.snapshot.profiles import BASE, HERE, complaints, elements, profile
from tests.structures import R4, Json, line

BY_SYSTEM = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
ORDERED = {**BY_SYSTEM, "ordered": True, "rules": "closed"}


@pytest.mark.parametrize(
    ("type", "stated", "place", "said"),
    [
        ("Observation", line("Observation.status", min=0), "element[0].min", "below the 1 of the base"),
        ("Observation", line("Observation.code", max="2"), "element[0].max", "above the 1 of the base"),
        ("Observation", line("Observation.code", max="*"), "element[0].max", "above the 1 of the base"),
        ("Patient", line("Patient.name", max="many"), "element[0].max", "not 'many'"),
        ("Patient", line("Patient.name", min=3, max="2"), "element[0].max", "min (3) is above max (2)"),
        ("Patient", line("Patient.birthDate", min=2), "element[0].min", "min (2) is above max (1)"),
        ("Patient", line("Patient.nome", min=1), "element[0].path", "no element nome in Patient"),
        ("Patient", line("Patient.name.famly", min=1), "element[0].path", "no element famly in Patient.name"),
        ("Patient", line("Person.name", min=1), "element[0].path", "begins with Person"),
        (
            "Patient",
            line("Patient.birthDate", type=[{"code": "string"}]),
            "element[0].type[0].code",
            "base (date)",
        ),
        ("Patient", line("Patient.name", type=[{"code": "Nom"}]), "element[0].type[0].code", "no type Nom"),
        (
            "Patient",
            line(
                "Patient.managingOrganization",
                type=[{"code": "Reference", "targetProfile": [R4 + "Patient"]}],
            ),
            "element[0].type[0].targetProfile[0]",
            "Target",
        ),
        (
            "Patient",
            line("Patient.gender", binding={"strength": "preferred", "valueSet": "http://x"}),
            "element[0].binding.strength",
            "weaker",
        ),
        ("Patient", line("Patient.gender", fixedString="x"), "element[0].fixedString", "does not go with"),
        ("Patient", line("Patient.link", isModifier=False), "element[0].isModifier", "taken back"),
        ("Patient", line("Patient.identifier:a"), "element[0].sliceName", "not sliced"),
        ("Patient", line("Patient.identifier:a.value"), "element[0].path", "no slice a"),
        (
            "Patient",
            line("Patient.extension:a", sliceIsConstraining=True),
            "element[0].sliceIsConstraining",
            "has none",
        ),
        ("Observation", line("Observation.value[x].unit"), "element[0].path", "several types"),
        (
            "Observation",
            {"path": "Observation.valueAddress"},
            "element[0].path",
            "valueAddress is not possible",
        ),
        ("Patient", line("Patient" + ".x" * 50), "element[0].path", "more than 40"),
    ],
)
def test_a_line_that_widens_or_stands_nowhere_is_named(
    type: str, stated: Json, place: str, said: str
) -> None:
    [(found, text)] = complaints(profile(type, stated))
    assert found == place
    assert said in text


@pytest.mark.parametrize(
    ("before", "after", "place", "said"),
    [
        (
            line("Patient.identifier", slicing=ORDERED),
            line("Patient.identifier", slicing=BY_SYSTEM),
            "element[0].slicing.rules",
            "only be tightened",
        ),
        (
            line("Patient.identifier", slicing=ORDERED),
            line("Patient.identifier", slicing={**ORDERED, "ordered": False}),
            "element[0].slicing.ordered",
            "ordered",
        ),
        (
            line("Patient.identifier", slicing=BY_SYSTEM),
            line(
                "Patient.identifier",
                slicing={"discriminator": [{"type": "value", "path": "use"}], "rules": "open"},
            ),
            "element[0].slicing.discriminator",
            "value of system",
        ),
        (
            line("Patient.identifier", slicing=ORDERED),
            line("Patient.identifier:a"),
            "element[0].sliceName",
            "closed",
        ),
        (
            line("Patient.gender", fixedCode="male"),
            line("Patient.gender", fixedCode="female"),
            "element[0].fixedCode",
            "otherwise",
        ),
        (
            line("Patient.maritalStatus", patternCodeableConcept={"text": "a"}),
            line("Patient.maritalStatus", patternCodeableConcept={"text": "b"}),
            "element[0].patternCodeableConcept",
            "otherwise",
        ),
        (
            line("Patient.name.family", maxLength=10),
            line("Patient.name.family", maxLength=20),
            "element[0].maxLength",
            "wider",
        ),
        (
            line("Patient.multipleBirth[x]", type=[{"code": "integer"}], minValueInteger=3),
            line("Patient.multipleBirth[x]", minValueInteger=2),
            "element[0].minValueInteger",
            "wider",
        ),
        (
            line("Patient.name", mustSupport=True),
            line("Patient.name", mustSupport=False),
            "element[0].mustSupport",
            "taken back",
        ),
    ],
)
def test_what_a_base_profile_says_cannot_be_undone(before: Json, after: Json, place: str, said: str) -> None:
    [(found, text)] = complaints(
        profile("Patient", before, name="a"), profile("Patient", after, name="b", base="a")
    )
    assert found == place
    assert said in text


def test_every_faulty_line_is_named_at_once() -> None:
    found = complaints(
        profile(
            "Patient",
            line("Patient.nome"),
            line("Patient.name", min=1),
            line("Patient.gender", max="*"),
        )
    )
    assert [place for place, _ in found] == ["element[0].path", "element[2].max"]


def test_a_place_is_constrained_once() -> None:
    [(place, said)] = complaints(
        profile("Patient", line("Patient.name", min=1), line("Patient.name", max="1"))
    )
    assert place == "element[1]"
    assert "element[0]" in said


def test_slices_find_room() -> None:
    found = complaints(
        profile(
            "Patient",
            line("Patient.identifier", slicing=BY_SYSTEM, max="1"),
            line("Patient.identifier:a", min=1),
            line("Patient.identifier:b", min=1),
        )
    )
    assert found == [
        ("element[2].min", "The slices need 2 repetitions together, but max is 1."),
    ]


def test_two_values_are_one_too_many() -> None:
    found = complaints(profile("Patient", line("Patient.gender", fixedCode="male", patternCode="male")))
    assert [place for place, _ in found] == ["element[0].fixedCode", "element[0].patternCode"]


@pytest.mark.parametrize(
    ("stated", "place"),
    [
        ("Patient", "element[0]"),
        ({}, "element[0].path"),
        ({"path": 3}, "element[0].path"),
        (line("Patient", min="1"), "element[0].min"),
        (line("Patient", min=True), "element[0].min"),
        (line("Patient", max=1), "element[0].max"),
        (line("Patient", type={"code": "Patient"}), "element[0].type"),
        (line("Patient.name", type=[{}]), "element[0].type[0].code"),
        (line("Patient.name", type=[{"code": "HumanName", "profile": R4}]), "element[0].type[0].profile"),
        (line("Patient", constraint=[{"key": "x", "severity": 1}]), "element[0].constraint[0].severity"),
        (line("Patient.name", slicing=[]), "element[0].slicing"),
        (
            line("Patient.name", slicing={"discriminator": [{"type": "value"}]}),
            "element[0].slicing.discriminator[0].path",
        ),
        (line("Patient.gender", binding="required"), "element[0].binding"),
        (line("Patient.gender", alias="x"), "element[0].alias"),
        (line("Patient.gender", sliceName=[]), "element[0].sliceName"),
    ],
)
def test_lines_of_another_shape_are_named(stated: Any, place: str) -> None:
    [(found, said)] = complaints(profile("Patient", stated))
    assert found == place
    assert said.startswith("Expected ")


def test_a_circular_derivation_names_its_circle() -> None:
    [(place, said)] = complaints(
        profile("Patient", name="a", base="b"), profile("Patient", name="b", base="a")
    )
    assert place == "baseDefinition"
    assert f"{HERE}b > {HERE}a > {HERE}b" in said


def test_a_definition_cannot_derive_from_itself() -> None:
    [(place, said)] = complaints(profile("Patient", name="a", base="a"))
    assert (place, "circular" in said) == ("baseDefinition", True)


def test_a_long_line_of_derivation_ends() -> None:
    many = [
        profile("Patient", name="0"),
        *(profile("Patient", name=str(i), base=str(i - 1)) for i in range(1, 60)),
    ]
    [(place, said)] = complaints(*many)
    assert (place, "more than 30 steps" in said) == ("baseDefinition", True)


def test_a_base_that_is_not_known_is_named() -> None:
    [(place, said)] = complaints(profile("Patient", base="nowhere"))
    assert place == "baseDefinition"
    assert HERE + "nowhere" in said


def test_a_base_that_is_faulty_is_named_with_its_fault() -> None:
    [(place, said)] = complaints(
        profile("Patient", line("Patient.nome"), name="a"), profile("Patient", name="b", base="a")
    )
    assert place == "baseDefinition"
    assert "no element nome" in said


def test_a_type_profile_that_is_faulty_is_named_where_it_is_walked_into() -> None:
    typed = [{"code": "HumanName", "profile": [HERE + "name"]}]
    [(place, said)] = complaints(
        profile("HumanName", line("HumanName.nome"), name="name"),
        profile("Patient", line("Patient.name", type=typed), line("Patient.name.family"), name="b"),
    )
    assert place == "element[1].path"
    assert "no element nome" in said


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"type": "Person"}, "type"),
        ({"baseDefinition": None}, "baseDefinition"),
        ({"derivation": "specialization"}, "derivation"),
        ({"differential": None}, ""),
        ({"differential": {"element": {}}}, ""),
        ({"snapshot": {"element": [{"path": "Patient", "min": 0, "max": "*"}]}}, "snapshot.element[0].id"),
        (
            {"snapshot": {"element": [{"id": "Patient", "path": "Patient", "min": 0, "max": "many"}]}},
            "snapshot.element[0].max",
        ),
        (
            {"snapshot": {"element": [{"id": "Person", "path": "Person", "min": 0, "max": "*"}]}},
            "snapshot.element[0].path",
        ),
    ],
)
def test_definitions_that_cannot_be_read_say_why(changed: Json, place: str) -> None:
    [(found, _)] = complaints({**profile("Patient"), **changed})
    assert found.removeprefix("StructureDefinition") == place


def test_a_differential_cannot_grow_without_bounds() -> None:
    deep = [
        line("Questionnaire.item" + ".item" * depth + ".item", min=0, slicing={"rules": "open"})
        for depth in range(30)
    ]
    slices = [line(f"Questionnaire.item:s{index}") for index in range(200)]
    found = complaints(
        profile("Questionnaire", *deep, line("Questionnaire.item", slicing=BY_SYSTEM), *slices)
    )
    assert found[-1][1] == "The snapshot would have more than 8000 elements."


def test_many_slices_are_no_excess() -> None:
    slices = [line(f"Patient.identifier:s{index}", min=0) for index in range(300)]
    inside = [line(f"Patient.identifier:s{index}.system", min=1) for index in range(300)]
    made = elements(profile("Patient", line("Patient.identifier", slicing=BY_SYSTEM), *slices, *inside))
    assert made["Patient.identifier:s299.system"]["min"] == 1


def test_slices_of_slices_end_somewhere() -> None:
    names = ["/".join("a" * depth) for depth in range(1, 50)]
    slices = [line("Patient.identifier", slicing=BY_SYSTEM)]
    slices += [{"path": "Patient.identifier", "sliceName": name} for name in names]
    places = [place for place, _ in complaints(profile("Patient", *slices))]
    assert places == [f"element[{index}].path" for index in range(41, 50)]


def test_a_hundred_faults_are_enough() -> None:
    lines = [line(f"Patient.nome{index}") for index in range(1_000)]
    assert len(complaints(profile("Patient", *lines))) == 100


def test_a_fault_is_told_in_french_too() -> None:
    registry = BASE.with_guides([profile("Patient", line("Patient.nome"))])
    with pytest.raises(SnapshotError) as caught:
        registry.snapshot(HERE + "a")
    assert caught.value.issues[0].text.render("fr").startswith("Il n'y a pas d'élément nome dans Patient")
