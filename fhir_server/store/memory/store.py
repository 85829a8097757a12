"""The store in memory: one lock, and a journal to roll back failed units.

https://hl7.org/fhir/R4/http.html
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from typing import NoReturn, TypeVar

from fhir_server import errors
from fhir_server.search.ast import Clause, SearchQuery
from fhir_server.store import messages
from fhir_server.store.clock import wall_clock
from fhir_server.store.memory.reader import MemoryReader
from fhir_server.store.memory.state import Journal, Lease, State
from fhir_server.store.memory.unit_of_work import MemoryUnit
from fhir_server.store.memory.visible_resources import VisibleResources
from fhir_server.store.port import (
    LEASE_MICROSECONDS_MAX,
    ClauseUse,
    Explanation,
    Job,
    Reader,
    StoreCapabilities,
    StoredResource,
    UnitOfWork,
)

T = TypeVar("T")

SCAN_STEP = "COMPARE every resource"
"""The only step of every search, for `explain`."""


class MemoryStore(MemoryReader):
    """A store that ends with the process."""

    capabilities = StoreCapabilities(name="memory", in_loop=True, shared=False)

    def __init__(self, clock: Callable[[], int] = wall_clock) -> None:
        super().__init__(State(), threading.RLock())
        self._clock = clock
        self._epoch = str(uuid.uuid4())
        self._secret = token_bytes(32)
        self._journal: Journal | None = None
        self._in_unit = False

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def secret(self) -> bytes:
        return self._secret

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        return self._run(work)

    def _run(self, work: Callable[[MemoryUnit], T]) -> T:
        with self._lock:
            if self._in_unit:
                raise RuntimeError("a unit of work cannot be opened inside another one")
            self._in_unit = True
            journal = self._journal or Journal()
            savepoint = journal.savepoint()
            try:
                return work(MemoryUnit(self._state, self._lock, journal, self._clock()))
            except BaseException:
                journal.roll_back_to(savepoint)
                raise
            finally:
                self._in_unit = False

    @contextmanager
    def group(self) -> Iterator[None]:
        with self._lock:
            if self._journal:
                raise RuntimeError("a group cannot be opened inside another one")
            journal = self._journal = Journal()
            try:
                yield
            except BaseException:
                journal.roll_back_to(0)
                raise
            finally:
                self._journal = None

    def in_snapshot(self, read: Callable[[Reader], T]) -> T:
        with self._lock:
            return read(self)

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        with self._lock:
            log = self._state.log()
        wanted = [stored for stored in log if stored.sequence > after and (not types or stored.type in types)]
        return tuple(wanted[:limit])

    def watermark(self) -> int:
        with self._lock:
            return self._state.clock["sequence"]

    def explain(self, query: SearchQuery) -> Explanation:
        """Every resource is compared with every clause, without an index."""

        def found(*clauses: Clause) -> int:
            with self._lock:
                visible = VisibleResources(self._state, query.visibility)
                return sum(1 for _ in visible.matching(query.types, clauses))

        where = query.where
        uses = [ClauseUse(found(clause), found(*where[: place + 1])) for place, clause in enumerate(where)]
        return Explanation(found(), tuple(uses), (SCAN_STEP,))

    def set_read_deadline(self, seconds: float | None) -> None:
        """Ignored: reads in memory are not interrupted."""

    def is_index_current(self) -> bool:
        return True

    def check_health(self) -> None:
        """Nothing to check: memory is always available."""

    def do_deferred_work(self) -> bool:
        return False

    def purge(self, type: str, id: str) -> bool:
        return self._run(lambda unit: unit.purge(type, id))

    def check(self) -> list[str]:
        """Compares resources with the log only: their index entries are stored beside them."""
        with self._lock:
            return [
                f"{stored.reference} is at version {stored.version}, which the log does not end with."
                for stored in self._state.current.values()
                if self._state.versions.get(stored.sequence) != stored
            ]

    def count(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        with self._lock:
            for stored, _ in self._state.living():
                counts[stored.type] = counts.get(stored.type, 0) + 1
        return counts

    def unique_keys(self) -> tuple[tuple[str, str], ...]:
        with self._lock:
            return tuple(sorted(self._state.uniques.items()))

    def adopt_identity(self, epoch: str, secret: bytes) -> None:
        self._epoch, self._secret = epoch, secret

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        with self._lock:
            now = self._clock()
            lease = self._state.jobs.get(id, Lease(Job(id, kind, b"", False), owner, 0))
            runs = now < lease.until <= now + LEASE_MICROSECONDS_MAX
            if lease.job.done or (lease.holder != owner and runs):
                return None
            self._state.jobs[id] = Lease(lease.job, owner, now + int(lease_seconds * 1_000_000))
            return lease.job

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        with self._lock:
            lease = self._state.jobs.get(id)
            if lease is None or lease.holder != owner:
                return False
            saved = lease._replace(job=replace(lease.job, state=state, done=done))
            (self._journal or Journal()).set(self._state.jobs, id, saved)
            return True

    def jobs(self, kind: str) -> tuple[Job, ...]:
        with self._lock:
            found = [lease.job for lease in self._state.jobs.values() if lease.job.kind == kind]
        return tuple(sorted(found, key=lambda job: job.id))

    def backup(self, target: Path) -> NoReturn:  # noqa: ARG002
        raise errors.NotSupported.of(messages.NO_BACKUP())

    def close(self) -> None:
        """Nothing to do: no file or connection is open."""
