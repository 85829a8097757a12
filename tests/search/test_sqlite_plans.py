"""No statement that the cases make the embedded store run reads a table from end to end, where an index can
serve.

https://www.sqlite.org/eqp.html
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fhir_server.search.types.position import metres_between
from fhir_server.store.sqlite import SqliteStore
from fhir_server.store.sqlite.connection import DISTANCE
from tests.search.cases import cases, files
from tests.search.test_cases import Contents, Server
from tests.search.universe import NOW
from tests.store.sqlite.statements import statements_run

NO_TABLES = {"CONSTANT ROW", "json_each VIRTUAL TABLE INDEX 1:", "lies"}
"""What else SQLite reads row after row: values, a list that came with the query, a hierarchy as it grows."""

EVERYTHING = re.compile(r"\bresources d WHERE \(*(?:\+d\.type IN|d\.living = 1)")
"""A walk through resources of several types or of all, in the order of their keys."""

NEVER = re.compile(r"(?:WHERE|AND|\()\s*0 = 1\s*(?:AND|\)|ORDER|LIMIT|$)")
"""What cannot be true, as where a parameter never had a value: SQLite looks at nothing then."""


@pytest.fixture(scope="module")
def statements() -> Iterator[list[str]]:
    with statements_run() as ran:
        yield ran


@pytest.mark.parametrize("few", [0, 256], ids=["walking", "seeking"])
@pytest.mark.parametrize("file", files())
def test_no_search_scans_a_table(
    statements: list[str], file: str, few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.row_sources.FEW", few)
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path, lambda: NOW)
    server = Server(Contents(file), store)
    while store.do_deferred_work():
        pass
    scans: list[tuple[str, str]] = []
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function(DISTANCE, 4, metres_between)
        for case in cases():
            if case.file == file:
                statements.clear()
                server.search(case.search)
                scans += [(case.search, scan) for scan in found_scans(connection, statements)]
    server.store.close()
    assert scans == []


def found_scans(connection: sqlite3.Connection, statements: list[str]) -> Iterator[str]:
    for statement in list(statements):
        if statement.lstrip().startswith("SELECT"):
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            yield from (step for step in steps if is_scan(step, steps, statement))


def is_scan(step: str, steps: list[str], statement: str) -> bool:
    verb, _, name = step.partition(" ")
    subquery = {f"CO-ROUTINE {name}", f"MATERIALIZE {name}"}.intersection(steps)
    if verb != "SCAN" or subquery or name in NO_TABLES:
        return False
    return not NEVER.search(statement) and not (name == "d" and EVERYTHING.search(statement))
