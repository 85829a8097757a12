"""What the registry says of search parameters and compartments."""

from typing import Any

import pytest

from fhir_server.definitions.registry import Registry

SEARCH_PARAMETER: dict[str, Any] = {
    "resourceType": "SearchParameter",
    "url": "https://example.org/fhir/SearchParameter/rank",
    "name": "rank",
    "status": "active",
    "code": "rank",
    "type": "number",
    "base": ["CarePlan"],
    "expression": "CarePlan.extension('https://example.org/fhir/rank').value",
    "comparator": ["eq", "gt"],
    "multipleOr": False,
    "description": "Rank of the sequence",
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.r4()


def test_every_parameter_of_r4_that_applies_to_a_type_is_found_by_its_url(registry: Registry) -> None:
    parameters = {
        p.url for name in registry.resource_types for p in registry.search_parameters(name).values()
    }
    assert len(parameters) == 1387
    assert all(registry.search_parameter(url) for url in parameters)


def test_a_type_has_its_own_parameters_and_those_of_its_base_types(registry: Registry) -> None:
    patient = registry.search_parameters("Patient")
    assert {"family", "birthdate", "general-practitioner", "_text", "_id", "_lastUpdated", "_tag"} <= set(
        patient
    )
    assert patient["birthdate"].expression == "Patient.birthDate | Person.birthDate | RelatedPerson.birthDate"
    assert patient["birthdate"].comparators[:3] == ("eq", "ne", "gt")


def test_what_is_no_domain_resource_has_no_text_parameter(registry: Registry) -> None:
    assert "_text" not in registry.search_parameters("Bundle")
    assert "_id" in registry.search_parameters("Bundle")
    assert set(registry.search_parameters("Resource")) == {
        "_content",
        "_filter",
        "_id",
        "_lastUpdated",
        "_profile",
        "_query",
        "_security",
        "_source",
        "_tag",
    }


def test_a_reference_parameter_has_its_targets(registry: Registry) -> None:
    assert registry.search_parameters("Condition")["patient"].targets == ("Patient", "Group")
    focus = registry.search_parameters("Observation")["focus"]
    assert len(focus.targets) == 145


def test_a_composite_has_its_components(registry: Registry) -> None:
    composite = registry.search_parameters("Observation")["code-value-quantity"]
    code, value = composite.components
    assert code.definition == "http://hl7.org/fhir/SearchParameter/clinical-code"
    assert value.expression == "value.as(Quantity)"
    assert not composite.multiple_or
    assert composite.multiple_and


def test_an_unknown_parameter_is_none_and_a_version_is_ignored(registry: Registry) -> None:
    assert registry.search_parameter("http://hl7.org/fhir/SearchParameter/nothing") is None
    assert registry.search_parameter("http://hl7.org/fhir/SearchParameter/Patient-active|4.0.1") is not None


def test_a_layer_adds_parameters_and_leaves_the_registry_below_as_it_was(registry: Registry) -> None:
    layered = registry.with_guides([SEARCH_PARAMETER])
    rank = layered.search_parameters("CarePlan")["rank"]
    assert (rank.type, rank.comparators, rank.multiple_or) == ("number", ("eq", "gt"), False)
    assert layered.search_parameter(SEARCH_PARAMETER["url"]) == rank
    assert "rank" not in registry.search_parameters("CarePlan")


def test_a_layer_replaces_the_parameter_of_the_same_url(registry: Registry) -> None:
    url = "http://hl7.org/fhir/SearchParameter/clinical-patient"
    changed = {**SEARCH_PARAMETER, "url": url, "code": "patient", "base": ["CarePlan"]}
    layered = registry.with_guides([changed])
    assert layered.search_parameters("CarePlan")["patient"].type == "number"
    assert "patient" not in layered.search_parameters("Condition")


def test_what_clients_stored_lies_above_the_guides_and_is_replaced_as_a_whole(registry: Registry) -> None:
    guided = registry.with_guides([SEARCH_PARAMETER])
    other = {**SEARCH_PARAMETER, "url": "https://example.org/fhir/SearchParameter/place", "code": "place"}
    changed = guided.with_stored([{**SEARCH_PARAMETER, "code": "order"}, other])
    assert {"order", "place"} <= set(changed.search_parameters("CarePlan"))
    assert "rank" not in changed.search_parameters("CarePlan")
    assert [resource["code"] for resource in changed.stored] == ["order", "place"]
    left = changed.with_stored([other]).search_parameters("CarePlan")
    assert {"rank", "place"} <= set(left)
    assert "order" not in left


@pytest.mark.parametrize("status", ["draft", "retired", "unknown"])
def test_only_active_parameters_are_used(registry: Registry, status: str) -> None:
    guided = registry.with_guides([SEARCH_PARAMETER])
    retired = guided.with_stored([{**SEARCH_PARAMETER, "status": status}])
    assert "rank" not in retired.search_parameters("CarePlan")
    own = {
        **SEARCH_PARAMETER,
        "url": "http://hl7.org/fhir/SearchParameter/clinical-patient",
        "status": status,
    }
    assert "patient" in registry.with_stored([own]).search_parameters("CarePlan")


@pytest.mark.parametrize("code", ["Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"])
def test_every_compartment_names_parameters_that_exist(registry: Registry, code: str) -> None:
    compartment = registry.compartment(code)
    assert compartment is not None
    assert compartment.code == code
    unknown = {
        (name, parameter)
        for name, parameters in compartment.inclusion.items()
        for parameter in parameters
        if parameter != "{def}" and parameter not in registry.search_parameters(name)
    }
    assert unknown == set()


def test_the_patient_compartment_holds_what_is_about_a_patient(registry: Registry) -> None:
    compartment = registry.compartment("Patient")
    assert compartment is not None
    assert compartment.inclusion["Observation"] == ("subject", "performer")
    assert "Organization" not in compartment.inclusion
    assert registry.compartment("Organization") is None
