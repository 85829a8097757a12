"""Several processes on one database: races, a concurrent reader, and killed processes and databases."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.store.mongo import MongoStore, address_of
from fhir_server.store.port import HistoryQuery, StoredResource
from tests.mongo.server import MongoServer, database_uri, new_server
from tests.store.samples import person, put

ROOT = Path(__file__).parents[3]
CLIENTS, TURNS = 8, 6

RACER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from fhir_server.errors import Conflict, PreconditionFailed
from fhir_server.search.ast import SearchQuery
from fhir_server.store.mongo import MongoStore, address_of
from tests.store.samples import identified, person, put

store = MongoStore(address_of(sys.argv[1]))
name, clients, turns = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def client(number):
    won = 0
    for turn in range(turns):
        def create(unit):
            unit.lock(f"urn:mrn|{turn}")
            found = unit.search(SearchQuery(("Patient",), (identified(str(turn)),))).matches
            new = person(f"{name}-{number}-{turn}", code=str(turn))
            return found[0] if found else unit.put(*new, "POST", 0)
        store.transact(create)
        put(store, person("shared", code="shared"))
        try:
            put(store, person(f"task-{turn}", type="Task"), 0)
            won += 1
        except PreconditionFailed:
            pass
        def claim(unit):
            stored = unit.put(*person(f"{name}-{number}-{turn}", type="Claim"), "POST", 0)
            unit.claim_unique(f"claim|{turn}", stored.reference)
        try:
            store.transact(claim)
            won += 1000
        except Conflict:
            pass
    return won

with ThreadPoolExecutor(clients) as pool:
    print(sum(pool.map(client, range(clients))))
store.close()
"""

WRITER = """
import sys
from fhir_server.errors import StoreUnavailable
from fhir_server.store.mongo import MongoStore, abandoned_transactions, address_of
from fhir_server.store.mongo_options import MongoOptions
from tests.store.samples import person

abandoned_transactions.HEARTBEAT_SECONDS, abandoned_transactions.STALLED_SECONDS = 0.2, 1.0
store = MongoStore(address_of(sys.argv[1]), MongoOptions(timeout_seconds=5))
number = store.watermark()
while True:
    number += 1
    def work(unit):
        one = unit.put(*person(f"p{number % 40}", code=str(number)), "PUT")
        unit.put(*person(f"q{number % 40}", code=str(number)), "PUT")
        return one
    try:
        one = store.transact(work)
    except StoreUnavailable as error:
        print("503", flush=True)
        continue
    print(one.id, one.version, one.sequence, flush=True)
"""

HOLDER = """
import sys, time
from fhir_server.store.mongo import MongoStore, address_of
from tests.store.samples import person

store = MongoStore(address_of(sys.argv[1]))

def work(unit):
    unit.put(*person("held"), "PUT")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))

store.transact(work)
print("done", flush=True)
store.close()
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


class Follower(threading.Thread):
    """Follows the changes of a store by a cursor, as a feed does, from before the first to after the last."""

    def __init__(self, store: MongoStore) -> None:
        super().__init__()
        self.seen: list[StoredResource] = []
        self.stopping = threading.Event()
        self._store = store

    def run(self) -> None:
        while True:
            last = self.stopping.is_set()
            batch = self._store.changes(self.seen[-1].sequence if self.seen else 0, 7)
            self.seen += batch
            if last and not batch:
                return


def test_one_wins_each_race_and_a_follower_skips_nothing() -> None:
    uri = database_uri()
    store = MongoStore(address_of(uri))
    follower = Follower(store)
    follower.start()
    racers = [start(RACER, uri, name, str(CLIENTS), str(TURNS)) for name in "AB"]
    outputs = [racer.communicate(timeout=300) for racer in racers]
    follower.stopping.set()
    follower.join()
    assert [racer.returncode for racer in racers] == [0, 0], outputs
    assert sum(int(output) for output, _ in outputs) == 1001 * TURNS
    assert store.count() == {"Claim": TURNS, "Patient": TURNS + 1, "Task": TURNS}
    shared = store.history(HistoryQuery("Patient", "shared", count=1000)).versions
    assert [one.version for one in shared] == list(range(2 * CLIENTS * TURNS, 0, -1))
    everything = 3 * TURNS + 2 * CLIENTS * TURNS
    assert [one.sequence for one in follower.seen] == list(range(1, everything + 1))
    assert store.check() == []
    store.close()


def kill_after(writer: subprocess.Popen[str], lines: int) -> list[str]:
    """What a writer acknowledged until it is killed."""
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(lines)]
    time.sleep(random.random() / 50)
    writer.kill()
    said += writer.stdout.read().splitlines()
    writer.stdout.close()
    writer.wait()
    return [line.strip() for line in said if line.strip()]


def assert_kept(store: MongoStore, acknowledged: list[str]) -> None:
    """What was acknowledged is there, and no unit is half there."""
    for line in acknowledged:
        if line != "503" and line.count(" ") == 2:
            id, version, sequence = line.split()
            found = store.read_version("Patient", id, int(version))
            assert found is not None
            assert found.sequence == int(sequence)
    changes = store.changes(0, 100_000)
    assert [stored.sequence for stored in changes] == list(range(1, len(changes) + 1))
    pairs = zip(changes[::2], changes[1::2], strict=True)
    assert all(("p" + one.id[1:], "q" + one.id[1:]) == (one.id, two.id) for one, two in pairs)
    assert store.check() == []


def test_nothing_acknowledged_is_lost_when_the_process_is_killed() -> None:
    uri = database_uri()
    store = MongoStore(address_of(uri))
    acknowledged: list[str] = []
    for lines in (3, 8, 15):
        acknowledged += kill_after(start(WRITER, uri), lines)
    assert_kept(store, acknowledged)
    store.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions are ended soon after their beat has stopped."""
    monkeypatch.setattr("fhir_server.store.mongo.abandoned_transactions.STALLED_SECONDS", 1.0)


def held(uri: str, seconds: str) -> subprocess.Popen[str]:
    """A process that has the clock in an open transaction, and keeps it for so long."""
    holder = start(HOLDER, uri, seconds)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


@pytest.mark.usefixtures("impatient")
def test_a_killed_process_does_not_keep_the_clock() -> None:
    uri = database_uri()
    store = MongoStore(address_of(uri))
    holder = held(uri, "600")
    holder.kill()
    holder.communicate()
    # MongoDB itself would end the transaction after a minute, the store gives up after twenty seconds.
    assert put(store, person("a")).sequence == 1
    assert [stored.id for stored in store.changes(0, 10)] == ["a"]
    with store.group():
        assert put(store, person("b")).sequence == 2
    assert store.check() == []
    store.close()


def test_a_process_that_lives_keeps_the_clock_for_as_long_as_it_needs() -> None:
    uri = database_uri()
    store = MongoStore(address_of(uri))
    # Longer than it takes the store to look at its beat twice.
    holder = held(uri, "9")
    assert put(store, person("a")).sequence == 2
    # What is refused is run again: the holder says once more that it holds.
    assert holder.communicate()[0] == "done\n"
    assert [stored.id for stored in store.changes(0, 10)] == ["held", "a"]
    store.close()


@pytest.fixture
def own_server() -> Iterator[MongoServer]:
    """A database of the test's own, to be killed."""
    server = new_server()
    server.start()
    yield server
    server.stop()


def test_nothing_acknowledged_is_lost_when_the_database_is_killed(own_server: MongoServer) -> None:
    uri = database_uri(own_server.uri)
    writer = start(WRITER, uri)
    acknowledged: list[str] = []
    assert writer.stdout is not None
    for _ in range(2):
        acknowledged += [writer.stdout.readline() for _ in range(5)]
        own_server.stop(signal.SIGKILL)
        own_server.start()
    acknowledged += kill_after(writer, 10)
    own_server.stop(signal.SIGKILL)
    own_server.start()
    store = MongoStore(address_of(uri))
    assert len(acknowledged) > 15
    assert_kept(store, acknowledged)
    store.close()
