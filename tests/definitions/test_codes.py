"""What the registry says of codes and of its guides' own resources."""

from typing import Any

import pytest

from fhir_server.definitions.code_lists import CodeList
from fhir_server.definitions.registry import Registry

HL7 = "http://hl7.org/fhir/ValueSet/"
V3 = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
TRACKS = "https://example.org/fhir/CodeSystem/track"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.r4()


def codes(registry: Registry, value_set: str) -> CodeList:
    found = registry.codes(value_set)
    assert found is not None
    return found


def value_set(**compose: Any) -> dict[str, Any]:
    url = "https://example.org/fhir/ValueSet/own"
    return {"resourceType": "ValueSet", "url": url, "version": "1.0", "compose": compose}


def code_system(**more: Any) -> dict[str, Any]:
    concepts = [
        {"code": "any", "concept": [{"code": "classique", "display": "Classique"}, {"code": "leger"}]},
        {"code": "other"},
    ]
    return {"resourceType": "CodeSystem", "url": TRACKS, "content": "complete", "concept": concepts, **more}


def own_codes(registry: Registry, *resources: dict[str, Any]) -> frozenset[str]:
    return codes(registry.with_guides(resources), "https://example.org/fhir/ValueSet/own").codes


def test_a_whole_code_system(registry: Registry) -> None:
    gender = codes(registry, HL7 + "administrative-gender|4.0.1")
    assert gender.codes == {"male", "female", "other", "unknown"}
    assert [concept.display for concept in gender.concepts] == ["Male", "Female", "Other", "Unknown"]
    assert gender.contains("http://hl7.org/fhir/administrative-gender", "male")
    assert gender.contains(None, "male")
    assert not gender.contains("http://example.org", "male")
    assert not gender.contains(None, "homme")


def test_the_version_may_be_left_out(registry: Registry) -> None:
    assert codes(registry, HL7 + "task-status").codes == codes(registry, HL7 + "task-status|4.0.1").codes


def test_r4_names_the_value_sets_of_v3_by_its_own_version(registry: Registry) -> None:
    flavors = "http://terminology.hl7.org/ValueSet/v3-NullFlavor"
    assert codes(registry, f"{flavors}|4.0.1").codes == codes(registry, flavors).codes
    assert registry.codes(f"{flavors}|4.0.2") is None


def test_a_hierarchy_filter_with_an_exclusion(registry: Registry) -> None:
    encounter = codes(registry, "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode")
    assert {"AMB", "VR", "HH", "IMP", "ACUTE"} <= encounter.codes
    assert "_ActEncounterCode" not in encounter.codes
    assert encounter.contains(V3, "AMB")


def test_value_sets_within_a_value_set(registry: Registry) -> None:
    labels = codes(registry, HL7 + "security-labels")
    assert labels.contains("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R")
    assert labels.contains(V3, "PSY")


@pytest.mark.parametrize(
    "name", ["mimetypes", "ucum-units", "languages-of-mars", "condition-code", "consent-category"]
)
def test_what_cannot_be_listed_is_none(registry: Registry, name: str) -> None:
    assert registry.codes(HL7 + name) is None


def test_a_code_system_keeps_order_displays_parents_and_status(registry: Registry) -> None:
    act = registry.code_system(V3)
    assert act is not None
    assert act.by_code["AE"].parents == ("CC",)
    assert act.by_code["_ActAccountCode"].abstract
    assert "AE" in act.descendants("_ActAccountCode")


def test_a_shared_child_has_both_parents(registry: Registry) -> None:
    act = registry.code_system(V3)
    assert act is not None
    shared = [concept for concept in act.concepts if len(concept.parents) > 1]
    assert shared
    assert all(c.code in act.descendants(parent) for c in shared for parent in c.parents)


def test_an_own_value_set_over_an_own_code_system(registry: Registry) -> None:
    by_parent = {"property": "concept", "op": "descendent-of", "value": "any"}
    whole = value_set(include=[{"system": TRACKS}])
    below = value_set(include=[{"system": TRACKS, "filter": [by_parent]}])
    assert own_codes(registry, code_system(), whole) == {"any", "classique", "leger", "other"}
    assert own_codes(registry, code_system(), below) == {"classique", "leger"}


def test_listed_concepts_need_no_code_system(registry: Registry) -> None:
    listed = value_set(include=[{"system": "http://loinc.org", "concept": [{"code": "44261-6"}]}])
    assert own_codes(registry, listed) == {"44261-6"}


def test_exclusions_are_taken_away(registry: Registry) -> None:
    less = value_set(include=[{"system": TRACKS}], exclude=[{"system": TRACKS, "concept": [{"code": "any"}]}])
    assert own_codes(registry, code_system(), less) == {"classique", "leger", "other"}


@pytest.mark.parametrize(
    "resources",
    [
        [value_set(include=[{"system": TRACKS}])],
        [code_system(content="fragment"), value_set(include=[{"system": TRACKS}])],
        [value_set(include=[{"valueSet": ["https://example.org/fhir/ValueSet/own"]}])],
        [{"resourceType": "ValueSet", "url": "https://example.org/fhir/ValueSet/own"}],
    ],
    ids=["unknown system", "incomplete system", "a set of itself", "no composition"],
)
def test_an_own_value_set_that_cannot_be_listed(registry: Registry, resources: list[dict[str, Any]]) -> None:
    assert registry.with_guides(resources).codes("https://example.org/fhir/ValueSet/own") is None


def test_canonicals_are_found_by_url_or_version_and_the_last_layer_wins(registry: Registry) -> None:
    first = value_set(include=[{"system": TRACKS}])
    second = {**first, "version": "2.0"}
    layered = registry.with_guides([first]).with_guides([second])
    assert layered.canonical(first["url"]) == second
    assert layered.canonical(first["url"] + "|1.0") == first
    assert layered.canonical(first["url"] + "|3.0") is None
    assert layered.canonical(first["url"], "CodeSystem") is None
    assert layered.resources("ValueSet") == (first, second)
