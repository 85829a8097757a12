"""Checks that the indexes that a search needs cover every resource: otherwise it would miss matches.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Iterator, Mapping, Sequence

from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.issues import Issue
from fhir_server.search import messages
from fhir_server.search.ast import EVERY, AllOf, AnyOf, Chain, Clause, Has, Hierarchy, Match, Not, SearchQuery

Pending = Mapping[str, frozenset[str]]
"""By type, the codes of the parameters whose index does not cover every resource."""

Use = tuple[Sequence[str], str]
"""Types, none for all, and the code of a parameter whose index is needed for them."""


def check_coverage(query: SearchQuery, pending: Pending, registry: Registry) -> None:
    """Raise `InvalidSearch` if the query needs a pending index, with an issue for each."""
    if not pending:
        return
    found = [use for types, code in _uses(query) for use in _pending_uses(types, code, pending, registry)]
    if found:
        raise InvalidSearch(*(_issue(type, code) for type, code in dict.fromkeys(found)))


def _issue(type: str, code: str) -> Issue:
    text = messages.INDEX_PENDING(parameter=code, type=type)
    return Issue("error", "not-supported", text, (f"http.{code}",))


def _pending_uses(
    types: Sequence[str], code: str, pending: Pending, registry: Registry
) -> Iterator[tuple[str, str]]:
    for type in types or pending:
        for waiting in sorted(pending.get(type, ())):
            if waiting == code or (code == EVERY and _is_reference(registry, type, waiting)):
                yield type, waiting


def _is_reference(registry: Registry, type: str, code: str) -> bool:
    parameter = registry.search_parameters(type).get(code)
    return parameter is not None and parameter.type == "reference"


def _uses(query: SearchQuery) -> Iterator[Use]:
    for clause in query.where if query.visibility is None else (*query.where, query.visibility):
        yield from _clause_uses(query.types, clause)
    for sort in query.sort:
        yield query.types, sort.parameter
    for include in query.includes:
        yield include.sources, include.parameter


def _clause_uses(types: Sequence[str], clause: Clause) -> Iterator[Use]:
    match clause:
        case Match(parameter):
            yield types, parameter.partition(":")[0]
        case Chain(parameter, targets, where):
            yield types, parameter
            yield from _clause_uses(targets, where)
        case Has(type, parameter, where):
            yield (type,), parameter
            yield from _clause_uses((type,), where)
        case Hierarchy(parameter, type, parent=parent):
            yield types, parameter
            yield (type,), parent
        case AllOf(clauses) | AnyOf(clauses):
            for part in clauses:
                yield from _clause_uses(types, part)
        case Not(negated):
            yield from _clause_uses(types, negated)
