"""The reindex job: builds pending indexes, type by type, in small units between which others write.

A resource written meanwhile is indexed by its own write, so the job ends at the sequence at which it started.
Its progress is committed with each batch, and after a crash the job resumes from there.
https://hl7.org/fhir/R4/searchparameter.html
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from fhir_server.errors import Conflict, NotFound
from fhir_server.extension import Engine
from fhir_server.interactions.engines import DefinitionsChanged, Engines, transact
from fhir_server.jobs import messages
from fhir_server.jobs.indexing_pool import IndexingPool
from fhir_server.jobs.type_indexer import ResourceFailed, SequenceRange, TypeIndexer
from fhir_server.store.port import Job, Store, TypeIndex, UnitOfWork

KIND = "reindex"
LEASE_SECONDS = 15.0

POOL_MIN = 4_000
"""Remaining resources of a type from which a pool is worth its start, half a second for each process."""
RANGE_RESOURCES = 250
"""The approximate number of resources in a range for one process of a pool."""
RANGES_PER_PROCESS = 8
"""Ranges for each process of a pool before progress is saved."""


class Progress(msgspec.Struct, frozen=True):
    """The progress of a job: `walked` of `living` resources of `type`, up to the sequence `after`, and `done`
    resources of earlier types, out of `total`. `generation` is that of the definitions used.
    """

    everything: bool = False
    total: int = 0
    done: int = 0
    type: str = ""
    living: int = 0
    walked: int = 0
    after: int = 0
    snapshot: int = 0
    generation: int = 0
    finished: tuple[str, ...] = ()
    error: str = ""

    @property
    def indexed(self) -> int:
        return self.done + self.walked


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Progress).decode


@dataclass(frozen=True, slots=True)
class ReindexJob:
    """A job as recorded in the store."""

    id: str
    progress: Progress
    done: bool


class LeaseLost(Exception):
    """Another process has taken the job over."""


def request(store: Store, everything: bool) -> ReindexJob:
    """Create a job for any process to take, or return the one that is not done yet.

    Raises `Conflict` if `everything` is requested while a job builds only pending indexes.
    """
    known = jobs(store)
    if known and not known[-1].done:
        return _joined(known[-1], everything)
    id, progress = f"{KIND}-{len(known) + 1}", Progress(everything=everything)
    made = store.acquire_job(KIND, id, KIND, 0)
    if made is not None and made.state:
        # Another request came at the same time, and was quicker.
        return _joined(_read(made), everything)
    if made is not None:
        store.update_job(id, KIND, _encode(progress))
    return ReindexJob(id, progress, False)


def _joined(job: ReindexJob, everything: bool) -> ReindexJob:
    """The running job, if it covers the request."""
    if everything and not job.progress.everything:
        raise Conflict.of(messages.REINDEX_UNDER_WAY(job=job.id))
    return job


def jobs(store: Store) -> list[ReindexJob]:
    """All reindex jobs, oldest first."""
    return sorted(map(_read, store.jobs(KIND)), key=lambda job: int(job.id.rpartition("-")[2]))


def job(store: Store, id: str | None) -> ReindexJob | None:
    """The job with this id, or the last one; None if there was none yet. Raises `NotFound` for an
    unknown id.
    """
    known = jobs(store)
    if id is None:
        return known[-1] if known else None
    for found in known:
        if found.id == id:
            return found
    raise NotFound.of(messages.UNKNOWN_JOB(job=id))


def _read(job: Job) -> ReindexJob:
    return ReindexJob(job.id, _decode(job.state) if job.state else Progress(), job.done)


class ReindexWorker:
    """Runs jobs for `owner`. Calls `after_each` after each resource; a `pool` indexes many resources in
    parallel.
    """

    def __init__(
        self,
        engines: Engines,
        owner: str,
        after_each: Callable[[], object] = lambda: None,
        lease_seconds: float = LEASE_SECONDS,
        pool: IndexingPool | None = None,
    ) -> None:
        self._engines = engines
        self._store = engines.latest().store
        self._indexer = TypeIndexer(engines, after_each)
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._pool = pool
        self._renew_at = 0.0

    def steps(self, id: str) -> Iterator[Progress]:
        """Run a job, and yield its progress after each step; nothing if another process runs it, or it is
        done.

        Raises `LeaseLost`; `ResourceFailed`, which ends the job.
        """
        held = self._store.acquire_job(KIND, id, self._owner, self._lease_seconds)
        if held is None:
            return
        self._renew_at = time.monotonic() + self._lease_seconds / 3
        progress = _read(held).progress
        while True:
            try:
                progress, over = self._step(id, progress)
            except DefinitionsChanged:
                self._engines.renewed()
                continue
            except ResourceFailed as error:
                self._save(id, replace(progress, error=str(error)), done=True)
                raise
            yield progress
            if over:
                return

    def _step(self, id: str, progress: Progress) -> tuple[Progress, bool]:
        """Index some resources; the progress, and whether the job is done."""
        engine = self._engines.current()
        if not progress.type or progress.generation != engine.generation:
            progress = self._next_type(engine, progress)
            if not progress.type:
                self._save(id, progress, done=True)
                return progress, True
        self._renew(id)
        if self._pool and progress.living - progress.walked >= POOL_MIN:
            return self._index_with_pool(id, engine, progress, self._pool), False
        return self._index_batch(id, engine, progress), False

    def _next_type(self, engine: Engine, progress: Progress) -> Progress:
        """The progress at the start of the next type; its `type` is empty if none is left."""
        living = self._store.count()
        wanted = set(engine.pending)
        if progress.everything:
            wanted |= living.keys() - set(progress.finished)
        first = min(wanted, default="")
        engine.extractor.reconsider(first)
        return replace(
            progress,
            total=progress.done + sum(living.get(type, 0) for type in wanted),
            type=first,
            living=living.get(first, 0),
            walked=0,
            after=0,
            snapshot=self._store.watermark(),
            generation=engine.generation,
        )

    def _index_batch(self, id: str, engine: Engine, progress: Progress) -> Progress:
        """Index one batch, and save the progress in the same group."""
        batch = self._indexer.next_batch(engine, _range(progress, progress.after, progress.snapshot))
        further = _advanced(progress, len(batch.resources), batch.next)

        def work(unit: UnitOfWork) -> None:
            batch.write(unit)
            if batch.next is None:
                _complete(unit, engine, progress.type)

        with self._store.group():
            transact(engine, work)
            self._save(id, further)
        return further

    def _index_with_pool(self, id: str, engine: Engine, progress: Progress, pool: IndexingPool) -> Progress:
        """Index several ranges of about equal length with the pool, and save the progress."""
        left = progress.snapshot - progress.after
        length = max(1, left * RANGE_RESOURCES // (progress.living - progress.walked))
        ends = range(progress.after + length, progress.snapshot + length, length)[
            : RANGES_PER_PROCESS * pool.size
        ]
        ranges = [_range(progress, end - length, min(end, progress.snapshot)) for end in ends]
        indexed = pool.index(ranges, self._indexer)
        reached = ranges[-1].upto
        further = _advanced(progress, indexed, reached if reached < progress.snapshot else None)
        with self._store.group():
            if not further.type:
                transact(engine, lambda unit: _complete(unit, engine, progress.type))
            self._save(id, further)
        return further

    def _renew(self, id: str) -> None:
        if time.monotonic() < self._renew_at:
            return
        if self._store.acquire_job(KIND, id, self._owner, self._lease_seconds) is None:
            raise LeaseLost(id)
        self._renew_at = time.monotonic() + self._lease_seconds / 3

    def _save(self, id: str, progress: Progress, done: bool = False) -> None:
        if not self._store.update_job(id, self._owner, _encode(progress), done):
            raise LeaseLost(id)


def _range(progress: Progress, after: int, upto: int) -> SequenceRange:
    return SequenceRange(progress.type, after, upto, progress.generation, progress.everything)


def _advanced(progress: Progress, indexed: int, reached: int | None) -> Progress:
    """The progress after more resources, up to the sequence `reached`; None for the end of the type."""
    walked = progress.walked + indexed
    if reached is not None:
        return replace(progress, walked=walked, after=reached)
    return replace(
        progress,
        done=progress.done + walked,
        type="",
        living=0,
        walked=0,
        finished=(*progress.finished, progress.type),
    )


def _complete(unit: UnitOfWork, engine: Engine, type: str) -> None:
    """Record that nothing is pending for a type, except parameters that exceeded their time limit."""
    if type in engine.pending:
        overrun = frozenset(code for owner, code in tuple(engine.extractor.overrun) if owner == type)
        unit.define_indexes([TypeIndex(type, engine.extractor.fingerprints.of(type), overrun)])
