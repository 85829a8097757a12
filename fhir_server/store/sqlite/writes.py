"""What units write, gathered until statements carry it out: those of many units at once.

A statement for each piece of each unit costs more than the work that it does; and a unit that has run none
leaves nothing to undo, so that it needs no savepoint, for which SQLite would copy every page that it touches.
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
"""Of a resource that waits already, what the index holds is known; beyond `begun` it holds nothing."""


@dataclass(slots=True)
class Writes:
    """Rows to be written, and whose they are by type and id: each resource is in them once at most.

    `tokens` and `references` are rows of these indexes to write, the `former` ones to take away; `waiting`
    the keys of resources that are to be indexed, each with the packed rows by which it was found so far.
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

    def take(self, others: "Writes") -> None:
        """Take over what others hold, which has nothing of it any more."""
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

    def carry_out(self, connection: sqlite3.Connection) -> None:
        """Write all of it."""
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
    """Take rows of an index away, and write others."""
    if former:
        delete_rows(connection, table, former)
    if rows:
        insert_rows(connection, table, rows)
