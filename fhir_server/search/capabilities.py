"""The search parameters of a CapabilityStatement.

https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam
"""

from collections.abc import Iterator

from fhir_server.definitions.registry import Registry
from fhir_server.search.modifiers import modifiers
from fhir_server.search.parameters import SPECIAL_PARAMETERS, Parameters
from fhir_server.search.types.kinds import KINDS
from fhir_server.search.types.prefixes import ORDERED, PREFIXES


def search_params(registry: Registry, type: str) -> Iterator[dict[str, str]]:
    """The search parameters of a type; those that R4 defines in prose alone have the type string."""
    defined = registry.search_parameters(type)
    for code in sorted({*Parameters(registry, (type,)).codes(), *SPECIAL_PARAMETERS}):
        parameter = defined.get(code)
        if parameter is None:
            yield {"name": code, "type": "string"}
        else:
            yield {"name": code, "definition": parameter.url, "type": parameter.type}


def documentation() -> str:
    """The modifiers and prefixes of each parameter type, as markdown."""
    prefixes = ", ".join(PREFIXES)
    lines = []
    for kind in KINDS:
        takes = ", ".join(modifiers(kind))
        if kind in ORDERED:
            takes += f"; prefixes {prefixes}"
        if takes:
            lines.append(f"* {kind}: {takes}")
    return "\n".join(["Search parameters take these modifiers, by their type:", "", *lines])
