"""_contained: search for contained resources. The matches are the resources that contain them.

https://hl7.org/fhir/R4/search.html#contained
"""

from collections.abc import Sequence
from dataclasses import replace

from fhir_server.search.ast import AllOf, AnyOf, Chain, Clause, Match, MissingValue

CONTAINS = "_contained"
"""The parameter under which all contained resources are indexed, besides those that refer to them."""


def containing(types: Sequence[str], where: Sequence[Clause]) -> Clause:
    """Resources that contain a resource of the types that satisfies all of `where`."""
    return Chain(CONTAINS, tuple(types), AllOf(tuple(where)) if where else _any_of_them())


def matching_or_containing(types: Sequence[str], where: Sequence[Clause]) -> Clause:
    """Resources of the types that satisfy all of `where`, and resources that contain one."""
    of_types = replace(_any_of_them(), only=tuple(types))
    # This clause is evaluated on all types, in some of which the parameter may have several values.
    asked = [replace(clause, single=False) if isinstance(clause, Match) else clause for clause in where]
    return AnyOf((AllOf((of_types, *asked)), containing(types, where)))


def _any_of_them() -> Match:
    """A clause that is true of every resource, contained ones included."""
    return Match("_none", "token", (MissingValue(True),), "missing")
