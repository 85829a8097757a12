"""A look at the whole store for what should never be found."""

import sqlite3
from collections.abc import Iterator

from fhir_server.store.sqlite.rows import TABLES, Rows, unpack

_NAMED = "SELECT t.name || '/' || r.id FROM resources r CROSS JOIN types t ON t.id = r.type"

_FINDINGS = {
    "{}: the current version is not the last of its log.": f"""
        {_NAMED} WHERE r.version <> (SELECT max(v.version) FROM versions v WHERE v.key = r.key)
        OR NOT EXISTS (
            SELECT 1 FROM versions v WHERE v.sequence = r.sequence AND v.key = r.key
            AND v.version = r.version AND v.last_updated = r.last_updated
            AND (v.method <> 'DELETE') = r.living)""",
    "{}: a version is missing.": f"""
        {_NAMED} WHERE (
            SELECT count(*) <> max(v.version) - min(v.version) + 1 FROM versions v WHERE v.key = r.key)
        OR (
            SELECT v.version > 1 AND v.method <> 'DELETE' FROM versions v WHERE v.key = r.key
            ORDER BY v.version LIMIT 1)""",
    "{}: a version comes before an earlier one.": f"""
        {_NAMED} WHERE EXISTS (
            SELECT 1 FROM versions v CROSS JOIN versions n ON n.key = v.key AND n.version = v.version + 1
            WHERE v.key = r.key AND n.sequence < v.sequence)""",
    "Sequence {}: the clock runs backwards.": """
        SELECT sequence FROM (
            SELECT sequence, last_updated, lag(last_updated) OVER (ORDER BY sequence) AS previous
            FROM versions)
        WHERE last_updated < previous""",
    "Sequence {}: the version belongs to no resource.": """
        SELECT v.sequence FROM versions v WHERE NOT EXISTS (
            SELECT 1 FROM resources r WHERE r.key = v.key AND r.id = v.id AND r.type = v.type)""",
}


def inconsistencies(connection: sqlite3.Connection) -> Iterator[str]:
    """One sentence for each disagreement between file, log, resources and indexes."""
    connection.execute("BEGIN")
    try:
        for (finding,) in connection.execute("PRAGMA quick_check"):
            if finding != "ok":
                yield f"The file is damaged: {finding}."
        for sentence, query in _FINDINGS.items():
            for (place,) in connection.execute(query):
                yield sentence.format(place)
        yield from _index_inconsistencies(connection)
    finally:
        connection.execute("ROLLBACK")


def _index_inconsistencies(connection: sqlite3.Connection) -> Iterator[str]:
    for table, _ in TABLES:
        (orphans,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE key NOT IN (SELECT key FROM resources WHERE living = 1)"
        ).fetchone()
        if orphans:
            yield f"{orphans} rows of the {table} index belong to no living resource."
    living = f"{_NAMED} WHERE r.living = 1".replace("r.id FROM", "r.id, r.key, r.entries FROM")
    for name, key, entries in connection.execute(living):
        for (table, _), expected, found in zip(TABLES, unpack(entries), _rows(connection, key), strict=True):
            if set(expected) != set(found):
                yield f"{name}: its rows in the {table} index are not those of its entries."


def _rows(connection: sqlite3.Connection, key: int) -> Rows:
    """The rows that the index tables hold for a resource."""
    return tuple(
        connection.execute(
            f"SELECT parameter, {', '.join(columns)} FROM {table} WHERE key = ?", (key,)
        ).fetchall()
        for table, columns in TABLES
    )
