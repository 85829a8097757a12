"""Contained resources: indexed under the key of their container, with types of their own.

`Observation.subject#Patient.0` is the first contained Patient that the parameter `subject` of an Observation
refers to. A search for such a resource finds its container, as if the container had this type.
https://hl7.org/fhir/R4/search.html#contained
"""

from collections.abc import Iterator, Sequence

from fhir_server.search.ast import Chain
from fhir_server.store.sqlite.symbols import Symbols

PRESENCE = "#"
"""The parameter of the token that marks the presence of a contained resource."""

PLACES = 8
"""Contained resources of one type and one parameter that have types of their own; any more share the last."""


def contained_type(holder: str, parameter: str, type: str, place: int) -> str:
    """The type under which a contained resource is indexed."""
    return f"{holder}.{parameter}{PRESENCE}{type}.{min(place, PLACES - 1)}"


def is_contained(types: Sequence[str]) -> bool:
    """Whether these are types of contained resources; either all or none are."""
    return any(PRESENCE in type for type in types[:1])


def restricted_types(types: Sequence[str], only: Sequence[str]) -> list[str]:
    """Those of the types (of all types, if empty) that are among `only`; a contained one by its own type."""
    if is_contained(types):
        return [type for type in types if type.rpartition(PRESENCE)[2].rpartition(".")[0] in only]
    return [type for type in only if not types or type in types]


def presence_parameter(parameter: str) -> str:
    """The parameter that exists if a resource contained by way of `parameter` was ever indexed."""
    return parameter + PRESENCE


def contained_types(symbols: Symbols, chain: Chain, types: Sequence[str]) -> Iterator[str]:
    """The types of contained resources that a chain may lead to, if the store has ever indexed any."""
    for holder in types or symbols.types_of(presence_parameter(chain.parameter)):
        if symbols.parameter(holder, presence_parameter(chain.parameter)) is None:
            continue
        for type in chain.types:
            for place in range(PLACES):
                inner = contained_type(holder, chain.parameter, type, place)
                if symbols.parameter(inner, PRESENCE) is None:
                    break
                yield inner
