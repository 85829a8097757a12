"""The reading connections of a process: as many as read at one time, handed from thread to thread."""

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
from fhir_server.store.port import TakesLong
from fhir_server.store.sqlite.connection import OpenedFile, connect, refusing
from fhir_server.store.sqlite.reader import SqliteReader
from fhir_server.store.sqlite.symbols import SymbolCache, Symbols

T = TypeVar("T")

_CACHE_KIBIBYTES = 4 * 1024
"""Readers mostly read through the memory map, so they need little of their own."""

_AWAIT_SECONDS = 30.0
"""How long those that read are waited for before all connections are closed."""
_LOOK_SECONDS = 0.005
"""How long to sleep between two looks whether they have ended."""

_STEPS_BETWEEN_LOOKS = 20_000
"""Instructions of SQLite between two looks at the clock: about a millisecond."""


class _Hurry(threading.local):
    """Until when, by the monotonic clock, a thread has time to read."""

    until: float | None = None

    def is_over(self, after: float = 0.0) -> bool:
        """Whether it has none left, now or so many seconds on."""
        return self.until is not None and time.monotonic() + after > self.until


class Readers:
    """Opens a connection whenever all that there are are reading."""

    def __init__(self, path: Path, file: OpenedFile) -> None:
        self._path = path
        self._file = file
        self._cache = SymbolCache()
        self._idle: deque[SqliteReader] = deque()
        self._opened: list[sqlite3.Connection] = []
        self._hurry = _Hurry()
        self._is_closed = False

    def hurry(self, seconds: float | None) -> None:
        """Let what this thread reads raise `TakesLong` after so many seconds; None lets it take its time."""
        self._hurry.until = None if seconds is None else time.monotonic() + seconds

    def leaves_time(self, seconds: float) -> bool:
        """Whether this thread has so many seconds left."""
        return not self._hurry.is_over(seconds)

    def read(self, read: Callable[[SqliteReader], T]) -> T:
        """What `read` makes of a reader that is its own while it runs."""
        if self._hurry.is_over():
            raise TakesLong
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
        connection.set_progress_handler(self._hurry.is_over, _STEPS_BETWEEN_LOOKS)
        self._opened.append(connection)
        return SqliteReader(connection, Symbols(connection, self._cache))

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for work that takes long."""
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    @refusing
    def _connect(self) -> sqlite3.Connection:
        """A connection to the same file as all others, though the path may name another by now."""
        if self._is_closed:
            raise _refused()
        self._file.check()
        return connect(self._path, _CACHE_KIBIBYTES)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """No connection is open inside, and who wants to read meanwhile is refused.

        It begins when all that read have ended. Raises `StoreUnavailable` where that takes too long.
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
        """Read the file under the names that it has now."""
        self._file = file

    def close(self) -> None:
        """Close them all; none may be reading."""
        self._idle.clear()
        while self._opened:
            self._opened.pop().close()


def _refused() -> errors.StoreUnavailable:
    return errors.StoreUnavailable.of(messages.STORE_FAILED(reason="SQLITE_PROTOCOL"))
