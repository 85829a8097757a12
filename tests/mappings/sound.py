"""The verdicts that every resource a mapping writes must pass."""

from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.validation.structure import StructureValidator
from mappings.sesame.guide import read_guide

GUIDE = read_guide()
REGISTRY = Registry.r4().layered(GUIDE.resources)
STRUCTURE = StructureValidator(REGISTRY)
FHIRPATH = FhirPath()
PROFILES = {
    found["url"]: found for found in GUIDE.resources if found["resourceType"] == "StructureDefinition"
}


def broken_rules(resource: dict[str, Any]) -> set[str]:
    """The keys of the rules that a resource breaks, of the profiles it claims."""
    return {
        rule["key"]
        for profile in resource.get("meta", {}).get("profile", [])
        for element in PROFILES[profile]["differential"]["element"]
        for rule in element.get("constraint", [])
        if FHIRPATH.evaluate(rule["expression"], resource) != [True]
    }


def broken_base_rules(resource: dict[str, Any]) -> set[str]:
    """The keys of the R4 errors on the resource as a whole."""
    return {
        rule.key
        for rule in REGISTRY.type(resource["resourceType"]).invariants
        if rule.severity == "error" and FHIRPATH.evaluate(rule.expression, resource) != [True]
    }


def assert_sound(resource: dict[str, Any]) -> None:
    """R4's structure and rules, the rules of its profiles, and the second opinion's reading."""
    assert STRUCTURE.validate(resource) == []
    assert broken_base_rules(resource) == set()
    assert broken_rules(resource) == set()
    model = get_fhir_model_class(resource["resourceType"])
    assert model.model_validate_json(json.serialise(resource))


def is_marked_synthetic(resource: dict[str, Any]) -> bool:
    """Whether the tags say that the resource describes nobody."""
    tags = {(tag["system"], tag["code"]) for tag in resource["meta"].get("tag", [])}
    return tags == {
        (GUIDE.canonical("CodeSystem", "sesame-tag"), "synthetic-data"),
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST"),
    }
