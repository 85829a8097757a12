"""The commands sent to MongoDB keep its documented limits, which the tests' database does not enforce.

https://www.mongodb.com/docs/manual/core/transactions-operations/
https://www.mongodb.com/docs/manual/reference/limits/
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
import pytest
from pymongo import MongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from fhir_server.search.ast import Chain, Has, Include, Match, SearchQuery, Sort, StringValue
from fhir_server.search.limits import SORT_KEYS_MAX
from fhir_server.store.mongo import MongoStore, address_of
from fhir_server.store.mongo.collections import DOCUMENTS
from fhir_server.store.mongo_options import MongoOptions
from fhir_server.store.port import HistoryQuery, Reader, TypeIndex, UnitOfWork
from tests.mongo.databases import emptied_uri
from tests.mongo.server import database_uri
from tests.store.samples import identified, person, put

Command = Mapping[str, Any]

IN_TRANSACTIONS = {
    *("find", "getMore", "aggregate", "findAndModify", "bulkWrite", "delete"),
    *("commitTransaction", "abortTransaction"),
}
STAGES = {
    *("$match", "$project", "$set", "$sort", "$limit", "$unwind", "$group", "$lookup", "$replaceRoot"),
}
"""Those that are used and may be in a transaction."""
SORTED_MAX, NESTED_MAX = 32, 100
MARTIN = Match("family", "string", (StringValue("martin", "martin"),))
CHILD = Chain("subject", ("Patient",), MARTIN)
"""Observations of a patient with a name."""


class Commands(CommandListener):
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[Command] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...

    def named(self, name: str) -> list[Command]:
        return [command for command in self.sent if next(iter(command)) == name]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    listener = Commands()
    client = partial(MongoClient, event_listeners=[listener])
    monkeypatch.setattr("fhir_server.store.mongo.connection.MongoClient", client)
    return listener


@pytest.fixture
def store(commands: Commands) -> Iterator[MongoStore]:
    opened = MongoStore(address_of(emptied_uri()))
    put(opened, person("first"))
    commands.sent.clear()
    yield opened
    opened.close()


def do_everything(unit: UnitOfWork) -> None:
    """All that a unit of work can do, written, and read before and after that is sent."""
    for time in range(2):
        stored = unit.put(*person(f"p{time}", code=str(time)), "PUT")
        unit.claim_unique(f"key{time}", stored.reference)
        unit.put_document(f"name{time}", b"x")
        unit.define_indexes([TypeIndex("Patient", {"family": "1"})])
        unit.prefetch([("Patient", "first"), ("Patient", "nobody")])
        unit.prefetch_searches([SearchQuery(("Patient",), (identified("1"),), total="none")])
        sorts = (Sort("family", "string", False), Sort("_lastUpdated", "date", True))
        unit.search(SearchQuery(("Patient",), (MARTIN,), sorts, count=1))
        unit.search(SearchQuery(("Observation",), (CHILD,)))
        unit.search(SearchQuery(("Patient",), (Has("Observation", "subject", MARTIN),)))
        unit.search(SearchQuery(("Patient",), (identified("1"),), total="none"))
        unit.included((stored,), Include("Observation", "subject", "Patient"), 10)
        unit.included((stored,), Include("Observation", "subject", "Patient", reverse=True), 10)
        unit.history(HistoryQuery("Patient", "first"))
        unit.read_version("Patient", "first", 1)
        unit.documents("name")
        unit.put_document(f"name{time}", None)
        unit.delete("Patient", f"p{time}")


def stages(pipeline: list[Command]) -> Iterator[str]:
    for stage in pipeline:
        ((name, said),) = stage.items()
        yield name
        if isinstance(said, Mapping) and "pipeline" in said:
            yield from stages(said["pipeline"])


def test_a_transaction_has_nothing_in_it_that_mongodb_refuses_there(
    store: MongoStore, commands: Commands
) -> None:
    store.transact(do_everything)
    store.purge("Patient", "first")
    begun = [command for command in commands.sent if "autocommit" in command]
    assert {next(iter(command)) for command in begun} == IN_TRANSACTIONS - {"getMore", "abortTransaction"}
    assert {stage for one in begun for stage in stages(one.get("pipeline", []))} == STAGES
    for command in begun:
        name = next(iter(command))
        assert ("readConcern" in command) == ("startTransaction" in command), name
        assert ("writeConcern" in command) == (name == "commitTransaction"), name
        assert command["lsid"] == begun[0]["lsid"], name


def test_a_commit_waits_for_the_journals_of_a_majority(store: MongoStore, commands: Commands) -> None:
    put(store, person("a"))
    (commit,) = commands.named("commitTransaction")
    assert commit["writeConcern"] == {"w": "majority", "j": True}


def test_what_a_unit_has_read_is_committed_before_anybody_is_told(
    store: MongoStore, commands: Commands
) -> None:
    """A transaction may read what is not yet on a majority, and until it commits nobody knows."""

    def found(unit: UnitOfWork) -> int:
        unit.lock("key")
        return len(unit.search(SearchQuery(("Patient",), (identified("1"),))).matches)

    assert store.transact(found) == 1
    assert len(commands.named("commitTransaction")) == 1


def test_a_unit_that_comes_to_nothing_waits_for_nobody(store: MongoStore, commands: Commands) -> None:
    def failing(unit: UnitOfWork) -> None:
        unit.lock("key")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(failing)
    assert [next(iter(command)) for command in commands.sent] == ["findAndModify", "abortTransaction"]


def nesting(value: object) -> int:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + max(map(nesting, parts), default=0)


def test_as_many_sort_keys_as_a_client_may_give_are_not_too_many(
    store: MongoStore, commands: Commands
) -> None:
    for number in range(3):
        put(store, person(f"p{number}", code=str(number)))
    sorts = tuple(Sort("identifier", "token", place % 2 == 1) for place in range(SORT_KEYS_MAX))
    page = store.search(SearchQuery(("Patient",), (), sorts, count=2))
    assert [one.id for one in page.matches] == ["p0", "first"]
    sent = commands.named("aggregate")
    sorted_by = [stage["$sort"] for command in sent for stage in command["pipeline"] if "$sort" in stage]
    assert {len(keys) for keys in sorted_by} == {SORT_KEYS_MAX + 1}
    assert SORT_KEYS_MAX + 1 <= SORTED_MAX
    assert max(map(nesting, sent)) < NESTED_MAX


def test_no_order_is_relied_on_that_mongodb_does_not_promise(store: MongoStore, commands: Commands) -> None:
    """That of what `$unionWith` adds together is unspecified."""
    store.search(SearchQuery(("Patient",)))
    (search,) = commands.named("aggregate")
    assert list(search["pipeline"][-1]) == ["$sort"]
    assert list(search["pipeline"][-2]) == ["$unionWith"]
    assert search["readConcern"] == {"level": "snapshot"}


def test_reads_in_a_snapshot_are_sent_in_one_session(store: MongoStore, commands: Commands) -> None:
    def read(reader: Reader) -> None:
        found = reader.search(SearchQuery(("Patient",))).matches
        reader.included(found, Include("*", "*"), 10)
        reader.read("Patient", "first")
        reader.history(HistoryQuery("Patient", "first"))

    store.in_snapshot(read)
    first, *others = (command["readConcern"] for command in commands.sent if "readConcern" in command)
    assert first == {"level": "snapshot"}
    assert len(others) > 3
    assert {concern["level"] for concern in others} == {"snapshot"}
    assert len({concern["atClusterTime"] for concern in others}) == 1


def test_an_index_can_be_asked_for_alternatives(store: MongoStore, commands: Commands) -> None:
    """For alternatives within an element MongoDB asks an index for their parameter alone."""
    names = Match("family", "string", (StringValue("martin", "Martin"), StringValue("roux", "Roux")))
    assert len(store.search(SearchQuery(("Patient",), (names,))).matches) == 1
    patient = store.read("Patient", "first")
    assert patient is not None
    task = msgspec.structs.replace(patient, type="Task")
    store.included((patient, task), Include("*", "*", reverse=True), 10)
    search, included = (command["pipeline"][0]["$match"] for command in commands.named("aggregate"))
    for asked in (search, included):
        assert list(operators(asked, "$or"))
        for element in operators(asked, "$elemMatch"):
            assert not list(operators(element, "$or")), element


def operators(value: object, name: str) -> Iterator[object]:
    """The operands of an operator anywhere in a filter."""
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if key == name:
            yield part
        yield from operators(part, name)
    for part in value if isinstance(value, list) else ():
        yield from operators(part, name)


def test_a_plan_is_asked_for_without_being_run(store: MongoStore, commands: Commands) -> None:
    assert store.explain(SearchQuery(("Patient",), (MARTIN,))).steps
    (plan,) = commands.named("explain")
    assert plan["verbosity"] == "queryPlanner"
    assert "readConcern" not in plan["explain"]


def test_the_building_of_an_index_takes_as_long_as_it_takes(commands: Commands) -> None:
    MongoStore(address_of(database_uri())).close()
    built = commands.named("createIndexes")
    assert len(built) == 4
    assert not any("maxTimeMS" in command for command in built)


def test_what_servers_agree_on_is_asked_of_the_primary(commands: Commands) -> None:
    """Where the operator says so, members that lag behind answer for resources, and for nothing else."""
    anywhere = MongoOptions(read_preference="secondaryPreferred")
    store = MongoStore(address_of(emptied_uri()), anywhere)
    assert store.generation() == 0
    store.indexes()
    store.document("name")
    store.documents("")
    store.jobs("kind")
    found = {command["find"] for command in commands.named("find")}
    assert found == {"clock", "definitions", "kept", "jobs", "meta"}
    assert not any(map(elsewhere, commands.sent))
    put(store, person("a"))
    store.search(SearchQuery(("Patient",)))
    store.read("Patient", "a")
    store.changes(0, 10)
    asked = {command.get("find", command.get("aggregate")) for command in commands.sent if elsewhere(command)}
    assert asked == {"resources", "history", "clock"}
    store.close()


def test_the_generation_is_asked_for_once_in_a_while(
    store: MongoStore, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = MongoStore(address_of(emptied_uri()))
    commands.sent.clear()
    before = reader.generation()
    assert [before, reader.generation()] == [store.generation(), before]
    assert [command["find"] for command in commands.sent] == ["clock"]
    store.transact(lambda unit: unit.define_indexes([]))
    commands.sent.clear()
    assert store.generation() != before
    assert commands.sent == []
    monkeypatch.setattr("fhir_server.store.mongo.store.GENERATION_SECONDS", 0)
    assert [store.generation() == before for _ in range(2)] == [False, False]
    assert [command["find"] for command in commands.sent] == ["clock", "clock"]
    reader.close()


def elsewhere(command: Command) -> bool:
    """Whether a command may be answered by another than the primary while there is one."""
    asked: Mapping[str, str] = command.get("$readPreference", {})
    return asked.get("mode") == "secondaryPreferred"


def test_no_index_has_two_arrays() -> None:
    arrays = {"st", "tk", "rf", "dt", "nm", "qt", "ur", "cp", "wd", "ps", "ct"}
    for document in DOCUMENTS:
        assert len(document._meta["index_specs"]) < 64
        for index in document._meta["index_specs"]:
            assert len({name.partition(".")[0] for name, _ in index["fields"]} & arrays) < 2, index
