"""Reads over one connection: one of the reader pool for the store, or the writer's for a unit of work, which
sees its own writes.

https://hl7.org/fhir/R4/http.html#history
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from fhir_server.search.ast import Include, SearchQuery
from fhir_server.store.port import (
    Explanation,
    HistoryQuery,
    HistoryResult,
    Job,
    SearchResult,
    StoredResource,
    TypeIndex,
)
from fhir_server.store.sqlite.backlog import has_backlog, needs_index
from fhir_server.store.sqlite.cached_read import CachedRead
from fhir_server.store.sqlite.connection import translating_errors
from fhir_server.store.sqlite.documents import document_names, read_document
from fhir_server.store.sqlite.index_definitions import read_generation, read_indexes
from fhir_server.store.sqlite.jobs import jobs
from fhir_server.store.sqlite.search import SqliteSearch
from fhir_server.store.sqlite.symbols import Symbols
from fhir_server.store.sqlite.versions import ONE_VERSION_COLUMNS, VERSION_COLUMNS, stored_resources

T = TypeVar("T")

_INTEGER_MAX = 2**63 - 1
"""The greatest integer of SQLite."""

_READ = f"""
SELECT {ONE_VERSION_COLUMNS} FROM resources r CROSS JOIN versions v ON v.sequence = r.sequence
WHERE r.type = ? AND r.id = ?"""
_READ_VERSION = f"""
SELECT {ONE_VERSION_COLUMNS} FROM resources r CROSS JOIN versions v ON v.key = r.key
WHERE r.type = ? AND r.id = ? AND v.version = ?"""
_VERSIONS = f"SELECT {VERSION_COLUMNS} FROM versions v"
_REPLACED = "(SELECT n.last_updated FROM versions n WHERE n.key = v.key AND n.version = v.version + 1)"
_AT_OR_AFTER = "SELECT sequence, last_updated FROM versions WHERE sequence >= ? ORDER BY sequence LIMIT 1"
_COUNT = """
SELECT t.name, count(*) FROM resources r CROSS JOIN types t ON t.id = r.type
WHERE r.living = 1 GROUP BY r.type ORDER BY t.name"""
_SEQUENCES_OF_TYPE = """
SELECT sequence FROM (
    SELECT sequence FROM versions WHERE type = ? AND sequence > ? ORDER BY sequence LIMIT ?)"""


class IndexBehind(Exception):
    """A search could miss resources that wait to be indexed. Repeat it in a unit of work, which indexes them
    first.
    """


class SqliteReader:
    """Reads over one connection, in one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, symbols: Symbols) -> None:
        self._connection = connection
        self._symbols = symbols

    @cached_property
    def _generation(self) -> CachedRead[int]:
        return CachedRead(self._connection, read_generation)

    @cached_property
    def _is_behind(self) -> CachedRead[bool]:
        return CachedRead(self._connection, has_backlog)

    @cached_property
    def _search(self) -> SqliteSearch:
        """Created at the first search: most units of work never search."""
        return SqliteSearch(self._connection, self._symbols)

    @translating_errors
    def read(self, type: str, id: str) -> StoredResource | None:
        symbol = self._symbols.type(type)
        if symbol is None:
            return None
        row = self._connection.execute(_READ, (symbol, id)).fetchone()
        return StoredResource(type, id, *row) if row else None

    @translating_errors
    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        if version > _INTEGER_MAX:
            return None
        symbol = self._symbols.type(type)
        row = self._connection.execute(_READ_VERSION, (symbol, id, version)).fetchone()
        return StoredResource(type, id, *row) if row else None

    def history(self, query: HistoryQuery) -> HistoryResult:
        return self.in_snapshot(lambda reader: reader._history(query))

    def _history(self, query: HistoryQuery) -> HistoryResult:
        conditions, values = self._history_conditions(query)
        where = " AND ".join(conditions) or "1"
        (total,) = self._connection.execute(
            f"SELECT count(*) FROM versions v WHERE {where}", values
        ).fetchone()
        if query.before is not None:
            where, values = f"{where} AND v.sequence < ?", [*values, query.before]
        rows = self._connection.execute(
            f"{_VERSIONS} WHERE {where} ORDER BY v.sequence DESC LIMIT ?", (*values, query.count + 1)
        ).fetchall()
        page = stored_resources(self._symbols, rows[: query.count])
        more = len(rows) > len(page) > 0
        return HistoryResult(page, total, page[-1].sequence if more else None)

    def _history_conditions(self, query: HistoryQuery) -> tuple[list[str], list[Any]]:
        conditions: list[str] = []
        values: list[Any] = []
        if query.id is not None:
            conditions.append("v.key = (SELECT key FROM resources WHERE type = ? AND id = ?)")
            values += [self._symbols.type(query.type or ""), query.id]
        elif query.type is not None:
            conditions.append("v.type = ?")
            values.append(self._symbols.type(query.type))
        if query.since is not None:
            conditions.append("v.sequence >= ?")
            values.append(self._first_sequence_at(query.since))
        if query.at is not None:
            low, high = query.at
            conditions += ["v.sequence < ?", f"ifnull({_REPLACED}, ?) > ?"]
            values += [self._first_sequence_at(high), low + 1, low]
        return conditions, values

    def _first_sequence_at(self, time: int) -> int:
        """The first sequence committed at `time` or later, by binary search, because the clock never runs
        backwards.
        """
        low, high = 1, self.watermark() + 1
        while low < high:
            middle = (low + high) // 2
            sequence, last_updated = self._connection.execute(_AT_OR_AFTER, (middle,)).fetchone()
            if last_updated >= time:
                high = middle
            else:
                low = sequence + 1
        return low

    @translating_errors
    def watermark(self) -> int:
        """The last committed sequence. Units commit one after the other, so none can appear below it
        later.
        """
        (sequence,) = self._connection.execute("SELECT ifnull(max(sequence), 0) FROM versions").fetchone()
        return int(sequence)

    @translating_errors
    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        """Committed versions above `after`, in order."""
        if not types:
            rows = self._connection.execute(
                f"{_VERSIONS} WHERE v.sequence > ? ORDER BY v.sequence LIMIT ?", (after, limit)
            )
            return stored_resources(self._symbols, rows)
        symbols = self._symbols.types(types)
        sequences = " UNION ALL ".join([_SEQUENCES_OF_TYPE] * len(symbols))
        values = [value for symbol in symbols for value in (symbol, after, limit)]
        rows = self._connection.execute(
            f"{_VERSIONS} WHERE v.sequence IN ({sequences}) ORDER BY v.sequence LIMIT ?", (*values, limit)
        )
        return stored_resources(self._symbols, rows)

    @translating_errors
    def is_index_current(self) -> bool:
        return not self._is_behind.get()

    @translating_errors
    def in_snapshot(self, read: Callable[["SqliteReader"], T]) -> T:
        """Call `read` in a transaction, so that all its statements see the same state of the store."""
        if self._connection.in_transaction:
            return read(self)
        self._connection.execute("BEGIN")
        try:
            return read(self)
        finally:
            self._connection.execute("COMMIT")

    @translating_errors
    def search(self, query: SearchQuery) -> SearchResult:
        """Raise `IndexBehind` if the result could be incomplete."""
        if needs_index(query):
            found = self._search.by_one_statement(query)
            return found or self.in_snapshot(lambda reader: reader._complete_search().search(query))
        found = self._search.by_identifier(query)
        return found or self.in_snapshot(lambda reader: reader._search.search(query))

    def explain(self, query: SearchQuery) -> Explanation:
        """Raise `IndexBehind` if the result could be incomplete."""
        return self.in_snapshot(lambda reader: reader._complete_search().explain(query))

    def _complete_search(self) -> SqliteSearch:
        """Search in the current transaction. Raises `IndexBehind` if resources that may match wait to be
        indexed.
        """
        if self._is_behind.get():
            raise IndexBehind
        return self._search

    @translating_errors
    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        return self._search.included(resources, include, limit)

    @translating_errors
    def count(self) -> dict[str, int]:
        """Living resources per type."""
        return dict(self._connection.execute(_COUNT).fetchall())

    @translating_errors
    def generation(self) -> int:
        return self._generation.get()

    @translating_errors
    def indexes(self) -> dict[str, TypeIndex]:
        return read_indexes(self._connection)

    @translating_errors
    def document(self, name: str) -> bytes | None:
        return read_document(self._connection, name)

    @translating_errors
    def documents(self, prefix: str) -> tuple[str, ...]:
        return document_names(self._connection, prefix)

    @translating_errors
    def jobs(self, kind: str) -> tuple[Job, ...]:
        return jobs(self._connection, kind)
