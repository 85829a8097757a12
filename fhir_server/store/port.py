"""What the server asks of a store; every backend passes the same contract tests.

Times are UTC microseconds. A *sequence* numbers every committed version of every resource in commit order,
and `last_updated` never runs against it: this is the one clock.
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
    """One page. `next` is the key to continue after, None on the last page; `total` None when not asked
    for, or where there are more than a bounded one counts. `generation` is that of the state the page was
    read from, where the store tells it with the page; None where it has to be asked.
    """

    matches: tuple[StoredResource, ...]
    total: int | None
    snapshot: int
    next: SortKey | None
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class ClauseUse:
    """What one clause does in a query: `alone` resources satisfy it, `left` of them all clauses before it
    too; `drives` where candidates are read from its index, and every other clause is asked of each.
    """

    alone: int
    left: int
    drives: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query is answered: out of how many resources, what each clause of `where` does, and the steps in
    the backend's own words.
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
    """`next` is the `before` of the following page, None on the last; `total` counts all that the query
    matches.
    """

    versions: tuple[StoredResource, ...]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class StoreCapabilities:
    """What differs between backends. `in_loop`: reads are so short that they may run in an event loop;
    `shared`: several processes may open it at once.
    """

    name: str
    in_loop: bool
    shared: bool


LEASE_MICROSECONDS_MAX = 60_000_000
"""A lease that ends later than this from now was taken by a clock that has since been put back: it does not
run. Nobody takes a longer one.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A long-running piece of work that one process at a time holds by a lease; `state` is its JSON
    progress.
    """

    id: str
    kind: str
    state: bytes
    done: bool


@dataclass(frozen=True, slots=True)
class TypeIndex:
    """How the resources of one type are indexed: the fingerprint of each search parameter's definition, by
    its code, and the codes whose index does not yet cover every resource.
    """

    type: str
    fingerprints: Mapping[str, str]
    pending: frozenset[str] = frozenset()


class Reader(Protocol):
    """What can be read, of a whole store or of a unit of work, which sees its own writes too."""

    def read(self, type: str, id: str) -> StoredResource | None:
        """The current version, a deletion included; None for an id that never was."""
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
        """Names the definitions that resources are indexed by: every `define` gives another number, and 0 is
        before the first. Cheap enough to be asked with every request.
        """
        ...

    def indexes(self) -> dict[str, TypeIndex]:
        """What `define` recorded, by type."""
        ...

    def document(self, name: str) -> bytes | None:
        """What `keep` recorded under this name."""
        ...

    def documents(self, prefix: str) -> tuple[str, ...]:
        """The names of the documents kept that begin with `prefix`, sorted by their code points."""
        ...


class UnitOfWork(Reader, Protocol):
    """One atomic change. It reads its own writes."""

    @property
    def now(self) -> int:
        """The time that this unit's writes will carry."""
        ...

    def prefetch(self, resources: Iterable[tuple[str, str]]) -> None:
        """These types and ids are about to be read: a store over a network asks for all of them at once."""
        ...

    def prefetch_searches(self, queries: Iterable[SearchQuery]) -> None:
        """These searches are about to be made: a store over a network makes some of them at once. No other
        goes through them.
        """
        ...

    def put(
        self, draft: Draft, entries: Entries, method: Method, expected_version: int | None = None
    ) -> StoredResource:
        """Write the next version. With `expected_version` (0 for "does not exist") raises
        `PreconditionFailed` when the current version is another. A POST that expects 0 is under an id that
        was made for it.
        """
        ...

    def delete(self, type: str, id: str, expected_version: int | None = None) -> StoredResource | None:
        """Write a deletion; None when there is nothing to delete (never was, or already deleted)."""
        ...

    def import_version(self, version: StoredResource, entries: Entries) -> None:
        """Take over a version of another store as it is. Raises `ValueError` unless its sequence comes after
        all that are here.
        """
        ...

    def lock(self, key: str) -> None:
        """No other unit that takes the same key runs between here and the end of this one."""
        ...

    def define_indexes(self, indexes: Iterable[TypeIndex]) -> None:
        """Record how these types are indexed from here on, under a new generation."""
        ...

    def put_document(self, name: str, document: bytes | None) -> None:
        """Record a document of the server's own, no resource, in place of one of the same name; None takes it
        away.
        """
        ...

    def replace_entries(
        self, resource: StoredResource, entries: Entries, parameters: frozenset[str] | None = None
    ) -> bool:
        """Replace the entries by which a current version is found; only those of some parameters, with all
        that is derived from them, where these are given.

        False, and nothing done, where it is no longer the current version: then a later write has indexed the
        resource.
        """
        ...

    def claim_unique(self, key: str, owner: str) -> None:
        """Hold `key` for the resource `owner` ("Type/id") as long as that lives. Raises `Conflict` when
        another holds it.
        """
        ...


class Store(Reader, Protocol):
    """A place where resources live."""

    capabilities: StoreCapabilities

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> tuple[StoredResource, ...]:
        """Committed versions above sequence `after` up to the watermark, in order; every one once."""
        ...

    def watermark(self) -> int:
        """The sequence below or at which no commit can still appear."""
        ...

    def set_read_deadline(self, seconds: float | None) -> None:
        """Let reads of this thread raise `DeadlineExceeded` this many seconds from now, or at once if the
        backend knows that they will take longer; None removes the deadline. Backends that cannot interrupt
        a read ignore it.
        """
        ...

    def is_index_current(self) -> bool:
        """Whether a search can answer at once. What was just written may have to be indexed first, and then
        the search waits its turn among the writers.
        """
        ...

    def do_deferred_work(self) -> bool:
        """Do a little of what writes have put off, for a few milliseconds; False when nothing is left."""
        ...

    def check_health(self) -> None:
        """Raises `StoreFull` or `StoreUnavailable` where it cannot be read and written at the moment."""
        ...

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run `work` in one atomic, durable unit and return what it returns. `work` may run again. Whatever
        it raises undoes the unit. Inside `group()` the unit is durable only when the group ends.
        """
        ...

    def group(self) -> AbstractContextManager[None]:
        """Units of this thread inside the block are made durable together when it ends; each is still all
        or nothing. When the block's end raises, none of them happened.
        """
        ...

    def explain(self, query: SearchQuery) -> Explanation:
        """How `search` answers the query. Costs as much as a total for each clause."""
        ...

    def purge(self, type: str, id: str) -> bool:
        """Erase every version of a resource; a deletion stays in the sequence. False when there is none."""
        ...

    def check(self) -> list[str]:
        """Inconsistencies between resources, history and indexes, one sentence each; empty when sound."""
        ...

    def count(self) -> dict[str, int]:
        """Living resources per type."""
        ...

    def unique_keys(self) -> tuple[tuple[str, str], ...]:
        """All keys that are held for resources, each with its owner, by key."""
        ...

    def adopt_identity(self, epoch: str, secret: bytes) -> None:
        """Go on with the epoch and the secret of a store that this is a copy of."""
        ...

    @property
    def epoch(self) -> str:
        """Names this line of history; a restore from backup changes it."""
        ...

    @property
    def secret(self) -> bytes:
        """32 random bytes made with the store and shared by all who open it."""
        ...

    def acquire_job(self, kind: str, id: str, owner: str, lease_seconds: float) -> Job | None:
        """Take or renew the lease of a job, creating it at first; None while another owner's lease runs, or
        it is done.
        """
        ...

    def update_job(self, id: str, owner: str, state: bytes, done: bool = False) -> bool:
        """Save progress; False when the lease was lost to another owner. Inside `group()` it is saved with
        the units of the group.
        """
        ...

    def jobs(self, kind: str) -> tuple[Job, ...]:
        """All jobs of a kind, done or not, by id."""
        ...

    def backup(self, target: Path) -> None:
        """Write a consistent copy while the store is in use."""
        ...

    def close(self) -> None: ...
