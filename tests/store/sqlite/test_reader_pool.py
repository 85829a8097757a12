"""Reads with a deadline: those that take longer are given up, and nothing else is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fhir_server.core.resource import draft
from fhir_server.search.ast import Match, SearchQuery, StringValue
from fhir_server.search.entries import Entries, StringEntry
from fhir_server.store.port import DeadlineExceeded
from fhir_server.store.sqlite import SqliteStore

MANY = 2_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.sqlite")
    entry = StringEntry("name", "martin", "Martin")
    with opened.group():
        for number in range(MANY):
            opened.transact(
                lambda unit, id=str(number): unit.put(  # type: ignore[misc]
                    draft({"resourceType": "Patient"}, id), Entries(strings=[entry]), "PUT"
                )
            )
    yield opened
    opened.close()


def everybody() -> SearchQuery:
    """A search that looks at every entry of every resource, and counts them."""
    match = Match("name", "string", (StringValue("art", "art"),), "contains")
    return SearchQuery(("Patient",), (match, match, match), count=1)


def test_what_takes_longer_is_given_up_and_can_be_read_again(store: SqliteStore) -> None:
    store.search(everybody())  # what was written is indexed from here on
    store.set_read_deadline(0)
    with pytest.raises(DeadlineExceeded):
        store.search(everybody())
    store.set_read_deadline(None)
    assert store.search(everybody()).total == MANY


def test_a_statement_under_way_is_interrupted(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.search(everybody())
    times = iter([0.0, 0.0])
    monkeypatch.setattr("fhir_server.store.sqlite.reader_pool.time.monotonic", lambda: next(times, 2.0))
    store.set_read_deadline(1)
    with pytest.raises(DeadlineExceeded):
        store.search(everybody())
    assert next(times, None) is None, "the statement had begun"


@pytest.mark.parametrize("read", ["search", "explain"])
def test_a_read_with_a_deadline_does_not_wait_for_the_backlog(store: SqliteStore, read: str) -> None:
    reads: dict[str, Callable[[], object]] = {
        "search": lambda: store.search(everybody()),
        "explain": lambda: store.explain(everybody()),
    }
    assert not store.is_index_current()
    store.set_read_deadline(0.9)
    with pytest.raises(DeadlineExceeded):
        reads[read]()
    assert not store.is_index_current()
    store.set_read_deadline(600)
    reads[read]()
    assert store.is_index_current()


def test_who_has_time_enough_gets_an_answer(store: SqliteStore) -> None:
    store.set_read_deadline(600)
    assert store.search(everybody()).total == MANY
