"""_contained: resources that lie within others as matches. Found are those that hold them.

https://hl7.org/fhir/R4/search.html#contained
"""

from collections.abc import Sequence
from dataclasses import replace

from fhir_server.search.ast import AllOf, AnyOf, Chain, Clause, Match, MissingValue

HOLDS = "_contained"
"""The parameter under which every contained resource is indexed, besides those that refer to it."""


def holding(types: Sequence[str], where: Sequence[Clause]) -> Clause:
    """What holds a resource of the types that satisfies all of `where`."""
    return Chain(HOLDS, tuple(types), AllOf(tuple(where)) if where else _any_of_them())


def either(types: Sequence[str], where: Sequence[Clause]) -> Clause:
    """What satisfies all of `where` and is of the types, or holds what does."""
    of_types = replace(_any_of_them(), only=tuple(types))
    # of all the types that this is asked of, some may have several times where these have but one
    asked = [replace(clause, single=False) if isinstance(clause, Match) else clause for clause in where]
    return AnyOf((AllOf((of_types, *asked)), holding(types, where)))


def _any_of_them() -> Match:
    """True of all that there is, be it contained."""
    return Match("_none", "token", (MissingValue(True),), "missing")
