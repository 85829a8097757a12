"""What a connection that only reads knows of the store, looked up again once something was committed.

https://www.sqlite.org/pragma.html#pragma_data_version
"""

import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Known(Generic[T]):
    """What `look` finds over one connection. What that connection writes does not make it look again."""

    def __init__(self, connection: sqlite3.Connection, look: Callable[[sqlite3.Connection], T]) -> None:
        self._connection = connection
        self._look = look
        self._seen: tuple[int, T] | None = None

    def now(self) -> T:
        """As the transaction sees it that is under way, or else as it is at this moment."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if self._seen is None or self._seen[0] != version:
            self._seen = version, self._look(self._connection)
        return self._seen[1]
