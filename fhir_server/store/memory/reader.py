"""Reads of the store in memory.

https://hl7.org/fhir/R4/http.html
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key

from fhir_server.search.ast import Include, SearchQuery, Sort, SortKey
from fhir_server.search.entries import Entries
from fhir_server.search.match import sort_value
from fhir_server.store.memory.state import Key, State
from fhir_server.store.memory.visible_resources import VisibleResources
from fhir_server.store.port import (
    HistoryQuery,
    HistoryResult,
    SearchResult,
    StoredResource,
    TypeIndex,
)


class MemoryReader:
    """Reads the state under its lock."""

    def __init__(self, state: State, lock: threading.RLock) -> None:
        self._state = state
        self._lock = lock

    def read(self, type: str, id: str) -> StoredResource | None:
        with self._lock:
            return self._state.current.get((type, id))

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        with self._lock:
            for stored in self._state.versions.values():
                if (stored.type, stored.id, stored.version) == (type, id, version):
                    return stored
            return None

    def search(self, query: SearchQuery) -> SearchResult:
        with self._lock:
            snapshot = query.page.snapshot if query.page else self._state.clock["sequence"]
            visible = VisibleResources(self._state, query.visibility)
            keyed: list[tuple[SortKey, StoredResource]] = [
                ((*(sort_value(sort, stored, entries) for sort in query.sort), stored.first_sequence), stored)
                for stored, entries in visible.matching(query.types, query.where)
                if stored.first_sequence <= snapshot
            ]
        compare = _compare(query.sort)
        by_key = cmp_to_key(compare)
        keyed.sort(key=lambda pair: by_key(pair[0]))
        total = _total(query, len(keyed))
        if query.page:
            after = query.page.after
            keyed = [pair for pair in keyed if compare(pair[0], after) > 0]
        page = keyed[: query.count]
        more = len(keyed) > len(page) > 0
        return SearchResult(
            tuple(stored for _, stored in page), total, snapshot, page[-1][0] if more else None
        )

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        given = {(stored.type, stored.id) for stored in resources}
        with self._lock:
            found = set(
                self._referring(given, include) if include.reverse else self._referred(given, include)
            )
            found -= given
            ordered = sorted(
                (self._state.current[key] for key in found), key=lambda stored: stored.first_sequence
            )
        return tuple(ordered[:limit])

    def _referred(self, given: set[Key], include: Include) -> Iterator[Key]:
        for key in given:
            if key[0] not in (include.sources or key) or key not in self._state.entries:
                continue
            for target in _targets(self._state.entries[key], include):
                stored = self._state.current.get(target)
                if stored and not stored.deleted:
                    yield target

    def _referring(self, given: set[Key], include: Include) -> Iterator[Key]:
        for stored, entries in self._state.living(include.sources):
            if not given.isdisjoint(_targets(entries, include)):
                yield stored.type, stored.id

    def history(self, query: HistoryQuery) -> HistoryResult:
        with self._lock:
            log = self._state.log()
        # The log runs forward, so the last one seen of each resource is the version that replaced it.
        replaced: dict[Key, int] = {}
        versions = []
        for stored in reversed(log):
            if _in_history(stored, replaced.get((stored.type, stored.id)), query):
                versions.append(stored)
            replaced[stored.type, stored.id] = stored.last_updated
        rest = [stored for stored in versions if query.before is None or stored.sequence < query.before]
        page = rest[: query.count]
        more = len(rest) > len(page) > 0
        return HistoryResult(tuple(page), len(versions), page[-1].sequence if more else None)

    def generation(self) -> int:
        return self._state.clock["generation"]

    def indexes(self) -> dict[str, TypeIndex]:
        with self._lock:
            return dict(self._state.indexes)

    def document(self, name: str) -> bytes | None:
        with self._lock:
            return self._state.documents.get(name)

    def documents(self, prefix: str) -> tuple[str, ...]:
        with self._lock:
            return tuple(sorted(name for name in self._state.documents if name.startswith(prefix)))


def _compare(sorts: Sequence[Sort]) -> Callable[[SortKey, SortKey], int]:
    """A comparison of sort keys: each value in its direction, missing ones last, ties by first sequence."""

    def compare(left: SortKey, right: SortKey) -> int:
        for sort, left_value, right_value in zip(sorts, left, right, strict=False):
            if left_value == right_value:
                continue
            if left_value is None or right_value is None:
                return 1 if left_value is None else -1
            ascending = 1 if left_value > right_value else -1  # type: ignore[operator]
            return -ascending if sort.descending else ascending
        return int(left[-1]) - int(right[-1])  # type: ignore[arg-type]

    return compare


def _total(query: SearchQuery, found: int) -> int | None:
    """The total to return for so many matches. If the first page holds all of them, a bounded one is
    exact.
    """
    if query.total == "none":
        return None
    is_shown = query.page is None and 0 < query.count >= found
    return None if query.total == "bounded" and found > query.total_max and not is_shown else found


def _targets(entries: Entries, include: Include) -> Iterator[Key]:
    for entry in entries.references:
        if include.follows(entry.parameter, entry.type):
            yield entry.type, entry.target


def _in_history(stored: StoredResource, replaced: int | None, query: HistoryQuery) -> bool:
    if query.type not in (None, stored.type) or query.id not in (None, stored.id):
        return False
    if query.since is not None and stored.last_updated < query.since:
        return False
    if query.at is None:
        return True
    low, high = query.at
    return stored.last_updated < high and (replaced is None or replaced > low)
