"""Index rows that are written later, those of many resources at once.

Rows lie scattered over the index, so that writing those of one resource touches a page for nearly every row;
those of many resources share their pages. The index holds nothing yet of resources whose first version came
after `indexed`; an older one whose rows are not those of its entries stands in `backlog`, with the rows that
the index holds for it. Only identifiers are indexed with the write itself, as conditional writes look for
them. Whoever searches by anything else works off the backlog first, so that no search ever misses anything.
https://www.sqlite.org/queryplanner.html
"""

import sqlite3
import time
from collections.abc import Iterator

from fhir_server.search.ast import AllOf, AnyOf, Clause, Match, Not, SearchQuery
from fhir_server.store.sqlite.rows import NO_ROWS, TABLES, Row, Rows, delete_rows, insert_rows, unpack

IDENTIFIER = "identifier"

AT_ONCE = frozenset({IDENTIFIER, "_id", "_lastUpdated"})
"""Parameters whose index is never behind: that of the identifiers, and what the resource itself knows."""

BACKLOG_MAX = 1024
"""Resources after which the rows are written in any case, so that no search has to wait for long."""

SEARCHED_MICROSECONDS = 1_000_000
"""How long after a search that had to wait further ones are expected. Until then every commit leaves nothing
behind."""

_NOT_EMPTY = """
SELECT (SELECT max(key) FROM backlog) IS NOT NULL
OR (SELECT max(key) FROM resources) > (SELECT value FROM meta WHERE name = 'indexed')"""
_NEW = """
SELECT key, entries FROM resources WHERE key > (SELECT value FROM meta WHERE name = 'indexed')
ORDER BY key LIMIT ?"""
_INDEXED = "UPDATE meta SET value = ? WHERE name = 'indexed'"
_CHANGED = """
SELECT b.key, b.rows, r.entries FROM backlog b CROSS JOIN resources r ON r.key = b.key
ORDER BY b.key LIMIT ?"""
_DONE = "DELETE FROM backlog WHERE key <= ?"
_ROWS = "SELECT rows FROM backlog WHERE key = ?"
_FORGET = "DELETE FROM backlog WHERE key = ?"
_SEARCHED = "SELECT value FROM meta WHERE name = 'searched'"
_NOTE_SEARCH = "INSERT OR REPLACE INTO meta VALUES ('searched', ?)"


class Backlog:
    """The backlog, by the connection that writes; several processes add to it and work it off."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._added = 0
        self._expects_searches = False
        self._kept: dict[int, tuple[bytes, Rows]] = {}

    def begin(self) -> None:
        """At the start of a transaction: see whether searches are to be expected."""
        row = self._connection.execute(_SEARCHED).fetchone()
        self._expects_searches = row is not None and row[0] > _now() - SEARCHED_MICROSECONDS

    def add(self, key: int, packed: bytes, rows: Rows) -> None:
        """The index is to hold `rows` of a resource, which are `packed`."""
        self._kept[key] = packed, rows
        self._added += 1

    def is_due(self) -> bool:
        """Whether the transaction ought to leave no backlog."""
        return self._added > 0 and (self._expects_searches or self._added >= BACKLOG_MAX)

    def search(self) -> None:
        """Leave no backlog to the search that follows in this transaction, and expect further ones."""
        if has_backlog(self._connection):
            self.work_off()
            self._connection.execute(_NOTE_SEARCH, (_now(),))

    def work_off(self, limit: int = -1) -> None:
        """Write the rows of at most so many resources, or of all."""
        missing: list[list[Row]] = [[] for _ in TABLES]
        surplus: list[list[Row]] = [[] for _ in TABLES]
        seen = self._collect_new(missing, limit)
        self._collect_changed(missing, surplus, limit - seen if limit > seen else min(limit, 0))
        for (table, _), taken, written in zip(TABLES, surplus, missing, strict=True):
            delete_rows(self._connection, table, taken)
            insert_rows(self._connection, table, written)
        if limit < 0:
            self._added = 0
            self._kept.clear()

    def _collect_new(self, missing: list[list[Row]], limit: int) -> int:
        """The rows of resources that the index holds nothing of; how many these are."""
        found = self._connection.execute(_NEW, (limit,)).fetchall()
        for key, entries in found:
            end = (key,)
            for rows, of_table in zip(missing, self._rows(key, entries), strict=True):
                rows += [row + end for row in of_table]
        if found:
            self._connection.execute(_INDEXED, (found[-1][0],))
        return len(found)

    def _collect_changed(self, missing: list[list[Row]], surplus: list[list[Row]], limit: int) -> None:
        """What is missing of resources that were changed, and what the index holds of them too much."""
        last = None
        for last, indexed, entries in self._connection.execute(_CHANGED, (limit,)):
            wanted, held = self._rows(last, entries), unpack(indexed)
            _collect(surplus, last, held, wanted)
            _collect(missing, last, wanted, held)
        if last is not None:
            self._connection.execute(_DONE, (last,))

    def _rows(self, key: int, packed: bytes) -> Rows:
        """The rows that a resource is to have. Those that were kept may be of a version that was undone, or
        that another process has replaced.
        """
        kept = self._kept.pop(key, None)
        return kept[1] if kept and kept[0] == packed else unpack(packed)

    def forget(self, key: int) -> Rows:
        """Take a resource off the backlog. Gives the rows that the index may hold of it beside those of its
        entries.
        """
        row = self._connection.execute(_ROWS, (key,)).fetchone()
        self._connection.execute(_FORGET, (key,))
        return unpack(row[0]) if row else NO_ROWS


def has_backlog(connection: sqlite3.Connection) -> bool:
    """Whether any resource waits, as this connection sees it."""
    (found,) = connection.execute(_NOT_EMPTY).fetchone()
    return bool(found)


def needs_index(query: SearchQuery) -> bool:
    """Whether the answer could be wrong while there is a backlog."""
    clauses = query.where if query.visibility is None else (*query.where, query.visibility)
    return not AT_ONCE.issuperset(_parameters(clauses)) or any(
        sort.parameter not in AT_ONCE for sort in query.sort
    )


def _parameters(clauses: tuple[Clause, ...]) -> Iterator[str]:
    for clause in clauses:
        match clause:
            case Match():
                yield clause.parameter
            case AllOf(inner) | AnyOf(inner):
                yield from _parameters(inner)
            case Not(negated):
                yield from _parameters((negated,))
            case _:
                yield "a reference"


def _collect(into: list[list[Row]], key: int, rows: Rows, others: Rows) -> None:
    """Those of `rows` that are not among `others`."""
    for found, some, other in zip(into, rows, others, strict=True):
        if some != other:
            found += [(*row, key) for row in set(some).difference(other)]


def _now() -> int:
    return time.time_ns() // 1000
