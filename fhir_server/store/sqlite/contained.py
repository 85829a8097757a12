"""Contained resources, which are indexed with the resource that holds them, under types of their own.

`Observation.subject#Patient.0` is the first Patient that the parameter `subject` of an Observation finds
inside of it. What is asked of such a resource is asked of its holder, as if that were of this type.
https://hl7.org/fhir/R4/search.html#contained
"""

from collections.abc import Iterator, Sequence

from fhir_server.search.ast import Chain
from fhir_server.store.sqlite.symbols import Symbols

PRESENCE = "#"
"""The parameter of the token by which a holder has the resource."""

PLACES = 8
"""Contained resources of one type behind one parameter that are told apart; further ones share the last
place."""


def inner_type(holder: str, parameter: str, type: str, place: int) -> str:
    """The type that a contained resource is indexed under."""
    return f"{holder}.{parameter}{PRESENCE}{type}.{min(place, PLACES - 1)}"


def is_inner(types: Sequence[str]) -> bool:
    """Whether types are such, of which all or none are."""
    return any(PRESENCE in type for type in types[:1])


def among_types(types: Sequence[str], only: Sequence[str]) -> list[str]:
    """Those of the types, or of all where there are none, that are among `only`, contained ones by their
    own.
    """
    if is_inner(types):
        return [type for type in types if type.rpartition(PRESENCE)[2].rpartition(".")[0] in only]
    return [type for type in only if not types or type in types]


def trail(parameter: str) -> str:
    """The parameter that exists where anything contained was ever found by `parameter`."""
    return parameter + PRESENCE


def inner_types(symbols: Symbols, chain: Chain, types: Sequence[str]) -> Iterator[str]:
    """The types under which the store has ever indexed what the chain may find contained."""
    for holder in types or symbols.types_of(trail(chain.parameter)):
        if symbols.parameter(holder, trail(chain.parameter)) is None:
            continue
        for type in chain.types:
            for place in range(PLACES):
                inner = inner_type(holder, chain.parameter, type, place)
                if symbols.parameter(inner, PRESENCE) is None:
                    break
                yield inner
