"""Validators of small profiles, written as differentials."""

from typing import Any

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.validation.validator import Validator
from tests import structures
from tests.structures import Json

ROOT = "http://example.org/StructureDefinition/"
BASE = "http://hl7.org/fhir/StructureDefinition/"


def structure(name: str, type: str, *elements: Json, base: str = "", **more: Any) -> Json:
    """A profile on a type with a differential; an element's id follows from its path and slice name."""
    lines = map(_with_id, elements)
    called = name.title().replace("-", "")
    return structures.structure(ROOT + name, type, *lines, base=base or None, name=called, **more)


def _with_id(element: Json) -> Json:
    named = f":{element['sliceName']}" if "sliceName" in element else ""
    return {"id": element["path"] + named, **element}


def extension(name: str, value: str, context: str = "Patient", modifier: bool = False, **limits: Any) -> Json:
    """A simple extension with a value of one type."""
    root = (
        {"path": "Extension", "isModifier": True, "isModifierReason": "x"}
        if modifier
        else {"path": "Extension"}
    )
    return structure(
        name,
        "Extension",
        root,
        {"path": "Extension.extension", "max": "0"},
        {"path": "Extension.url", "fixedUri": ROOT + name},
        {"path": "Extension.value[x]", "min": 1, "type": [{"code": value}], **limits},
        context=[{"type": "element", "expression": context}],
    )


def sliced(
    path: str, *slices: Json, by: tuple[str, str] = ("value", "$this"), rules: str = "open", **more: Any
) -> tuple[Json, ...]:
    """The element that is sliced, and its slices by name with their own elements."""
    slicing = {"discriminator": [{"type": by[0], "path": by[1]}], "rules": rules, **more}
    return ({"path": path, "slicing": slicing}, *slices)


def within(path: str, slice: str, child: str, **facts: Any) -> Json:
    """An element inside a slice."""
    return {"id": f"{path}:{slice}.{child}", "path": f"{path}.{child}", **facts}


def patient(**changes: Any) -> Json:
    return {"resourceType": "Patient", **changes}


def telecoms(*systems: str) -> Json:
    return patient(telecom=[{"system": system, "value": "1"} for system in systems])


class Problems:
    """The problems of resources under some definitions."""

    def __init__(self, *definitions: Json) -> None:
        registry = Registry.r4().with_guides(definitions)
        self.validator = Validator(registry, FhirPath(), Terminology(registry))

    def __call__(self, resource: Json, *profiles: str, severities: tuple[str, ...] = ("error",)) -> list[Any]:
        """Each as its code and place."""
        issues = self.validator.validate(resource, [ROOT + name for name in profiles])
        return [(issue.code, *issue.expression) for issue in issues if issue.severity in severities]

    def keys(self, resource: Json, *profiles: str) -> list[tuple[str | None, str]]:
        issues = self.validator.validate(resource, [ROOT + name for name in profiles])
        return [(issue.key, issue.severity) for issue in issues if issue.key != "dom-6"]
