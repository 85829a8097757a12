"""Named documents beside the resources, such as those of installed packages."""

import sqlite3

_WRITE = "INSERT OR REPLACE INTO documents (name, body) VALUES (?, ?)"
_DELETE = "DELETE FROM documents WHERE name = ?"
_END = "\U0010ffff"
"""Sorts after every text that continues a prefix."""


def read_document(connection: sqlite3.Connection, name: str) -> bytes | None:
    """The document with this name, None if there is none."""
    row = connection.execute("SELECT body FROM documents WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def document_names(connection: sqlite3.Connection, prefix: str) -> tuple[str, ...]:
    """The sorted names that begin with `prefix`."""
    statement = "SELECT name FROM documents WHERE name >= ? AND name < ? ORDER BY name"
    return tuple(name for (name,) in connection.execute(statement, (prefix, prefix + _END)))


def write_document(connection: sqlite3.Connection, name: str, body: bytes | None) -> None:
    """Create or replace a document; None deletes it."""
    if body is None:
        connection.execute(_DELETE, (name,))
    else:
        connection.execute(_WRITE, (name, body))
