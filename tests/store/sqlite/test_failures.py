"""A full disk, and a locked, damaged or foreign file: refused, and nothing is half written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from fhir_server.core.resource import draft
from fhir_server.errors import FhirError, InvalidSearch, StoreFull, StoreUnavailable
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.entries import Entries, TokenEntry
from fhir_server.store.sqlite import SqliteStore, UnknownSchema
from fhir_server.store.sqlite.reader import SqliteReader
from fhir_server.store.sqlite.symbols import SymbolCache, Symbols
from tests.store.samples import person, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    put(opened, person("first"))
    yield opened
    opened.close()


def large(id: str) -> tuple[object, Entries]:
    entries = Entries(tokens=[TokenEntry(f"parameter-{id}", f"urn:{id}", str(n)) for n in range(100)])
    return draft({"resourceType": "Binary", "data": "x" * 100_000}, id), entries


def fill_up(store: SqliteStore) -> None:
    """Leave the file no page to grow by."""
    connection = store._writer.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")


def make_room(store: SqliteStore) -> None:
    store._writer.connection.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_refuses_and_leaves_nothing(store: SqliteStore) -> None:
    fill_up(store)
    with pytest.raises(StoreFull, match="Nothing was written"):
        put(store, large("a"))  # type: ignore[arg-type]
    assert store.read("Binary", "a") is None
    assert store.watermark() == 1
    make_room(store)
    assert put(store, large("a")).sequence == 2  # type: ignore[arg-type]
    assert store.check() == []


def test_a_page_of_more_than_sqlite_hands_over_at_once_is_refused(store: SqliteStore) -> None:
    for id in ("a", "b"):
        put(store, large(id))  # type: ignore[arg-type]
    with store._readers.connection() as connection:
        search = SqliteReader(connection, Symbols(connection, SymbolCache())).search
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 150_000)
        with pytest.raises(InvalidSearch, match="_count"):
            search(SearchQuery(("Binary",)))
        assert len(search(SearchQuery(("Binary",), page=Page(2, (1,)))).matches) == 1


def test_a_probe_tells_as_long_as_nothing_can_be_written(store: SqliteStore) -> None:
    store.check_health()
    connection = store._writer.connection
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailable, match="SQLITE_READONLY"):
        store.check_health()
    connection.execute("PRAGMA query_only = OFF")
    store.check_health()
    assert (store.watermark(), store.check()) == (1, [])


def test_after_a_probe_that_fails_commits_are_flushed_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it cannot be undone."""

    def fail() -> None:
        raise sqlite3.OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(store._writer, "_roll_back", fail)
        with pytest.raises(StoreUnavailable):
            store.check_health()
    assert store._writer.connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_probe_believes_a_lock_that_a_write_has_waited_for(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another process may well write, without anything being wrong."""
    monkeypatch.setattr("fhir_server.store.sqlite.writer.BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.check_health()
        with pytest.raises(StoreUnavailable):
            put(store, person("second"))
        with pytest.raises(StoreUnavailable, match="locked"):
            store.check_health()
        other.execute("ROLLBACK")
    store.check_health()


def test_a_probe_is_content_after_a_write_that_was_refused_alone(store: SqliteStore) -> None:
    fill_up(store)
    with pytest.raises(StoreFull):
        put(store, large("a"))  # type: ignore[arg-type]
    store.check_health()


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_nothing_is_acknowledged_by_a_file_that_is_gone(
    store: SqliteStore, path: Path, replaced: bool, suffix: str
) -> None:
    gone = path.with_name(path.name + suffix)
    gone.rename(path.with_name("moved"))
    if replaced:
        gone.write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="moved, deleted or replaced"):
        put(store, person("second"))


@pytest.mark.parametrize("replaced", [False, True])
def test_what_is_read_and_copied_is_of_the_file_that_was_opened(
    store: SqliteStore, path: Path, replaced: bool
) -> None:
    """A reader more, or a backup, opens the file again, and that may be another by then."""
    path.rename(path.with_name("moved"))
    if replaced:
        SqliteStore(path).close()
    copy = path.with_name("copy")
    for use in (
        store.check_health,
        store.watermark,
        store.check,
        store.unique_keys,
        lambda: store.backup(copy),
    ):
        with pytest.raises(StoreUnavailable, match="moved, deleted or replaced"):
            use()
    assert not copy.exists()
    assert path.exists() == replaced


@pytest.mark.parametrize("noticed", ["by a write", "at the end"])
def test_a_file_that_takes_the_name_is_not_read_with_the_log(
    store: SqliteStore, path: Path, noticed: str
) -> None:
    other = path.with_name("other")
    with closing(SqliteStore(other)) as opened:
        put(opened, person("other"))
    moved = path.rename(path.with_name("moved"))
    other.rename(path)
    if noticed == "by a write":
        with pytest.raises(StoreUnavailable, match="moved, deleted or replaced"):
            put(store, person("second"))
    else:
        store.close()
    for file, id in ((path, "other"), (moved, "first")):
        with closing(SqliteStore(file)) as opened:
            assert [change.id for change in opened.changes(0, 10)] == [id]
            assert opened.check() == []


class Stuck:
    """A connection that finds a lock taken which nobody holds."""

    in_transaction = False

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = real

    def execute(self, statement: str, *values: Any) -> object:
        if statement.startswith("BEGIN"):
            error = sqlite3.OperationalError("locking protocol")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_PROTOCOL, "SQLITE_PROTOCOL"
            raise error
        return self._real.execute(statement, *values)

    def close(self) -> None:
        self._real.close()


def test_after_a_lock_got_stuck_the_file_is_opened_anew(store: SqliteStore) -> None:
    """By all connections of the process: SQLite keeps in mind for them together what is locked."""
    store.read("Patient", "first")
    old = [store._writer.connection, *store._readers._opened]
    store._writer.connection = Stuck(old[0])  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable, match="SQLITE_PROTOCOL"):
        put(store, person("second"))
    assert put(store, person("second")).sequence == 2
    store.check_health()
    assert [change.id for change in store.changes(0, 10)] == ["first", "second"]
    for connection in old:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert store.check() == []


def test_who_reads_meanwhile_is_waited_for(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.reader_pool._AWAIT_SECONDS", 0.01)
    writer = store._writer
    writer.connection = Stuck(writer.connection)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        put(store, person("second"))

    def read_slowly(reader: SqliteReader) -> int:
        with pytest.raises(StoreUnavailable):
            put(store, person("second"))
        return reader.watermark()

    assert store._readers.read(read_slowly) == 1
    assert put(store, person("second")).sequence == 2
    assert (store.watermark(), store.check()) == (2, [])


def test_another_file_is_not_opened_for_one_that_got_stuck(store: SqliteStore, path: Path) -> None:
    writer = store._writer
    writer.connection = Stuck(writer.connection)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable, match="SQLITE_PROTOCOL"):
        put(store, person("second"))
    moved = path.with_name("moved")
    moved.mkdir()
    for file in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        file.rename(moved / file.name)
    SqliteStore(path).close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="moved, deleted or replaced"):
            put(store, person("second"))
    for file in moved.iterdir():
        file.rename(path.with_name(file.name))
    assert put(store, person("second")).sequence == 2


def test_a_full_disk_in_a_group_acknowledges_nothing_that_is_lost(store: SqliteStore) -> None:
    """Whether the other units of the group survive is for the store to say, and it must say the truth."""
    fill_up(store)
    kept: set[str] = set()
    try:
        with store.group():
            for id in ("small", "large", "later"):
                try:
                    put(store, large(id) if id == "large" else person(id))  # type: ignore[arg-type]
                except StoreFull:
                    continue
                kept.add(id)
    except FhirError:
        kept.clear()
    assert "large" not in kept
    assert {change.id for change in store.changes(1, 10)} == kept
    assert store.check() == []
    make_room(store)
    put(store, large("large"))  # type: ignore[arg-type]
    assert store.check() == []


def test_what_does_not_fit_is_told_to_all_of_its_group(store: SqliteStore) -> None:
    """Also where it is noticed by another unit, which reads what the first has written."""
    fill_up(store)

    def group() -> None:
        with store.group():
            put(store, large("large"))  # type: ignore[arg-type]
            with pytest.raises(StoreFull):
                store.transact(lambda unit: unit.read("Binary", "large"))
            with pytest.raises(StoreFull):
                put(store, person("small"))

    with pytest.raises(StoreFull):
        group()
    make_room(store)
    assert store.watermark() == 1
    assert put(store, person("small", type="New")).sequence == 2
    assert store.check() == []


def test_a_file_locked_by_another_process_is_unavailable(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.writer.BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            put(store, person("a"))
        with pytest.raises(StoreUnavailable, match="locked"), store.group():
            put(store, person("a"))
        assert store.read("Patient", "first") is not None
        other.execute("ROLLBACK")
    assert put(store, person("a")).sequence == 2


def test_a_writer_waits_for_another_process(store: SqliteStore, path: Path) -> None:
    locked, release = Event(), Event()

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            release.wait(5)
            other.execute("ROLLBACK")

    holder = Thread(target=hold)
    holder.start()
    locked.wait(5)
    writer = Thread(target=lambda: put(store, person("a")))
    writer.start()
    release.set()
    writer.join(5)
    holder.join(5)
    assert store.watermark() == 2


def test_a_failed_commit_fails_every_unit_in_it(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        """A connection whose disk fails when it is to make a transaction durable."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self._real = real

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

        def execute(self, statement: str, *values: Any) -> object:
            if statement == "COMMIT":
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode, error.sqlite_errorname = (
                    sqlite3.SQLITE_IOERR_FSYNC,
                    "SQLITE_IOERR_FSYNC",
                )
                raise error
            return self._real.execute(statement, *values)

    monkeypatch.setattr(store._writer, "connection", Failing(store._writer.connection))
    with pytest.raises(StoreUnavailable, match="SQLITE_IOERR_FSYNC"):
        put(store, person("a", type="New"))

    def group() -> None:
        with store.group():
            put(store, person("b", type="New"))
            put(store, person("c", type="New"))

    with pytest.raises(StoreUnavailable, match="SQLITE_IOERR_FSYNC"):
        group()
    monkeypatch.undo()
    assert store.watermark() == 1
    assert put(store, person("a", type="New")).sequence == 2
    assert store.check() == []


def test_a_damaged_file_is_unavailable(path: Path) -> None:
    path.write_bytes(b"this is no database, and it is long enough to be read as one" * 100)
    with pytest.raises(StoreUnavailable, match=r"no SQLite database \(SQLITE_NOTADB\)"):
        SqliteStore(path)


def test_what_nobody_has_written_is_told_to_be_damage(store: SqliteStore, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as vandal:
        vandal.execute("INSERT INTO indexes VALUES ('Patient', x'ff', x'ff')")
        vandal.execute("UPDATE versions SET id = CAST(x'ff' AS TEXT)")
    for use in (store.indexes, lambda: store.changes(0, 10), lambda: store.search(SearchQuery(("Patient",)))):
        with pytest.raises(StoreUnavailable, match="damaged"):
            use()


@pytest.mark.parametrize("kept", [100, 4_096, -4_096])
def test_a_file_that_was_cut_off_is_told_to_be_damaged(store: SqliteStore, path: Path, kept: int) -> None:
    store.close()
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(StoreUnavailable, match="bring back a backup"):
        SqliteStore(path)


def test_a_foreign_database_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(UnknownSchema, match="another application"):
        SqliteStore(path)


def test_a_store_of_a_newer_server_is_left_alone(store: SqliteStore, path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 999")
    with pytest.raises(UnknownSchema, match="newer"):
        SqliteStore(path)


def test_check_names_what_disagrees(store: SqliteStore, path: Path) -> None:
    put(store, person("second", code="2"))
    put(store, person("second", code="3"))
    while store.do_deferred_work():
        pass
    assert store.check() == []
    with closing(sqlite3.connect(path, isolation_level=None)) as vandal:
        vandal.execute("DELETE FROM token WHERE code = '3'")
        vandal.execute("INSERT INTO string VALUES (1, 'stray', 999, 'stray')")
        vandal.execute("DELETE FROM versions WHERE version = 1 AND id = 'second'")
        vandal.execute("UPDATE resources SET version = 9 WHERE id = 'first'")
        vandal.execute("UPDATE versions SET last_updated = last_updated + 1000000000 WHERE sequence = 1")
    findings = "\n".join(store.check())
    assert "Patient/second: its rows in the token index" in findings
    assert "1 rows of the string index belong to no living resource" in findings
    assert "Patient/second: a version is missing" in findings
    assert "Patient/first: the current version is not the last" in findings
    assert "clock runs backwards" in findings
