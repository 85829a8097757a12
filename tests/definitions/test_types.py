"""What the registry says of types and their elements."""

import pytest

from fhir_server.definitions.elements import Binding, Element
from fhir_server.definitions.registry import Registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.r4()


def element(registry: Registry, path: str) -> Element:
    type_name, *names = path.split(".")
    found = registry.type(type_name).elements[names[0]]
    for name in names[1:]:
        found = found.children[name]
    return found


def test_all_146_concrete_resource_types_are_known_and_sorted(registry: Registry) -> None:
    assert len(registry.resource_types) == 146
    assert list(registry.resource_types) == sorted(registry.resource_types)
    assert {"Patient", "Binary", "Parameters", "Bundle", "CarePlan"} <= set(registry.resource_types)


@pytest.mark.parametrize("name", ["Resource", "DomainResource", "Address", "string", "Pateint", ""])
def test_what_is_abstract_or_no_resource_is_no_resource_type(registry: Registry, name: str) -> None:
    assert not registry.is_resource_type(name)


def test_every_type_can_be_built_and_every_type_it_names_exists(registry: Registry) -> None:
    def codes(elements: list[Element]) -> set[str]:
        below = {c for e in elements if not e.content_reference for c in codes(list(e.inline.values()))}
        return below | {ref.code for e in elements for ref in e.types}

    used: set[str] = set()
    for name in registry.resource_types:
        used |= codes(list(registry.type(name).elements.values()))
    assert {registry.type(code).name for code in used} == used


def test_an_unknown_type_is_a_key_error(registry: Registry) -> None:
    with pytest.raises(KeyError, match="Pateint"):
        registry.type("Pateint")


def test_inherited_elements_come_first_under_the_heirs_path(registry: Registry) -> None:
    patient = registry.type("Patient")
    assert list(patient.elements)[:9] == [
        "id",
        "meta",
        "implicitRules",
        "language",
        "text",
        "contained",
        "extension",
        "modifierExtension",
        "identifier",
    ]
    assert patient.elements["id"].path == "Patient.id"
    assert patient.elements["id"].types[0].code == "id"


def test_a_backbone_has_its_own_children_after_the_inherited_ones(registry: Registry) -> None:
    contact = element(registry, "Patient.contact")
    assert list(contact.children)[:4] == ["id", "extension", "modifierExtension", "relationship"]
    assert contact.children["id"].path == "Patient.contact.id"
    assert contact.is_list


def test_a_choice_is_one_element_with_a_json_name_for_each_type(registry: Registry) -> None:
    value = element(registry, "Observation.value")
    assert (value.path, value.choice, value.max) == ("Observation.value[x]", True, 1)
    names = {name: ref.code for name, ref in value.json_names().items()}
    assert names["valueCodeableConcept"] == "CodeableConcept"
    assert names["valueDateTime"] == "dateTime"
    assert len(names) == 11


def test_a_plain_element_has_its_own_json_name(registry: Registry) -> None:
    assert [*element(registry, "Patient.birthDate").json_names()] == ["birthDate"]


def test_a_content_reference_has_the_children_it_refers_to(registry: Registry) -> None:
    item = element(registry, "Questionnaire.item")
    again = item.children["item"]
    assert again.children is item.children
    assert again.is_list
    assert [*again.json_names()] == ["item"]
    assert (
        element(registry, "Observation.component.referenceRange").children["low"].types[0].code == "Quantity"
    )


def test_reference_targets_binding_and_flags(registry: Registry) -> None:
    assert element(registry, "Observation.subject").types[0].target_types == (
        "Patient",
        "Group",
        "Device",
        "Location",
    )
    status = element(registry, "Observation.status")
    assert (status.min, status.is_modifier, status.is_summary) == (1, True, True)
    assert status.binding == Binding("required", "http://hl7.org/fhir/ValueSet/observation-status|4.0.1")


def test_invariants_stand_where_they_are_stated_and_are_inherited_by_types(registry: Registry) -> None:
    assert [rule.key for rule in element(registry, "Patient.contact").invariants] == ["pat-1"]
    keys = [rule.key for rule in registry.type("Observation").invariants]
    assert keys == ["dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "obs-6", "obs-7"]


def test_a_primitive_has_its_regex(registry: Registry) -> None:
    assert registry.type("id").regex == r"[A-Za-z0-9\-\.]{1,64}"


def test_xml_attributes_are_known(registry: Registry) -> None:
    extension = registry.type("Extension")
    assert [name for name, e in extension.elements.items() if e.xml_attribute] == ["id", "url"]
    assert extension.elements["url"].types[0].code == "uri"
    assert not registry.type("Patient").elements["id"].xml_attribute


def test_a_type_that_specialises_another_has_its_elements(registry: Registry) -> None:
    assert list(registry.type("Age").elements) == list(registry.type("Quantity").elements)
    assert [rule.key for rule in registry.type("Age").invariants] == ["ele-1", "qty-3", "age-1"]
