"""The embedded store: one file, many readers, one writer at a time, shared by any number of processes.

https://www.sqlite.org/wal.html
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from fhir_server.search.ast import Include, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.store.clock import wall_clock
from fhir_server.store.port import (
    HistoryQuery,
    HistoryResult,
    Job,
    SearchResult,
    StoreCapabilities,
    StoredResource,
    UnitOfWork,
)
from fhir_server.store.sqlite.backup import back_up
from fhir_server.store.sqlite.connection import connect, refusing
from fhir_server.store.sqlite.jobs import acquire_job, update_job
from fhir_server.store.sqlite.reader import SqliteReader
from fhir_server.store.sqlite.schema import prepare
from fhir_server.store.sqlite.symbols import SymbolCache, Symbols
from fhir_server.store.sqlite.unit import SqliteUnit
from fhir_server.store.sqlite.upkeep import inconsistencies, reindex
from fhir_server.store.sqlite.writer import Batch, Writer

T = TypeVar("T")

_WRITER_CACHE = 64 * 1024
_READER_CACHE = 4 * 1024
"""Page caches in KiB. Readers mostly read through the memory map, so they need little of their own."""


class SqliteStore:
    """A store in one file."""

    capabilities = StoreCapabilities(name="sqlite", in_loop=True, shared=True)

    def __init__(self, path: Path, clock: Callable[[], int] = wall_clock) -> None:
        self._path = path
        self._clock = clock
        self._writer = Writer(_open(path, _WRITER_CACHE))
        self._cache = SymbolCache()
        self._thread = threading.local()
        self._connections: list[sqlite3.Connection] = [self._writer.connection]
        meta = dict(self._writer.connection.execute("SELECT name, value FROM meta").fetchall())
        self._epoch: str = meta["epoch"].decode()
        self._secret: bytes = meta["secret"]

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def secret(self) -> bytes:
        return self._secret

    @property
    def _reader(self) -> SqliteReader:
        """The reader of this thread, with a connection of its own."""
        try:
            return self._thread.reader  # type: ignore[no-any-return]
        except AttributeError:
            connection = self._connect()
            reader = self._thread.reader = SqliteReader(connection, Symbols(connection, self._cache))
            return reader

    def read(self, type: str, id: str) -> StoredResource | None:
        return self._reader.read(type, id)

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        return self._reader.read_version(type, id, version)

    def search(self, query: SearchQuery) -> SearchResult:
        return self._reader.search(query)

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        return self._reader.included(resources, include, limit)

    def history(self, query: HistoryQuery) -> HistoryResult:
        return self._reader.history(query)

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        return self._reader.changes(after, limit, types)

    def watermark(self) -> int:
        return self._reader.watermark()

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        return self._writer.run(lambda batch: work(self._unit(batch)))

    def group(self) -> AbstractContextManager[None]:
        return self._writer.group()

    def purge(self, type: str, id: str) -> bool:
        return self._writer.run(lambda batch: self._unit(batch).purge(type, id))

    def reindex(self, entries_of: Callable[[StoredResource], Entries]) -> Iterator[int]:
        connection = self._connect()
        try:
            yield from reindex(connection, Symbols(connection, self._cache), self._writer, entries_of)
        finally:
            self._disconnect(connection)

    @refusing
    def check(self) -> list[str]:
        connection = self._connect()
        try:
            return list(inconsistencies(connection))
        finally:
            self._disconnect(connection)

    def count(self) -> dict[str, int]:
        return self._reader.count()

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        now = self._clock()
        until = now + int(lease_seconds * 1_000_000)
        connection = self._writer.connection
        return self._writer.run(lambda _: acquire_job(connection, kind, id, owner, now, until))

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        connection = self._writer.connection
        return self._writer.run(lambda _: update_job(connection, id, owner, state, done))

    def backup(self, target: Path) -> None:
        connection = self._connect()
        try:
            back_up(connection, target)
        finally:
            self._disconnect(connection)

    def _unit(self, batch: Batch) -> SqliteUnit:
        return SqliteUnit(self._writer, batch, self._clock())

    def _connect(self) -> sqlite3.Connection:
        connection = _open(self._path, _READER_CACHE)
        self._connections.append(connection)
        return connection

    def _disconnect(self, connection: sqlite3.Connection) -> None:
        self._connections.remove(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection; no thread may be using the store."""
        while self._connections:
            self._connections.pop().close()


@refusing
def _open(path: Path, cache_kibibytes: int) -> sqlite3.Connection:
    connection = connect(path, cache_kibibytes)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection
