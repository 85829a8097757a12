"""A pool of reading connections: as many as ever read at the same time, handed from thread to thread."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from fhir_server import errors
from fhir_server.store import messages
from fhir_server.store.port import DeadlineExceeded
from fhir_server.store.sqlite.connection import OpenedFile, connect, translating_errors
from fhir_server.store.sqlite.reader import SqliteReader
from fhir_server.store.sqlite.symbols import SymbolCache, Symbols

T = TypeVar("T")

_CACHE_KIBIBYTES = 4 * 1024
"""Readers mostly read through the memory map, so they need little page cache."""

_AWAIT_SECONDS = 30.0
"""How long to wait for running reads before all connections are closed."""
_LOOK_SECONDS = 0.005
"""How often to check whether they have ended."""

_STEPS_BETWEEN_CHECKS = 20_000
"""Virtual machine instructions of SQLite between two checks of the deadline: about a millisecond."""


class _Deadline(threading.local):
    """The deadline for the reads of a thread, by the monotonic clock; None for no deadline."""

    at: float | None = None

    def is_over(self, after: float = 0.0) -> bool:
        """Whether the deadline has passed, or will have in `after` seconds."""
        return self.at is not None and time.monotonic() + after > self.at


class ReaderPool:
    """Opens a connection whenever all others are in use."""

    def __init__(self, path: Path, file: OpenedFile) -> None:
        self._path = path
        self._file = file
        self._cache = SymbolCache()
        self._idle: deque[SqliteReader] = deque()
        self._opened: list[sqlite3.Connection] = []
        self._deadline = _Deadline()
        self._is_closed = False

    def set_read_deadline(self, seconds: float | None) -> None:
        """Let reads of this thread raise `DeadlineExceeded` this many seconds from now; None removes the
        deadline.
        """
        self._deadline.at = None if seconds is None else time.monotonic() + seconds

    def has_seconds_left(self, seconds: float) -> bool:
        """Whether this thread has so many seconds left before its deadline."""
        return not self._deadline.is_over(seconds)

    def read(self, read: Callable[[SqliteReader], T]) -> T:
        """Call `read` with a reader that no other thread uses meanwhile, and return its result."""
        if self._deadline.is_over():
            raise DeadlineExceeded
        idle = self._idle
        try:
            reader = idle.pop()
        except IndexError:
            reader = self._open()
        try:
            return read(reader)
        finally:
            idle.append(reader)

    def _open(self) -> SqliteReader:
        connection = self._connect()
        connection.set_progress_handler(self._deadline.is_over, _STEPS_BETWEEN_CHECKS)
        self._opened.append(connection)
        return SqliteReader(connection, Symbols(connection, self._cache))

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection outside the pool, for long work."""
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    @translating_errors
    def _connect(self) -> sqlite3.Connection:
        """Connect to the same file as the others. Raises `StoreUnavailable` if the path names another now."""
        if self._is_closed:
            raise _refused()
        self._file.check()
        return connect(self._path, _CACHE_KIBIBYTES)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Wait for running reads and close all connections; reads inside the block are refused.

        Raises `StoreUnavailable` if a read takes too long.
        """
        self._is_closed = True
        try:
            self._await_idle()
            self.close()
            yield
        finally:
            self._is_closed = False

    def _await_idle(self) -> None:
        idle, self._idle = self._idle, deque()
        deadline = time.monotonic() + _AWAIT_SECONDS
        while len(idle) < len(self._opened):
            if time.monotonic() > deadline:
                self._idle = idle
                raise _refused()
            time.sleep(_LOOK_SECONDS)
        idle.clear()

    def follow(self, file: OpenedFile) -> None:
        """Open further connections to this file."""
        self._file = file

    def close(self) -> None:
        """Close all connections; none may be in use."""
        self._idle.clear()
        while self._opened:
            self._opened.pop().close()


def _refused() -> errors.StoreUnavailable:
    return errors.StoreUnavailable.of(messages.STORE_FAILED(reason="SQLITE_PROTOCOL"))
