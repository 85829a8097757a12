"""All matches of a search, read page by page.

https://hl7.org/fhir/R4/http.html#paging
"""

from collections.abc import Iterator

from msgspec import structs

from fhir_server.search.ast import Page, SearchQuery
from fhir_server.store.port import Reader, StoredResource


def all_matches(reader: Reader, query: SearchQuery) -> Iterator[StoredResource]:
    """The matches of a query, read in pages of its `count`."""
    while True:
        result = reader.search(query)
        yield from result.matches
        if result.next is None:
            return
        query = structs.replace(query, page=Page(result.snapshot, result.next))
