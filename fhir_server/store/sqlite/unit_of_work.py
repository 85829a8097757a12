"""A unit of work on the writing connection.

The unit has the file to itself from its first statement on (`BEGIN IMMEDIATE`), so versions, sequences and
times are simply the next ones. https://www.sqlite.org/lang_transaction.html
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any

from fhir_server import errors
from fhir_server.core.resource import Draft, body
from fhir_server.search.ast import Include, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.store import messages
from fhir_server.store.expected_version import check_expected_version, check_sequence
from fhir_server.store.port import (
    Explanation,
    HistoryQuery,
    HistoryResult,
    Method,
    SearchResult,
    StoredResource,
    TypeIndex,
)
from fhir_server.store.sqlite.backlog import TOKENS_AT_ONCE, needs_index
from fhir_server.store.sqlite.connection import translating_errors
from fhir_server.store.sqlite.documents import write_document
from fhir_server.store.sqlite.index_definitions import define_indexes
from fhir_server.store.sqlite.reader import SqliteReader
from fhir_server.store.sqlite.rows import (
    NO_ROWS,
    REFERENCES,
    TABLES,
    TOKENS,
    Rows,
    at_once,
    delete_rows,
    pack,
    replaced,
    rows_of,
    unpack,
    unpack_at_once,
)
from fhir_server.store.sqlite.search import SqliteSearch
from fhir_server.store.sqlite.versions import ONE_VERSION_COLUMNS
from fhir_server.store.sqlite.writer import Batch, Writer

_CURRENT = "SELECT key, version, sequence, living, entries FROM resources WHERE type = ? AND id = ?"
_READ = f"""
SELECT r.key, r.version, r.sequence, r.living, r.entries, {ONE_VERSION_COLUMNS}
FROM resources r CROSS JOIN versions v ON v.sequence = r.sequence WHERE r.type = ? AND r.id = ?"""
"""The columns of `_CURRENT`, followed by those of the version."""
_INDEXED = "SELECT sequence, living, entries FROM resources WHERE key = ?"
_INDEX_ANEW = "UPDATE resources SET entries = ? WHERE key = ?"

_NONE = pack(NO_ROWS)
_UNKNOWN: tuple[Any, ...] = (0, 0, 0, 0, _NONE)


class SqliteUnit(SqliteReader):
    """One atomic change; the writer rolls it back if the work fails."""

    def __init__(self, writer: Writer, batch: Batch, wall: int) -> None:
        super().__init__(writer.connection, writer.symbols)
        self._writer = writer
        self._assigning = writer.symbols
        self._backlog = writer.backlog
        self._batch = batch
        self._now = max(wall // 1000 * 1000, batch.last_updated)
        # The rows of `_CURRENT` by type symbol and id, until a statement may have changed them.
        self._current_rows: dict[tuple[int | None, str], Any] = {}

    @cached_property
    def _derived_parameters(self) -> Callable[[str, frozenset[str]], set[int]]:
        """Cached, because reindexing needs it for many resources of one type."""
        return cache(self._symbols.derived_parameters)

    @cached_property
    def _search(self) -> SqliteSearch:
        """The writer's search, with the plans that earlier units have cached."""
        return self._writer.search

    def _flush(self) -> None:
        """Write the buffered rows before other statements of this unit run."""
        self._current_rows.clear()
        self._writer.flush(self._batch)

    @property
    def now(self) -> int:
        return self._now

    def prefetch(self, resources: Iterable[tuple[str, str]]) -> None:
        """Nothing to do: a local read gains nothing from being made earlier."""

    def prefetch_searches(self, queries: Iterable[SearchQuery]) -> None:
        """Nothing to do: each search is made when it is called."""

    def put(
        self, draft: Draft, entries: Entries, method: Method, expected_version: int | None = None
    ) -> StoredResource:
        """Does not look for a resource whose id the server has just generated; a unique index would detect
        it.
        """
        type, id = draft.type, draft.id
        symbol = self._assigning.assigned_types[type]
        rows = rows_of(type, entries, self._assigning)
        packed = pack(rows)
        is_new = method == "POST" and expected_version == 0
        key, version, _, living, old = _UNKNOWN if is_new else self._current(symbol, id)
        check_expected_version(f"{type}/{id}", version, living, expected_version)
        sequence, writes = self._next_sequence(), self._batch.own
        writes.resources.add((symbol, id))
        if key:
            writes.changed.append((version + 1, sequence, self._now, 1, packed, key))
        else:
            key = sequence
            writes.created.append((1, sequence, self._now, 1, packed, key, symbol, id))
        if packed != old:
            self._replace_index_rows(type, key, old, rows, is_new=not version)
        return self._append_version(draft, version + 1, sequence, key, method)

    def _append_version(
        self, draft: Draft, version: int, sequence: int, key: int, method: Method
    ) -> StoredResource:
        """Add a living version to the log."""
        type, id, content = draft.type, draft.id, body(draft, version, self._now)
        symbol = self._assigning.assigned_types[type]
        self._batch.own.versions.append((sequence, key, symbol, id, version, self._now, method, content))
        return StoredResource(type, id, version, sequence, key, self._now, method, content)

    def delete(self, type: str, id: str, expected_version: int | None = None) -> StoredResource | None:
        symbol = self._symbols.type(type)
        key, version, _, living, old = self._current(symbol, id)
        if not living:
            return None
        check_expected_version(f"{type}/{id}", version, living, expected_version)
        return self._write_deletion(type, id, key, version + 1, old)

    def generation(self) -> int:
        return self._batch.generation

    def define_indexes(self, indexes: Iterable[TypeIndex]) -> None:
        self._flush()
        self._batch.generation = define_indexes(self._connection, indexes)

    def put_document(self, name: str, document: bytes | None) -> None:
        self._flush()
        write_document(self._connection, name, document)

    def replace_entries(
        self, resource: StoredResource, entries: Entries, parameters: frozenset[str] | None = None
    ) -> bool:
        self._flush()
        key = resource.first_sequence
        row = self._connection.execute(_INDEXED, (key,)).fetchone()
        if row is None or row[:2] != (resource.sequence, 1):
            return False
        rows = rows_of(resource.type, entries, self._assigning)
        if parameters is not None:
            rows = replaced(unpack(row[2]), rows, self._derived_parameters(resource.type, parameters))
        packed = pack(rows)
        if packed != row[2]:
            self._connection.execute(_INDEX_ANEW, (packed, key))
            self._replace_index_rows(resource.type, key, row[2], rows)
        return True

    def purge(self, type: str, id: str) -> bool:
        """Erase every version and write a deletion with the next sequence instead."""
        self._flush()
        key, version, sequence, living, old = self._current(self._symbols.type(type), id)
        if not key or not (living or self._has_older(key, sequence)):
            return False
        self._connection.execute("DELETE FROM versions WHERE key = ?", (key,))
        self._write_deletion(type, id, key, version + 1, old)
        self._flush()
        self._delete_index_rows(key, unpack(old))
        return True

    def _has_older(self, key: int, sequence: int) -> bool:
        older = "SELECT 1 FROM versions WHERE key = ? AND sequence < ? LIMIT 1"
        return self._connection.execute(older, (key, sequence)).fetchone() is not None

    def _write_deletion(self, type: str, id: str, key: int, version: int, old: bytes) -> StoredResource:
        self._flush()
        symbol, sequence, writes = (
            self._assigning.assigned_types[type],
            self._next_sequence(),
            self._batch.own,
        )
        self._replace_index_rows(type, key, old, NO_ROWS)
        self._connection.execute("DELETE FROM uniques WHERE owner = ?", (f"{type}/{id}",))
        writes.resources.add((symbol, id))
        writes.changed.append((version, sequence, self._now, 0, _NONE, key))
        writes.versions.append((sequence, key, symbol, id, version, self._now, "DELETE", b""))
        return StoredResource(type, id, version, sequence, key, self._now, "DELETE", b"")

    def _replace_index_rows(
        self, type: str, key: int, old: bytes, rows: Rows, *, is_new: bool = False
    ) -> None:
        """Replace the index rows packed in `old` by `rows`: those of identifiers, codes and references now,
        all others later. A new resource has no rows in the index yet.
        """
        held = ([], []) if old == _NONE else unpack_at_once(old)
        writes, end = self._batch.own, (key,)
        assigned = self._assigning.assigned_parameters(type)
        parameters = [assigned[code] for code in TOKENS_AT_ONCE]
        former_tokens, former_references = at_once(*held, parameters)
        tokens, references = at_once(rows[TOKENS], rows[REFERENCES], parameters)
        writes.former_tokens += [row + end for row in former_tokens - tokens]
        writes.tokens += [row + end for row in tokens - former_tokens]
        writes.former_references += [row + end for row in former_references - references]
        writes.references += [row + end for row in references - former_references]
        if not is_new:
            writes.waiting.append((key, old))
        self._backlog.add()

    def _delete_index_rows(self, key: int, rows: Rows) -> None:
        """Delete all rows of a resource from the index."""
        for held in (rows, self._backlog.forget(key)):
            for (table, _), of_table in zip(TABLES, held, strict=True):
                delete_rows(self._connection, table, [(*row, key) for row in of_table])

    @translating_errors
    def read(self, type: str, id: str) -> StoredResource | None:
        """Also caches the row that a write needs, because what is read is often written next."""
        symbol = self._symbols.type(type)
        self._flush_writes_of(symbol, id)
        row = self._connection.execute(_READ, (symbol, id)).fetchone()
        if row is None:
            return None
        self._current_rows[symbol, id] = row[:5]
        return StoredResource(type, id, *row[5:])

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        self._flush_writes_of(self._symbols.type(type), id)
        return super().read_version(type, id, version)

    def history(self, query: HistoryQuery) -> HistoryResult:
        self._flush()
        return super().history(query)

    def search(self, query: SearchQuery) -> SearchResult:
        self._flush()
        if needs_index(query):
            self._backlog.before_search()
        return self._search.search(query)

    def explain(self, query: SearchQuery) -> Explanation:
        self._flush()
        self._backlog.before_search()
        return self._search.explain(query)

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        self._flush()
        return super().included(resources, include, limit)

    def _current(self, symbol: int | None, id: str) -> Any:
        """Key, version, sequence, whether it is not deleted, and packed rows; zeros for an unknown id."""
        self._flush_writes_of(symbol, id)
        known = self._current_rows.pop((symbol, id), None)
        return known or self._connection.execute(_CURRENT, (symbol, id)).fetchone() or _UNKNOWN

    def _flush_writes_of(self, symbol: int | None, id: str) -> None:
        """Flush the buffered writes of a resource before it is read."""
        resource = symbol, id
        if resource in self._batch.own.resources or resource in self._batch.finished.resources:
            self._flush()

    def _next_sequence(self) -> int:
        self._batch.sequence += 1
        self._batch.last_updated = self._now
        return self._batch.sequence

    def import_version(self, version: StoredResource, entries: Entries) -> None:
        check_sequence(version, self._batch.sequence)
        symbol = self._assigning.assigned_types[version.type]
        key, _, _, _, old = self._current(symbol, version.id)
        rows = NO_ROWS if version.deleted else rows_of(version.type, entries, self._assigning)
        packed = pack(rows)
        sequence, time = version.sequence, version.last_updated
        state, writes = (version.version, sequence, time, not version.deleted, packed), self._batch.own
        writes.resources.add((symbol, version.id))
        if key:
            writes.changed.append((*state, key))
        else:
            key = version.first_sequence
            writes.created.append((*state, key, symbol, version.id))
        if packed != old:
            self._replace_index_rows(version.type, key, old, rows)
        content = (version.version, time, version.method, version.body)
        writes.versions.append((sequence, key, symbol, version.id, *content))
        self._batch.sequence, self._batch.last_updated = sequence, time

    def lock(self, key: str) -> None:
        """Nothing to do: until it ends, this unit locks the whole file for all threads and processes."""

    def claim_unique(self, key: str, owner: str) -> None:
        self._flush()
        self._connection.execute("INSERT OR IGNORE INTO uniques VALUES (?, ?)", (key, owner))
        (holder,) = self._connection.execute("SELECT owner FROM uniques WHERE key = ?", (key,)).fetchone()
        if holder != owner:
            raise errors.Conflict.of(messages.UNIQUE_TAKEN(key=key, holder=holder, owner=owner))
