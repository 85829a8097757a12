"""Errors of the driver and of the database, as clients see them.

https://www.mongodb.com/docs/manual/reference/error-codes/
"""

from collections.abc import Iterator

import pytest
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from fhir_server.core.resource import draft
from fhir_server.errors import ContentTooLarge, FhirError, InvalidSearch, StoreFull, StoreUnavailable
from fhir_server.search.ast import Match, SearchQuery, StringValue, TokenValue
from fhir_server.search.entries import Entries, WordEntry
from fhir_server.store.mongo import MongoStore
from fhir_server.store.mongo.error_translation import client_error, translating_errors, unknown_outcome
from fhir_server.store.port import UnitOfWork
from tests.mongo.databases import emptied_store
from tests.store.samples import person, put, references

LONG = tuple(TokenValue("urn:mrn", str(number) * 2**20) for number in range(10, 20))
"""More than the driver puts into one question."""


@pytest.fixture
def store() -> Iterator[MongoStore]:
    opened = emptied_store()
    put(opened, person("a"))
    yield opened
    opened.close()


def test_a_failure_of_the_database_is_told_as_what_it_means() -> None:
    told = client_error(OperationFailure("Regular expression is too long", 51091))
    assert isinstance(told, InvalidSearch)
    assert told.issues[0].code == "too-costly"
    assert isinstance(client_error(OperationFailure("out of disk space", 14031)), StoreFull)
    assert isinstance(client_error(NotPrimaryError("stepping down")), StoreUnavailable)
    assert isinstance(client_error(OperationFailure("snapshot too old", 239)), StoreUnavailable)
    deep = OperationFailure("exceeded maximum query tree depth of 100", 2)
    assert isinstance(client_error(deep), InvalidSearch)
    ours = OperationFailure("unknown operator", 2)
    assert client_error(ours) is ours


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OperationFailure("not authorized", 13), StoreUnavailable, "credentials (OperationFailure 13)"),
        (OperationFailure("no such user", 18), StoreUnavailable, "credentials (OperationFailure 18)"),
        (OperationFailure("snapshot too old", 239), StoreUnavailable, "in time (OperationFailure 239)"),
        (OperationFailure("not primary", 10107), StoreUnavailable, "moment (OperationFailure 10107)"),
        (OperationFailure("no such command", 59), StoreUnavailable, "8.0 (OperationFailure 59)"),
        (OperationFailure("too large", 10334), ContentTooLarge, "holds (OperationFailure 10334)"),
        (ExecutionTimeout("late", 50), StoreUnavailable, "in time (ExecutionTimeout)"),
        (NetworkTimeout("late"), StoreUnavailable, "in time (NetworkTimeout)"),
        (WaitQueueTimeoutError("late"), StoreUnavailable, "in time (WaitQueueTimeoutError)"),
        (ConnectionFailure("gone"), StoreUnavailable, "reached (ConnectionFailure)"),
        (ServerSelectionTimeoutError("nobody"), StoreUnavailable, "reached (ServerSelectionTimeoutError)"),
    ],
)
def test_each_failure_says_what_it_is(error: PyMongoError, kind: type[FhirError], said: str) -> None:
    told = client_error(error)
    assert isinstance(told, kind)
    assert said in str(told)


@pytest.mark.parametrize("text", ["too deep", "nested", "regex pattern", "Regular expression"])
def test_a_search_may_be_too_much_for_the_database_by_its_text_alone(text: str) -> None:
    assert isinstance(client_error(OperationFailure(f"failed: {text}")), InvalidSearch)


def test_what_is_not_the_databases_stays_as_it_is() -> None:
    error = ZeroDivisionError()
    assert client_error(error) is error
    with pytest.raises(ZeroDivisionError), translating_errors():
        raise error


def test_a_question_longer_than_the_driver_puts_is_too_costly(store: MongoStore) -> None:
    with pytest.raises(InvalidSearch) as raised:
        store.search(SearchQuery(("Patient",), (Match("identifier", "token", LONG),)))
    assert raised.value.issues[0].code == "too-costly"


def test_so_is_one_that_a_unit_asks_and_no_other_unit_suffers_from_it(store: MongoStore) -> None:
    def work(unit: UnitOfWork) -> None:
        unit.put(*person("b"), "PUT")
        unit.search(SearchQuery(("Patient",), (Match("identifier", "token", LONG),)))

    for _ in range(2):
        with pytest.raises(InvalidSearch) as raised:
            store.transact(work)
        assert raised.value.issues[0].code == "too-costly"
    with store.group():
        put(store, person("c"))
        with pytest.raises(InvalidSearch):
            store.transact(work)
        put(store, person("d"))
    assert references(store.changes(1, 10)) == ["Patient/c", "Patient/d"]
    assert store.check() == []


def test_a_resource_with_more_to_be_found_by_than_the_driver_sends_is_too_large(store: MongoStore) -> None:
    words = [WordEntry("_text", f"{number}" + "x" * 2**20) for number in range(50)]
    sample = draft({"resourceType": "Basic"}, "b"), Entries(words=words)
    with pytest.raises(ContentTooLarge, match="split it"):
        put(store, sample)
    with pytest.raises(ContentTooLarge, match="split it"), store.group():
        put(store, sample)
    assert put(store, person("b")).sequence == 2


def test_a_commit_that_failed_is_told_as_what_may_yet_be_done() -> None:
    assert isinstance(unknown_outcome(OperationFailure("out of disk space", 14031)), StoreFull)
    assert "No primary" in str(unknown_outcome(ConnectionFailure("gone")))
    for error in (OperationFailure("too large", 10334), ZeroDivisionError("ours")):
        told = unknown_outcome(error)
        assert isinstance(told, StoreUnavailable)
        assert f"moment ({type(error).__name__})" in str(told)


def test_a_text_too_long_for_a_pattern_is_said_to_be_too_costly(store: MongoStore) -> None:
    long = StringValue("x" * 40_000, "x")
    with pytest.raises(InvalidSearch) as raised:
        store.search(SearchQuery(("Patient",), (Match("family", "string", (long,), "contains"),)))
    assert raised.value.issues[0].code == "too-costly"


@pytest.mark.parametrize("code", [6, 43, 91, 112, 134, 237, 262, 10107, 11601, 11602])
def test_what_passes_by_itself_is_to_be_tried_again(code: int) -> None:
    assert isinstance(client_error(OperationFailure("not now", code)), StoreUnavailable)


def test_a_transaction_that_lasted_too_long_is_said_to_be_ended() -> None:
    labels = {"errorLabels": ["TransientTransactionError"]}
    told = client_error(OperationFailure("Transaction 7 has been aborted.", 251, labels))
    assert isinstance(told, StoreUnavailable)
    assert "send less at once" in str(told)


def test_a_database_that_works_as_an_older_one_is_said_to_be_held_back() -> None:
    told = client_error(OperationFailure("BulkWrite may not be run", 115))
    assert isinstance(told, StoreUnavailable)
    assert "featureCompatibilityVersion" in str(told)


def test_more_keys_than_an_index_takes_of_one_resource_are_too_many() -> None:
    told = client_error(OperationFailure("Maximum number of generated keys exceeded.", 201))
    assert isinstance(told, ContentTooLarge)


def test_a_transaction_that_ends_with_the_database_gone_is_not_told_to_be_contended() -> None:
    labels = {"errorLabels": ["TransientTransactionError"]}
    late = ExecutionTimeout("connection refused", 50, labels)
    assert "at the same time" in str(client_error(late))
    late.__cause__ = ServerSelectionTimeoutError("connection refused")
    assert "No primary of the database can be reached" in str(client_error(late))
