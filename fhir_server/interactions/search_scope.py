"""The scope of a search: all types, one type, or a compartment.

https://hl7.org/fhir/R4/compartmentdefinition.html
https://hl7.org/fhir/R4/http.html#vsearch
"""

from dataclasses import dataclass

from fhir_server.core.request import FhirRequest
from fhir_server.definitions.registry import Registry
from fhir_server.errors import UnknownType
from fhir_server.interactions import messages
from fhir_server.interactions.bundle_links import searched_path
from fhir_server.search.ast import Clause, Match, TokenValue
from fhir_server.search.index_plan import COMPARTMENT

ANY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """The types to search, none for all, and clauses besides the parameters."""

    types: tuple[str, ...]
    where: tuple[Clause, ...] = ()


def scope(request: FhirRequest, registry: Registry) -> Scope:
    """The scope of a request's path. Raises `UnknownType` for a type that the compartment cannot contain."""
    path = searched_path(request)
    if len(path) < 3:
        return Scope(path)
    compartment, id, type = path
    members = compartment_types(registry, compartment)
    if type == ANY_TYPE:
        asked = request.parameter("_type")
        types = tuple(name.strip() for name in asked.split(",")) if asked else members
    else:
        types = (type,)
    for name in types:
        if name not in members:
            raise UnknownType.of(messages.NOT_IN_COMPARTMENT(name=name, compartment=compartment))
    return Scope(types, (in_compartment(compartment, id),))


def compartment_types(registry: Registry, compartment: str) -> tuple[str, ...]:
    """The types that a compartment can contain; none for a type without compartments."""
    definition = registry.compartment(compartment)
    return tuple(sorted(definition.inclusion)) if definition else ()


def in_compartment(compartment: str, id: str | None) -> Match:
    """The clause for resources in the compartment `compartment/id`; without id, in any of that type."""
    return Match(COMPARTMENT, "token", (TokenValue(compartment, id),))
