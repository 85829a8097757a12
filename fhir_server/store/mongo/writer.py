"""The writer of a process: runs units of work, several of them in one transaction (group commit).

A commit costs a flush on every member of the replica set, so it is worth sharing. The thread whose turn it is
runs the units of all waiting threads, one after the other, and commits them together. If the transaction
fails because another process was faster, it runs all of them again.
https://www.mongodb.com/docs/manual/core/transactions-in-applications/
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pymongo
from bson.errors import InvalidDocument
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from fhir_server import errors
from fhir_server.errors import FhirError
from fhir_server.store import messages
from fhir_server.store.mongo.abandoned_transactions import AbandonedSessionWatch, Heartbeat
from fhir_server.store.mongo.collections import Collections
from fhir_server.store.mongo.error_translation import (
    TRANSIENT,
    UNKNOWN_RESULT,
    client_error,
    is_interrupted,
    translating_errors,
    unknown_outcome,
)
from fhir_server.store.mongo.transaction import IdTaken, Transaction

T = TypeVar("T")

DURABLE = WriteConcern("majority", j=True)
SNAPSHOT = ReadConcern("snapshot")

_UNITS_MAX = 64
"""The most units that share a commit."""
_GATHER_SECONDS = 0.0005
"""How long to wait for more units before a commit."""
_TURN_WAIT_SECONDS = 1.0
"""How long to wait to be woken before trying to take the turn again."""
_PAUSE_SECONDS = 0.002
_PAUSE_MAX_SECONDS = 0.1

Work = Callable[[Transaction], Any]


@dataclass(slots=True)
class Task:
    """A unit that waits for its turn, and its outcome."""

    work: Work
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Any = None
    error: BaseException | None = None

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


@dataclass(slots=True)
class Group:
    """The transaction that a thread keeps open over several units."""

    session: ClientSession | None = None
    transaction: Transaction | None = None
    error: FhirError | None = None


class _Thread(threading.local):
    """The state of a thread: its group, and whether it is in a unit."""

    group: Group | None = None
    in_unit: bool = False


@dataclass(slots=True)
class Writer:
    """Runs units of work, one at a time."""

    collections: Collections
    timeout_seconds: float
    committed: Callable[[int], None]
    """Called with the generation of the definitions after each commit."""
    _served: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[Task] = field(default_factory=deque)
    _thread: _Thread = field(default_factory=_Thread)
    _session: ClientSession = field(init=False)
    _heartbeat: Heartbeat = field(init=False)
    _watch: AbandonedSessionWatch = field(init=False)

    def __post_init__(self) -> None:
        # Only one thread at a time has the turn, so one session serves all transactions.
        self._session = self.collections.client.start_session()
        self._heartbeat = Heartbeat(self.collections)
        self._watch = AbandonedSessionWatch(self.collections, self._heartbeat.name)

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one unit. It is durable when this returns, or when the group of this thread ends."""
        if self._thread.in_unit:
            raise RuntimeError("a unit of work cannot be opened inside another one")
        if self._thread.group:
            return self._grouped(self._thread.group, work)
        task = Task(work)
        self._waiting.append(task)
        while not task.done:
            if self._turn.acquire(blocking=False):
                try:
                    self._serve()
                finally:
                    self._pass_on()
            elif task.woken.wait(_TURN_WAIT_SECONDS):
                task.woken.clear()
        result: T = task.outcome()
        return result

    def _pass_on(self) -> None:
        """End this thread's turn, and wake the first waiting thread for the next."""
        self._turn.release()
        with suppress(IndexError):
            self._waiting[0].woken.set()

    def _serve(self) -> None:
        """Run the waiting units, and wake their threads."""
        if len(self._waiting) < self._served:
            # Threads served a moment ago are about to come back; a commit for each would cost more.
            time.sleep(_GATHER_SECONDS)
        tasks: list[Task] = []
        while self._waiting and len(tasks) < _UNITS_MAX:
            tasks.append(self._waiting.popleft())
        self._served = len(tasks)
        try:
            if tasks:
                self._commit(tasks)
        except BaseException as error:
            self._fail(tasks, error)
        for task in tasks:
            task.done = True
            task.woken.set()

    def _fail(self, tasks: list[Task], error: BaseException) -> None:
        """Handle an error of a shared transaction: one unit may have caused it, so each is run alone."""
        refused = client_error(error)
        alone = len(tasks) == 1 or not isinstance(refused, Exception)
        if alone or isinstance(refused, errors.StoreUnavailable | errors.StoreFull):
            for task in tasks:
                task.error = _copy(refused)
            return
        for task in tasks:
            try:
                self._commit([task])
            except BaseException as own:
                task.error = client_error(own)

    def _commit(self, tasks: list[Task]) -> None:
        """Run all tasks in one transaction, and retry while transactions of other processes come first."""
        reads_first = is_retry = committing = False

        def attempt(session: ClientSession) -> int | None:
            nonlocal is_retry, committing
            if is_retry:
                self._watch.clock_refused()
            is_retry, committing = True, False
            transaction = Transaction(self.collections, session, reads_first)
            for task in tasks:
                self._attempt(transaction, task)
            if transaction.is_empty and all(task.error is not None for task in tasks):
                session.abort_transaction()
            generation = self._finish(transaction)
            committing = True
            return generation

        with pymongo.timeout(self.timeout_seconds), self._with_heartbeat() as session:
            while True:
                try:
                    generation = session.with_transaction(attempt, SNAPSHOT, DURABLE, ReadPreference.PRIMARY)
                    break
                except IdTaken:
                    if reads_first:
                        raise
                    reads_first = True
                except Exception as error:
                    if committing:
                        raise unknown_outcome(error) from error
                    if not is_interrupted(error):
                        raise
        if generation is not None:
            self._watch.clock_taken()
            self.committed(generation)

    @contextmanager
    def _with_heartbeat(self) -> Iterator[ClientSession]:
        """The session, with a heartbeat that shows other processes that its transaction is alive."""
        self._heartbeat.begin(self._session.session_id)
        try:
            yield self._session
        finally:
            self._heartbeat.end()

    def close(self) -> None:
        """Stop the heartbeat and end the session."""
        self._heartbeat.stop()
        self._session.end_session()

    def _attempt(self, transaction: Transaction, task: Task) -> None:
        """Run one task. Its own error is recorded in it; an error of the database is raised for all tasks."""
        task.error = task.result = None
        try:
            task.result = self._unit(transaction, task.work)
        except (PyMongoError, IdTaken):
            raise
        except BaseException as error:
            task.error = error

    def _unit(self, transaction: Transaction, work: Callable[[Transaction], T]) -> T:
        mark = transaction.savepoint()
        self._thread.in_unit = True
        try:
            return work(transaction)
        except PyMongoError:
            raise
        except InvalidDocument as error:
            transaction.roll_back_to(mark)
            raise client_error(error) from error
        except BaseException:
            transaction.roll_back_to(mark)
            raise
        finally:
            self._thread.in_unit = False

    def _finish(self, transaction: Transaction) -> int | None:
        """Send the buffered writes, for the commit that follows.

        A transaction without writes is committed too: only that guarantees that the data it read are durable.
        https://www.mongodb.com/docs/manual/reference/read-concern-snapshot/
        """
        generation = transaction.time.generation if transaction.has_clock else None
        if not transaction.is_empty:
            transaction.flush()
        return generation

    @contextmanager
    def group(self) -> Iterator[None]:
        """Units of this thread inside the block share one transaction, committed when the block ends."""
        thread = self._thread
        if thread.group:
            raise RuntimeError("a group cannot be opened inside another one")
        group = thread.group = Group()
        try:
            yield
            if group.error:
                raise _copy(group.error)
            if group.session and group.transaction:
                with translating_errors():
                    self._commit_group(group.transaction, group.session)
        finally:
            thread.group = None
            if group.session:
                with suppress(PyMongoError):
                    if group.session.in_transaction:
                        group.session.abort_transaction()
                self._heartbeat.end()
                self._pass_on()

    def write_outside_unit(self, write: Callable[[ClientSession | None], T]) -> T:
        """Make a write that is no unit of work: in the transaction of this thread's group, or at once."""
        group = self._thread.group
        if group is None:
            with translating_errors():
                return write(None)
        return self._in_group(group, lambda _: write(group.session))

    def _grouped(self, group: Group, work: Callable[[Transaction], T]) -> T:
        """Run a unit in the transaction of this thread's group."""
        return self._in_group(group, lambda transaction: self._unit(transaction, work))

    def _in_group(self, group: Group, act: Callable[[Transaction], T]) -> T:
        """Call `act` with the transaction of a group, which begins at its first use."""
        if group.error:
            raise _copy(group.error)
        try:
            if group.transaction is None:
                group.transaction = self._begin_group(group)
            return act(group.transaction)
        except (PyMongoError, IdTaken) as error:
            refused = client_error(error)
            lost = errors.StoreUnavailable.of(messages.GROUP_LOST())
            group.error = refused if isinstance(refused, FhirError) else lost
            raise group.error from error

    def _begin_group(self, group: Group) -> Transaction:
        """A transaction that has locked the clock, so that no other can make it fail."""
        if group.session is None:
            self._turn.acquire()
            group.session = self._session
            self._heartbeat.begin(self._session.session_id)
        deadline, pause = time.monotonic() + self.timeout_seconds, _PAUSE_SECONDS
        while True:
            group.session.start_transaction(SNAPSHOT, DURABLE, ReadPreference.PRIMARY)
            transaction = Transaction(self.collections, group.session, reads_first=True)
            try:
                transaction.lock_clock()
                return transaction
            except PyMongoError as error:
                group.session.abort_transaction()
                if not error.has_error_label(TRANSIENT) or time.monotonic() > deadline:
                    raise
            self._watch.clock_refused()
            time.sleep(pause * random.random())
            pause = min(2 * pause, _PAUSE_MAX_SECONDS)

    def _commit_group(self, transaction: Transaction, session: ClientSession) -> None:
        generation = self._finish(transaction)
        self._commit_with_retries(session)
        if generation is not None:
            self._watch.clock_taken()
            self.committed(generation)

    def _commit_with_retries(self, session: ClientSession) -> None:
        """Commit, and retry while the outcome of the commit is unknown."""
        deadline = time.monotonic() + self.timeout_seconds
        while True:
            try:
                session.commit_transaction()
                return
            except PyMongoError as error:
                if not error.has_error_label(UNKNOWN_RESULT) or time.monotonic() > deadline:
                    raise unknown_outcome(error) from error
            time.sleep(_PAUSE_SECONDS)


def _copy(error: BaseException) -> BaseException:
    """A copy of an error that several threads raise."""
    return type(error)(*error.issues) if isinstance(error, FhirError) else error
