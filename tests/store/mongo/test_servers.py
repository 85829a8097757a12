"""Two servers on one database: each waits for the other's transactions, unless the other is dead."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from fhir_server.errors import StoreUnavailable
from fhir_server.store.mongo import MongoStore, address_of
from fhir_server.store.port import StoredResource, UnitOfWork
from tests.mongo.server import database_uri
from tests.store.samples import person, put, references

Servers = tuple[MongoStore, MongoStore]
Write = Callable[[MongoStore], StoredResource]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Impatient ones, whose hearts beat fast."""
    monkeypatch.setattr("fhir_server.store.mongo.abandoned_transactions.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr("fhir_server.store.mongo.abandoned_transactions.STALLED_SECONDS", 0.5)
    address = address_of(database_uri())
    opened = MongoStore(address, indexes=False), MongoStore(address, indexes=False)
    yield opened
    for store in opened:
        store.close()


class Held:
    """A unit of another thread that has the clock until it is told to go on."""

    def __init__(self, pool: ThreadPoolExecutor, store: MongoStore) -> None:
        self._holds, self.go_on = threading.Event(), threading.Event()
        self.result: Future[StoredResource] = pool.submit(store.transact, self._work)
        assert self._holds.wait(20)

    def _work(self, unit: UnitOfWork) -> StoredResource:
        written = unit.put(*person("held"), "PUT")
        self._holds.set()
        assert self.go_on.wait(20)
        return written


def alone(store: MongoStore) -> StoredResource:
    return put(store, person("other"))


def grouped(store: MongoStore) -> StoredResource:
    with store.group():
        return alone(store)


@pytest.mark.parametrize("write", [alone, grouped])
def test_one_waits_until_the_other_is_done(servers: Servers, write: Write) -> None:
    one, other = servers
    with ThreadPoolExecutor(2) as pool:
        held = Held(pool, one)
        waiting = pool.submit(write, other)
        # Longer than it takes to find out that a heart stands still.
        with pytest.raises(TimeoutError):
            waiting.result(1.5)
        held.go_on.set()
        assert sorted((held.result.result(20).sequence, waiting.result(20).sequence)) == [1, 2]
    assert references(one.changes(0, 10)) == ["Patient/held", "Patient/other"]
    assert other.check() == []


@pytest.mark.parametrize("write", [alone, grouped])
def test_what_a_dead_one_has_left_open_is_ended(servers: Servers, write: Write) -> None:
    one, other = servers
    one._writer._heartbeat.stop()

    def hold() -> None:
        with ThreadPoolExecutor(1) as pool, one.group():
            put(one, person("lost"))
            assert pool.submit(write, other).result(20).sequence == 1

    with pytest.raises(StoreUnavailable):
        hold()
    assert references(one.changes(0, 10)) == ["Patient/other"]
    assert put(one, person("later")).sequence == 2
