"""search on a type, a compartment or the whole system, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Iterable
from dataclasses import replace

from fhir_server.core import json
from fhir_server.core.bundle import bundle, entry
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.links import PAGE_PARAMETER, PRESENTATION, next_link, page_path, self_link
from fhir_server.interactions.scope import Scope, scope
from fhir_server.interactions.subset import Subset, subset
from fhir_server.issues import Issue
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.parse import ParsedSearch, parse
from fhir_server.store.port import Reader, SearchResult, StoredResource


def search(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """GET [type]?..., POST [type]/_search, and the same on the base: a searchset Bundle."""
    parsed = _understood(request, engine)
    if parsed.summary == "count" or parsed.query.count == 0:
        result = reader.search(replace(parsed.query, count=0, total="accurate"))
        body = bundle("searchset", [], [self_link(request, parsed.self_parameters)], result.total)
        return FhirResponse(200, body=body)
    result = reader.search(parsed.query)
    included, capped = _included(parsed.query, result.matches, engine, reader)
    return FhirResponse(200, body=_bundle(request, engine, parsed, result, included, capped))


def _understood(request: FhirRequest, engine: Engine) -> ParsedSearch:
    """The search that the path, and the parameters or the page token, ask for."""
    within = scope(request, engine.registry)
    token = request.parameter(PAGE_PARAMETER)
    if token is None:
        return _parsed(within, [p for p in request.query if p[0] not in PRESENTATION], request, engine)
    parameters, snapshot, after = engine.tokens.open(token, page_path(request))
    parsed = _parsed(within, [(name, value) for name, value in parameters], request, engine)
    page = Page(snapshot, tuple(after))
    return replace(parsed, query=replace(parsed.query, page=page))


def _parsed(
    within: Scope, parameters: list[tuple[str, str]], request: FhirRequest, engine: Engine
) -> ParsedSearch:
    parsed = parse(
        within.types,
        parameters,
        registry=engine.registry,
        zone=engine.zone,
        lenient=request.preferences.lenient,
        base_url=request.base_url,
        now=engine.now(),
        count_default=engine.limits.page_default,
        count_max=engine.limits.page_max,
    )
    return replace(parsed, query=replace(parsed.query, where=within.where + parsed.query.where))


def _included(
    query: SearchQuery, matches: tuple[StoredResource, ...], engine: Engine, reader: Reader
) -> tuple[tuple[StoredResource, ...], bool]:
    """What the page includes, each once and no match again, and whether the limit cut it short."""
    limit = engine.limits.include_max
    seen = {match.reference for match in matches}
    found: list[StoredResource] = []
    sources: tuple[StoredResource, ...] = matches
    includes = query.includes
    while sources and includes:
        fresh: list[StoredResource] = []
        for include in includes:
            for stored in reader.included(sources, include, limit + 1):
                if stored.reference not in seen:
                    seen.add(stored.reference)
                    fresh.append(stored)
        found += fresh
        sources, includes = tuple(fresh), tuple(i for i in query.includes if i.iterate)
        if len(found) > limit:
            return tuple(found[:limit]), True
    return tuple(found), False


def _bundle(
    request: FhirRequest,
    engine: Engine,
    parsed: ParsedSearch,
    result: SearchResult,
    included: tuple[StoredResource, ...],
    capped: bool,
) -> bytes:
    part = subset(engine.registry, parsed.summary, parsed.elements)
    entries = [
        *_entries(result.matches, "match", request, part),
        *_entries(included, "include", request, part),
    ]
    issues = list(parsed.ignored)
    if capped:
        text = messages.INCLUDES_CAPPED(limit=engine.limits.include_max)
        issues.append(Issue("warning", "incomplete", text))
    if issues:
        outcome = json.serialise(operation_outcome(issues, request.language))
        entries.append(entry(None, outcome, search={"mode": "outcome"}))
    links = [self_link(request, parsed.self_parameters)]
    if result.next is not None:
        state = (parsed.self_parameters, result.snapshot, result.next)
        links.append(next_link(request, engine.tokens.seal(state, page_path(request))))
    return bundle("searchset", entries, links, result.total)


def _entries(
    resources: Iterable[StoredResource], mode: str, request: FhirRequest, part: Subset | None
) -> Iterable[bytes]:
    for stored in resources:
        body = part.of(stored.body) if part else stored.body
        yield entry(f"{request.base_url}/{stored.reference}", body, search={"mode": mode})
