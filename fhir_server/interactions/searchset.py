"""The searchset Bundle around one page of matches.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from fhir_server.core import json
from fhir_server.core.bundle import Link, bundle, entry
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.bundle_links import PAGE_PARAMETER, check_beside_page, page_path, self_link
from fhir_server.interactions.page_trail import FIRST_PAGE, PageTrail, page_links
from fhir_server.interactions.subset import Subset, subset
from fhir_server.issues import Issue
from fhir_server.search.ast import Page, SortKey
from fhir_server.search.parse import ParsedSearch
from fhir_server.store.port import SearchResult, StoredResource


class PageStart(Struct, frozen=True, array_like=True):
    """The keyset after which a further page begins.

    `since` is set on the last pages of a sorted search, which have the matches changed since then.
    """

    after: SortKey
    since: int | None


class FurtherPage(Struct, frozen=True, array_like=True):
    """The content of a page token: the parameters and the snapshot of the search, the total of its first
    page, and where this page begins.
    """

    parameters: tuple[tuple[str, str], ...]
    snapshot: int
    total: int | None
    begin: PageStart
    trail: PageTrail

    @property
    def page(self) -> Page:
        return Page(self.snapshot, self.begin.after)


def further_page(token: str, request: FhirRequest, engine: Engine) -> FurtherPage:
    """The page of a token. Raises `InvalidRequest` for an invalid token, and for parameters that the page
    would ignore.
    """
    further = engine.tokens.open(token, page_path(request), FurtherPage, PAGE_PARAMETER)
    check_beside_page(request, further.parameters, engine.limits)
    return further


def searchset(
    request: FhirRequest,
    engine: Engine,
    parsed: ParsedSearch,
    result: SearchResult,
    included: tuple[StoredResource, ...] = (),
    capped: bool = False,
    further: FurtherPage | None = None,
    since: int | None = None,
) -> FhirResponse:
    """The page as a Bundle: matches, included resources, an outcome if there are warnings, and links.

    `capped` if the limit cut off included resources; `further` is set for a further page; `since` is that of
    the next page.
    """
    is_whole = parsed.summary is None and not parsed.elements
    part = None if is_whole else subset(engine.registry, parsed.summary, parsed.elements)
    entries = [_entries(result.matches, "match", request, part)] if result.matches else []
    if included:
        # _elements does not apply to what is included
        part = subset(engine.registry, parsed.summary, ())
        entries.append(_entries(included, "include", request, part))
    issues = list(parsed.ignored)
    if capped:
        text = messages.INCLUDES_CAPPED(limit=engine.limits.include_max)
        issues.append(Issue("warning", "incomplete", text))
    if issues:
        outcome = json.serialise(operation_outcome(issues, request.language))
        # every entry of a searchset bears a name, this one too, though nobody can read it by that
        entries.append(entry(f"urn:uuid:{engine.new_id()}", outcome, search={"mode": "outcome"}))
    links = _links(request, engine, parsed, result, further, since)
    return FhirResponse(200, body=bundle("searchset", entries, links, result.total))


def _links(
    request: FhirRequest,
    engine: Engine,
    parsed: ParsedSearch,
    result: SearchResult,
    further: FurtherPage | None,
    since: int | None,
) -> list[Link]:
    asked = parsed.self_parameters
    if further is None and result.next is None:
        return [self_link(request, asked)]

    def token(begin: PageStart, trail: PageTrail) -> str:
        further = FurtherPage(asked, result.snapshot, result.total, begin, trail)
        return engine.tokens.seal(further, page_path(request))

    following = None if result.next is None else PageStart(result.next, since)
    trail, begin = (further.trail, further.begin) if further else (FIRST_PAGE, None)
    return page_links(request, asked, trail, begin, following, token)


def _entries(
    resources: Sequence[StoredResource], mode: str, request: FhirRequest, part: Subset | None
) -> bytes:
    """The JSON of the entries of some resources, whose ids and types need no escapes. It is joined in one
    step: the bodies are most of the response, and copying them takes longer than everything else here.
    """
    begin = _begin(request.base_url)
    end = b',"search":{"mode":"%s"}}' % mode.encode()
    between = end + b"," + begin
    pieces = [begin]
    for stored in resources:
        pieces.append(f'{stored.type}/{stored.id}","resource":'.encode())
        pieces.append(part.of(stored.body) if part else stored.body)
        pieces.append(between)
    pieces[-1] = end
    return b"".join(pieces)


@lru_cache(maxsize=64)
def _begin(base_url: str) -> bytes:
    """The begin of every entry's JSON, up to the type of its resource."""
    return b'{"fullUrl":' + json.serialise(f"{base_url}/").removesuffix(b'"')
