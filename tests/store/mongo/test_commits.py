"""Commits with an unknown outcome, and transactions ended by others."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect, OperationFailure

from fhir_server.errors import ContentTooLarge, FhirError, PreconditionFailed, StoreFull, StoreUnavailable
from fhir_server.search.ast import SearchQuery
from fhir_server.store.mongo import MongoStore
from fhir_server.store.mongo.reader import MongoReader
from fhir_server.store.port import StoredResource, TypeIndex, UnitOfWork
from tests.mongo.databases import emptied_store
from tests.store.samples import person, put, references

FINISH = "_finish_transaction_with_retry"
"""What the driver sends a commit with, and sends it again once."""


@pytest.fixture
def store() -> Iterator[MongoStore]:
    opened = emptied_store()
    put(opened, person("first"))
    yield opened
    opened.close()


def break_commits(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """So many commits, the next ones, do not reach the database."""
    left, finish = times, getattr(ClientSession, FINISH)

    def broken(session: ClientSession, command: str) -> Any:
        nonlocal left
        if command == "commitTransaction" and left:
            left -= 1
            raise AutoReconnect("connection closed")
        return finish(session, command)

    monkeypatch.setattr(ClientSession, FINISH, broken)


def put_two_in_a_group(store: MongoStore) -> None:
    with store.group():
        put(store, person("a"))
        put(store, person("b"))


def test_a_group_is_committed_again_until_it_is_known_to_be(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_commits(monkeypatch, 2)
    put_two_in_a_group(store)
    assert [version.id for version in store.changes(0, 10)] == ["first", "a", "b"]
    assert store.check() == []


def test_a_group_of_which_nobody_knows_is_not_acknowledged(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._writer.timeout_seconds = 0.05
    break_commits(monkeypatch, 1_000)
    with pytest.raises(StoreUnavailable, match="Nothing was acknowledged"):
        put_two_in_a_group(store)
    monkeypatch.undo()
    store._writer.timeout_seconds = 20
    assert put(store, person("c")).version == 1
    assert store.check() == []


def together(
    store: MongoStore, ids: tuple[str, ...], write: Callable[[str], object] | None = None
) -> list[Exception | None]:
    """What becomes of units of several threads that share a transaction."""
    writer = store._writer
    write = write or (lambda id: put(store, person(id)))
    with ThreadPoolExecutor(len(ids)) as pool:
        with writer._turn:
            waiting = [pool.submit(write, id) for id in ids]
            while len(writer._waiting) < len(ids):
                time.sleep(0.001)
        return [one.exception() for one in waiting]  # type: ignore[misc]


def refuse_writes_of(monkeypatch: pytest.MonkeyPatch, id: str, error: OperationFailure) -> None:
    """What is sent together with the resource fails."""
    send = MongoClient.bulk_write

    def refused(client: MongoClient[Any], writes: Sequence[Any], **options: Any) -> Any:
        if any(f"Patient/{id}" in repr(write) for write in writes):
            raise error
        return send(client, writes, **options)

    monkeypatch.setattr(MongoClient, "bulk_write", refused)


@pytest.mark.parametrize("searching", [False, True])
def test_a_unit_that_the_database_refuses_is_alone_with_that(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch, searching: bool
) -> None:
    """Before the commit, or in the unit itself, whose search must see what it wrote."""

    def work(unit: UnitOfWork, id: str) -> None:
        unit.put(*person(id), "PUT")
        if searching:
            unit.search(SearchQuery(("Patient",)))

    refuse_writes_of(monkeypatch, "bad", OperationFailure("too many keys", 201))
    told = together(store, ("a", "bad", "b"), lambda id: store.transact(lambda unit: work(unit, id)))
    assert [type(error) for error in told] == [type(None), ContentTooLarge, type(None)]
    assert sorted(one.id for one in store.changes(1, 10)) == ["a", "b"]
    assert store.check() == []


def test_a_resource_that_was_thought_to_be_new_is_not_replaced(store: MongoStore) -> None:
    """Ids of the server's own are not looked for; where one is there after all, all units are run again."""

    def create(id: str) -> StoredResource:
        return store.transact(lambda unit: unit.put(*person(id), "POST", 0))

    told = together(store, ("a", "first", "b"), create)
    assert [type(error) for error in told] == [type(None), PreconditionFailed, type(None)]
    with store.group():
        assert create("c").version == 1
        with pytest.raises(PreconditionFailed, match="Patient/first"):
            create("first")
    store.transact(lambda unit: unit.delete("Patient", "first"))
    assert create("first").version == 3
    assert sorted(one.id for one in store.changes(1, 10)) == ["a", "b", "c", "first", "first"]
    assert store.check() == []


def test_a_group_that_is_lost_takes_no_more_units(store: MongoStore, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_writes_of(monkeypatch, "bad", OperationFailure("unknown operator", 2))

    def work(unit: UnitOfWork) -> None:
        unit.put(*person("bad"), "PUT")
        unit.search(SearchQuery(("Patient",)))

    def write() -> None:
        with store.group():
            put(store, person("a"))
            for _ in range(2):
                with pytest.raises(StoreUnavailable, match="grouped with this one"):
                    store.transact(work)
            with pytest.raises(StoreUnavailable, match="grouped with this one"):
                put(store, person("b"))

    with pytest.raises(StoreUnavailable, match="grouped with this one"):
        write()
    assert put(store, person("c")).sequence == 2
    assert references(store.changes(0, 10)) == ["Patient/first", "Patient/c"]


@pytest.mark.parametrize(("code", "kind"), [(14031, StoreFull), (59, StoreUnavailable)])
def test_what_is_no_fault_of_a_unit_is_told_to_all(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[FhirError]
) -> None:
    refuse_writes_of(monkeypatch, "bad", OperationFailure("refused", code))
    told = together(store, ("a", "bad", "b"))
    assert [type(error) for error in told] == [kind] * 3
    assert len({id(error) for error in told}) == 3
    assert store.changes(1, 10) == ()


def test_units_whose_commit_may_be_done_are_not_run_again(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that the driver does not know is told after the commit."""
    finish = getattr(ClientSession, FINISH)

    def done_and_failed(session: ClientSession, command: str) -> Any:
        finish(session, command)
        raise OperationFailure("interrupted while waiting for other members", 11601)

    monkeypatch.setattr(ClientSession, FINISH, done_and_failed)
    told = together(store, ("a", "b"))
    monkeypatch.undo()
    assert [type(error) for error in told] == [StoreUnavailable, StoreUnavailable]
    assert sorted((one.id, one.version) for one in store.changes(1, 10)) == [("a", 1), ("b", 1)]
    assert store.check() == []


def test_a_transaction_that_is_ended_in_the_middle_of_a_command_is_run_again(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by `killSessions` of another process, in which this one seemed to stand still."""
    left, send = 1, MongoClient.bulk_write

    def ended(client: MongoClient[Any], *writes: Any, **options: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise OperationFailure("operation was interrupted", 11601)
        return send(client, *writes, **options)

    monkeypatch.setattr(MongoClient, "bulk_write", ended)
    assert put(store, person("a")).sequence == 2
    assert store.check() == []


def test_an_answer_that_was_overtaken_does_not_hide_what_was_defined_since(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search by a parameter that this process has just stored would be refused for a moment."""
    generation = MongoReader.generation

    def overtaken(reader: MongoReader) -> int:
        value = generation(reader)
        monkeypatch.undo()
        store.transact(lambda unit: unit.define_indexes([TypeIndex("Patient", {})]))
        return value

    monkeypatch.setattr("fhir_server.store.mongo.store.GENERATION_SECONDS", 0.0)
    monkeypatch.setattr(MongoReader, "generation", overtaken)
    seen = [store.generation(), store.generation()]
    assert seen == [store.in_snapshot(lambda reader: reader.generation())] * 2
