"""The one writer of a process: units of a transaction that many of them share.

A commit costs a disk synchronisation, so it is worth sharing. A thread may keep a transaction open over
several units (`group`); and a unit that ends while other threads wait for their turn leaves its transaction
open for the next of them, and waits until the last one commits for all. What units write is gathered, and
carried out before the commit or before one of them reads it; only such a unit is a savepoint.
https://www.sqlite.org/lang_savepoint.html
"""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from fhir_server import errors
from fhir_server.errors import FhirError
from fhir_server.store import messages
from fhir_server.store.sqlite.backlog import Backlog, has_backlog
from fhir_server.store.sqlite.connection import OpenedFile, primary_code, translated, translating_errors
from fhir_server.store.sqlite.index_definitions import read_generation
from fhir_server.store.sqlite.search import SqliteSearch
from fhir_server.store.sqlite.symbols import WritingSymbols
from fhir_server.store.sqlite.write_buffer import WriteBuffer

T = TypeVar("T")

Reopen = Callable[[], tuple[sqlite3.Connection, OpenedFile]]
"""Closes all other connections of the process to the file, and opens it anew."""

_UNITS_MAX = 64
"""Units that may share a commit before it must come."""
_PATIENCE_SECONDS = 1.0
"""How long to wait for another thread to commit before looking whether it still will."""
BUSY_SECONDS = 10.0
"""How long to wait for another process to finish its transaction."""
_LOOK_SECONDS = 0.001
"""How long to sleep between two looks whether it has."""

_PROBE = "INSERT OR REPLACE INTO meta VALUES ('probed', ?)"


@dataclass(slots=True)
class Batch:
    """A transaction and the units in it. `sequence` and `last_updated` are the clock as its units left it,
    `generation` that of the definitions.

    `finished` is what the units that are over have yet to write, `own` the same of the one under way;
    `savepoint` is where that one can be undone to, as a mark of the symbols, once it has run statements.
    """

    sequence: int = 0
    last_updated: int = 0
    generation: int = 0
    units: int = 0
    finished: WriteBuffer = field(default_factory=WriteBuffer)
    own: WriteBuffer = field(default_factory=WriteBuffer)
    savepoint: int | None = None
    error: FhirError | None = None
    done: threading.Event = field(default_factory=threading.Event)


class _Thread(threading.local):
    """What this thread is in the middle of."""

    grouped: bool = False
    batch: Batch | None = None
    in_unit: bool = False


class Writer:
    """Runs units on the writing connection, one at a time."""

    def __init__(self, connection: sqlite3.Connection, file: OpenedFile, reopen: Reopen) -> None:
        self._use(connection, file)
        self._reopen = reopen
        self._is_stuck = False
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._open: Batch | None = None
        self._failure: FhirError | None = None
        self._thread = _Thread()

    def _use(self, connection: sqlite3.Connection, file: OpenedFile) -> None:
        # SQLite's own waiting sleeps up to a tenth of a second, far longer than a commit takes.
        connection.execute("PRAGMA busy_timeout = 0")
        self.connection = connection
        self._file = file
        self.symbols = WritingSymbols(connection)
        self.backlog = Backlog(connection)
        self.search = SqliteSearch(connection, self.symbols)

    @translating_errors
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

    def run_statements(self, work: Callable[[], T]) -> T:
        """As `run`, for work that runs statements of its own."""

        def unit(batch: Batch) -> T:
            self.flush(batch)
            return work()

        return self.run(unit)

    def flush(self, batch: Batch) -> None:
        """Write all that was gathered, and let the unit under way run statements that are undone with it."""
        if batch.savepoint is None:
            try:
                batch.finished.flush(self.connection)
            except BaseException as error:
                batch.error = _loss(error)
                raise
            if batch.units:
                self.connection.execute("SAVEPOINT unit")
            batch.savepoint = self.symbols.mark()
        batch.own.flush(self.connection)

    @translating_errors
    def do_deferred_work(self, wholly: bool = False) -> bool:
        """Work off a little of the backlog, or all of it, unless somebody else writes. False when there was
        none.

        The commit need not be durable at once: what it lacks after a crash is in the backlog again.
        """
        if not self._turn.acquire(blocking=False):
            return True
        try:
            return self._tidy(wholly)
        finally:
            self._turn.release()

    def _tidy(self, wholly: bool) -> bool:
        if self._open:
            return True
        self._check_file()
        if not has_backlog(self.connection):
            return False
        with self._undurable():
            if not self._try_to_begin(math.inf):
                return True
            self.backlog.begin()
            if wholly:
                self.backlog.work_off()
            else:
                self.backlog.step()
            self._keep()
        return True

    @contextmanager
    def _undurable(self) -> Iterator[None]:
        """What is committed inside need not be durable at once; what is not committed is undone."""
        self.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            try:
                yield
            finally:
                self._roll_back()
        finally:
            self.connection.execute("PRAGMA synchronous = FULL")

    def check_health(self) -> None:
        """Write a little, unless somebody else writes: then the last attempt tells. Raises `StoreFull` or
        `StoreUnavailable` where nothing can be written.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._try_out()
            finally:
                self._turn.release()
        if self._failure is not None:
            raise _again(self._failure)

    def _try_out(self) -> None:
        if self._open:
            return
        try:
            self._check_file()
            with self._undurable():
                if self._try_to_begin(math.inf):
                    self.connection.execute(_PROBE, (time.time_ns() // 1000,))
                    self._keep()
        except (sqlite3.Error, FhirError) as error:
            self._note(error)

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
        if batch.error:
            raise _again(batch.error)
        before = batch.sequence, batch.last_updated, batch.generation
        self._thread.in_unit = True
        try:
            if not batch.units:
                self._begin(batch)
            result = work(batch)
            if batch.units and batch.savepoint is not None:
                self.connection.execute("RELEASE unit")
        except BaseException as error:
            batch.sequence, batch.last_updated, batch.generation = before
            self._undo(batch, error)
            raise
        finally:
            self._thread.in_unit = False
            batch.savepoint = None
        batch.finished.take(batch.own)
        batch.units += 1
        return result

    def _check_file(self) -> None:
        """Raises `StoreUnavailable` where the file is no longer the one that was opened. What its log holds
        is brought into it then: a file that has taken its name would be read as if the log were its own.
        """
        if self._is_stuck:
            self._open_anew()
        try:
            self._file.check()
        except errors.StoreUnavailable:
            if self._file.shares_log():
                with suppress(sqlite3.Error):
                    self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raise

    def _open_anew(self) -> None:
        """Let go of what the system has once failed to unlock. SQLite keeps what is locked for all
        connections of a process together, and forgets it with the last of them.
        """
        self.connection.close()
        self._use(*self._reopen())
        self._is_stuck = False

    def _note(self, error: BaseException) -> None:
        """Keep in mind why nothing can be written."""
        self._failure = _loss(error)
        if isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_PROTOCOL:
            self._is_stuck = True

    def _begin(self, batch: Batch) -> None:
        self._check_file()
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
        """Take a unit back; the first is undone with the transaction, and one that ran no statements by
        forgetting it. SQLite may already have given up the whole transaction, as for a full disk.
        """
        batch.own.clear()
        if isinstance(error, sqlite3.Error | errors.StoreUnavailable):
            self._note(error)
        if not batch.units:
            self._roll_back()
        elif not self.connection.in_transaction:
            batch.error = _loss(error)
        elif batch.savepoint is not None:
            self._forget_since(batch.savepoint)
            self.connection.execute("ROLLBACK TO unit")
            self.connection.execute("RELEASE unit")

    def _commit(self, batch: Batch) -> None:
        """Make the batch durable; if that fails it has its error. Either way it is over."""
        self._open = None
        try:
            if batch.units and not batch.error:
                batch.finished.flush(self.connection)
                self.backlog.before_commit()
                self._keep()
            else:
                self._roll_back()
        except sqlite3.Error as error:
            batch.error = self._failure = _loss(error)
            self._roll_back()
        finally:
            batch.done.set()

    def _keep(self) -> None:
        self.connection.execute("COMMIT")
        self._failure = None
        self.symbols.settle()
        self.backlog.committed()

    def _roll_back(self) -> None:
        self._forget_since(0)
        self.backlog.rolled_back()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _forget_since(self, mark: int) -> None:
        """Drop the symbols of what is undone, and the searches that may have been put together with them."""
        if self.symbols.forget_since(mark):
            self.search = SqliteSearch(self.connection, self.symbols)


def _loss(error: BaseException) -> FhirError:
    """What to tell all whose units are lost with a transaction."""
    refused = translated(error) if isinstance(error, sqlite3.Error) else error
    if isinstance(refused, FhirError):
        return refused
    return errors.StoreUnavailable.of(messages.GROUP_LOST())


def _again(error: FhirError) -> FhirError:
    """The error anew, since several threads raise it."""
    return type(error)(*error.issues)
