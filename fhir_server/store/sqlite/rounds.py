"""One round of indexing: the rows of many resources, written in portions.

Each portion is a stretch of one index, in the order of its parameters, so that the rows of all resources of
the round share its pages, and a commit that writes a portion takes hardly longer than others. What is changed
meanwhile is noted in `backlog` with the rows that the round may have written of it, and is worked off last.
https://www.sqlite.org/withoutrowid.html
"""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any

from fhir_server.store.sqlite.rows import (
    REFERENCES,
    TABLES,
    TOKENS,
    Row,
    Rows,
    delete_rows,
    insert_cells,
    insert_rows,
    unpack,
    width,
)

RESOURCES_MAX = 1024
"""Those of more resources would share their pages hardly better."""
GATHERED_AT_ONCE = 128
"""Resources whose rows one step gathers, in about a millisecond."""
ROWS_MAX = 200_000
ROWS_GATHERED_AT_ONCE = 20_000
"""Of resources with many rows, fewer are in a round, and are gathered by one step."""
PORTION = 4_000
"""Rows that one step writes, in some eight milliseconds. With half as many, pages that several portions share
would be written twice as often.
"""
CHANGED_AT_ONCE = 64
"""Resources that one step indexes of those that were changed, fewer where these have a portion of rows."""

_INDEXED = "SELECT value FROM meta WHERE name = 'indexed'"
_NEW = "SELECT key, entries FROM resources WHERE key > ? ORDER BY key LIMIT ?"
_BEGUN = "UPDATE meta SET value = max(value, ?) WHERE name = 'begun'"
_DONE = "UPDATE meta SET value = ? WHERE name = 'indexed'"
_CHANGED = """
SELECT b.key, b.rows, r.entries FROM backlog b CROSS JOIN resources r ON r.key = b.key
WHERE b.key <= ? ORDER BY b.key LIMIT ?"""
_WORKED_OFF = "DELETE FROM backlog WHERE key <= ?"


class Round:
    """First of the resources that came after `indexed`, then of those that were changed.

    Each step belongs to a transaction. Where one is undone, or another process has moved `indexed`, the round
    is void, and what it wrote is written again by the next. References have been written with the resources,
    and tokens of the parameters `at_once`.
    """

    def __init__(self, connection: sqlite3.Connection, at_once: Collection[int]) -> None:
        self._connection = connection
        self._at_once = at_once
        (self.indexed,) = connection.execute(_INDEXED).fetchone()
        self._upto = self.indexed
        self._resources = 0
        self._rows = 0
        # The cells of rows are kept one behind the other: nothing is made for a row that is but passed on.
        self._gathered: tuple[defaultdict[int, list[Any]], ...] = tuple(defaultdict(list) for _ in TABLES)
        self._steps = self._run()

    def step(self) -> bool:
        """Do some of it; whether there is more to do."""
        return next(self._steps, False)

    def _run(self) -> Iterator[bool]:
        """Each True that this gives ends a step."""
        while self._resources < RESOURCES_MAX and self._rows < ROWS_MAX and self._gather():
            yield True
        yield from self._write()
        self._connection.execute(_DONE, (self._upto,))
        while self._index_changed():
            yield True

    def _gather(self) -> bool:
        """Gather the rows of resources that the index holds nothing of; whether there may be more."""
        resources, rows = self._resources + GATHERED_AT_ONCE, self._rows + ROWS_GATHERED_AT_ONCE
        for key, entries in self._connection.execute(_NEW, (self._upto, GATHERED_AT_ONCE)):
            for by_parameter, of_table in zip(self._gathered, unpack(entries), strict=True):
                self._rows += len(of_table)
                for row in of_table:
                    cells = by_parameter[row[0]]
                    cells += row
                    cells.append(key)
            self._upto = key
            self._resources += 1
            if self._rows >= rows:
                break
        self._connection.execute(_BEGUN, (self._upto,))
        return self._resources == resources or self._rows >= rows

    def _write(self) -> Iterator[bool]:
        self._gathered[REFERENCES].clear()
        for parameter in self._at_once:
            self._gathered[TOKENS].pop(parameter, None)
        room = PORTION
        for (table, _), by_parameter in zip(TABLES, self._gathered, strict=True):
            cells = list(chain.from_iterable(by_parameter[parameter] for parameter in sorted(by_parameter)))
            by_parameter.clear()
            written, in_row = 0, width(table)
            while written < len(cells):
                portion = cells[written : written + room * in_row]
                insert_cells(self._connection, table, portion)
                written, room = written + len(portion), room - len(portion) // in_row
                if not room:
                    room = PORTION
                    yield True

    def _index_changed(self) -> bool:
        """Write what is missing of resources that were changed, and take away what the index holds of them
        too much; whether there may be more of them.
        """
        missing: list[list[Row]] = [[] for _ in TABLES]
        surplus: list[list[Row]] = [[] for _ in TABLES]
        resources, last = 0, None
        for key, held, entries in self._connection.execute(_CHANGED, (self._upto, CHANGED_AT_ONCE)):
            before, after = unpack(held), unpack(entries)
            _collect(surplus, key, before, after)
            _collect(missing, key, after, before)
            resources, last = resources + 1, key
            if sum(map(len, chain(missing, surplus))) >= PORTION:
                resources = CHANGED_AT_ONCE
                break
        for (table, _), taken, written in zip(TABLES, surplus, missing, strict=True):
            delete_rows(self._connection, table, taken)
            insert_rows(self._connection, table, written)
        if last is not None:
            self._connection.execute(_WORKED_OFF, (last,))
        return resources == CHANGED_AT_ONCE


def _collect(into: list[list[Row]], key: int, rows: Rows, others: Rows) -> None:
    """Those of `rows` that are not among `others`."""
    for found, some, other in zip(into, rows, others, strict=True):
        if some != other:
            found += [(*row, key) for row in set(some).difference(other)]
