"""The nesting of clauses: its limit, which databases have too, and clauses joined by AND on any level.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Iterable, Iterator

from fhir_server.search import messages
from fhir_server.search.ast import AllOf, AnyOf, Chain, Clause, Has, Not
from fhir_server.search.limits import too_costly

DEPTH_MAX = 18

_CHAIN_DEPTH = 3
"""The depth that a chain or `_has` adds. A chain of several steps without other conditions adds it once."""


def conjuncts(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """The clauses that are joined by AND, on whatever level."""
    for clause in clauses:
        if isinstance(clause, AllOf):
            yield from conjuncts(clause.clauses)
        else:
            yield clause


def check_nesting(clause: Clause, parameter: str) -> None:
    """Raise `InvalidSearch` for a clause that nests too deep."""
    if _depth(clause) > DEPTH_MAX:
        raise too_costly(messages.NESTED_TOO_DEEP(parameter=parameter), parameter)


def _depth(clause: Clause) -> int:
    match clause:
        case Chain() | Has():
            where: Clause = clause
            while isinstance(where, Chain | Has):
                where = where.where
            return _CHAIN_DEPTH + max(map(_depth, conjuncts((where,))))
        case AllOf(clauses) | AnyOf(clauses):
            return 1 + max(map(_depth, clauses))
        case Not(negated):
            return _depth(negated)
    return 0
