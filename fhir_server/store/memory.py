"""The reference backend: dicts, one lock, and searches that walk every resource. Written to be checked by
reading; what it answers is what every other backend must answer.

https://hl7.org/fhir/R4/http.html
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cmp_to_key
from pathlib import Path
from secrets import token_bytes
from typing import NoReturn, TypeVar

from fhir_server import errors
from fhir_server.core.resource import Draft, body
from fhir_server.search.ast import Clause, Include, SearchQuery, Sort, SortKey
from fhir_server.search.entries import Entries
from fhir_server.search.match import matches, sort_value
from fhir_server.store import messages
from fhir_server.store.clock import wall_clock
from fhir_server.store.expectation import expect_later, expect_version
from fhir_server.store.generation import new_generation
from fhir_server.store.memory_state import Found, Journal, Key, State
from fhir_server.store.port import (
    ClauseUse,
    Explanation,
    HistoryQuery,
    HistoryResult,
    Job,
    Method,
    SearchResult,
    StoreCapabilities,
    StoredResource,
    TypeIndex,
    UnitOfWork,
)

T = TypeVar("T")

COMPARED = "COMPARE every resource"


@dataclass(frozen=True, slots=True)
class VisibleUniverse:
    """What chains and `_has` may see of a state: the living resources that satisfy `visibility`."""

    state: State
    visibility: Clause | None = None

    def by_reference(self, type: str, id: str) -> Found | None:
        stored = self.state.current.get((type, id))
        if stored is None or stored.deleted:
            return None
        entries = self.state.entries[type, id]
        return (stored, entries) if self._visible(stored, entries) else None

    def living(self, type: str) -> Iterator[Found]:
        for stored, entries in self.state.living((type,)):
            if self._visible(stored, entries):
                yield stored, entries

    def matching(self, types: Sequence[str], where: Iterable[Clause]) -> Iterator[Found]:
        clauses = tuple(where)
        for stored, entries in self.state.living(types):
            if self._visible(stored, entries) and all(
                matches(clause, stored, entries, self) for clause in clauses
            ):
                yield stored, entries

    def _visible(self, stored: StoredResource, entries: Entries) -> bool:
        return self.visibility is None or matches(
            self.visibility, stored, entries, VisibleUniverse(self.state)
        )


def _compare(sorts: Sequence[Sort]) -> Callable[[SortKey, SortKey], int]:
    """Orders sort keys: each by its direction, missing last in both, the first sequence ascending at last."""

    def compare(left: SortKey, right: SortKey) -> int:
        for sort, a, b in zip(sorts, left, right, strict=False):
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            ascending = 1 if a > b else -1  # type: ignore[operator]
            return -ascending if sort.descending else ascending
        return int(left[-1]) - int(right[-1])  # type: ignore[arg-type]

    return compare


def _total(query: SearchQuery, found: int) -> int | None:
    """The total to tell of so many matches; of those that a first page shows, always."""
    if query.total == "none":
        return None
    is_shown = query.page is None and 0 < query.count >= found
    return None if query.total == "bounded" and found > query.total_max and not is_shown else found


class MemoryReader:
    """Reads a state under its lock."""

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
            universe = VisibleUniverse(self._state, query.visibility)
            keyed: list[tuple[SortKey, StoredResource]] = [
                ((*(sort_value(sort, stored, entries) for sort in query.sort), stored.first_sequence), stored)
                for stored, entries in universe.matching(query.types, query.where)
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
            ordered = sorted((self._state.current[key] for key in found), key=lambda s: s.first_sequence)
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


def _targets(entries: Entries, include: Include) -> Iterator[Key]:
    for entry in entries.references:
        if include.parameter in ("*", entry.parameter) and include.target in (None, entry.type):
            yield entry.type, entry.target


def _replaced(entries: Entries, new: Entries, parameters: frozenset[str]) -> Entries:
    """The entries, with the new ones in place of those of some parameters."""
    merged = Entries()
    for kind in fields(Entries):
        kept = [e for e in getattr(entries, kind.name) if e.parameter.partition(":")[0] not in parameters]
        setattr(merged, kind.name, kept + getattr(new, kind.name))
    return merged


def _in_history(stored: StoredResource, replaced: int | None, query: HistoryQuery) -> bool:
    if query.type not in (None, stored.type) or query.id not in (None, stored.id):
        return False
    if query.since is not None and stored.last_updated < query.since:
        return False
    if query.at is None:
        return True
    low, high = query.at
    return stored.last_updated < high and (replaced is None or replaced > low)


class MemoryUnit(MemoryReader):
    """One atomic change; the store undoes its journal when the work fails."""

    def __init__(self, state: State, lock: threading.RLock, journal: Journal, wall: int) -> None:
        super().__init__(state, lock)
        self._journal = journal
        self._now = max(wall // 1000 * 1000, state.clock["last_updated"])

    @property
    def now(self) -> int:
        return self._now

    def expect(self, resources: Iterable[tuple[str, str]]) -> None:
        """Nothing to do: they are here."""

    def expect_searches(self, queries: Iterable[SearchQuery]) -> None:
        """Nothing to do: each is made when it is asked for."""

    def put(
        self, draft: Draft, entries: Entries, method: Method, expected_version: int | None = None
    ) -> StoredResource:
        current = self.read(draft.type, draft.id)
        self._expect(f"{draft.type}/{draft.id}", current, expected_version)
        version = current.version + 1 if current else 1
        stored = self._append(draft.type, draft.id, version, current, method, body(draft, version, self._now))
        self._journal.set(self._state.entries, (draft.type, draft.id), entries)
        return stored

    def delete(self, type: str, id: str, expected_version: int | None = None) -> StoredResource | None:
        current = self.read(type, id)
        if current is None or current.deleted:
            return None
        self._expect(current.reference, current, expected_version)
        return self._bury(current)

    def define(self, indexes: Iterable[TypeIndex]) -> None:
        for index in indexes:
            self._journal.set(self._state.indexes, index.type, index)
        self._journal.set(self._state.clock, "generation", new_generation())

    def keep(self, name: str, document: bytes | None) -> None:
        if document is None:
            self._journal.erase(self._state.documents, name)
        else:
            self._journal.set(self._state.documents, name, document)

    def index(
        self, resource: StoredResource, entries: Entries, parameters: frozenset[str] | None = None
    ) -> bool:
        key = (resource.type, resource.id)
        if resource.deleted or self._state.current.get(key) != resource:
            return False
        if parameters is not None:
            entries = _replaced(self._state.entries[key], entries, parameters)
        self._journal.set(self._state.entries, key, entries)
        return True

    def purge(self, type: str, id: str) -> bool:
        versions = [v for v in self._state.versions.values() if (v.type, v.id) == (type, id)]
        if not versions or (len(versions) == 1 and versions[0].deleted):
            return False
        for version in versions:
            self._journal.erase(self._state.versions, version.sequence)
        self._bury(self._state.current[type, id])
        return True

    def _expect(self, reference: str, current: StoredResource | None, expected: int | None) -> None:
        living = current is not None and not current.deleted
        expect_version(reference, current.version if current else 0, living, expected)

    def _bury(self, current: StoredResource) -> StoredResource:
        self._journal.erase(self._state.entries, (current.type, current.id))
        for key in [key for key, owner in self._state.uniques.items() if owner == current.reference]:
            self._journal.erase(self._state.uniques, key)
        return self._append(current.type, current.id, current.version + 1, current, "DELETE", b"")

    def _append(
        self,
        type: str,
        id: str,
        version: int,
        current: StoredResource | None,
        method: Method,
        content: bytes,
    ) -> StoredResource:
        sequence = self._state.clock["sequence"] + 1
        first = current.first_sequence if current else sequence
        stored = StoredResource(type, id, version, sequence, first, self._now, method, content)
        self._journal.set(self._state.clock, "sequence", sequence)
        self._journal.set(self._state.clock, "last_updated", self._now)
        self._journal.set(self._state.versions, sequence, stored)
        self._journal.set(self._state.current, (type, id), stored)
        return stored

    def receive(self, version: StoredResource, entries: Entries) -> None:
        expect_later(version, self._state.clock["sequence"])
        key = (version.type, version.id)
        self._journal.set(self._state.clock, "sequence", version.sequence)
        self._journal.set(self._state.clock, "last_updated", version.last_updated)
        self._journal.set(self._state.versions, version.sequence, version)
        self._journal.set(self._state.current, key, version)
        if version.deleted:
            self._journal.erase(self._state.entries, key)
        else:
            self._journal.set(self._state.entries, key, entries)

    def lock(self, key: str) -> None:
        """Nothing to do: units run one after the other."""

    def unique(self, key: str, owner: str) -> None:
        holder = self._state.uniques.get(key, owner)
        if holder != owner:
            raise errors.Conflict.of(messages.UNIQUE_TAKEN(key=key, holder=holder, owner=owner))
        self._journal.set(self._state.uniques, key, owner)


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
            mark = journal.mark()
            try:
                return work(MemoryUnit(self._state, self._lock, journal, self._clock()))
            except BaseException:
                journal.undo_to(mark)
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
                journal.undo_to(0)
                raise
            finally:
                self._journal = None

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        with self._lock:
            log = self._state.log()
        wanted = [s for s in log if s.sequence > after and (not types or s.type in types)]
        return tuple(wanted[:limit])

    def watermark(self) -> int:
        with self._lock:
            return self._state.clock["sequence"]

    def explain(self, query: SearchQuery) -> Explanation:
        """Every resource is compared with every clause; no index drives."""

        def found(*clauses: Clause) -> int:
            with self._lock:
                universe = VisibleUniverse(self._state, query.visibility)
                return sum(1 for _ in universe.matching(query.types, clauses))

        where = query.where
        uses = [ClauseUse(found(clause), found(*where[: place + 1])) for place, clause in enumerate(where)]
        return Explanation(found(), tuple(uses), (COMPARED,))

    def hurry(self, seconds: float | None) -> None:
        """Not told here."""

    def settled(self) -> bool:
        return True

    def tidy(self) -> bool:
        return False

    def purge(self, type: str, id: str) -> bool:
        return self._run(lambda unit: unit.purge(type, id))

    def check(self) -> list[str]:
        """Resources and their entries lie side by side here, so only the log can disagree with them."""
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

    def uniques(self) -> tuple[tuple[str, str], ...]:
        with self._lock:
            return tuple(sorted(self._state.uniques.items()))

    def become(self, epoch: str, secret: bytes) -> None:
        self._epoch, self._secret = epoch, secret

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        with self._lock:
            now = self._clock()
            job, holder, until = self._state.jobs.get(id, (Job(id, kind, b"", False), owner, 0))
            if job.done or (holder != owner and until > now):
                return None
            self._state.jobs[id] = (job, owner, now + int(lease_seconds * 1_000_000))
            return job

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        with self._lock:
            if id not in self._state.jobs or self._state.jobs[id][1] != owner:
                return False
            job, _, until = self._state.jobs[id]
            self._state.jobs[id] = (replace(job, state=state, done=done), owner, until)
            return True

    def jobs(self, kind: str) -> tuple[Job, ...]:
        with self._lock:
            found = [job for job, _, _ in self._state.jobs.values() if job.kind == kind]
        return tuple(sorted(found, key=lambda job: job.id))

    def backup(self, target: Path) -> NoReturn:  # noqa: ARG002
        raise errors.NotSupported.of(messages.NO_BACKUP())

    def close(self) -> None:
        """Nothing is held open."""
