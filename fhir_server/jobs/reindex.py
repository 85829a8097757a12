"""reindex: makes the indexes that are pending, type by type, in small units between which others write.

A resource that is written meanwhile is indexed by its own write, so the walk ends at the sequence at which it
began. Where it stands is committed with each batch: whoever goes on after a crash begins there.
https://hl7.org/fhir/R4/searchparameter.html
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec
from msgspec.structs import replace

from fhir_server.core import json
from fhir_server.errors import Conflict, NotFound
from fhir_server.extension import Engine
from fhir_server.interactions.engines import DefinitionsChanged, Engines, transact
from fhir_server.jobs import messages
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.search.extract import OF_THE_WHOLE
from fhir_server.store.port import Job, Store, StoredResource, TypeIndex, UnitOfWork

KIND = "reindex"
BATCH = 100
"""Resources in one unit, some ten milliseconds of the writer's time."""
LEASE_SECONDS = 15.0

Indexed = list[tuple[StoredResource, Entries]]


class Progress(msgspec.Struct, frozen=True):
    """How far a job is: `walked` of the resources of `type`, the last of them being `after`, and `done` of
    the types before it, out of `total`. `generation` names the definitions that it walks by.
    """

    everything: bool = False
    total: int = 0
    done: int = 0
    type: str = ""
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
    """A job as it stands in the store."""

    id: str
    progress: Progress
    done: bool


class LeaseLost(Exception):
    """Another process has taken the job over."""


def request(store: Store, everything: bool) -> ReindexJob:
    """A job to be done by whoever takes it: a new one, or the one that is not done yet.

    Raises `Conflict` where everything is asked for while a job makes only what is pending.
    """
    known = jobs(store)
    if known and not known[-1].done:
        if everything and not known[-1].progress.everything:
            raise Conflict.of(messages.REINDEX_UNDER_WAY(job=known[-1].id))
        return known[-1]
    id, progress = f"{KIND}-{len(known) + 1}", Progress(everything=everything)
    if store.acquire_job(KIND, id, KIND, 0) is not None:
        store.update_job(id, KIND, _encode(progress))
    return ReindexJob(id, progress, False)


def jobs(store: Store) -> list[ReindexJob]:
    """All jobs of this kind, the oldest first."""
    return sorted(map(_read, store.jobs(KIND)), key=lambda job: int(job.id.rpartition("-")[2]))


def job(store: Store, id: str | None) -> ReindexJob | None:
    """The job of that id, or the last; None where there was none yet. Raises `NotFound` for an unknown id."""
    known = jobs(store)
    if id is None:
        return known[-1] if known else None
    for one in known:
        if one.id == id:
            return one
    raise NotFound.of(messages.UNKNOWN_JOB(job=id))


def _read(job: Job) -> ReindexJob:
    return ReindexJob(job.id, _decode(job.state) if job.state else Progress(), job.done)


class Reindexing:
    """Does jobs in the name of `owner`. `breathe` is called after each resource that was looked through."""

    def __init__(
        self,
        engines: Engines,
        owner: str,
        breathe: Callable[[], object] = lambda: None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._engines = engines
        self._store = engines.latest().store
        self._owner = owner
        self._breathe = breathe
        self._lease_seconds = lease_seconds
        self._renew_at = 0.0

    def steps(self, id: str) -> Iterator[Progress]:
        """Do a job, yielding after each batch; nothing where another process does it, or it is done.

        Raises `LeaseLost`, and whatever goes wrong with a resource, which ends the job.
        """
        held = self._store.acquire_job(KIND, id, self._owner, self._lease_seconds)
        if held is None:
            return
        self._renew_at = time.monotonic() + self._lease_seconds / 3
        progress = _read(held).progress
        while True:
            progress, over = self._step(id, progress)
            yield progress
            if over:
                return

    def _step(self, id: str, progress: Progress) -> tuple[Progress, bool]:
        """One batch; and whether the job is over."""
        engine = self._engines.current()
        if not progress.type or progress.generation != engine.generation:
            progress = self._next_type(engine, progress)
            if not progress.type:
                self._save(id, progress, done=True)
                return progress, True
        self._renew(id)
        page = Page(progress.snapshot, (progress.after,))
        result = self._store.search(SearchQuery((progress.type,), count=BATCH, total="none", page=page))
        batch = self._indexed(id, engine, progress, result.matches)
        further = _advanced(progress, result.matches, last=result.next is None)
        try:
            with self._store.group():
                transact(engine, partial(_write, engine, progress, batch, last=not further.type))
                self._save(id, further)
        except DefinitionsChanged:
            self._engines.renewed()
            return progress, False
        return further, False

    def _next_type(self, engine: Engine, progress: Progress) -> Progress:
        """The beginning of a walk through the resources of a type that is still to be done."""
        living = self._store.count()
        wanted = set(engine.pending)
        if progress.everything:
            wanted |= living.keys() - set(progress.finished)
        return replace(
            progress,
            total=progress.done + sum(living.get(type, 0) for type in wanted),
            type=min(wanted, default=""),
            walked=0,
            after=0,
            snapshot=self._store.watermark(),
            generation=engine.generation,
        )

    def _indexed(
        self, id: str, engine: Engine, progress: Progress, resources: tuple[StoredResource, ...]
    ) -> Indexed:
        batch: Indexed = []
        parameters = _parameters(engine, progress)
        extractor = engine.extractor
        entries_of = extractor.entries
        if parameters is not None:
            entries_of = partial(extractor.entries_of, codes=parameters)
        for stored in resources:
            try:
                batch.append((stored, entries_of(json.parse_own(stored.body))))
            except Exception as error:
                self._save(
                    id, replace(progress, error=f"{stored.reference}: {type(error).__name__}"), done=True
                )
                raise
            self._breathe()
        return batch

    def _renew(self, id: str) -> None:
        if time.monotonic() < self._renew_at:
            return
        if self._store.acquire_job(KIND, id, self._owner, self._lease_seconds) is None:
            raise LeaseLost(id)
        self._renew_at = time.monotonic() + self._lease_seconds / 3

    def _save(self, id: str, progress: Progress, done: bool = False) -> None:
        if not self._store.update_job(id, self._owner, _encode(progress), done):
            raise LeaseLost(id)


def _advanced(progress: Progress, batch: tuple[StoredResource, ...], last: bool) -> Progress:
    walked = progress.walked + len(batch)
    if not last:
        return replace(progress, walked=walked, after=batch[-1].first_sequence)
    return replace(
        progress,
        done=progress.done + walked,
        type="",
        walked=0,
        finished=(*progress.finished, progress.type),
    )


def _parameters(engine: Engine, progress: Progress) -> frozenset[str] | None:
    """The parameters to be indexed, where it is enough to look at these; None for all."""
    pending = engine.pending.get(progress.type)
    return pending if pending and not progress.everything and pending.isdisjoint(OF_THE_WHOLE) else None


def _write(engine: Engine, progress: Progress, batch: Indexed, unit: UnitOfWork, *, last: bool) -> None:
    """Index the batch; after the last one of a type nothing is pending there any more."""
    parameters = _parameters(engine, progress)
    for stored, entries in batch:
        unit.index(stored, entries, parameters)
    if last and progress.type in engine.pending:
        unit.define([TypeIndex(progress.type, engine.extractor.fingerprints.of(progress.type))])
