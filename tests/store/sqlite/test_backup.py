"""Backups of a store in use, and stores restored from them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from fhir_server.store.port import UnitOfWork
from fhir_server.store.sqlite import SqliteStore, UnknownSchema, restore
from tests.store.samples import person, put


def test_a_backup_while_writing_is_whole(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    started, stop = Event(), Event()

    def put_two(unit: UnitOfWork) -> None:
        for id in "ab":
            unit.put(*person(id), "PUT")

    def write() -> None:
        while not stop.is_set():
            store.transact(put_two)
            started.set()

    writer = Thread(target=write)
    writer.start()
    started.wait(5)
    for number in range(3):
        store.backup(tmp_path / "copies" / f"{number}.sqlite")
    stop.set()
    writer.join(5)
    for number in range(3):
        target = tmp_path / f"restored{number}.sqlite"
        restore(tmp_path / "copies" / f"{number}.sqlite", target)
        copy = SqliteStore(target)
        assert copy.check() == []
        assert 0 < copy.watermark() <= store.watermark()
        assert copy.watermark() % 2 == 0
        assert copy.changes(0, 1000) == store.changes(0, copy.watermark())[:1000]
        copy.close()
    store.close()


def test_a_restored_store_has_another_epoch_and_the_same_secret(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    put(store, person("a"))
    store.backup(tmp_path / "copy.sqlite")
    put(store, person("b"))
    restore(tmp_path / "copy.sqlite", tmp_path / "new" / "store.sqlite")
    restored = SqliteStore(tmp_path / "new" / "store.sqlite")
    assert restored.epoch != store.epoch
    assert restored.secret == store.secret
    assert (restored.watermark(), store.watermark()) == (1, 2)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "copy.sqlite",
        "store.sqlite",
        "store.sqlite-shm",
        "store.sqlite-wal",
    ]
    restored.close()
    store.close()


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(FileExistsError):
        store.backup(tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "mine"
    store.close()


def test_restoring_replaces_no_store(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.sqlite", tmp_path / "copy.sqlite"
    store = SqliteStore(path)
    put(store, person("a"))
    store.backup(copy)
    with pytest.raises(FileExistsError):
        restore(copy, path)
    assert put(store, person("b")).sequence == 2
    store.close()
    with pytest.raises(FileExistsError):
        restore(copy, path)


@pytest.mark.parametrize("left", ["-wal", "-shm"])
def test_what_is_left_of_another_store_is_not_taken_for_a_part_of_the_copy(tmp_path: Path, left: str) -> None:
    path, copy = tmp_path / "store.sqlite", tmp_path / "copy.sqlite"
    store = SqliteStore(path)
    store.backup(copy)
    put(store, person("a"))
    remains = tmp_path / f"new.sqlite{left}"
    remains.write_bytes((tmp_path / f"store.sqlite{left}").read_bytes())
    with pytest.raises(FileExistsError, match=remains.name):
        restore(copy, tmp_path / "new.sqlite")
    remains.unlink()
    restore(copy, tmp_path / "new.sqlite")
    restored = SqliteStore(tmp_path / "new.sqlite")
    assert restored.watermark() == 0
    restored.close()
    store.close()


def test_only_a_backup_can_be_restored(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        restore(tmp_path / "missing.sqlite", tmp_path / "store.sqlite")
    with closing(sqlite3.connect(tmp_path / "foreign.sqlite")) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(UnknownSchema):
        restore(tmp_path / "foreign.sqlite", tmp_path / "store.sqlite")
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(UnknownSchema):
        restore(tmp_path / "empty.sqlite", tmp_path / "store.sqlite")
    assert not (tmp_path / "store.sqlite").exists()
