"""The snapshots of R4's own types."""

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import ElementDefinition

REGISTRY = Registry.r4()
R4 = "http://hl7.org/fhir/StructureDefinition/"


def elements(type: str) -> dict[str, ElementDefinition]:
    return {element["id"]: element for element in REGISTRY.snapshot(R4 + type).elements}


def test_a_type_says_what_it_is() -> None:
    snapshot = REGISTRY.snapshot(R4 + "Patient")
    assert (snapshot.url, snapshot.type, snapshot.kind, snapshot.abstract) == (
        R4 + "Patient",
        "Patient",
        "resource",
        False,
    )
    assert (snapshot.base, snapshot.derivation) == (R4 + "DomainResource", "specialization")
    assert REGISTRY.snapshot(R4 + "Patient|4.0.1").url == snapshot.url


def test_elements_come_in_the_order_of_the_specification() -> None:
    ids = list(elements("Patient"))
    assert ids[:3] == ["Patient", "Patient.id", "Patient.meta"]
    assert ids.index("Patient.contact.name") == ids.index("Patient.contact.relationship") + 1


def test_an_element_says_where_it_was_first_defined() -> None:
    patient, age = elements("Patient"), elements("Age")
    assert patient["Patient.id"]["base"]["path"] == "Resource.id"
    assert patient["Patient.extension"]["base"]["path"] == "DomainResource.extension"
    assert patient["Patient.contact.id"]["base"]["path"] == "Element.id"
    assert patient["Patient.contact.modifierExtension"]["base"]["path"] == "BackboneElement.modifierExtension"
    assert age["Age.value"]["base"]["path"] == "Quantity.value"


def test_rules_carry_their_source() -> None:
    root = elements("Patient")["Patient"]
    first = root["constraint"][0]
    assert (first["key"], first["source"]) == ("dom-2", R4 + "DomainResource")
    contact = elements("Patient")["Patient.contact"]["constraint"]
    assert [rule["key"] for rule in contact] == ["ele-1", "pat-1"]


def test_bindings_know_the_value_set_that_nothing_may_leave() -> None:
    language = elements("Patient")["Patient.language"]["binding"]
    assert language["strength"] == "preferred"
    assert language["extension"] == [
        {
            "url": R4 + "elementdefinition-maxValueSet",
            "valueCanonical": "http://hl7.org/fhir/ValueSet/all-languages",
        }
    ]


def test_content_references_stay_references() -> None:
    item = elements("Questionnaire")["Questionnaire.item.item"]
    assert item["contentReference"] == "#Questionnaire.item"
    assert "type" not in item


def test_a_primitive_has_a_value_with_its_limits() -> None:
    value = elements("integer")["integer.value"]
    assert value["type"][0]["code"] == "http://hl7.org/fhirpath/System.Integer"
    assert (value["minValueInteger"], value["maxValueInteger"]) == (-2147483648, 2147483647)
    assert elements("string")["string.value"]["maxLength"] == 1048576


def test_what_is_not_known_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        REGISTRY.snapshot(R4 + "Pateint")
    with pytest.raises(KeyError):
        REGISTRY.snapshot(R4 + "Patient|3.0.1")
