"""The one writer of a process: units as savepoints of a transaction that many of them share.

A commit costs a disk synchronisation, so it is worth sharing. A thread may keep a transaction open over
several units (`group`); and a unit that ends while other threads wait for their turn leaves its transaction
open for the next of them, and waits until the last one commits for all.
https://www.sqlite.org/lang_savepoint.html
"""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from fhir_server import errors
from fhir_server.errors import FhirError
from fhir_server.store import messages
from fhir_server.store.sqlite.backlog import Backlog, has_backlog
from fhir_server.store.sqlite.connection import primary_code, refusal, refusing
from fhir_server.store.sqlite.indexes import read_generation
from fhir_server.store.sqlite.symbols import WritingSymbols

T = TypeVar("T")

_UNITS_MAX = 64
"""Units that may share a commit before it must come."""
_PATIENCE_SECONDS = 1.0
"""How long to wait for another thread to commit before looking whether it still will."""
TIDIED_MAX = 64
"""Resources that are indexed in one go when the store is tidied, as a writer who comes then has to wait."""
BUSY_SECONDS = 10.0
"""How long to wait for another process to finish its transaction."""
_LOOK_SECONDS = 0.001
"""How long to sleep between two looks whether it has."""


@dataclass(slots=True)
class Batch:
    """A transaction and the units in it. `sequence` and `last_updated` are the clock as its units left it,
    `generation` that of the definitions.
    """

    sequence: int = 0
    last_updated: int = 0
    generation: int = 0
    units: int = 0
    error: FhirError | None = None
    done: threading.Event = field(default_factory=threading.Event)


class _Thread(threading.local):
    """What this thread is in the middle of."""

    grouped: bool = False
    batch: Batch | None = None
    in_unit: bool = False


class Writer:
    """Runs units on the writing connection, one at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        # SQLite's own waiting sleeps up to a tenth of a second, far longer than a commit takes.
        connection.execute("PRAGMA busy_timeout = 0")
        self.connection = connection
        self.symbols = WritingSymbols(connection)
        self.backlog = Backlog(connection)
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._open: Batch | None = None
        self._thread = _Thread()

    @refusing
    def run(self, work: Callable[[Batch], T]) -> T:
        """Run `work` as one unit, durable when this returns, or in a group when the group ends."""
        if self._thread.in_unit:
            raise RuntimeError("a unit of work cannot be opened inside another one")
        if self._thread.grouped:
            return self._unit(self._group_batch(), work)
        self._take_turn()
        batch = self._open = self._open or Batch()
        try:
            return self._unit(batch, work)
        finally:
            self._leave(batch)

    @refusing
    def tidy(self, limit: int = TIDIED_MAX) -> bool:
        """Work off some of the backlog, all for -1, unless somebody else writes. False when there was none.

        The commit need not be durable at once: what it lacks after a crash is in the backlog again.
        """
        if not self._turn.acquire(blocking=False):
            return True
        try:
            return self._tidy(limit)
        finally:
            self._turn.release()

    def _tidy(self, limit: int) -> bool:
        if self._open or not has_backlog(self.connection):
            return bool(self._open)
        self.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            if not self._try_to_begin(math.inf):
                return True
            self.backlog.work_off(limit)
            self.connection.execute("COMMIT")
        finally:
            self._roll_back()
            self.connection.execute("PRAGMA synchronous = FULL")
        return True

    @contextmanager
    def group(self) -> Iterator[None]:
        """Units of this thread inside the block share one transaction, committed when the block ends."""
        thread = self._thread
        if thread.grouped:
            raise RuntimeError("a group cannot be opened inside another one")
        thread.grouped = True
        try:
            yield
        except BaseException:
            if thread.batch:
                self._roll_back()
            raise
        else:
            if thread.batch:
                self._commit(thread.batch)
        finally:
            batch, thread.batch, thread.grouped = thread.batch, None, False
            if batch:
                self._turn.release()
        if batch and batch.error:
            raise _again(batch.error)

    def _group_batch(self) -> Batch:
        """The batch of this thread's group, begun at its first unit."""
        if self._thread.batch is None:
            self._take_turn()
            self._thread.batch = Batch()
            if self._open:
                self._commit(self._open)
        return self._thread.batch

    def _take_turn(self) -> None:
        with self._count:
            self._waiting += 1
        try:
            self._turn.acquire()
        finally:
            with self._count:
                self._waiting -= 1

    def _leave(self, batch: Batch) -> None:
        """Commit, unless another thread is there to do it; return when it is done."""
        if not self._waiting or batch.units >= _UNITS_MAX or batch.error:
            self._commit(batch)
        self._turn.release()
        while not batch.done.wait(_PATIENCE_SECONDS):
            self._commit_abandoned(batch)
        if batch.error:
            raise _again(batch.error)

    def _commit_abandoned(self, batch: Batch) -> None:
        """The thread that was to commit was interrupted before it had its turn."""
        with self._turn:
            if not batch.done.is_set():
                self._commit(batch)

    def _unit(self, batch: Batch, work: Callable[[Batch], T]) -> T:
        """The first unit is undone with the transaction, so only the others pay for a savepoint."""
        if batch.error:
            raise _again(batch.error)
        before, symbols = (batch.sequence, batch.last_updated, batch.generation), self.symbols.mark()
        self._thread.in_unit = True
        try:
            if batch.units:
                self.connection.execute("SAVEPOINT unit")
            else:
                self._begin(batch)
            result = work(batch)
            if batch.units:
                self.connection.execute("RELEASE unit")
        except BaseException as error:
            batch.sequence, batch.last_updated, batch.generation = before
            self.symbols.forget_since(symbols)
            self._undo(batch, error)
            raise
        finally:
            self._thread.in_unit = False
        batch.units += 1
        return result

    def _begin(self, batch: Batch) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        while not self._try_to_begin(deadline):
            time.sleep(_LOOK_SECONDS)
        row = self.connection.execute(
            "SELECT sequence, last_updated FROM versions ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        batch.sequence, batch.last_updated = row or (0, 0)
        batch.generation = read_generation(self.connection)
        self.backlog.begin()

    def _try_to_begin(self, deadline: float) -> bool:
        """False while another process is writing, until `deadline`."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            return False
        return True

    def _undo(self, batch: Batch, error: BaseException) -> None:
        """Take a unit back. SQLite may already have given up the whole transaction, as for a full disk."""
        if not batch.units:
            self._roll_back()
        elif self.connection.in_transaction:
            self.connection.execute("ROLLBACK TO unit")
            self.connection.execute("RELEASE unit")
        else:
            batch.error = _loss(error)

    def _commit(self, batch: Batch) -> None:
        """Make the batch durable; if that fails it has its error. Either way it is over."""
        self._open = None
        try:
            if batch.units and not batch.error:
                if self.backlog.is_due():
                    self.backlog.work_off()
                self.connection.execute("COMMIT")
                self.symbols.settle()
            else:
                self._roll_back()
        except sqlite3.Error as error:
            batch.error = _loss(error)
            self._roll_back()
        finally:
            batch.done.set()

    def _roll_back(self) -> None:
        self.symbols.forget_since(0)
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def _loss(error: BaseException) -> FhirError:
    """What to tell all whose units are lost with a transaction."""
    refused = refusal(error) if isinstance(error, sqlite3.Error) else error
    if isinstance(refused, FhirError):
        return refused
    return errors.StoreUnavailable.of(messages.GROUP_LOST())


def _again(error: FhirError) -> FhirError:
    """The error anew, since several threads raise it."""
    return type(error)(*error.issues)
