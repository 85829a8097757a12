"""Profiles and extensions, written for tests.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from typing import Any

Json = dict[str, Any]

R4 = "http://hl7.org/fhir/StructureDefinition/"


def structure(url: str, type: str, *lines: Json, base: str | None = None, **members: Any) -> Json:
    """A StructureDefinition that constrains `type`, or the profile at `base`, by the lines of its
    differential; `members` stand above those that it has by itself."""
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "Constrained",
        "status": "active",
        "kind": "complex-type" if type == "Extension" else "resource",
        "abstract": False,
        "type": type,
        "baseDefinition": base or R4 + type,
        "derivation": "constraint",
        "differential": {"element": list(lines)},
        **members,
    }


def line(id: str, **stated: Any) -> Json:
    """A line of a differential by its id alone, such as `Patient.identifier:nir`."""
    parts = [part.partition(":") for part in id.split(".")]
    made = {"id": id, "path": ".".join(name for name, _, _ in parts), **stated}
    return {**made, "sliceName": parts[-1][2]} if parts[-1][2] else made
