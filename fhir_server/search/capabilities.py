"""What a CapabilityStatement says of searches.

https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam
"""

from collections.abc import Iterator

from fhir_server.definitions.registry import Registry
from fhir_server.search.modifiers import modifiers
from fhir_server.search.parameters import SPECIAL_PARAMETERS, Parameters
from fhir_server.search.types.kinds import KINDS
from fhir_server.search.types.prefixes import ORDERED, PREFIXES


def search_params(registry: Registry, type: str) -> Iterator[dict[str, str]]:
    """Each parameter of a type that can be searched; those that R4 defines in prose alone are strings."""
    defined = registry.search_parameters(type)
    for code in sorted({*Parameters(registry, (type,)).codes(), *SPECIAL_PARAMETERS}):
        parameter = defined.get(code)
        if parameter is None:
            yield {"name": code, "type": "string"}
        else:
            yield {"name": code, "definition": parameter.url, "type": parameter.type}


def documentation() -> str:
    """Which modifiers and prefixes the parameters take, by their type, as markdown."""
    prefixes = ", ".join(PREFIXES)
    lines = []
    for kind in KINDS:
        takes = ", ".join(modifiers(kind))
        if kind in ORDERED:
            takes += f"; prefixes {prefixes}"
        if takes:
            lines.append(f"* {kind}: {takes}")
    return "\n".join(["Search parameters take these modifiers, by their type:", "", *lines])
