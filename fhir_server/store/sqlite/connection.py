"""Connections to the file of the store, and SQLite's errors as errors for clients.

https://www.sqlite.org/pragma.html https://www.sqlite.org/rescode.html
"""

import os
import sqlite3
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from fhir_server import errors
from fhir_server.search.types.position import metres_between
from fhir_server.store import messages
from fhir_server.store.port import DeadlineExceeded

P = ParamSpec("P")
R = TypeVar("R")

DISTANCE = "metres_between"
"""The SQL function for the distance between two points: latitude, longitude, latitude, longitude."""

BUSY_MILLISECONDS = 5_000
"""How long a reader waits for a lock, which in WAL mode only happens during recovery and migration."""

BESIDE = ("-wal", "-shm")
"""Suffixes of the files that SQLite keeps beside an open one. The first may hold commits that are not in the
main file yet.
"""

_RETRY_SECONDS = 0.005

_UNUSABLE = {
    sqlite3.SQLITE_NOMEM: messages.STORE_FAILED,
    sqlite3.SQLITE_READONLY: messages.STORE_UNWRITABLE,
    sqlite3.SQLITE_IOERR: messages.STORE_FAILED,
    sqlite3.SQLITE_CORRUPT: messages.STORE_DAMAGED,
    sqlite3.SQLITE_CANTOPEN: messages.STORE_UNWRITABLE,
    sqlite3.SQLITE_PROTOCOL: messages.STORE_FAILED,
    sqlite3.SQLITE_NOTADB: messages.STORE_FOREIGN,
}

_NOT_TEXT = "Could not decode to UTF-8"
"""Python's message for a text that is damaged on disk."""

_CLOSED = "Cannot operate on a closed database."
"""Python's message for a connection that was closed to be reopened, which has failed so far."""

_TOO_COMPLEX = ("parser stack overflow", "Expression tree is too large", "too many SQL variables")
"""Messages for statements beyond a limit, which some builds of SQLite set lower."""

# A checkpoint only every 32 MiB of log copies pages that every write touches once for many writes.
# Deleted content is overwritten, because an erased patient must be gone from the file. As much of the file is
# memory-mapped as SQLite can: other pages cost a system call each, twice the time of a search at 1.5 GiB.
_PRAGMAS = f"""
PRAGMA busy_timeout = {BUSY_MILLISECONDS};
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 8192;
PRAGMA journal_size_limit = 67108864;
PRAGMA temp_store = MEMORY;
PRAGMA secure_delete = ON;
PRAGMA mmap_size = 2147418112;
"""


def connect(path: Path, cache_kibibytes: int, *, create: bool = False) -> sqlite3.Connection:
    """A connection without implicit transactions, for one thread at a time.

    A missing file is an error unless `create`.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    try:
        for pragma in _PRAGMAS.strip().splitlines():
            connection.execute(pragma)
        connection.create_function(DISTANCE, 4, metres_between, deterministic=True)
        connection.execute(f"PRAGMA cache_size = -{cache_kibibytes}")
    except BaseException:
        connection.close()
        raise
    return connection


def enter_wal(connection: sqlite3.Connection) -> None:
    """Put the file in WAL mode, permanently, in which readers and the writer do not wait for each other.

    Retries, because for this change SQLite does not wait for processes that open or close the file.
    """
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


class OpenedFile:
    """The identities of the file, its log and the log's index, as they were when the store was opened.

    https://www.sqlite.org/wal.html#the_wal_file
    """

    def __init__(self, path: Path) -> None:
        real = os.path.realpath(path)
        self._paths = (str(path), *(real + suffix for suffix in BESIDE))
        self._identities = self._named()

    def check(self) -> None:
        """Raise `StoreUnavailable` if one of the paths names no file any more, or another: what is written to
        the old files would be lost when the last process closes them.
        """
        if self._named() != self._identities:
            raise errors.StoreUnavailable.of(messages.STORE_REPLACED())

    def is_that_of(self, other: "OpenedFile") -> bool:
        """Whether both opened the same main file."""
        return self._identities[0] == other._identities[0]

    def shares_log(self) -> bool:
        """Whether the log can still be checkpointed: the index of the log, which holds the locks of all
        users, is the same.
        """
        return self._named()[-1] == self._identities[-1]

    def _named(self) -> list[tuple[int, int] | None]:
        return list(map(_identity, self._paths))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def primary_code(error: sqlite3.Error) -> int:
    """The result code without its extension."""
    return error_code(error) & 0xFF


def error_code(error: sqlite3.Error) -> int:
    """The result code with its extension."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


def client_error(error: sqlite3.Error) -> Exception:
    """The error to raise for an error of SQLite; one in our own use of SQLite stays as it is."""
    if isinstance(error, sqlite3.ProgrammingError) and str(error) == _CLOSED:
        return errors.StoreUnavailable.of(messages.STORE_FAILED(reason="SQLITE_MISUSE"))
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL or error_code(error) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return errors.StoreFull.of(messages.STORE_FULL())
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return errors.StoreUnavailable.of(messages.STORE_BUSY())
    if code in _UNUSABLE:
        return errors.StoreUnavailable.of(_UNUSABLE[code](reason=error.sqlite_errorname))
    if code == sqlite3.SQLITE_TOOBIG:
        return errors.InvalidSearch.of(messages.PAGE_TOO_LARGE(), code="too-costly")
    if str(error).startswith(_NOT_TEXT):
        return damaged(error)
    if str(error).startswith(_TOO_COMPLEX):
        return errors.InvalidSearch.of(messages.SEARCH_TOO_COMPLEX(), code="too-costly")
    return error


def damaged(error: Exception) -> errors.StoreUnavailable:
    """The error to raise if the file holds data that nobody has written."""
    return errors.StoreUnavailable.of(messages.STORE_DAMAGED(reason=type(error).__name__))


def translating_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to translate errors of SQLite by `client_error`."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except sqlite3.Error as error:
            if primary_code(error) == sqlite3.SQLITE_INTERRUPT:
                raise DeadlineExceeded from error
            raise client_error(error) from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(error) from error

    return call
