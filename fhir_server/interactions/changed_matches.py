"""What changed while a sorted search was paged through, and so may have moved to where its pages had been.

It comes at the end, whatever its place, so that nothing is lost that still matches.
https://hl7.org/fhir/R4/http.html#paging
"""

from msgspec import structs

from fhir_server.extension import Engine
from fhir_server.search.ast import DateValue, Match, Page, SearchQuery
from fhir_server.store.port import Reader, SearchResult

FROM_THE_FIRST = (0,)
"""The key before every resource, where they come by their first sequence."""


def first_change(query: SearchQuery, result: SearchResult, engine: Engine, reader: Reader) -> int | None:
    """Since when matches have changed that were there when the walk of pages began, in microseconds; None
    where none has, or the walk goes on.
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
    """The search for what changed since then, by first sequence, which no change moves."""
    changed = Match("_lastUpdated", "date", (DateValue("ge", since, since + 1),))
    return structs.replace(query, where=(*query.where, changed), sort=())


def committed_after(result: SearchResult, snapshot: int) -> SearchResult:
    """Leave out what was committed before the walk began, at the time of the first change."""
    matches = tuple(match for match in result.matches if match.sequence > snapshot)
    return structs.replace(result, matches=matches)
