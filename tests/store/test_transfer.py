"""Transfers of a whole store to a store of every backend."""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import pytest

from fhir_server.search.ast import SearchQuery
from fhir_server.search.entries import Entries, ReferenceEntry
from fhir_server.store.port import HistoryQuery, Store, StoredResource, TypeIndex
from fhir_server.store.transfer import BATCH, TransferError, transfer
from tests.store.conftest import TESTED, opened_store
from tests.store.samples import identified, person, put, references, referring


class Stopped(Exception):
    """Raised in the middle of a transfer."""


def entries_of(version: StoredResource) -> Entries:
    """What the samples are found by."""
    if b'"subject"' in version.body:
        return Entries(references=[ReferenceEntry("subject", "Patient", "a", "")])
    return person(version.id, code=version.id, type=version.type)[1]


@pytest.fixture(params=list(permutations(TESTED, 2)), ids="-".join)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    opened = []
    for name, backend in zip(("from", "to"), request.param, strict=True):
        (tmp_path / name).mkdir()
        opened.append(opened_store(backend, tmp_path / name))
    yield opened[0], opened[1]
    for store in opened:
        store.close()


def fill(store: Store) -> None:
    """A little of everything."""
    with store.group():
        for turn in range(2):
            for number in range(BATCH):
                id = f"{number}"
                put(store, person(id, code=id, family=f"Martin {turn}"))
        put(store, person("a", code="a"))
        put(store, person("gone", code="gone"))
        put(store, referring("o", "Patient/a"))
        store.transact(lambda unit: unit.delete("Patient", "gone"))
        store.transact(lambda unit: unit.claim_unique("claim|1", "Patient/a"))
        store.transact(lambda unit: unit.put_document("package/a", b"\x00\xff"))
        store.transact(
            lambda unit: unit.define_indexes([TypeIndex("Patient", {"identifier": "1"}, frozenset("x"))])
        )
    store.purge("Patient", "3")
    put(store, person("last", code="last"))


def everything(store: Store) -> object:
    return (
        store.changes(0, 10_000),
        store.watermark(),
        store.count(),
        store.unique_keys(),
        store.documents(""),
        store.indexes(),
        store.epoch,
        store.secret,
        store.history(HistoryQuery("Patient", "1")),
    )


def test_all_of_a_store_arrives(stores: tuple[Store, Store]) -> None:
    source, target = stores
    fill(source)
    progress: list[int] = []
    done = transfer(source, target, entries_of, progress.append)
    assert sum(progress) == source.watermark() == 2 * BATCH + 6
    assert (done.versions, done.resources, done.uniques, done.documents) == (2 * BATCH + 4, BATCH + 2, 1, 1)
    assert everything(target) == everything(source)
    assert target.check() == []
    assert target.document("package/a") == b"\x00\xff"
    assert references(target.search(SearchQuery(("Patient",), (identified("7"),))).matches) == ["Patient/7"]
    assert target.search(SearchQuery(("Patient",), (identified("gone"),))).matches == ()
    assert put(target, person("next")).sequence == source.watermark() + 1
    assert put(target, person("1")).version == 3
    with pytest.raises(TransferError, match="holds something already"):
        transfer(source, target, entries_of, progress.append)


def test_what_was_interrupted_goes_on(stores: tuple[Store, Store]) -> None:
    source, target = stores
    fill(source)
    with pytest.raises(Stopped):
        transfer(source, target, entries_of, stopping_after(2))
    assert 0 < target.watermark() < source.watermark()
    other = put(source, person("more", code="more"))
    done = transfer(source, target, entries_of, lambda _: None)
    assert target.watermark() == other.sequence
    assert done.versions == 2 * BATCH + 5
    assert everything(target) == everything(source)


def stopping_after(calls: int) -> Callable[[int], None]:
    left = [calls]

    def advance(_: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise Stopped

    return advance


def test_what_changes_behind_its_back_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    source, target = opened_store("memory", tmp_path), opened_store("sqlite", tmp_path / "to")
    fill(source)
    with pytest.raises(Stopped):
        transfer(source, target, entries_of, stopping_after(2))
    source.purge("Patient", "1")
    with pytest.raises(TransferError, match="not the same in both"):
        transfer(source, target, entries_of, lambda _: None)
    source.transact(lambda unit: unit.define_indexes([]))
    with pytest.raises(TransferError, match="another transfer"):
        transfer(source, target, entries_of, lambda _: None)
    target.close()


def test_a_version_must_come_later(store: Store) -> None:
    stored = put(store, person("a"))
    with pytest.raises(ValueError, match="1 was there before"):
        store.transact(lambda unit: unit.import_version(stored, Entries()))
    assert store.watermark() == 1
