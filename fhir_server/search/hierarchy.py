"""Resources that are part of others of their type, which :above and :below follow.

https://hl7.org/fhir/R4/search.html#recursive
"""

from fhir_server.definitions.registry import Registry
from fhir_server.search import messages
from fhir_server.search.ast import Clause, Hierarchy, ReferenceValue
from fhir_server.search.limits import refused
from fhir_server.search.parameters import Parameters

PARENTS = ("partof", "part-of")
"""The parameters by which R4 says that a resource is part of another."""


def clause(
    registry: Registry, code: str, value: ReferenceValue, above: bool, text: str, parameter: str
) -> Clause:
    """The reference leads to the resource, or to one above or below it."""
    parent = parent_of(registry, value.type) if value.type else None
    if value.type is None or parent is None:
        valid = ", ".join(name for name in registry.resource_types if parent_of(registry, name))
        raise refused(messages.NO_HIERARCHY(value=text, parameter=parameter, valid=valid), parameter)
    return Hierarchy(code, value.type, value.target, parent, "above" if above else "below")


def parent_of(registry: Registry, type: str) -> str | None:
    """The parameter of a type that says which other of the type a resource is part of."""
    if not registry.is_resource_type(type):
        return None
    defined = registry.search_parameters(type)
    of_type = Parameters(registry, (type,))
    for code in PARENTS:
        if code in defined and defined[code].type == "reference" and type in of_type.targets(code):
            return code
    return None
