"""Connections to the file of the store, and what its errors mean to a client.

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
"""The SQL function that is given two latitudes with their longitudes."""

BUSY_MILLISECONDS = 5_000
"""How long a reader waits for a lock, which in WAL mode only recovery and migration make it do."""

BESIDE = ("-wal", "-shm")
"""What the names of the files end with that SQLite keeps beside an open one. The first may hold commits that
the file itself does not have yet.
"""

_LOOK_SECONDS = 0.005

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
"""What Python's own part says of a text of which the disk kept something else."""

_CLOSED = "Cannot operate on a closed database."
"""What is said of a connection that was closed to be opened anew, which has failed so far."""

_TOO_COMPLEX = ("parser stack overflow", "Expression tree is too large", "too many SQL variables")
"""Limits of a statement, which may be lower where SQLite was built otherwise."""

# A checkpoint every 32 MiB of log lets the pages that every write touches be copied once for many writes.
# Deleted content is overwritten, because an erased patient must be gone from the file. As much of the file is
# mapped as SQLite can: what lies beyond costs each search a system call a page, twice the time at 1.5 GiB.
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
    """A connection without implicit transactions; whoever uses it sees to it that one thread does at once.

    Unless it may create the file, one that is not there is an error.
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
    """Put the file in the mode in which reading and writing do not wait for each other; it stays so.

    For this one change SQLite does not wait while another process opens or closes the same file.
    """
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_SECONDS)


class OpenedFile:
    """The file that a path named when it was opened, with its log and what its users share of that.

    https://www.sqlite.org/wal.html#the_wal_file
    """

    def __init__(self, path: Path) -> None:
        real = os.path.realpath(path)
        self._paths = (str(path), *(real + suffix for suffix in BESIDE))
        self._identities = self._named()

    def check(self) -> None:
        """Raises `StoreUnavailable` when one of the paths names no file any more, or another one: what is
        written would be gone with the last process that holds the old ones.
        """
        if self._named() != self._identities:
            raise errors.StoreUnavailable.of(messages.STORE_REPLACED())

    def is_that_of(self, other: "OpenedFile") -> bool:
        """Whether both opened the same file, whatever lay beside it."""
        return self._identities[0] == other._identities[0]

    def shares_log(self) -> bool:
        """Whether the log can still be brought into the file: whoever uses one of them finds the locks of
        all in the index of the log.
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


def refusal(error: sqlite3.Error) -> Exception:
    """What to tell a client; an error in our own use of SQLite stays what it is."""
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
    """What to tell a client where the file holds what nobody has written."""
    return errors.StoreUnavailable.of(messages.STORE_DAMAGED(reason=type(error).__name__))


def refusing(function: Callable[P, R]) -> Callable[P, R]:
    """Let errors of SQLite leave `function` as what they mean to a client."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except sqlite3.Error as error:
            if primary_code(error) == sqlite3.SQLITE_INTERRUPT:
                raise DeadlineExceeded from error
            raise refusal(error) from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(error) from error

    return call
