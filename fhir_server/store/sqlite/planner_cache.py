"""Results of the planner's own queries, cached until enough has been written to make them doubtful.

They decide which index a page is read from, never what is on the page: an outdated result costs a little time
and nothing else.
https://www.sqlite.org/queryplanner.html
"""

import sqlite3
from typing import Any

from fhir_server.store.sqlite.page_result import WATERMARK
from fhir_server.store.sqlite.sql import Sql

WRITTEN_MAX = 256
"""Versions that may be written before a cached result is read again."""

ENTRIES_MAX = 1_000
"""Results that a connection caches."""


class PlannerCache:
    """Caches results read over one connection. Every search starts with `begin_search` or `track_oldest`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._current_watermark: int | None = None
        self.oldest = 0
        self._rows: dict[int, tuple[int, Any]] = {}

    def begin_search(self) -> None:
        """Forget the watermark, because something may have been written since the last search."""
        self._current_watermark = None

    def track_oldest(self) -> None:
        """Keep the watermark of the last search. From here on `oldest` is the watermark of the oldest result
        that is used.
        """
        self.oldest = self._watermark()

    def is_fresh(self, watermark: int) -> bool:
        """Whether a result read at this watermark may still be used."""
        return 0 <= self._watermark() - watermark < WRITTEN_MAX

    def set_watermark(self, watermark: int) -> None:
        """Take over the watermark that a page was read at."""
        self._current_watermark = watermark

    def first_row(self, select: Sql) -> Any:
        """The first row of a SELECT, None if it has none; perhaps as it was a few writes ago."""
        # The hash is enough of a key: the text and values may be long, with all the codes of a value set.
        key = hash(select)
        watermark, row = self._rows.get(key, (None, None))
        # A result of a unit of work that was undone may have a watermark above the current one.
        if watermark is None or not self.is_fresh(watermark):
            row = self._connection.execute(select.text, select.values).fetchone()
            if len(self._rows) >= ENTRIES_MAX:
                self._rows.clear()
            watermark = self._watermark()
            self._rows[key] = watermark, row
        self.oldest = min(self.oldest, watermark)
        return row

    def _watermark(self) -> int:
        if self._current_watermark is None:
            (self._current_watermark,) = self._connection.execute(WATERMARK).fetchone()
        return self._current_watermark
