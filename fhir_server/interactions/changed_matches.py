"""Matches that changed during the paging of a sorted search, and may have moved to a page already read.

They are returned on additional pages at the end, so that no match is lost.
https://hl7.org/fhir/R4/http.html#paging
"""

from msgspec import structs

from fhir_server.extension import Engine
from fhir_server.search.ast import DateValue, Match, Page, SearchQuery
from fhir_server.store.port import Reader, SearchResult

FROM_THE_FIRST = (0,)
"""The keyset before every resource in the order of first sequences."""


def first_change(query: SearchQuery, result: SearchResult, engine: Engine, reader: Reader) -> int | None:
    """The time of the first change since the first page, in microseconds, if matches have changed; None
    otherwise, and before the last page.
    """
    if not query.sort or query.page is None or result.next is not None:
        return None
    first = engine.store.changes(query.page.snapshot, 1)
    if not first:
        return None
    since = first[0].last_updated
    page = Page(query.page.snapshot, FROM_THE_FIRST)
    found = reader.search(structs.replace(changes_since(query, since), page=page, count=1))
    return since if found.matches else None


def changes_since(query: SearchQuery, since: int) -> SearchQuery:
    """The search for matches changed since then, by first sequence, an order that no change affects."""
    changed = Match("_lastUpdated", "date", (DateValue("ge", since, since + 1),))
    return structs.replace(query, where=(*query.where, changed), sort=())


def committed_after(result: SearchResult, snapshot: int) -> SearchResult:
    """The result without versions committed before the first page was read."""
    matches = tuple(match for match in result.matches if match.sequence > snapshot)
    return structs.replace(result, matches=matches)
