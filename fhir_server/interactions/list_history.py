"""The history of the items of a List: all versions of a resource, or those that the List refers to.

https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Iterator
from dataclasses import replace

from fhir_server.core import json
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.search.entries import ReferenceEntry
from fhir_server.search.special_parameters import list_id
from fhir_server.store.port import HistoryQuery, HistoryResult, Reader

PARAMETER = "_list"
ITEMS_MAX = 1_000
"""The most resources of a List in one history."""

_ITEM = "item"


def list_history(value: str, query: HistoryQuery, engine: Engine, reader: Reader) -> HistoryResult:
    """The history of the current items of a List; empty if the List does not exist.

    Raises `InvalidSearch` for an invalid id of a List, `InvalidRequest` for a List that is too long.
    """
    items: dict[tuple[str, str], set[str]] = {}
    for item in _items(list_id(value, PARAMETER), engine, reader):
        items.setdefault((item.type, item.target), set()).add(item.version)
    if len(items) > ITEMS_MAX:
        text = messages.LIST_TOO_LONG(value=value, count=len(items), limit=ITEMS_MAX)
        raise InvalidRequest.of(text, f"http.{PARAMETER}", code="too-costly")
    found = [
        _of_versions(reader, replace(query, type=type, id=id), versions)
        for (type, id), versions in items.items()
        if query.type in (None, type) and query.id in (None, id)
    ]
    versions = sorted(
        (version for part in found for version in part.versions), key=lambda version: -version.sequence
    )
    page = tuple(versions[: query.count])
    more = len(versions) > query.count or any(part.next is not None for part in found)
    return HistoryResult(
        page, sum(part.total for part in found), page[-1].sequence if more and page else None
    )


def _items(id: str, engine: Engine, reader: Reader) -> Iterator[ReferenceEntry]:
    """The references of a List to resources of this server."""
    stored = reader.read("List", id)
    if stored is None or stored.deleted:
        return
    resource = json.parse_own(stored.body)
    for item in engine.extractor.entries_of(resource, frozenset({_ITEM})).references:
        if item.parameter == _ITEM and item.type:
            yield item


def _of_versions(reader: Reader, query: HistoryQuery, versions: set[str]) -> HistoryResult:
    """The history of one resource, or only of these versions."""
    if "" in versions:
        return reader.history(query)
    whole = reader.history(replace(query, before=None, count=ITEMS_MAX))
    named = tuple(version for version in whole.versions if str(version.version) in versions)
    before = tuple(version for version in named if query.before is None or version.sequence < query.before)
    return HistoryResult(before, len(named), None)
