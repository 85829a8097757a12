"""search on a type, a compartment or the whole system, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from functools import partial

from msgspec import structs

from fhir_server.core.bundle import bundle
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError
from fhir_server.extension import Engine
from fhir_server.interactions.bundle_links import PRESENTATION, page_token, self_link
from fhir_server.interactions.canonical_search import CanonicalSearch, has_joins
from fhir_server.interactions.changed_matches import (
    FROM_THE_FIRST,
    changes_since,
    committed_after,
    first_change,
)
from fhir_server.interactions.engines import DefinitionsChanged, check_in_force
from fhir_server.interactions.includes import included
from fhir_server.interactions.search_parsing import parse_search
from fhir_server.interactions.search_scope import scope
from fhir_server.interactions.searchset import FurtherPage, further_page, searchset
from fhir_server.search.ast import SearchQuery
from fhir_server.search.cache import SearchKey
from fhir_server.search.index_coverage import check_coverage
from fhir_server.search.parse import ParsedSearch
from fhir_server.store.port import Reader, SearchResult


def search(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """GET [type]?..., POST [type]/_search, and the same on the base: a searchset Bundle. R4 has no GET on
    _search, but clients ask that too.

    Raises `DefinitionsChanged` if the engine is outdated, so that the result may be wrong.
    """
    try:
        return _answer(request, engine, reader)
    except FhirError:
        if reader is engine.store:
            check_in_force(engine)
        raise


def _answer(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    token = page_token(request) if request.query else None
    further = further_page(token, request, engine) if token is not None else None
    parsed = _parsed_again(further, request, engine) if further else _understood(request, engine)
    check_coverage(parsed.query, engine.pending, engine.registry)
    of_store = reader is engine.store
    if of_store and (parsed.query.includes or has_joins(parsed.query)):
        # Otherwise a transaction that is committed in between would be seen in part.
        return engine.store.in_snapshot(partial(_read, request, engine, parsed, further, of_store))
    return _read(request, engine, parsed, further, of_store, reader)


def _read(
    request: FhirRequest,
    engine: Engine,
    parsed: ParsedSearch,
    further: FurtherPage | None,
    of_store: bool,
    reader: Reader,
) -> FhirResponse:
    """The page that `reader` finds, `of_store` where that sees what is committed and no unit's own writes."""
    if has_joins(parsed.query):
        parsed = structs.replace(parsed, query=CanonicalSearch(engine, reader).followed(parsed.query))
    result = _found(parsed.query, engine, reader, of_store)
    if parsed.query.count == 0:
        body = bundle("searchset", [], [self_link(request, parsed.self_parameters)], result.total)
        return FhirResponse(200, body=body)
    since = further.begin.since if further else None
    if further:
        result = structs.replace(result, total=further.total)
        if since is not None:
            result = committed_after(result, further.page.snapshot)
        elif since := first_change(parsed.query, result, engine, reader):
            result = structs.replace(result, next=FROM_THE_FIRST)
    going, capped = included(parsed.query.includes, result.matches, engine, reader)
    return searchset(request, engine, parsed, result, going, capped, further, since)


def _understood(request: FhirRequest, engine: Engine) -> ParsedSearch:
    """The parsed search of a request, from the cache if possible."""
    asked = SearchKey(request.path, request.query, request.base_url, request.preferences.lenient)
    return engine.search_cache.get_or_parse(
        asked,
        lambda: _parsed([pair for pair in request.query if pair[0] not in PRESENTATION], request, engine),
    )


def _parsed_again(further: FurtherPage, request: FhirRequest, engine: Engine) -> ParsedSearch:
    """The parsed search of a further page, which is not counted again."""
    parsed = _parsed(list(further.parameters), request, engine)
    query = structs.replace(parsed.query, page=further.page, total="none")
    since = further.begin.since
    return structs.replace(parsed, query=query if since is None else changes_since(query, since))


def _parsed(parameters: list[tuple[str, str]], request: FhirRequest, engine: Engine) -> ParsedSearch:
    within = scope(request, engine.registry)
    parsed = parse_search(
        engine,
        within.types,
        parameters,
        request.base_url,
        lenient=request.preferences.lenient,
        holders=True,
    )
    if not within.where:
        return parsed
    return structs.replace(
        parsed, query=structs.replace(parsed.query, where=within.where + parsed.query.where)
    )


def _found(query: SearchQuery, engine: Engine, reader: Reader, of_store: bool) -> SearchResult:
    """A page of the store's state, checked to have the engine's definitions. Those of a unit of work were
    checked when it began.
    """
    result = reader.search(query)
    if of_store and result.generation != engine.generation:
        if result.generation is not None:
            raise DefinitionsChanged
        check_in_force(engine)
    return result
