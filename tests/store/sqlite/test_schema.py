"""The file is created once, migrated forward, and keeps its data."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from fhir_server.core.resource import draft
from fhir_server.search.ast import Match, ParameterType, ReferenceValue, SearchQuery, Sort, TokenValue, Value
from fhir_server.search.entries import DateEntry, Entries
from fhir_server.store.sqlite import SqliteStore, schema
from fhir_server.store.sqlite.rows import COLUMNS, NO_ROWS, insert_rows, pack, rows_of, unpack
from fhir_server.store.sqlite.symbols import WritingSymbols
from tests.store.samples import person, put, scored


def test_a_store_is_the_same_when_it_is_opened_again(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "store.sqlite")
    written = put(first, person("a"))
    epoch, secret = first.epoch, first.secret
    first.close()
    second = SqliteStore(tmp_path / "store.sqlite")
    assert (second.epoch, second.secret) == (epoch, secret)
    assert second.read("Patient", "a") == written
    assert put(second, person("b")).sequence == 2
    second.close()


def test_two_stores_have_each_their_own_epoch_and_secret(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / f"{number}.sqlite") for number in range(2)]
    assert len({store.epoch for store in stores}) == len({store.secret for store in stores}) == 2
    for store in stores:
        store.close()


def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    start = Barrier(8)

    def open_it(_: int) -> str:
        start.wait()
        store = SqliteStore(tmp_path / "store.sqlite")
        epoch = store.epoch
        store.close()
        return epoch

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(open_it, range(8)))) == 1


def test_an_older_file_is_migrated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    put(store, person("a"))
    store.close()
    newer = (*schema.MIGRATIONS, "CREATE TABLE added (x); INSERT INTO added VALUES (1)")
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    for _ in range(2):
        migrated = SqliteStore(path)
        assert migrated.count() == {"Patient": 1}
        migrated.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT x FROM added").fetchall() == [(1,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)


def test_what_an_older_file_had_yet_to_index_is_found(tmp_path: Path) -> None:
    """Before schema 8 every resource that was not indexed stood in the backlog."""
    store, older = SqliteStore(tmp_path / "store.sqlite"), tmp_path / "older.sqlite"
    for id in "ab":
        put(store, person(id, family="Martin"))
    store.backup(older)
    store.close()
    with closing(sqlite3.connect(older, isolation_level=None)) as connection:
        connection.execute("INSERT INTO backlog SELECT key, ? FROM resources", (pack(NO_ROWS),))
        connection.execute("DROP VIEW waiting")
        connection.execute("DELETE FROM meta WHERE name IN ('indexed', 'begun')")
        connection.execute("PRAGMA user_version = 7")
    migrated = SqliteStore(older)
    assert not migrated.is_index_current()
    assert len(migrated.search(SearchQuery(("Patient",), sort=(Sort("family", "string"),))).matches) == 2
    assert migrated.is_index_current()
    assert migrated.check() == []
    migrated.close()


def test_codes_and_references_that_an_older_file_had_yet_to_index_are_found(tmp_path: Path) -> None:
    """Before schema 11 they waited with all other rows."""
    store, older = SqliteStore(tmp_path / "store.sqlite"), tmp_path / "older.sqlite"
    put(store, scored("a", "Patient/1", "phq-9"))
    while store.do_deferred_work():
        pass
    put(store, scored("a", "Patient/2", "gad-7"))
    put(store, scored("b", "Patient/2", "phq-9"))
    store.backup(older)
    store.close()
    with closing(sqlite3.connect(older, isolation_level=None)) as connection:
        for table in "token", "reference":
            connection.execute(f"DELETE FROM {table}")
        first = pack(rows_of("Observation", scored("a", "Patient/1", "phq-9")[1], WritingSymbols(connection)))
        for table, rows in zip(COLUMNS, unpack(first), strict=True):
            insert_rows(connection, table, [(*row, 1) for row in rows])
        connection.execute("PRAGMA user_version = 10")
    migrated = SqliteStore(older)

    def found(parameter: str, kind: ParameterType, value: Value) -> list[str]:
        query = SearchQuery(("Observation",), (Match(parameter, kind, (value,)),))
        return [match.id for match in migrated.search(query).matches]

    assert found("subject", "reference", ReferenceValue("Patient", "1")) == []
    assert found("subject", "reference", ReferenceValue("Patient", "2")) == ["a", "b"]
    assert found("code", "token", TokenValue(None, "phq-9")) == ["b"]
    assert found("code", "token", TokenValue(None, "gad-7")) == ["a"]
    assert not migrated.is_index_current()
    migrated.close()


def test_dates_of_an_older_file_are_read_from_the_latest_on(tmp_path: Path) -> None:
    """Before schema 10 equal ones had to be sorted."""
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    for number, id in enumerate("abcd"):
        day = 100 * (number // 2)
        entries = Entries(dates=[DateEntry("date", day, day + 1)])
        put(store, (draft({"resourceType": "Basic"}, id), entries))
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP INDEX date_high")
        connection.execute("CREATE INDEX date_high ON date (parameter, high)")
        connection.execute("PRAGMA user_version = 9")
    migrated = SqliteStore(path)
    latest = SearchQuery(("Basic",), sort=(Sort("date", "date", descending=True),))
    assert [match.id for match in migrated.search(latest).matches] == ["c", "d", "a", "b"]
    assert migrated.check() == []
    migrated.close()
    with closing(sqlite3.connect(path)) as connection:
        columns = connection.execute("SELECT name, desc FROM pragma_index_xinfo('date_high')").fetchall()
    assert columns == [("parameter", 0), ("high", 1), ("key", 0), ("low", 0)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.sqlite"
    SqliteStore(path).close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE added (x); NONSENSE"))
    with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
        SqliteStore(path)
    monkeypatch.undo()
    store = SqliteStore(path)
    assert put(store, person("a")).sequence == 1
    store.close()
