"""What looks at the data have told, believed until so much was written that another may tell otherwise.

They decide from where a page is read, never what stands on it: to be a little wrong costs a little time.
https://www.sqlite.org/queryplanner.html
"""

import sqlite3
from typing import Any

from fhir_server.store.sqlite.found import WATERMARK
from fhir_server.store.sqlite.sql import Sql

WRITTEN_MAX = 256
"""Versions that may be written until what was seen is looked at again."""

LOOKS_MAX = 1_000
"""Looks that a connection remembers."""


class Looks:
    """Looks over one connection. Every search begins by `begin`, or goes on from the one before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._now: int | None = None
        self.oldest = 0
        self._seen: dict[int, tuple[int, Any]] = {}

    def begin(self) -> None:
        """From here on something may have been written."""
        self._now = None

    def go_on(self) -> None:
        """From here on the state is taken to be that of the search before. `oldest` is then the watermark of
        the oldest look that is believed from here on.
        """
        self.oldest = self._watermark()

    def holds(self, seen: int) -> bool:
        """Whether what was seen at a watermark is to be believed."""
        return 0 <= self._watermark() - seen < WRITTEN_MAX

    def stand_at(self, watermark: int) -> None:
        """This is the state that was read."""
        self._now = watermark

    def first(self, select: Sql) -> Any:
        """The first row of a SELECT, None where it gave none; as it is, or was not many writes ago."""
        # A statement may be long, with all the codes of a value set; the hash of it says enough.
        key = hash(select)
        at, row = self._seen.get(key, (None, None))
        # What was seen in a unit that was undone may be of a time that has not come again.
        if at is None or not self.holds(at):
            row = self._connection.execute(select.text, select.values).fetchone()
            if len(self._seen) >= LOOKS_MAX:
                self._seen.clear()
            at = self._watermark()
            self._seen[key] = at, row
        self.oldest = min(self.oldest, at)
        return row

    def _watermark(self) -> int:
        if self._now is None:
            (self._now,) = self._connection.execute(WATERMARK).fetchone()
        return self._now
