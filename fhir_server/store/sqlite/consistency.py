"""Checks the whole store for inconsistencies that should never occur."""

import sqlite3
from collections.abc import Iterable, Iterator

from fhir_server.store.sqlite.code_date_index import MISSING, SURPLUS
from fhir_server.store.sqlite.rows import COLUMNS, TABLES, UNKEYED, Row, unpack

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
    """One sentence for each inconsistency between the file, the log, the resources and the indexes."""
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
            f"""SELECT count(*) FROM {table} WHERE key NOT IN (
            SELECT key FROM resources WHERE living = 1 UNION ALL SELECT key FROM waiting)"""
        ).fetchone()
        if orphans:
            yield f"{orphans} rows of the {table} index belong to no living resource."
    settled = "WHERE r.living = 1 AND r.key NOT IN (SELECT key FROM waiting)"
    living = f"{_NAMED} {settled}".replace("r.id FROM", "r.id, r.key, r.entries FROM")
    surplus = {table: _count(connection, table) for table in UNKEYED}
    for name, key, entries in connection.execute(living):
        for (table, _), expected in zip(TABLES, unpack(entries), strict=True):
            found = _rows(connection, table, key, expected)
            if set(expected) != found:
                yield f"{name}: its rows in the {table} index are not those of its entries."
            if table in surplus:
                surplus[table] -= len(found)
    for table, rows in surplus.items():
        if rows:
            yield f"{rows} rows of the {table} index are of no entries."
    for counting, wrong in ((SURPLUS, "too many"), (MISSING, "too few")):
        (rows,) = connection.execute(counting).fetchone()
        if rows:
            yield f"The index of codes by date has {rows} rows {wrong}."


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(
        connection.execute(
            f"SELECT count(*) FROM {table} WHERE key NOT IN (SELECT key FROM waiting)"
        ).fetchone()[0]
    )


def _rows(connection: sqlite3.Connection, table: str, key: int, expected: Iterable[Row]) -> set[Row]:
    """The rows of a resource in an index table; only the expected ones if the table has no index by key."""
    columns = ", ".join(COLUMNS[table])
    by_key = f"SELECT parameter, {columns} FROM {table} WHERE key = ?"
    if table not in UNKEYED:
        return set(connection.execute(by_key, (key,)))
    one = f"{by_key} AND (parameter, {columns}) = ({', '.join('?' * (1 + len(COLUMNS[table])))})"
    return {row for wanted in expected for row in connection.execute(one, (key, *wanted))}
