"""The writer of a process: runs units of work, several of them in one transaction (group commit).

A commit costs a disk synchronisation, so it is worth sharing. A thread may keep a transaction open over
several units (`group`). And a unit that ends while other threads wait for their turn leaves its transaction
open for the next one, and waits until the last one commits for all. The rows that units write are buffered,
and flushed before the commit or before a unit reads them; only a unit that flushes needs a savepoint.
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
from fhir_server.store.sqlite.connection import OpenedFile, client_error, primary_code, translating_errors
from fhir_server.store.sqlite.index_definitions import read_generation
from fhir_server.store.sqlite.search import SqliteSearch
from fhir_server.store.sqlite.symbols import WritingSymbols
from fhir_server.store.sqlite.write_buffer import WriteBuffer

T = TypeVar("T")

Reopen = Callable[[], tuple[sqlite3.Connection, OpenedFile]]
"""Closes all other connections of the process to the file, and opens it again."""

_UNITS_MAX = 64
"""The most units that share a commit."""
_COMMIT_WAIT_SECONDS = 1.0
"""How long to wait for another thread to commit before committing in its place."""
BUSY_SECONDS = 10.0
"""How long to wait for another process to finish its transaction."""
_RETRY_SECONDS = 0.001
"""How long to sleep between two attempts to begin a transaction."""

_PROBE = "INSERT OR REPLACE INTO meta VALUES ('probed', ?)"


@dataclass(slots=True)
class Batch:
    """A transaction shared by several units. `sequence` and `last_updated` are the clock as its last unit
    left it, `generation` is that of the definitions.

    `finished` buffers the rows of finished units, `own` those of the current one. `savepoint` is that of the
    symbols for the current unit, once it has run statements, else None.
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
    """The state of a thread: whether it is in a group, with its batch, and in a unit."""

    grouped: bool = False
    batch: Batch | None = None
    in_unit: bool = False


class Writer:
    """Runs units of work on the writing connection, one at a time."""

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
        # SQLite's busy handler sleeps up to a tenth of a second, far longer than a commit takes.
        connection.execute("PRAGMA busy_timeout = 0")
        self.connection = connection
        self._file = file
        self.symbols = WritingSymbols(connection)
        self.backlog = Backlog(connection)
        self.search = SqliteSearch(connection, self.symbols)

    @translating_errors
    def run(self, work: Callable[[Batch], T]) -> T:
        """Run `work` as one unit. It is durable when this returns, or when the group of this thread ends."""
        if self._thread.in_unit:
            raise RuntimeError("a unit of work cannot be opened inside another one")
        if self._thread.grouped:
            return self._unit(self._group_batch(), work)
        self._take_turn()
        batch = self._open = self._open or Batch()
        try:
            return self._unit(batch, work)
        finally:
            self._end_turn(batch)

    def run_statements(self, work: Callable[[], T]) -> T:
        """Like `run`, for work that runs statements itself."""

        def unit(batch: Batch) -> T:
            self.flush(batch)
            return work()

        return self.run(unit)

    def flush(self, batch: Batch) -> None:
        """Write all buffered rows, and set a savepoint so that statements of the current unit can be
        undone.
        """
        if batch.savepoint is None:
            try:
                batch.finished.flush(self.connection)
            except BaseException as error:
                batch.error = _batch_error(error)
                raise
            if batch.units:
                self.connection.execute("SAVEPOINT unit")
            batch.savepoint = self.symbols.savepoint()
        batch.own.flush(self.connection)

    @translating_errors
    def do_deferred_work(self, wholly: bool = False) -> bool:
        """Work off some of the backlog, or all of it, unless another thread or process writes. False if there
        was none.

        The commit need not be durable at once: rows lost in a crash are in the backlog again.
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
        with self._without_durability():
            if not self._try_to_begin(math.inf):
                return True
            self.backlog.begin()
            if wholly:
                self.backlog.work_off()
            else:
                self.backlog.step()
            self._commit_transaction()
        return True

    @contextmanager
    def _without_durability(self) -> Iterator[None]:
        """Commits inside the block need not be durable at once; what is not committed is rolled back."""
        self.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            try:
                yield
            finally:
                self._roll_back()
        finally:
            self.connection.execute("PRAGMA synchronous = FULL")

    def check_health(self) -> None:
        """Try to write, or, if another thread writes, use the result of the last write. Raises `StoreFull` or
        `StoreUnavailable` if writing fails.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._try_to_write()
            finally:
                self._turn.release()
        if self._failure is not None:
            raise _copy(self._failure)

    def _try_to_write(self) -> None:
        if self._open:
            return
        try:
            self._check_file()
            with self._without_durability():
                if self._try_to_begin(math.inf):
                    self.connection.execute(_PROBE, (time.time_ns() // 1000,))
                    self._commit_transaction()
        except (sqlite3.Error, FhirError) as error:
            self._record_failure(error)

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
            raise _copy(batch.error)

    def _group_batch(self) -> Batch:
        """The batch of this thread's group, created for its first unit."""
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

    def _end_turn(self, batch: Batch) -> None:
        """Commit the batch, or leave that to a waiting thread; return when it is committed."""
        if not self._waiting or batch.units >= _UNITS_MAX or batch.error:
            self._commit(batch)
        self._turn.release()
        while not batch.done.wait(_COMMIT_WAIT_SECONDS):
            self._commit_abandoned(batch)
        if batch.error:
            raise _copy(batch.error)

    def _commit_abandoned(self, batch: Batch) -> None:
        """Commit in place of a thread that was interrupted before its turn."""
        with self._turn:
            if not batch.done.is_set():
                self._commit(batch)

    def _unit(self, batch: Batch, work: Callable[[Batch], T]) -> T:
        if batch.error:
            raise _copy(batch.error)
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
        """Raise `StoreUnavailable` if the file is no longer the one that was opened. Its log is checkpointed
        then: otherwise it would be taken for the log of the file that now has the name.
        """
        if self._is_stuck:
            self._open_again()
        try:
            self._file.check()
        except errors.StoreUnavailable:
            if self._file.shares_log():
                with suppress(sqlite3.Error):
                    self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raise

    def _open_again(self) -> None:
        """Release locks that the operating system once failed to release. SQLite keeps them for all
        connections of a process together until the last one is closed.
        """
        self.connection.close()
        self._use(*self._reopen())
        self._is_stuck = False

    def _record_failure(self, error: BaseException) -> None:
        """Remember why nothing can be written."""
        self._failure = _batch_error(error)
        if isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_PROTOCOL:
            self._is_stuck = True

    def _begin(self, batch: Batch) -> None:
        self._check_file()
        deadline = time.monotonic() + BUSY_SECONDS
        while not self._try_to_begin(deadline):
            time.sleep(_RETRY_SECONDS)
        row = self.connection.execute(
            "SELECT sequence, last_updated FROM versions ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        batch.sequence, batch.last_updated = row or (0, 0)
        batch.generation = read_generation(self.connection)
        self.backlog.begin()

    def _try_to_begin(self, deadline: float) -> bool:
        """Begin a transaction; False if another process is writing, which raises once `deadline` has
        passed.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            return False
        return True

    def _undo(self, batch: Batch, error: BaseException) -> None:
        """Roll a unit back: the first of a batch with its transaction, one that ran no statements by clearing
        its buffer. SQLite may already have rolled back the whole transaction, as for a full disk.
        """
        batch.own.clear()
        if isinstance(error, sqlite3.Error | errors.StoreUnavailable):
            self._record_failure(error)
        if not batch.units:
            self._roll_back()
        elif not self.connection.in_transaction:
            batch.error = _batch_error(error)
        elif batch.savepoint is not None:
            self._roll_back_symbols(batch.savepoint)
            self.connection.execute("ROLLBACK TO unit")
            self.connection.execute("RELEASE unit")

    def _commit(self, batch: Batch) -> None:
        """Commit the batch, or set its error. Either way it is done."""
        self._open = None
        try:
            if batch.units and not batch.error:
                batch.finished.flush(self.connection)
                self.backlog.before_commit()
                self._commit_transaction()
            else:
                self._roll_back()
        except sqlite3.Error as error:
            batch.error = self._failure = _batch_error(error)
            self._roll_back()
        finally:
            batch.done.set()

    def _commit_transaction(self) -> None:
        self.connection.execute("COMMIT")
        self._failure = None
        self.symbols.committed()
        self.backlog.committed()

    def _roll_back(self) -> None:
        self._roll_back_symbols(0)
        self.backlog.rolled_back()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _roll_back_symbols(self, savepoint: int) -> None:
        """Forget the symbols of what is rolled back, and cached searches that may have been built
        with them.
        """
        if self.symbols.roll_back_to(savepoint):
            self.search = SqliteSearch(self.connection, self.symbols)


def _batch_error(error: BaseException) -> FhirError:
    """The error for all units that are lost with a transaction."""
    refused = client_error(error) if isinstance(error, sqlite3.Error) else error
    if isinstance(refused, FhirError):
        return refused
    return errors.StoreUnavailable.of(messages.GROUP_LOST())


def _copy(error: FhirError) -> FhirError:
    """A copy of an error that several threads raise."""
    return type(error)(*error.issues)
