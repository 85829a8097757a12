"""One round of deferred indexing: writes the index rows of many resources, in portions.

A portion is a stretch of one index in the order of its parameters, so that the rows of all resources of the
round share its pages. A commit that also writes a portion takes hardly longer than any other. Resources that
change during the round are recorded in `backlog`, with the rows that the round may have written for them, and
are indexed last.
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
    pack,
    unpack,
    width,
)

RESOURCES_MAX = 1024
"""Resources of one round. With more of them, rows would hardly share their pages better."""
GATHERED_AT_ONCE = 128
"""Resources whose rows one step gathers, in about a millisecond."""
ROWS_MAX = 200_000
ROWS_GATHERED_AT_ONCE = 20_000
"""The same limits in rows, for resources that have many."""
PORTION = 4_000
"""Rows that one step writes, in about eight milliseconds. With half as many, pages that several portions
share would be written twice as often.
"""
CHANGED_AT_ONCE = 64
"""Changed resources that one step indexes; fewer when their rows fill a portion."""

_INDEXED = "SELECT value FROM meta WHERE name = 'indexed'"
_NEW = """
SELECT r.key, r.entries, b.rows FROM resources r LEFT JOIN backlog b ON b.key = r.key
WHERE r.key > ? ORDER BY r.key LIMIT ?"""
_HELD = "UPDATE backlog SET rows = ? WHERE key = ?"
_BEGUN = "UPDATE meta SET value = max(value, ?) WHERE name = 'begun'"
_DONE = "UPDATE meta SET value = ? WHERE name = 'indexed'"
_CHANGED = """
SELECT b.key, b.rows, r.entries FROM backlog b CROSS JOIN resources r ON r.key = b.key
WHERE b.key <= ? ORDER BY b.key LIMIT ?"""
_WORKED_OFF = "DELETE FROM backlog WHERE key <= ?"


class IndexingRound:
    """Indexes first the resources created after `indexed`, then those changed since.

    Each step belongs to a transaction. If that is rolled back, or another process has taken a step of its
    own, the round is void, and the next round writes its rows again. References, and tokens of the
    parameters `at_once`, are not part of a round: they were written with their resources.
    """

    def __init__(self, connection: sqlite3.Connection, at_once: Collection[int]) -> None:
        self._connection = connection
        self._at_once = at_once
        (self.indexed,) = connection.execute(_INDEXED).fetchone()
        self._upto = self.indexed
        self._resources = 0
        self._rows = 0
        # Cells of all rows in one flat list: it saves an object for each row.
        self._gathered: tuple[defaultdict[int, list[Any]], ...] = tuple(defaultdict(list) for _ in TABLES)
        self._steps = self._run()

    def step(self) -> bool:
        """Do one step; True if there is more to do."""
        return next(self._steps, False)

    def _run(self) -> Iterator[bool]:
        """Each True that this yields ends a step."""
        while self._resources < RESOURCES_MAX and self._rows < ROWS_MAX and self._gather():
            yield True
        yield from self._write()
        self._connection.execute(_DONE, (self._upto,))
        while self._index_changed():
            yield True

    def _gather(self) -> bool:
        """Gather the rows of resources that were created after `indexed`; True if there may be more.

        The backlog notes what a void round may have written of those changed since. Those rows are written
        too, and noted, so that what is left of them in the end is known.
        """
        resources, rows = self._resources + GATHERED_AT_ONCE, self._rows + ROWS_GATHERED_AT_ONCE
        united = []
        for key, entries, held in self._connection.execute(_NEW, (self._upto, GATHERED_AT_ONCE)):
            of_resource = unpack(entries)
            if held is not None:
                of_resource = _united(of_resource, unpack(held))
                united.append((pack(of_resource), key))
            for by_parameter, of_table in zip(self._gathered, of_resource, strict=True):
                self._rows += len(of_table)
                for row in of_table:
                    cells = by_parameter[row[0]]
                    cells += row
                    cells.append(key)
            self._upto = key
            self._resources += 1
            if self._rows >= rows:
                break
        self._connection.executemany(_HELD, united)
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
        """Insert the missing rows of changed resources and delete their surplus ones; True if there may be
        more such resources.
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


def _united(rows: Rows, others: Rows) -> Rows:
    """The rows of both, each once."""
    return tuple(list({*some, *other}) for some, other in zip(rows, others, strict=True))


def _collect(into: list[list[Row]], key: int, rows: Rows, others: Rows) -> None:
    """Add to `into` those of `rows` that are not among `others`."""
    for found, some, other in zip(into, rows, others, strict=True):
        if some != other:
            found += [(*row, key) for row in set(some).difference(other)]
