""":above and :below on references, which follow hierarchies of resources such as Location.partOf.

https://hl7.org/fhir/R4/search.html#recursive
"""

from fhir_server.definitions.registry import Registry
from fhir_server.search import messages
from fhir_server.search.ast import Clause, Hierarchy, ReferenceValue
from fhir_server.search.limits import refused
from fhir_server.search.parameters import Parameters

PARENT_PARAMETERS = ("partof", "part-of")
"""The codes of R4's parameters that refer to the parent of a resource."""


def clause(
    registry: Registry, code: str, value: ReferenceValue, above: bool, text: str, parameter: str
) -> Clause:
    """References to a resource, or to one above or below it. Raises `InvalidSearch` for a type without a
    hierarchy.
    """
    parent = parent_of(registry, value.type) if value.type else None
    if value.type is None or parent is None:
        valid = ", ".join(name for name in registry.resource_types if parent_of(registry, name))
        raise refused(messages.NO_HIERARCHY(value=text, parameter=parameter, valid=valid), parameter)
    return Hierarchy(code, value.type, value.target, parent, "above" if above else "below")


def parent_of(registry: Registry, type: str) -> str | None:
    """The parameter of a type that refers to the parent, which is of the same type; None if there is none."""
    if not registry.is_resource_type(type):
        return None
    defined = registry.search_parameters(type)
    of_type = Parameters(registry, (type,))
    for code in PARENT_PARAMETERS:
        if code in defined and defined[code].type == "reference" and type in of_type.targets(code):
            return code
    return None
