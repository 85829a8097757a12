"""The structure of a query: which clauses are alternatives, and which apply to the same row of a resource.

https://hl7.org/fhir/R4/search.html#combining
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

from fhir_server.search.ast import AnyOf, Clause, Match, TokenValue
from fhir_server.store.sqlite.contained import is_contained
from fhir_server.store.sqlite.date_ranges import is_date_bound


def disjuncts(clause: Clause) -> Iterator[Clause]:
    """The clauses that are joined by OR, on any level of nesting."""
    if isinstance(clause, AnyOf):
        for part in clause.clauses:
            yield from disjuncts(part)
    else:
        yield clause


def groups(clauses: Iterable[Clause], types: Sequence[str]) -> list[list[Clause]]:
    """The clauses, grouped if they compare the same single date of a resource.

    Clauses on contained resources are not grouped, because a container may hold several of one type.
    """
    found: list[list[Clause]] = []
    by_parameter: dict[str, list[Clause]] = {}
    for clause in clauses:
        is_groupable = is_last_updated(clause) or (is_date_bound(clause) and not is_contained(types))
        if is_groupable and isinstance(clause, Match):
            group = by_parameter.setdefault(clause.parameter, [])
        else:
            group = []
        if not group:
            found.append(group)
        group.append(clause)
    return found


def is_one_token(clause: Clause) -> TypeGuard[Match]:
    """Whether a clause searches for one code of one system."""
    return (
        isinstance(clause, Match)
        and clause.type == "token"
        and clause.modifier is None
        and clause.parameter != "_id"
        and len(clause.values) == 1
        and isinstance(value := clause.values[0], TokenValue)
        and None not in (value.system, value.code)
    )


def is_last_updated(clause: Clause) -> bool:
    """Whether a clause compares `_lastUpdated`."""
    return (
        isinstance(clause, Match)
        and clause.parameter == "_lastUpdated"
        and clause.modifier is None
        and not clause.only
    )
