"""Threads that race for the same resource or key: one wins, and no version or sequence is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from fhir_server.errors import Conflict, PreconditionFailed
from fhir_server.search.ast import Match, SearchQuery, StringValue
from fhir_server.store.port import HistoryQuery, Reader, Store, StoredResource, UnitOfWork
from tests.mongo.server import skip_without_snapshots
from tests.store.samples import identified, person, put

THREADS = 12
FAMILY = Match("family", "string", (StringValue("martin", "Martin"),))


def race(contender: Callable[[int], object]) -> list[object]:
    """Start all threads at once; give what each returns or raises."""
    start = Barrier(THREADS)

    def run(number: int) -> object:
        start.wait()
        try:
            return contender(number)
        except (Conflict, PreconditionFailed) as error:
            return type(error)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def create_once(unit: UnitOfWork, id: str) -> StoredResource:
    """A conditional create: the resource that has the identifier, or a new one."""
    unit.lock("urn:mrn|7")
    found = unit.search(SearchQuery(("Patient",), (identified("7"),), total="none")).matches
    return found[0] if found else unit.put(*person(id, code="7"), "POST")


def test_conditional_creates_make_one_resource(store: Store) -> None:
    results = race(lambda number: store.transact(lambda unit: create_once(unit, f"p{number}")))
    assert len(set(results)) == 1
    assert store.count() == {"Patient": 1}
    assert store.watermark() == 1


def test_conditional_creates_in_groups_make_one_resource(store: Store) -> None:
    def contender(number: int) -> object:
        with store.group():
            put(store, person(f"before{number}"))
            found = store.transact(lambda unit: create_once(unit, f"p{number}"))
            put(store, person(f"after{number}"))
        return found

    assert len(set(race(contender))) == 1
    assert store.watermark() == 1 + 2 * THREADS
    assert store.check() == []


def test_one_of_many_updates_to_a_version_wins(store: Store) -> None:
    def update(version: int, number: int) -> StoredResource:
        return put(store, person("a", family=f"F{number}"), version)

    put(store, person("a"))
    for version in range(1, 6):
        results = race(partial(update, version))
        assert results.count(PreconditionFailed) == THREADS - 1
    current = store.read("Patient", "a")
    assert current is not None
    assert current.version == current.sequence == 6


def test_a_unique_key_goes_to_one(store: Store) -> None:
    def contender(number: int) -> object:
        def work(unit: UnitOfWork) -> StoredResource:
            stored = unit.put(*person(f"p{number}"), "POST")
            unit.claim_unique("claim|1", stored.reference)
            return stored

        return store.transact(work)

    results = race(contender)
    assert results.count(Conflict) == THREADS - 1
    assert store.count() == {"Patient": 1}


def test_unconditional_writes_all_count(store: Store) -> None:
    def contender(number: int) -> None:
        for turn in range(10):
            put(store, person("shared"))
            put(store, person(f"own{number}-{turn}"))

    race(contender)
    versions = store.history(HistoryQuery("Patient", "shared", count=1000)).versions
    assert [v.version for v in versions] == list(range(10 * THREADS, 0, -1))
    assert [v.sequence for v in store.changes(0, 10_000)] == list(range(1, 20 * THREADS + 1))
    assert store.check() == []


def test_reads_in_a_snapshot_see_one_state(store: Store) -> None:
    """Although others commit meanwhile, unless the store lets them wait."""
    skip_without_snapshots(store)

    def write() -> None:
        store.transact(lambda unit: [unit.put(*person(id), "PUT") for id in "abc"])

    write()
    while store.do_deferred_work():
        pass
    writer = threading.Thread(target=write)

    def read(reader: Reader) -> list[StoredResource | None]:
        first = reader.read("Patient", "a")
        if writer.ident is None:
            writer.start()
            writer.join(0.3)
        found = reader.search(SearchQuery(("Patient",), (FAMILY,), count=2)).matches
        history = reader.history(HistoryQuery("Patient", "b")).versions[0]
        return [first, *found, history, reader.read("Patient", "c")]

    seen = store.in_snapshot(read)
    writer.join()
    assert [stored and stored.version for stored in seen] == [1] * 5
    assert store.in_snapshot(lambda reader: reader.read("Patient", "c")) == store.read("Patient", "c")


@pytest.mark.parametrize("readers", [4])
def test_readers_see_whole_units_only(store: Store, readers: int) -> None:
    """Both resources of every unit have the same version, at whatever moment they are read together."""

    def write() -> None:
        for _ in range(100):
            store.transact(lambda unit: [unit.put(*person(id), "PUT") for id in "ab"])

    def watch() -> bool:
        last = 0
        while last < 200:
            changes = store.changes(0, 1000)
            last = len(changes)
            if last % 2:
                return False
        return True

    with ThreadPoolExecutor(readers + 1) as pool:
        watched = [pool.submit(watch) for _ in range(readers)]
        pool.submit(write).result()
        assert all(result.result() for result in watched)
