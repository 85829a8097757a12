"""The composition of a ValueSet resource.

https://hl7.org/fhir/R4/valueset.html
"""

from typing import Any

from fhir_server.definitions.code_systems import Fact, text_of, value_of

EXPANSION_PARAMETER = "http://hl7.org/fhir/StructureDefinition/valueset-expansion-parameter"
_OF_TOOLS = "http://hl7.org/fhir/tools/StructureDefinition/valueset-expansion-parameter"


def expansion_parameter(compose: Fact, name: str) -> str | None:
    """The value of an expansion parameter that a composition defines by extension; None if it does not."""
    for extension in compose.get("extension", ()):
        if extension.get("url") in (EXPANSION_PARAMETER, _OF_TOOLS):
            said = {part.get("url"): value_of(part) for part in extension.get("extension", ())}
            if said.get("name") == name and "value" in said:
                return text_of(said.get("value"))
    return None


def composition_of(value_set: Fact) -> Fact | None:
    """The composition of a ValueSet resource; if it has none, one that lists the codes of its expansion."""
    compose: Fact | None = value_set.get("compose")
    if compose is not None or "expansion" not in value_set:
        return compose
    by_system: dict[str, list[Fact]] = {}
    waiting = list(value_set["expansion"].get("contains", ()))
    while waiting:
        entry = waiting.pop(0)
        waiting = [*entry.get("contains", ()), *waiting]
        if "code" in entry and "system" in entry and not entry.get("abstract"):
            by_system.setdefault(entry["system"], []).append(entry)
    return {"include": [{"system": system, "concept": codes} for system, codes in by_system.items()]}


def all_codes(system: str) -> dict[str, Any]:
    """The composition that includes all codes of a system."""
    return {"include": [{"system": system}]}
