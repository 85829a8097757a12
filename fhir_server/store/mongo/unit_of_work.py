"""A unit of work within a transaction.

Once the transaction has locked the clock, no other one writes, so versions, sequences and times are simply
the next ones.
"""

from collections.abc import Iterable, Sequence

from fhir_server import errors
from fhir_server.core.resource import Draft, body
from fhir_server.search.ast import Include, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.store import messages
from fhir_server.store.expected_version import check_expected_version, check_sequence
from fhir_server.store.generation import new_generation
from fhir_server.store.mongo import index_definitions
from fhir_server.store.mongo.collections import Document
from fhir_server.store.mongo.identifier_lookups import wanted_by
from fhir_server.store.mongo.reader import MongoReader
from fhir_server.store.mongo.rows import replaced, rows_of
from fhir_server.store.mongo.search import MongoSearch
from fhir_server.store.mongo.transaction import Transaction
from fhir_server.store.mongo.versions import OWN, all_stored, current, stored, superseded
from fhir_server.store.port import (
    HistoryQuery,
    HistoryResult,
    Method,
    SearchResult,
    StoredResource,
    TypeIndex,
)

_BASE = ("_id", *OWN, "l")


class MongoUnit(MongoReader):
    """One atomic change; the writer rolls it back if the work fails."""

    def __init__(self, transaction: Transaction, wall: int) -> None:
        super().__init__(transaction.view)
        self._transaction = transaction
        self._wall = wall
        self._now: int | None = None

    @property
    def now(self) -> int:
        if self._now is None:
            self._now = max(self._wall // 1000 * 1000, self._transaction.time.updated)
        return self._now

    def read(self, type: str, id: str) -> StoredResource | None:
        found = self._current(f"{type}/{id}")
        return stored(found) if found else None

    def _current(self, key: str) -> Document | None:
        return self._transaction.find(self._transaction.resources, key)

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        self._transaction.flush()
        return super().read_version(type, id, version)

    def prefetch(self, resources: Iterable[tuple[str, str]]) -> None:
        keys = [f"{type}/{id}" for type, id in resources]
        self._transaction.prefetch(self._transaction.resources, keys)

    def put(
        self, draft: Draft, entries: Entries, method: Method, expected_version: int | None = None
    ) -> StoredResource:
        """Does not look for a resource whose id the server has just generated; the insert would fail if it
        existed.
        """
        now, resources = self.now, self._transaction.resources
        key = f"{draft.type}/{draft.id}"
        is_new = method == "POST" and expected_version == 0 and not self._transaction.reads_first
        before = None if is_new and not self._transaction.is_known(resources, key) else self._current(key)
        version = before["v"] if before else 0
        check_expected_version(key, version, bool(before and before["l"]), expected_version)
        written = self._next(before, draft.type, draft.id, method, body(draft, version + 1, now))
        self._write(before, written, current(written, rows_of(entries)))
        return written

    def _next(
        self, before: Document | None, type: str, id: str, method: Method, content: bytes
    ) -> StoredResource:
        sequence = self._transaction.next_sequence(self.now)
        version, first = (before["v"] + 1, before["f"]) if before else (1, sequence)
        return StoredResource(type, id, version, sequence, first, self.now, method, content)

    def _write(self, before: Document | None, written: StoredResource, document: Document) -> None:
        if before:
            old = superseded(before, written.last_updated)
            self._transaction.set(self._transaction.history, old["_id"], old, new=True)
        self._transaction.set(self._transaction.resources, written.reference, document, new=not before)

    def delete(self, type: str, id: str, expected_version: int | None = None) -> StoredResource | None:
        before = self._current(f"{type}/{id}")
        if before is None or not before["l"]:
            return None
        check_expected_version(f"{type}/{id}", before["v"], True, expected_version)
        deletion = self._append_deletion(before)
        self._write(before, deletion, current(deletion, {}))
        return deletion

    def _append_deletion(self, before: Document) -> StoredResource:
        for key in self._transaction.owned_by(before["_id"]):
            self._transaction.set(self._transaction.uniques, key, None)
        return self._next(before, before["t"], before["i"], "DELETE", b"")

    def purge(self, type: str, id: str) -> bool:
        """Erase every version and write a deletion with the next sequence instead."""
        before = self._current(f"{type}/{id}")
        if before is None:
            return False
        self._transaction.flush()
        older = {"r": before["_id"]}
        session = self._view.session
        if not before["l"] and self._of.history.find_one(older, {"_id": 1}, session=session) is None:
            return False
        deletion = self._append_deletion(before)
        self._of.history.delete_many(older, session=session)
        self._transaction.set(self._transaction.resources, before["_id"], current(deletion, {}))
        return True

    def replace_entries(
        self, resource: StoredResource, entries: Entries, parameters: frozenset[str] | None = None
    ) -> bool:
        before = self._current(resource.reference)
        if before is None or not before["l"] or before["s"] != resource.sequence:
            return False
        rows = rows_of(entries)
        if parameters is not None:
            rows = replaced(before, rows, parameters)
        after = {**{field: before[field] for field in _BASE}, **rows}
        if after != before:
            self._transaction.lock_clock()
            self._transaction.set(self._transaction.resources, resource.reference, after)
        return True

    def import_version(self, version: StoredResource, entries: Entries) -> None:
        check_sequence(version, self._transaction.time.sequence)
        before = self._current(version.reference)
        self._transaction.set_clock(version.sequence, version.last_updated)
        rows = {} if version.deleted else rows_of(entries)
        self._write(before, version, current(version, rows))

    def lock(self, key: str) -> None:  # noqa: ARG002
        """Lock the clock, which serves for every key: transactions that have it are serialised."""
        self._transaction.lock_clock()

    def claim_unique(self, key: str, owner: str) -> None:
        self._transaction.lock_clock()
        uniques = self._transaction.uniques
        holder = self._transaction.find(uniques, key)
        if holder is not None and holder["o"] != owner:
            raise errors.Conflict.of(messages.UNIQUE_TAKEN(key=key, holder=holder["o"], owner=owner))
        if holder is None:
            self._transaction.set(uniques, key, {"_id": key, "o": owner})

    def generation(self) -> int:
        """Locks the clock: every unit that is going to write reads the generation first."""
        return self._transaction.time.generation

    def define_indexes(self, indexes: Iterable[TypeIndex]) -> None:
        self._transaction.lock_clock()
        known = self.indexes() | {index.type: index for index in indexes}
        document = index_definitions.to_document(known.values())
        self._transaction.set(self._transaction.definitions, index_definitions.KEY, document)
        self._transaction.set_generation(new_generation())

    def indexes(self) -> dict[str, TypeIndex]:
        return index_definitions.from_document(
            self._transaction.find(self._transaction.definitions, index_definitions.KEY)
        )

    def document(self, name: str) -> bytes | None:
        found = self._transaction.find(self._transaction.kept, name)
        return bytes(found["b"]) if found else None

    def documents(self, prefix: str) -> tuple[str, ...]:
        self._transaction.flush()
        return super().documents(prefix)

    def put_document(self, name: str, document: bytes | None) -> None:
        self._transaction.lock_clock()
        kept = self._transaction.kept
        before = self._transaction.find(kept, name)
        if document is not None:
            self._transaction.set(kept, name, {"_id": name, "b": document})
        elif before is not None:
            self._transaction.set(kept, name, None)

    def prefetch_searches(self, queries: Iterable[SearchQuery]) -> None:
        wanted = (wanted_by(query) for query in queries)
        self._transaction.lookups.prefetch(identifier for identifier in wanted if identifier is not None)

    def search(self, query: SearchQuery) -> SearchResult:
        wanted = wanted_by(query)
        found = None if wanted is None else self._transaction.lookups.find(wanted)
        if found is not None:
            following = (int(found[query.count - 1]["f"]),) if len(found) > query.count else None
            matches = all_stored(found[: query.count])
            return SearchResult(matches, None, self._sequence(), following)
        self._transaction.flush()
        return MongoSearch(self._view, self._sequence()).search(query)

    def _sequence(self) -> int:
        return self._transaction.time.sequence if self._transaction.has_clock else self.watermark()

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        self._transaction.flush()
        return super().included(resources, include, limit)

    def history(self, query: HistoryQuery) -> HistoryResult:
        self._transaction.flush()
        return super().history(query)
