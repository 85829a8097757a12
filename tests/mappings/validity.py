"""The checks that every resource written by a mapping must pass."""

from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_server.codes.terminology import Terminology
from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.checks.builtin_checks import CHECKS
from fhir_server.validation.validator import Validator
from mappings.sesame import PROGRAMME
from mappings.sesame.guide import read_guide

GUIDE = read_guide()
REGISTRY = Registry.r4().with_guides(GUIDE.resources)
FHIRPATH = FhirPath()
VALIDATOR = Validator(REGISTRY, FHIRPATH, Terminology(REGISTRY), (*CHECKS, *PROGRAMME.checks))
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


def errors(resource: dict[str, Any]) -> list[Issue]:
    """What refuses a resource: R4, the profiles that it claims, the checks of the whole."""
    return [issue for issue in VALIDATOR.validate(resource) if issue.severity in ("fatal", "error")]


def assert_valid(resource: dict[str, Any]) -> None:
    """R4, the profiles that it claims, and the second opinion's reading."""
    assert errors(resource) == []
    model = get_fhir_model_class(resource["resourceType"])
    assert model.model_validate_json(json.serialise(resource))


def is_marked_synthetic(resource: dict[str, Any]) -> bool:
    """Whether the tags say that the resource describes nobody."""
    tags = {(tag["system"], tag["code"]) for tag in resource["meta"].get("tag", [])}
    return tags == {
        (GUIDE.canonical("CodeSystem", "sesame-tag"), "synthetic-data"),
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST"),
    }
