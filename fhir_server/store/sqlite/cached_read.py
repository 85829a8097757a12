"""A value read over one connection, cached until another connection commits.

https://www.sqlite.org/pragma.html#pragma_data_version
"""

import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class CachedRead(Generic[T]):
    """Caches what `read` returns. Writes of this connection itself do not invalidate the cache."""

    def __init__(self, connection: sqlite3.Connection, read: Callable[[sqlite3.Connection], T]) -> None:
        self._connection = connection
        self._read = read
        self._cached: tuple[int, T] | None = None

    def get(self) -> T:
        """The value as the open transaction sees it; without a transaction, as it is now."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if self._cached is None or self._cached[0] != version:
            self._cached = version, self._read(self._connection)
        return self._cached[1]
