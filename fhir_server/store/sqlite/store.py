"""The embedded store: one file, many readers, one writer at a time, shared by any number of processes.

https://www.sqlite.org/wal.html
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TypeVar

from fhir_server.errors import FhirError, StoreUnavailable
from fhir_server.search.ast import Include, SearchQuery
from fhir_server.store import messages
from fhir_server.store.clock import wall_clock
from fhir_server.store.port import (
    DeadlineExceeded,
    Explanation,
    HistoryQuery,
    HistoryResult,
    Job,
    Reader,
    SearchResult,
    StoreCapabilities,
    StoredResource,
    TypeIndex,
    UnitOfWork,
)
from fhir_server.store.sqlite.backup import back_up
from fhir_server.store.sqlite.connection import OpenedFile, connect, enter_wal, translating_errors
from fhir_server.store.sqlite.consistency import inconsistencies
from fhir_server.store.sqlite.jobs import acquire_job, update_job
from fhir_server.store.sqlite.reader import IndexBehind, SqliteReader
from fhir_server.store.sqlite.reader_pool import ReaderPool
from fhir_server.store.sqlite.schema import prepare, set_identity
from fhir_server.store.sqlite.unit_of_work import SqliteUnit
from fhir_server.store.sqlite.writer import Batch, Writer

T = TypeVar("T")

_WRITER_CACHE_KIBIBYTES = 64 * 1024

INDEXING_SECONDS = 1.0
"""How long a search may have to wait for its turn among the writers and for the backlog to be indexed."""


class SqliteStore:
    """A store in one file."""

    capabilities = StoreCapabilities(name="sqlite", in_loop=True, shared=True)

    def __init__(self, path: Path, clock: Callable[[], int] = wall_clock) -> None:
        self._clock = clock
        self._path = path
        connection, file = _open(path), OpenedFile(path)
        self._writer = Writer(connection, file, self._reopen)
        self._readers = ReaderPool(path, file)
        self._file = file
        meta = dict(self._writer.connection.execute("SELECT name, value FROM meta").fetchall())
        self._epoch: str = meta["epoch"].decode()
        self._secret: bytes = meta["secret"]

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def secret(self) -> bytes:
        return self._secret

    def read(self, type: str, id: str) -> StoredResource | None:
        return self._readers.read(lambda reader: reader.read(type, id))

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        return self._readers.read(lambda reader: reader.read_version(type, id, version))

    def search(self, query: SearchQuery) -> SearchResult:
        return self._read_complete(lambda reader: reader.search(query))

    def explain(self, query: SearchQuery) -> Explanation:
        return self._read_complete(lambda reader: reader.explain(query))

    def in_snapshot(self, read: Callable[[Reader], T]) -> T:
        return self._read_complete(lambda reader: reader.in_snapshot(read))

    def _read_complete(self, read: Callable[[SqliteReader], T]) -> T:
        """The result of `read` by a reader, or by a unit of work if resources have to be indexed first."""
        try:
            return self._readers.read(read)
        except IndexBehind:
            self._check_deadline()
            return self._writer.run(lambda batch: read(self._unit(batch)))

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        return self._readers.read(lambda reader: reader.included(resources, include, limit))

    def _check_deadline(self) -> None:
        """Refuse to wait for the writer and for the backlog if the read deadline is close."""
        if not self._readers.has_seconds_left(INDEXING_SECONDS):
            raise DeadlineExceeded

    @translating_errors
    def unique_keys(self) -> tuple[tuple[str, str], ...]:
        with self._readers.connection() as connection:
            return tuple(connection.execute("SELECT key, owner FROM uniques ORDER BY key"))

    def adopt_identity(self, epoch: str, secret: bytes) -> None:
        connection = self._writer.connection
        self._writer.run_statements(lambda: set_identity(connection, epoch, secret))
        self._epoch, self._secret = epoch, secret

    def set_read_deadline(self, seconds: float | None) -> None:
        self._readers.set_read_deadline(seconds)

    def is_index_current(self) -> bool:
        return self._readers.read(lambda reader: reader.is_index_current())

    def do_deferred_work(self) -> bool:
        return self._writer.do_deferred_work()

    def check_health(self) -> None:
        self._writer.check_health()
        self.watermark()

    def history(self, query: HistoryQuery) -> HistoryResult:
        return self._readers.read(lambda reader: reader.history(query))

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        return self._readers.read(lambda reader: reader.changes(after, limit, types))

    def watermark(self) -> int:
        return self._readers.read(lambda reader: reader.watermark())

    def count(self) -> dict[str, int]:
        return self._readers.read(lambda reader: reader.count())

    def generation(self) -> int:
        return self._readers.read(lambda reader: reader.generation())

    def indexes(self) -> dict[str, TypeIndex]:
        return self._readers.read(lambda reader: reader.indexes())

    def document(self, name: str) -> bytes | None:
        return self._readers.read(lambda reader: reader.document(name))

    def documents(self, prefix: str) -> tuple[str, ...]:
        return self._readers.read(lambda reader: reader.documents(prefix))

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        return self._writer.run(lambda batch: work(self._unit(batch)))

    def group(self) -> AbstractContextManager[None]:
        return self._writer.group()

    def purge(self, type: str, id: str) -> bool:
        return self._writer.run(lambda batch: self._unit(batch).purge(type, id))

    @translating_errors
    def check(self) -> list[str]:
        with self._readers.connection() as connection:
            return list(inconsistencies(connection))

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        now = self._clock()
        until = now + int(lease_seconds * 1_000_000)
        connection = self._writer.connection
        return self._writer.run_statements(lambda: acquire_job(connection, kind, id, owner, now, until))

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        connection = self._writer.connection
        return self._writer.run_statements(lambda: update_job(connection, id, owner, state, done))

    def jobs(self, kind: str) -> tuple[Job, ...]:
        return self._readers.read(lambda reader: reader.jobs(kind))

    def backup(self, target: Path) -> None:
        with self._readers.connection() as connection:
            back_up(connection, target)

    def _unit(self, batch: Batch) -> SqliteUnit:
        return SqliteUnit(self._writer, batch, self._clock())

    def _reopen(self) -> tuple[sqlite3.Connection, OpenedFile]:
        """Close all connections of readers, and open the same file again for the writer and new readers."""
        with self._readers.closed():
            if not OpenedFile(self._path).is_that_of(self._file):
                raise StoreUnavailable.of(messages.STORE_REPLACED())
            connection, file = _open(self._path, create=False), OpenedFile(self._path)
            self._readers.follow(file)
        return connection, file

    def close(self) -> None:
        """Close all connections; no thread may be using the store. The backlog is worked off if possible.

        A store that is closed already stays so.
        """
        with suppress(FhirError, sqlite3.ProgrammingError):
            self._writer.do_deferred_work(wholly=True)
        self._readers.close()
        self._writer.connection.close()


@translating_errors
def _open(path: Path, *, create: bool = True) -> sqlite3.Connection:
    connection = connect(path, _WRITER_CACHE_KIBIBYTES, create=create)
    try:
        enter_wal(connection)
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection
