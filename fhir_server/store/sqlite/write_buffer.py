"""Buffers the rows that units of work write, and writes those of many units by few statements.

A statement for every row of every unit costs more than the work it does. And a unit that has run no statement
has nothing to roll back, so it needs no savepoint, for which SQLite would copy every page that it touches.
https://www.sqlite.org/lang_savepoint.html
"""

import sqlite3
from dataclasses import dataclass, field

from fhir_server.store.sqlite.rows import Row, delete_rows, insert, insert_rows

_VERSION = "INSERT INTO versions (sequence, key, type, id, version, last_updated, method, body)"
_RESOURCE = "INSERT INTO resources (version, sequence, last_updated, living, entries, key, type, id)"
_CHANGE = """
UPDATE resources SET version = ?, sequence = ?, last_updated = ?, living = ?, entries = ? WHERE key = ?"""
_WAITING = """
INSERT OR IGNORE INTO backlog (key, rows)
SELECT ?1, ?2 WHERE ?1 <= (SELECT value FROM meta WHERE name = 'begun')"""
"""Ignores a resource that is in the backlog already, and one after `begun`, which has no index rows yet."""


@dataclass(slots=True)
class WriteBuffer:
    """Rows to write, and the type and id of the resources they belong to, each at most once.

    `tokens` and `references` are index rows to insert, the `former` ones index rows to delete. `waiting` are
    the keys of resources for the backlog, each with the packed rows that it was indexed by so far.
    """

    resources: set[tuple[int, str]] = field(default_factory=set)
    versions: list[Row] = field(default_factory=list)
    created: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    former_tokens: list[Row] = field(default_factory=list)
    tokens: list[Row] = field(default_factory=list)
    former_references: list[Row] = field(default_factory=list)
    references: list[Row] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)

    def take(self, others: "WriteBuffer") -> None:
        """Move all rows of another buffer to this one."""
        self.resources |= others.resources
        others.resources.clear()
        for mine, theirs in zip(self._rows(), others._rows(), strict=True):
            if theirs:
                mine += theirs
                theirs.clear()

    def clear(self) -> None:
        self.resources.clear()
        for rows in self._rows():
            rows.clear()

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write all rows and clear the buffer."""
        if not any(self._rows()):
            return
        insert(connection, _VERSION, self.versions)
        insert(connection, _RESOURCE, self.created)
        if self.changed:
            connection.executemany(_CHANGE, self.changed)
        if self.waiting:
            connection.executemany(_WAITING, self.waiting)
        _exchange(connection, "token", self.former_tokens, self.tokens)
        _exchange(connection, "reference", self.former_references, self.references)
        self.clear()

    def _rows(self) -> tuple[list[Row], ...]:
        return (
            self.versions,
            self.created,
            self.changed,
            self.former_tokens,
            self.tokens,
            self.former_references,
            self.references,
            self.waiting,
        )


def _exchange(connection: sqlite3.Connection, table: str, former: list[Row], rows: list[Row]) -> None:
    """Delete rows of an index, and insert others."""
    if former:
        delete_rows(connection, table, former)
    if rows:
        insert_rows(connection, table, rows)
