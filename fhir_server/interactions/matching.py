"""Conditions given as a search: which resources a conditional interaction is about.

https://hl7.org/fhir/R4/http.html#ccreate
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from msgspec import structs

from fhir_server.core.request import FhirRequest
from fhir_server.errors import FhirError, InvalidRequest, PreconditionFailed
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.query_strings import parameters_of
from fhir_server.interactions.search_parsing import parse_search
from fhir_server.search.ast import AllOf, Clause, Match, SearchQuery, TokenValue
from fhir_server.search.cache import SearchKey
from fhir_server.search.escapes import is_empty
from fhir_server.search.index_coverage import check_coverage
from fhir_server.search.parameters import SPECIAL_PARAMETERS
from fhir_server.search.parse import IGNORED_HERE, ParsedSearch
from fhir_server.store.port import StoredResource, UnitOfWork

_TYPE = re.compile(r"[A-Z][A-Za-z]+")

OF_EVERY_TYPE = frozenset(
    {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", *SPECIAL_PARAMETERS}
)
"""What can be a criterion although its name begins as those do that shape an answer."""

AMBIGUOUS = 2
"""As many matches as are worth finding where there may be but one."""

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Criteria:
    """A condition on resources of one type, and the interaction that it is for."""

    type: str
    parameters: Parameters
    interaction: str = field(compare=False)
    search: ParsedSearch | None = field(default=None, compare=False)
    """What they are understood as, where somebody has done that already."""

    def __str__(self) -> str:
        return urlencode(self.parameters, safe="|:/")


def criteria(type: str, query: str, interaction: str) -> Criteria:
    """The criteria of a query string such as `identifier=a|b`, with or without a leading `Type?`.

    Raises `InvalidRequest` where they are for another type.
    """
    start, mark, text = query.partition("?")
    if not mark or "=" in start:
        # A value may hold a question mark, such as that of an identifier whose system does.
        start, text = "", query
    given = start.rpartition("/")[2]
    if _TYPE.fullmatch(given) and given != type:
        found = messages.CRITERIA_OF_OTHER_TYPE(given=given, interaction=interaction, type=type)
        raise InvalidRequest.of(found)
    return Criteria(type, parameters_of(text, query), interaction)


def creation(request: FhirRequest) -> Criteria | None:
    """What must not be there yet for a creation to happen: If-None-Exist, or the criteria in the URL, where
    some clients put them; without heed they would create one resource after another. None where all may be.
    """
    type, condition = request.path[0], request.conditions.if_none_exist
    if condition is not None:
        return criteria(type, condition, "create")
    asked = tuple([pair for pair in request.query if _is_criterion(pair[0])])
    return Criteria(type, asked, "create") if asked else None


def _is_criterion(name: str) -> bool:
    return name[:1] != "_" or name.partition(":")[0] in OF_EVERY_TYPE


def matches(
    unit: UnitOfWork, engine: Engine, criteria: Criteria, base_url: str, limit: int = AMBIGUOUS
) -> tuple[StoredResource, ...]:
    """The first `limit` matches; holds the locks of the identifiers that the criteria name until the unit
    ends.
    """
    search = _understood(criteria, engine, base_url)
    for name, value in criteria.parameters:
        # A search ignores it; a condition would so come to be about other resources than was meant.
        if is_empty(value) and name not in IGNORED_HERE:
            raise InvalidRequest.of(messages.EMPTY_CRITERION(name=name, criteria=criteria))
    if not search.query.where:
        raise PreconditionFailed.of(messages.NO_CRITERIA(interaction=criteria.interaction))
    check_coverage(search.query, engine.pending, engine.registry)
    for system, code in _identifiers(search.query.where):
        unit.lock(identity_lock(criteria.type, system, code))
    return unit.search(_limited(search.query, limit)).matches


def expect_matches(unit: UnitOfWork, engine: Engine, wanted: Iterable[Criteria], base_url: str) -> None:
    """Let the unit know what is about to be matched."""

    def queries() -> Iterator[SearchQuery]:
        for criteria in wanted:
            # What is wrong with a condition is told when it is its turn.
            with suppress(FhirError):
                yield _limited(_understood(criteria, engine, base_url).query, AMBIGUOUS)

    unit.prefetch_searches(queries())


def _limited(query: SearchQuery, limit: int) -> SearchQuery:
    return structs.replace(query, count=limit, total="none", includes=(), sort=(), page=None)


def _understood(criteria: Criteria, engine: Engine, base_url: str) -> ParsedSearch:
    """The search that criteria are. That of a reference, such as to the nurse, is made again and again."""
    if criteria.search is not None:
        return criteria.search
    parameters = tuple(pair for pair in criteria.parameters if pair[0] not in IGNORED_HERE)

    def parsed() -> ParsedSearch:
        return parse_search(engine, (criteria.type,), parameters, base_url)

    if criteria.interaction != "reference":
        return parsed()
    # Under a path that no request has: what clients search for is counted and paged as they ask.
    asked = SearchKey((criteria.type, "?"), parameters, base_url, lenient=False)
    return engine.search_cache.get_or_parse(asked, parsed)


def one_match(unit: UnitOfWork, engine: Engine, criteria: Criteria, base_url: str) -> StoredResource | None:
    """The only match, or None. Raises `PreconditionFailed` when there are several."""
    found = matches(unit, engine, criteria, base_url)
    if len(found) > 1:
        raise PreconditionFailed.of(
            messages.SEVERAL_MATCHES(type=criteria.type, criteria=criteria), code="multiple-matches"
        )
    return found[0] if found else None


def understood(criteria: Criteria, engine: Engine, base_url: str) -> Criteria:
    """The criteria with the search that they are. Raises what is wrong with it."""
    search = _understood(criteria, engine, base_url)
    return Criteria(criteria.type, criteria.parameters, criteria.interaction, search)


def likely_match(engine: Engine, criteria: Criteria, base_url: str) -> StoredResource | None:
    """What bears an identifier at this moment, for whom it does no harm if another does in the next; None for
    all that is not sought by one identifier, or not found by it.
    """
    if [name for name, _ in criteria.parameters] != ["identifier"]:
        return None
    with suppress(FhirError):
        query = _limited(_understood(criteria, engine, base_url).query, AMBIGUOUS)
        found = engine.store.search(query).matches
        return found[0] if len(found) == 1 else None
    return None


def identity_lock(type: str, system: str, code: str) -> str:
    """The key that everyone locks who writes, or decides on, a resource with this identifier."""
    return f"{type}|{system}|{code}"


def _identifiers(clauses: Sequence[Clause]) -> Iterator[tuple[str, str]]:
    for clause in clauses:
        if isinstance(clause, AllOf):
            yield from _identifiers(clause.clauses)
        elif isinstance(clause, Match) and clause.parameter == "identifier":
            for value in clause.values:
                if isinstance(value, TokenValue):
                    yield value.system or "", value.code or ""
