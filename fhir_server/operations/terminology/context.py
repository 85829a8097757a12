"""Resolves the parameter `context`: the value set to which an element is bound.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from fhir_server.codes.issues import tx_error
from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidRequest, NotFound
from fhir_server.operations.terminology import messages


def bound_value_set(registry: Registry, context: str) -> str:
    """The canonical URL of the value set bound at `[StructureDefinition url]#[path or id of an element]`.

    Raises `InvalidRequest` for another form of context, and `NotFound` where there is no binding.
    """
    structure, _, place = context.partition("#")
    if not structure or not place:
        raise InvalidRequest.of(messages.BAD_CONTEXT(context=context), "http.context")
    try:
        elements = registry.snapshot(structure).elements
    except KeyError:
        raise tx_error(NotFound, messages.UNKNOWN_STRUCTURE(url=structure), "not-found") from None
    for element in elements:
        bound = element.get("binding", {}).get("valueSet")
        if bound and place in (element["id"], element["path"]):
            return str(bound)
    raise tx_error(NotFound, messages.NOT_BOUND(structure=structure, place=place), "not-found")
