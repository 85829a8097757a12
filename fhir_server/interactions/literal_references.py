"""The literal references of a resource, and their places.

https://hl7.org/fhir/R4/references.html#literal
https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhir_server.errors import FhirError, InvalidRequest
from fhir_server.extension import Resource
from fhir_server.interactions import messages
from fhir_server.interactions.places import Place, expression

_OF_ENTRIES = ("urn:uuid:", "urn:oid:")
"""Prefixes of references to another entry of a Bundle."""
_WRITTEN_URN = b'"reference":"urn:'


def references_in(node: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every `Reference.reference` inside a resource, with its place; not those inside a nested Bundle."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from references_in(item, (*place, index))
    elif isinstance(node, dict) and node.get("resourceType") != "Bundle":
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                yield (*place, name), value
            else:
                yield from references_in(value, (*place, name))


def place_of(resource: Resource, reference: str) -> str:
    """The FHIRPath of the first occurrence of a reference; of the resource if there is none."""
    found = (place for place, text in references_in(resource) if text == reference)
    return expression(resource, next(found, ()))


def placed(error: FhirError, resource: Resource, reference: str) -> FhirError:
    """The same error, located at a reference."""
    place = place_of(resource, reference)
    return type(error)(*(replace(issue, expression=(place,)) for issue in error.issues))


def check_urns(resource: Resource, serialised: bytes) -> None:
    """Raise `InvalidRequest` for a reference to an entry of a Bundle, which is only valid inside of one.

    `serialised` is compact JSON: it tells faster that there is none than a walk through the resource.
    """
    if _WRITTEN_URN not in serialised:
        return
    for place, reference in references_in(resource):
        if reference.startswith(_OF_ENTRIES):
            raise InvalidRequest.of(messages.LONE_URN(reference=reference), expression(resource, place))
