"""The planner's results are read again once enough was written, not for every page."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_server.core.resource import draft
from fhir_server.search.ast import DateValue, Match, Page, SearchQuery, Sort, TokenValue
from fhir_server.search.entries import DateEntry, Entries, TokenEntry
from fhir_server.store.port import UnitOfWork
from fhir_server.store.sqlite import SqliteStore
from fhir_server.store.sqlite.planner_cache import WRITTEN_MAX

CODE = Match("code", "token", (TokenValue("urn:s", "a"),))
SINCE = Match("date", "date", (DateValue("ge", 10, 20),), single=True)
LATEST = SearchQuery(("Basic",), (CODE, SINCE), (Sort("date", "date", descending=True, single=True),))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that the store runs."""
    ran: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(ran.append)
        return connection

    monkeypatch.setattr("fhir_server.store.sqlite.connection.sqlite3.connect", traced)
    return ran


@pytest.fixture
def store(tmp_path: Path, ran: list[str]) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.sqlite")
    write(opened, range(600))
    ran.clear()
    yield opened
    opened.close()


def write(store: SqliteStore, numbers: range) -> None:
    store.transact(lambda unit: put(unit, numbers))
    while store.do_deferred_work():
        pass


def put(unit: UnitOfWork, numbers: range) -> None:
    for number in numbers:
        entries = Entries(
            tokens=[TokenEntry("code", "urn:s", "a")],
            dates=[DateEntry("date", 100 + number, 101 + number)],
        )
        unit.put(draft({"resourceType": "Basic"}, f"n{number}"), entries, "PUT")


def planner_reads(ran: list[str]) -> int:
    """How many of the planner's queries ran since the last call."""
    found = sum(" OFFSET " in statement for statement in ran)
    ran.clear()
    return found


def test_a_search_that_is_asked_again_needs_no_planner_read(store: SqliteStore, ran: list[str]) -> None:
    first = store.search(LATEST)
    assert planner_reads(ran) > 0
    assert store.search(LATEST) == first
    assert planner_reads(ran) == 0


def test_little_that_was_written_is_found_without_a_planner_read(store: SqliteStore, ran: list[str]) -> None:
    store.search(LATEST)
    write(store, range(600, 600 + WRITTEN_MAX - 1))
    planner_reads(ran)
    assert store.search(LATEST).matches[0].id == f"n{600 + WRITTEN_MAX - 2}"
    assert planner_reads(ran) == 0


def test_once_much_was_written_the_planner_reads_again(store: SqliteStore, ran: list[str]) -> None:
    store.search(LATEST)
    write(store, range(600, 600 + WRITTEN_MAX))
    planner_reads(ran)
    assert store.search(LATEST).matches[0].id == f"n{600 + WRITTEN_MAX - 1}"
    assert planner_reads(ran) > 0


def test_a_page_that_is_asked_again_takes_one_statement(store: SqliteStore, ran: list[str]) -> None:
    query = replace(LATEST, total="none")
    first = store.search(query)
    ran.clear()
    assert store.search(query) == first
    assert len(ran) == 1


@pytest.mark.parametrize(
    "query", [replace(LATEST, total="none"), SearchQuery(("Basic",), (SINCE,), total="none")]
)
def test_a_page_that_is_asked_again_has_what_waits_to_be_indexed(
    store: SqliteStore, tmp_path: Path, query: SearchQuery
) -> None:
    """Another process wrote it."""
    query = replace(query, count=1_000)
    before = store.search(query).matches
    assert store.search(query).matches == before
    with closing(SqliteStore(tmp_path / "store.sqlite")) as other:
        other.transact(lambda unit: put(unit, range(600, 602)))
        assert not store.is_index_current()
        after = store.search(query).matches
    assert {match.id for match in after} - {match.id for match in before} == {"n600", "n601"}


def test_what_was_seen_in_a_unit_that_was_undone_is_read_again(store: SqliteStore, ran: list[str]) -> None:
    def undone(unit: UnitOfWork) -> None:
        put(unit, range(600, 1400))
        assert unit.search(LATEST).matches[0].id == "n1399"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(undone)
    planner_reads(ran)
    found = store.transact(lambda unit: unit.search(LATEST))
    assert found.matches[0].id == "n599"
    assert planner_reads(ran) > 0


def test_pages_that_follow_are_whole(store: SqliteStore) -> None:
    query, found = LATEST, [match.id for match in store.search(LATEST).matches]
    while (result := store.search(query)).next is not None:
        query = SearchQuery(query.types, query.where, query.sort, page=Page(result.snapshot, result.next))
        found += [match.id for match in store.search(query).matches]
    assert found == [f"n{number}" for number in range(599, -1, -1)]
