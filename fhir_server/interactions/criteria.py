"""The search criteria of conditional interactions, and the resources that match them.

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
"""Search parameters that are criteria although they begin with an underscore, as result parameters do."""

AMBIGUOUS = 2
"""The number of matches to look for where only one is allowed: two already make the criteria ambiguous."""

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Criteria:
    """Search criteria on resources of one type, and the interaction that they are for, such as `create`."""

    type: str
    parameters: Parameters
    interaction: str = field(compare=False)
    search: ParsedSearch | None = field(default=None, compare=False)
    """The parsed search, if the criteria have been parsed already."""

    def __str__(self) -> str:
        return urlencode(self.parameters, safe="|:/")


def parse_criteria(type: str, query: str, interaction: str) -> Criteria:
    """The criteria of a query string such as `identifier=a|b`, with or without a leading `Type?`.

    Raises `InvalidRequest` if they name another type.
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


def create_criteria(request: FhirRequest) -> Criteria | None:
    """The criteria of a conditional create: If-None-Exist, or those in the URL. None where there are none.

    Some clients put them in the URL. To ignore them there would create one duplicate after another.
    """
    type, condition = request.path[0], request.conditions.if_none_exist
    if condition is not None:
        return parse_criteria(type, condition, "create")
    asked = tuple([pair for pair in request.query if _is_criterion(pair[0])])
    return Criteria(type, asked, "create") if asked else None


def _is_criterion(name: str) -> bool:
    return name[:1] != "_" or name.partition(":")[0] in OF_EVERY_TYPE


def find_matches(
    unit: UnitOfWork, engine: Engine, criteria: Criteria, base_url: str, limit: int = AMBIGUOUS
) -> tuple[StoredResource, ...]:
    """The first `limit` matches. The identifiers that the criteria name stay locked until the unit ends."""
    search = _parsed_search(criteria, engine, base_url)
    for name, value in criteria.parameters:
        # A search ignores a parameter without a value. Criteria without it would match other resources.
        if is_empty(value) and name not in IGNORED_HERE:
            raise InvalidRequest.of(messages.EMPTY_CRITERION(name=name, criteria=criteria))
    if not search.query.where:
        raise PreconditionFailed.of(messages.NO_CRITERIA(interaction=criteria.interaction))
    check_coverage(search.query, engine.pending, engine.registry)
    for system, code in _identifier_values(search.query.where):
        unit.lock(identity_lock(criteria.type, system, code))
    return unit.search(_limited(search.query, limit)).matches


def prefetch_matches(unit: UnitOfWork, engine: Engine, wanted: Iterable[Criteria], base_url: str) -> None:
    """Let the unit prefetch the matches of several criteria at once."""

    def queries() -> Iterator[SearchQuery]:
        for criteria in wanted:
            # An error is reported when the criteria are matched.
            with suppress(FhirError):
                yield _limited(_parsed_search(criteria, engine, base_url).query, AMBIGUOUS)

    unit.prefetch_searches(queries())


def _limited(query: SearchQuery, limit: int) -> SearchQuery:
    return structs.replace(query, count=limit, total="none", includes=(), sort=(), page=None)


def _parsed_search(criteria: Criteria, engine: Engine, base_url: str) -> ParsedSearch:
    """The criteria as a parsed search. Those of conditional references are cached, since many resources refer
    to the same one, such as a nurse.
    """
    if criteria.search is not None:
        return criteria.search
    parameters = tuple(pair for pair in criteria.parameters if pair[0] not in IGNORED_HERE)

    def parsed() -> ParsedSearch:
        return parse_search(engine, (criteria.type,), parameters, base_url)

    if criteria.interaction != "reference":
        return parsed()
    # No request has this path, so that the key is never that of a client's search, which has its own paging.
    asked = SearchKey((criteria.type, "?"), parameters, base_url, lenient=False)
    return engine.search_cache.get_or_parse(asked, parsed)


def find_single_match(
    unit: UnitOfWork, engine: Engine, criteria: Criteria, base_url: str
) -> StoredResource | None:
    """The only match, or None. Raises `PreconditionFailed` when there are several."""
    found = find_matches(unit, engine, criteria, base_url)
    if len(found) > 1:
        raise PreconditionFailed.of(
            messages.SEVERAL_MATCHES(type=criteria.type, criteria=criteria), code="multiple-matches"
        )
    return found[0] if found else None


def with_parsed_search(criteria: Criteria, engine: Engine, base_url: str) -> Criteria:
    """The criteria with their parsed search. Raises as parsing does."""
    search = _parsed_search(criteria, engine, base_url)
    return Criteria(criteria.type, criteria.parameters, criteria.interaction, search)


def find_likely_match(engine: Engine, criteria: Criteria, base_url: str) -> StoredResource | None:
    """The current match of criteria that are a single `identifier`, read outside of any unit of work.

    It may be out of date at once, so the caller must check it later. None for other criteria, and where there
    is not exactly one match.
    """
    if [name for name, _ in criteria.parameters] != ["identifier"]:
        return None
    with suppress(FhirError):
        query = _limited(_parsed_search(criteria, engine, base_url).query, AMBIGUOUS)
        found = engine.store.search(query).matches
        return found[0] if len(found) == 1 else None
    return None


def identity_lock(type: str, system: str, code: str) -> str:
    """The lock key of an identifier: held to write a resource that has it, and to match criteria on it."""
    return f"{type}|{system}|{code}"


def _identifier_values(clauses: Sequence[Clause]) -> Iterator[tuple[str, str]]:
    for clause in clauses:
        if isinstance(clause, AllOf):
            yield from _identifier_values(clause.clauses)
        elif isinstance(clause, Match) and clause.parameter == "identifier":
            for value in clause.values:
                if isinstance(value, TokenValue):
                    yield value.system or "", value.code or ""
