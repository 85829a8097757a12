"""history of an instance, a type or the whole system.

https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Sequence
from functools import partial
from typing import get_args

from msgspec import Struct

from fhir_server.core.bundle import bundle, entry
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.core.temporal import BEGINNING, END, format_instant, period_of
from fhir_server.errors import InvalidRequest, NotFound
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.bundle_entries import reasoned
from fhir_server.interactions.bundle_links import (
    PAGE_PARAMETER,
    check_beside_page,
    page_path,
    page_size,
    page_token,
    self_link,
)
from fhir_server.interactions.list_history import PARAMETER as LIST
from fhir_server.interactions.list_history import list_history
from fhir_server.interactions.page_trail import FIRST_PAGE, PageTrail, page_links
from fhir_server.interactions.subset import Subset, asked_subset
from fhir_server.search.result_parameters import Total
from fhir_server.search.types.prefixes import split_prefix
from fhir_server.store.port import HistoryQuery, HistoryResult, Reader, StoredResource

FILTERS = ("_since", "_at", LIST, "_count")
PARTS = ("_summary", "_elements")
PARAMETERS = (*FILTERS, *PARTS, PAGE_PARAMETER, "_format", "_pretty", "_sort", "_total")
NEWEST_FIRST = "-_lastUpdated"
"""The only order of a history."""


class HistoryPage(Struct, frozen=True, array_like=True):
    """A page: the parameters of the history, and the sequence before which it continues, None at first."""

    parameters: tuple[tuple[str, str], ...]
    before: int | None = None
    trail: PageTrail = FIRST_PAGE


def history(request: FhirRequest, engine: Engine, reader: Reader) -> FhirResponse:
    """GET [type]/[id]/_history, [type]/_history or _history: versions, newest first."""
    scope = request.path[:-1]
    page = _page_asked_for(request, engine)
    parameters = list(page.parameters)
    part = asked_subset(parameters, scope[0] if scope else None, engine.registry)
    query = _query(scope, parameters, page.before, engine)
    if len(scope) == 2 and reader.read(*scope) is None:
        raise NotFound.of(messages.NOT_FOUND(reference="/".join(scope)))
    listed = dict(parameters).get(LIST)
    if listed is None:
        found = reader.history(query)
    elif reader is engine.store:
        found = engine.store.in_snapshot(partial(list_history, listed, query, engine))
    else:
        found = list_history(listed, query, engine, reader)
    recreated = recreations(found.versions, reader)
    return FhirResponse(200, body=_bundle(request, engine, page, found, part, recreated))


def history_entry(
    stored: StoredResource, base_url: str, part: Subset | None = None, *, recreated: bool = False
) -> bytes:
    """The history entry of a version, or of a part of it, with its request and response; `recreated` if it
    follows a deletion.

    A history has creations, updates and deletions. A patch is shown as an update: with PATCH, the entry's
    resource would have to be the patch. https://hl7.org/fhir/R4/http.html#history
    """
    method = "PUT" if stored.method == "PATCH" else stored.method
    target = stored.type if stored.method == "POST" else stored.reference
    created = stored.method == "POST" or stored.version == 1 or recreated
    status = 204 if stored.deleted else 201 if created else 200
    return entry(
        f"{base_url}/{stored.reference}",
        part.of(stored.body) if part and stored.body else stored.body or None,
        request={"method": method, "url": target},
        response={
            "status": reasoned(status),
            "etag": f'W/"{stored.version}"',
            "lastModified": format_instant(stored.last_updated),
        },
    )


def recreations(versions: Sequence[StoredResource], reader: Reader) -> frozenset[int]:
    """The sequences of updates that follow a deletion, and therefore got status 201."""
    known = {(version.reference, version.version): version for version in versions}
    found = set()
    for version in versions:
        if version.method == "PUT" and version.version > 1:
            earlier = version.version - 1
            before = known.get((version.reference, earlier))
            before = before or reader.read_version(version.type, version.id, earlier)
            if before is not None and before.deleted:
                found.add(version.sequence)
    return frozenset(found)


def _page_asked_for(request: FhirRequest, engine: Engine) -> HistoryPage:
    """The requested page, by page token or by parameters."""
    token = page_token(request)
    if token is None:
        return HistoryPage(tuple(_asked(request)))
    page = engine.tokens.open(token, page_path(request), HistoryPage, PAGE_PARAMETER)
    check_beside_page(request, page.parameters, engine.limits)
    return page


def _asked(request: FhirRequest) -> list[tuple[str, str]]:
    for name, value in request.query:
        if name not in PARAMETERS:
            valid = ", ".join((*FILTERS, *PARTS))
            raise InvalidRequest.of(
                messages.UNKNOWN_HISTORY_PARAMETER(name=name, valid=valid), f"http.{name}"
            )
        if name == "_sort" and value != NEWEST_FIRST:
            raise InvalidRequest.of(messages.HISTORY_ORDER(value=value), "http._sort")
        if name == "_total" and value not in get_args(Total):
            text = messages.HISTORY_TOTAL(value=value, valid=", ".join(get_args(Total)))
            raise InvalidRequest.of(text, "http._total")
    asked = [(name, value) for name, value in request.query if name in (*FILTERS, *PARTS)]
    names = [name for name, _ in asked]
    for name in names:
        if names.count(name) > 1:
            raise InvalidRequest.of(messages.REPEATED_HISTORY_PARAMETER(name=name), f"http.{name}")
    return asked


def _query(
    scope: Sequence[str], parameters: list[tuple[str, str]], before: int | None, engine: Engine
) -> HistoryQuery:
    given = dict(parameters)
    if "_since" in given and "_at" in given:
        raise InvalidRequest.of(messages.SINCE_AND_AT(), "http._since", "http._at")
    return HistoryQuery(
        type=scope[0] if scope else None,
        id=scope[1] if len(scope) == 2 else None,
        since=_period("_since", given["_since"], engine)[0] if "_since" in given else None,
        at=_moments(given["_at"], engine) if "_at" in given else None,
        before=before,
        count=page_size(given.get("_count"), engine.limits),
    )


def _moments(value: str, engine: Engine) -> tuple[int, int]:
    """The interval of `_at`, in which a version must have been current, with the prefixes of a date search.

    https://hl7.org/fhir/R4/search.html#date
    """
    prefix, time = split_prefix(value)
    low, high = _period("_at", time, engine)
    if prefix == "eq":
        return low, high
    bounds = {"gt": (high, END), "sa": (high, END), "ge": (low, END)}
    bounds |= {"lt": (BEGINNING, low), "eb": (BEGINNING, low), "le": (BEGINNING, high)}
    if prefix not in bounds:
        raise InvalidRequest.of(messages.BAD_TIME(name="_at", value=value), "http._at")
    return bounds[prefix]


def _period(name: str, value: str, engine: Engine) -> tuple[int, int]:
    try:
        return period_of(value.replace(" ", "+"), engine.zone)
    except ValueError as error:
        raise InvalidRequest.of(messages.BAD_TIME(name=name, value=value), f"http.{name}") from error


def _bundle(
    request: FhirRequest,
    engine: Engine,
    page: HistoryPage,
    result: HistoryResult,
    part: Subset | None,
    recreated: frozenset[int],
) -> bytes:
    if ("_summary", "count") in page.parameters:
        return bundle("history", (), [self_link(request, page.parameters)], result.total)

    def token(before: int, trail: PageTrail) -> str:
        return engine.tokens.seal(HistoryPage(page.parameters, before, trail), page_path(request))

    links = page_links(request, page.parameters, page.trail, page.before, result.next, token)
    entries = [
        history_entry(version, request.base_url, part, recreated=version.sequence in recreated)
        for version in result.versions
    ]
    return bundle("history", entries, links, result.total)
