"""Documents of the server's own that lie beside the resources, such as those of installed packages."""

import sqlite3

_KEEP = "INSERT OR REPLACE INTO documents (name, body) VALUES (?, ?)"
_END = "\U0010ffff"
"""Sorts after every text that continues a prefix."""


def document(connection: sqlite3.Connection, name: str) -> bytes | None:
    """The document of a name."""
    row = connection.execute("SELECT body FROM documents WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def documents(connection: sqlite3.Connection, prefix: str) -> tuple[str, ...]:
    """The names that begin with `prefix`."""
    asked = "SELECT name FROM documents WHERE name >= ? AND name < ? ORDER BY name"
    return tuple(name for (name,) in connection.execute(asked, (prefix, prefix + _END)))


def keep(connection: sqlite3.Connection, name: str, body: bytes | None) -> None:
    """Write or take away a document."""
    if body is None:
        connection.execute("DELETE FROM documents WHERE name = ?", (name,))
    else:
        connection.execute(_KEEP, (name, body))
