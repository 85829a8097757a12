"""The store in MongoDB: any number of server processes over one replica set or sharded cluster.

https://www.mongodb.com/docs/manual/core/transactions/
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn, TypeVar

import pymongo

from fhir_server import errors
from fhir_server.search.ast import Include, SearchQuery
from fhir_server.store import messages
from fhir_server.store.clock import wall_clock
from fhir_server.store.mongo.collections import Collections, SessionView
from fhir_server.store.mongo.connection import NO_TIMEOUT, Address, connect
from fhir_server.store.mongo.consistency import inconsistencies
from fhir_server.store.mongo.error_translation import translating_errors
from fhir_server.store.mongo.jobs import acquire_job, update_job
from fhir_server.store.mongo.reader import MongoReader
from fhir_server.store.mongo.schema import build_indexes, identity, prepare, set_identity
from fhir_server.store.mongo.transaction import Transaction
from fhir_server.store.mongo.unit_of_work import MongoUnit
from fhir_server.store.mongo.writer import Writer
from fhir_server.store.mongo_options import MongoOptions
from fhir_server.store.port import (
    Explanation,
    HistoryQuery,
    HistoryResult,
    Job,
    SearchResult,
    StoreCapabilities,
    StoredResource,
    TypeIndex,
    UnitOfWork,
)

T = TypeVar("T")

GENERATION_SECONDS = 0.25
"""How long a process may use its cached generation. The unit of work refuses writes by older definitions in
any case.
"""


def prepare_database(address: Address, options: MongoOptions) -> int:
    """Create and migrate a store, and build its indexes even if they are recorded as built; their number."""
    client = connect(address, options)
    try:
        collections = Collections.of(client, address.database)
        with translating_errors():
            prepare(collections, indexes=False)
            return build_indexes(collections)
    finally:
        client.close()


class MongoStore:
    """A store in one database."""

    capabilities = StoreCapabilities(name="mongodb", in_loop=False, shared=True)

    def __init__(
        self,
        address: Address,
        options: MongoOptions | None = None,
        clock: Callable[[], int] = wall_clock,
        indexes: bool = True,
    ) -> None:
        options = options or MongoOptions()
        self._clock = clock
        client = connect(address, options)
        try:
            self._collections = Collections.of(client, address.database)
            with translating_errors():
                prepare(self._collections, indexes)
                self._epoch, self._secret = identity(self._collections)
        except BaseException:
            client.close()
            raise
        self._reader = MongoReader(SessionView(self._collections, None))
        self._generation = (0, -GENERATION_SECONDS)
        self._writer = Writer(self._collections, options.timeout_seconds, self._remember_generation)

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def secret(self) -> bytes:
        return self._secret

    def _query(self, read: Callable[[MongoReader], T]) -> T:
        """Call `read` without a session, for a single query."""
        with translating_errors():
            return read(self._reader)

    def in_snapshot(self, read: Callable[[MongoReader], T]) -> T:
        """Call `read` in a snapshot session, so that all its queries see the same state of the store."""
        with translating_errors(), self._collections.client.start_session(snapshot=True) as session:
            return read(MongoReader(SessionView(self._collections, session)))

    def read(self, type: str, id: str) -> StoredResource | None:
        with translating_errors():
            return self._reader.read(type, id)

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None:
        return self._query(lambda reader: reader.read_version(type, id, version))

    def search(self, query: SearchQuery) -> SearchResult:
        return self.in_snapshot(lambda reader: reader.search(query))

    def explain(self, query: SearchQuery) -> Explanation:
        return self._query(lambda reader: reader.explain(query))

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        return self._query(lambda reader: reader.included(resources, include, limit))

    def history(self, query: HistoryQuery) -> HistoryResult:
        return self.in_snapshot(lambda reader: reader.history(query))

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        return self.in_snapshot(lambda reader: reader.changes(after, limit, types))

    def watermark(self) -> int:
        return self._query(lambda reader: reader.watermark())

    def count(self) -> dict[str, int]:
        return self._query(lambda reader: reader.count())

    def generation(self) -> int:
        """Cached for `GENERATION_SECONDS`, but commits of this process are known at once."""
        value, since = self._generation
        asked = time.monotonic()
        if asked - since < GENERATION_SECONDS:
            return value
        with translating_errors():
            value = MongoReader(SessionView(self._collections.of_the_primary(), None)).generation()
        # What was committed while the answer was on its way may be newer.
        if self._generation[1] < asked:
            self._remember_generation(value)
        return self._generation[0]

    def _remember_generation(self, value: int) -> None:
        self._generation = (value, time.monotonic())

    def indexes(self) -> dict[str, TypeIndex]:
        return self._query(lambda reader: reader.indexes())

    def document(self, name: str) -> bytes | None:
        return self._query(lambda reader: reader.document(name))

    def documents(self, prefix: str) -> tuple[str, ...]:
        return self._query(lambda reader: reader.documents(prefix))

    def unique_keys(self) -> tuple[tuple[str, str], ...]:
        with translating_errors():
            found = self._collections.uniques.find(sort=[("_id", 1)])
            return tuple((document["_id"], document["o"]) for document in found)

    def adopt_identity(self, epoch: str, secret: bytes) -> None:
        with translating_errors():
            set_identity(self._collections, epoch, secret)
        self._epoch, self._secret = epoch, secret

    def set_read_deadline(self, seconds: float | None) -> None:
        """Ignored: queries are limited by the timeout of the connection only."""

    def is_index_current(self) -> bool:
        return True

    def do_deferred_work(self) -> bool:
        return False

    def check_health(self) -> None:
        """Send a command to the primary, which accepts the writes."""
        with translating_errors():
            self._collections.client.admin.command("ping")

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        return self._run(work)

    def _run(self, work: Callable[[MongoUnit], T]) -> T:
        def unit(transaction: Transaction) -> T:
            return work(MongoUnit(transaction, self._clock()))

        return self._writer.run(unit)

    def group(self) -> AbstractContextManager[None]:
        return self._writer.group()

    def purge(self, type: str, id: str) -> bool:
        return self._run(lambda unit: unit.purge(type, id))

    def check(self) -> list[str]:
        with pymongo.timeout(NO_TIMEOUT):
            return self.in_snapshot(lambda reader: list(inconsistencies(reader.view)))

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        now = self._clock()
        until = now + int(lease_seconds * 1_000_000)
        with translating_errors():
            return acquire_job(self._collections.jobs, kind, id, owner, now, until)

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        jobs = self._collections.jobs
        return self._writer.write_outside_unit(
            lambda session: update_job(jobs, id, owner, state, done, session)
        )

    def jobs(self, kind: str) -> tuple[Job, ...]:
        return self._query(lambda reader: reader.jobs(kind))

    def backup(self, target: Path) -> NoReturn:  # noqa: ARG002
        raise errors.NotSupported.of(messages.BACKUP_BY_DATABASE())

    def close(self) -> None:
        """Close all connections; no thread may be using the store."""
        self._writer.close()
        self._collections.client.close()
