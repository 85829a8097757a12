"""Reads in one view: a snapshot of the store, or the transaction of a unit of work.

https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.search.ast import Include, SearchQuery
from fhir_server.store.mongo import index_definitions
from fhir_server.store.mongo.collections import SessionView
from fhir_server.store.mongo.filters import Filter, all_of, one_of, prefix_range
from fhir_server.store.mongo.jobs import job
from fhir_server.store.mongo.search import MongoSearch
from fhir_server.store.mongo.versions import OWN, all_stored, stored
from fhir_server.store.port import (
    Explanation,
    HistoryQuery,
    HistoryResult,
    Job,
    SearchResult,
    StoredResource,
    TypeIndex,
)

_OWN = dict.fromkeys(OWN, 1)
_VERSION_MAX = 2**31
"""More versions than any resource has."""


class MongoReader:
    """Reads through one view."""

    def __init__(self, view: SessionView) -> None:
        self._view = view
        self._of = view.collections

    @property
    def view(self) -> SessionView:
        """What it reads through."""
        return self._view

    def read(self, type: str, id: str) -> StoredResource | None:
        found = self._of.resources.find_one({"_id": f"{type}/{id}"}, _OWN, session=self._view.session)
        return stored(found) if found else None

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        """Takes one query for a current version, two for an older one."""
        if not 0 < version < _VERSION_MAX:
            return None
        current = self.read(type, id)
        if current is None or current.version <= version:
            return current if current and current.version == version else None
        asked = {"_id": f"{type}/{id}/{version}", "r": f"{type}/{id}"}
        found = self._of.history.find_one(asked, _OWN, session=self._view.session)
        # Without a snapshot the current version may have become an older one in between, never the reverse.
        return stored(found) if found else None

    def search(self, query: SearchQuery) -> SearchResult:
        return MongoSearch(self._view).search(query)

    def explain(self, query: SearchQuery) -> Explanation:
        return MongoSearch(self._view).explain(query)

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        return MongoSearch(self._view).included(resources, include, limit)

    def history(self, query: HistoryQuery) -> HistoryResult:
        current, replaced = _history_filters(query)
        total = self._view.count(current)
        total += self._of.history.count_documents(replaced, session=self._view.session)
        before: Filter = {} if query.before is None else {"s": {"$lt": query.before}}
        newest = [("s", -1)]
        rows = self._versions(all_of([current, before]), all_of([replaced, before]), newest, query.count + 1)
        page = all_stored(rows[: query.count])
        more = len(rows) > len(page) > 0
        return HistoryResult(page, total, page[-1].sequence if more else None)

    def _versions(
        self, current: Filter, replaced: Filter, order: list[tuple[str, int]], limit: int
    ) -> list[Any]:
        """The first versions of both collections together. Current ones are read first, so that a version
        which is replaced in between is not missed; it counts once.
        """
        found: dict[int, Any] = {}
        for collection, filter in ((self._of.resources, current), (self._of.history, replaced)):
            rows = collection.find(filter, _OWN, sort=order, limit=limit, session=self._view.session)
            found |= {row["s"]: row for row in rows}
        sequences = sorted(found, reverse=order[0][1] < 0)
        return [found[sequence] for sequence in sequences[:limit]]

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        """Committed versions above `after`, in order, up to the watermark, which is read first."""
        watermark = self.watermark()
        if watermark <= after or limit <= 0:
            return ()
        asked: dict[str, Any] = {"s": {"$gt": after, "$lte": watermark}}
        if types:
            asked["t"] = one_of(types)
        return all_stored(self._versions(asked, asked, [("s", 1)], limit))

    def watermark(self) -> int:
        return int(self._view.clock()["s"])

    def generation(self) -> int:
        return int(self._view.clock()["g"])

    def indexes(self) -> dict[str, TypeIndex]:
        found = self._of.definitions.find_one({"_id": index_definitions.KEY}, session=self._view.session)
        return index_definitions.from_document(found)

    def document(self, name: str) -> bytes | None:
        found = self._of.kept.find_one({"_id": name}, session=self._view.session)
        return bytes(found["b"]) if found else None

    def documents(self, prefix: str) -> tuple[str, ...]:
        asked = {"_id": prefix_range(prefix)}
        found = self._of.kept.find(asked, {"_id": 1}, sort=[("_id", 1)], session=self._view.session)
        return tuple(document["_id"] for document in found)

    def count(self) -> dict[str, int]:
        """Living resources per type."""
        stages: list[dict[str, Any]] = [
            {"$match": {"l": True}},
            {"$group": {"_id": "$t", "n": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        return {found["_id"]: found["n"] for found in self._view.aggregate(stages)}

    def jobs(self, kind: str) -> tuple[Job, ...]:
        found = self._of.jobs.find({"kind": kind}, sort=[("_id", 1)], session=self._view.session)
        return tuple(job(document) for document in found)


def _history_filters(query: HistoryQuery) -> tuple[Filter, Filter]:
    """The filter for current versions, and the filter for replaced ones."""
    both: list[Filter] = []
    current: list[Filter] = []
    replaced: list[Filter] = []
    if query.id is not None:
        key = f"{query.type}/{query.id}"
        current.append({"_id": key})
        replaced.append({"r": key})
    elif query.type is not None:
        both.append({"t": query.type})
    if query.since is not None:
        both.append({"u": {"$gte": query.since}})
    if query.at is not None:
        low, high = query.at
        both.append({"u": {"$lt": high}})
        replaced.append({"x": {"$gt": low}})
    return all_of([*both, *current]), all_of([*both, *replaced])
