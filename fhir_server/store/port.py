"""The interface that every store backend implements; all pass the same contract tests.

Times are UTC microseconds. A *sequence* numbers every committed version of every resource in commit order,
and `last_updated` never decreases along it. The two are the one clock of the store.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from fhir_server.core.resource import Draft
from fhir_server.search.ast import Include, SearchQuery, SortKey
from fhir_server.search.entries import Entries

T = TypeVar("T")
Method = Literal["POST", "PUT", "PATCH", "DELETE"]


class DeadlineExceeded(Exception):
    """A read did not end before its deadline. Nothing is wrong; it can be repeated without one."""


class StoredResource(Struct, frozen=True):
    """One committed version. `body` is empty for a deletion; `first_sequence` is that of the id's first
    version.
    """

    type: str
    id: str
    version: int
    sequence: int
    first_sequence: int
    last_updated: int
    method: Method
    body: bytes

    @property
    def deleted(self) -> bool:
        return self.method == "DELETE"

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


class SearchResult(Struct, frozen=True):
    """One page. `next` is the sort key to continue after, None on the last page. `total` is None if not asked
    for, or if a bounded total exceeds its bound. `generation` is that of the state that the page was read
    from; None if the backend does not read it with the page.
    """

    matches: tuple[StoredResource, ...]
    total: int | None
    snapshot: int
    next: SortKey | None
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class ClauseUse:
    """The effect of one clause: `alone` resources satisfy it, `left` of these also satisfy all clauses before
    it. `drives` if candidates are read from its index, and the other clauses are checked for each.
    """

    alone: int
    left: int
    drives: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query is answered: the number of resources searched, the effect of each clause of `where`, and
    the steps of the backend's own plan.
    """

    searched: int
    clauses: tuple[ClauseUse, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Versions newest first. `since` is inclusive; `at` is an interval [low, high) in which the version was
    current at some moment; `before` continues below a sequence.
    """

    type: str | None = None
    id: str | None = None
    since: int | None = None
    at: tuple[int, int] | None = None
    before: int | None = None
    count: int = 20


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """One page. `next` is the `before` of the following page, None on the last; `total` counts all versions
    that the query matches.
    """

    versions: tuple[StoredResource, ...]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class StoreCapabilities:
    """What differs between backends. `in_loop`: reads are so short that they may run in an event loop.
    `shared`: several processes may open the store at once.
    """

    name: str
    in_loop: bool
    shared: bool


LEASE_MICROSECONDS_MAX = 60_000_000
"""The longest lease. One that ends later than this from now was taken before the clock was set back, and
counts as expired.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A long-running task that one process at a time holds by a lease; `state` is its progress as JSON."""

    id: str
    kind: str
    state: bytes
    done: bool


@dataclass(frozen=True, slots=True)
class TypeIndex:
    """How the resources of one type are indexed: the fingerprint of each search parameter's definition by
    code, and the codes whose index does not cover every resource yet.
    """

    type: str
    fingerprints: Mapping[str, str]
    pending: frozenset[str] = frozenset()


class Reader(Protocol):
    """Reads of a store, or of a unit of work, which also sees its own writes."""

    def read(self, type: str, id: str) -> StoredResource | None:
        """The current version, which may be a deletion; None for an id that never existed."""
        ...

    def read_version(self, type: str, id: str, version: int) -> StoredResource | None: ...

    def search(self, query: SearchQuery) -> SearchResult: ...

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        """The living resources that `resources` refer to by `include` (or, in reverse, that refer to them),
        each once, at most `limit`.
        """
        ...

    def history(self, query: HistoryQuery) -> HistoryResult: ...

    def generation(self) -> int:
        """The number of the definitions that resources are indexed by. Every `define_indexes` changes it; it
        is 0 before the first. Cheap enough to be read with every request.
        """
        ...

    def indexes(self) -> dict[str, TypeIndex]:
        """What `define_indexes` recorded, by type."""
        ...

    def document(self, name: str) -> bytes | None:
        """The document that `put_document` recorded under this name; None if there is none."""
        ...

    def documents(self, prefix: str) -> tuple[str, ...]:
        """The names of the documents that begin with `prefix`, sorted by their code points."""
        ...


class UnitOfWork(Reader, Protocol):
    """One atomic change. It reads its own writes."""

    @property
    def now(self) -> int:
        """The `last_updated` of this unit's writes."""
        ...

    def prefetch(self, resources: Iterable[tuple[str, str]]) -> None:
        """Announce the resources that are about to be read, by type and id. A store over a network fetches
        them all at once.
        """
        ...

    def prefetch_searches(self, queries: Iterable[SearchQuery]) -> None:
        """Announce the searches that are about to be made. A store over a network makes some of them at once;
        other stores do not iterate over them.
        """
        ...

    def put(
        self, draft: Draft, entries: Entries, method: Method, expected_version: int | None = None
    ) -> StoredResource:
        """Write the next version. With `expected_version` (0 for "does not exist") raises
        `PreconditionFailed` if the current version is another. The id of a POST that expects 0 was generated
        by the server.
        """
        ...

    def delete(self, type: str, id: str, expected_version: int | None = None) -> StoredResource | None:
        """Write a deletion; None if there is nothing to delete (never existed, or already deleted)."""
        ...

    def import_version(self, version: StoredResource, entries: Entries) -> None:
        """Copy a version of another store as it is. Raises `ValueError` unless its sequence is above all
        others here.
        """
        ...

    def lock(self, key: str) -> None:
        """Take a lock until the end of this unit: no other unit that takes the same key runs meanwhile."""
        ...

    def define_indexes(self, indexes: Iterable[TypeIndex]) -> None:
        """Record how these types are indexed from here on, under a new generation."""
        ...

    def put_document(self, name: str, document: bytes | None) -> None:
        """Write a document of the server's own, which is no resource, replacing one of the same name; None
        deletes it.
        """
        ...

    def replace_entries(
        self, resource: StoredResource, entries: Entries, parameters: frozenset[str] | None = None
    ) -> bool:
        """Replace the index entries of a current version: all, or only those of the given parameters and of
        what is derived from them.

        Does nothing and returns False if the version is no longer the current one: then a later write has
        indexed the resource.
        """
        ...

    def claim_unique(self, key: str, owner: str) -> None:
        """Reserve `key` for the resource `owner` ("Type/id") until that is deleted. Raises `Conflict` if
        another resource holds it.
        """
        ...


class Store(Reader, Protocol):
    """A place where resources live."""

    capabilities: StoreCapabilities

    def in_snapshot(self, read: Callable[[Reader], T]) -> T:
        """Call `read` with a reader of one state of the store, whatever is committed meanwhile, and return
        its result. `read` may run more than once.
        """
        ...

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        """Committed versions above the sequence `after`, up to the watermark, each once and in order."""
        ...

    def watermark(self) -> int:
        """The sequence up to which no further commit can appear."""
        ...

    def set_read_deadline(self, seconds: float | None) -> None:
        """Let reads of this thread raise `DeadlineExceeded` this many seconds from now, or at once if the
        backend knows that they will take longer; None removes the deadline. Backends that cannot interrupt
        a read ignore it.
        """
        ...

    def is_index_current(self) -> bool:
        """Whether the index covers every committed write. If not, a search may have to index them first, for
        which it waits its turn among the writers.
        """
        ...

    def do_deferred_work(self) -> bool:
        """Do work that writes have deferred, such as indexing, for a few milliseconds; False if none
        is left.
        """
        ...

    def check_health(self) -> None:
        """Raise `StoreFull` or `StoreUnavailable` if the store cannot be read and written at the moment."""
        ...

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run `work` in one atomic, durable unit and return its result. `work` may run more than once. If it
        raises, the unit is rolled back. Inside `group()` the unit becomes durable only when the group ends.
        """
        ...

    def group(self) -> AbstractContextManager[None]:
        """Commit the units of this thread inside the block together when it ends; each is still atomic. If
        the end of the block raises, none of them happened.
        """
        ...

    def explain(self, query: SearchQuery) -> Explanation:
        """How `search` answers the query. As expensive as an exact total for each clause."""
        ...

    def purge(self, type: str, id: str) -> bool:
        """Erase every version of a resource; a deletion stays in the sequence. False if there is none."""
        ...

    def check(self) -> list[str]:
        """Inconsistencies between resources, history and indexes, one sentence each; empty if there
        are none.
        """
        ...

    def count(self) -> dict[str, int]:
        """Living resources per type."""
        ...

    def unique_keys(self) -> tuple[tuple[str, str], ...]:
        """All keys claimed by `claim_unique`, each with its owner, sorted by key."""
        ...

    def adopt_identity(self, epoch: str, secret: bytes) -> None:
        """Take over the epoch and the secret of the store that this is a copy of."""
        ...

    @property
    def epoch(self) -> str:
        """The identity of this line of history; a restore from backup changes it."""
        ...

    @property
    def secret(self) -> bytes:
        """32 random bytes, generated with the store and shared by all processes that open it."""
        ...

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        """Take or renew the lease of a job, creating the job if it is new. None while another owner holds the
        lease, or if the job is done.
        """
        ...

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        """Save progress; False if another owner has taken the lease. Inside `group()` it is saved with the
        units of the group.
        """
        ...

    def jobs(self, kind: str) -> tuple[Job, ...]:
        """All jobs of a kind, done or not, sorted by id."""
        ...

    def backup(self, target: Path) -> None:
        """Write a consistent copy while the store stays in use."""
        ...

    def close(self) -> None: ...
