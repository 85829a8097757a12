"""What clauses are joined by AND, on whatever level, and how deep they nest: a database follows only so far.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Iterable, Iterator

from fhir_server.search import messages
from fhir_server.search.ast import AllOf, AnyOf, Chain, Clause, Has, Not
from fhir_server.search.limits import too_costly

DEPTH_MAX = 18

_WAY = 3
"""What a chain or `_has` counts that branches into more than one condition; one step after the other counts
once, however many."""


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
            return _WAY + max(map(_depth, conjuncts((where,))))
        case AllOf(clauses) | AnyOf(clauses):
            return 1 + max(map(_depth, clauses))
        case Not(negated):
            return _depth(negated)
    return 0
