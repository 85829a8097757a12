"""A repeated search with cached statements finds what has changed since."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from fhir_server.core.resource import draft
from fhir_server.search.ast import DateValue, Has, Match, SearchQuery, Sort, StringValue, TokenValue
from fhir_server.search.entries import DateEntry, Entries, ReferenceEntry, StringEntry, TokenEntry
from fhir_server.store.port import UnitOfWork
from fhir_server.store.sqlite import SqliteStore

CODE = Match("code", "token", (TokenValue("urn:s", "a"),))
NAME = Match("name", "string", (StringValue("du", "du"),))
SINCE = Match("date", "date", (DateValue("ge", 10, 20),), single=True)
LATEST = (Sort("date", "date", descending=True, single=True),)
REFERRED = Has("Observation", "subject", Match("code", "token", (TokenValue("urn:s", "a"),)))

QUERIES = {
    "code": SearchQuery(("Basic",), (CODE,)),
    "code and name": SearchQuery(("Basic",), (CODE, NAME)),
    "name": SearchQuery(("Basic",), (NAME,)),
    "since, the latest first": SearchQuery(("Basic",), (CODE, SINCE), LATEST),
    "of every type": SearchQuery((), (CODE,)),
    "referred to": SearchQuery(("Basic",), (REFERRED,)),
    "without the code": SearchQuery(("Basic",), (replace(CODE, modifier="not"), NAME)),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def write(store: SqliteStore, type: str, id: str, entries: Entries) -> None:
    store.transact(lambda unit: unit.put(draft({"resourceType": type}, id), entries, "PUT"))


def basic(number: int, code: str = "a") -> Entries:
    return Entries(
        tokens=[TokenEntry("code", "urn:s", code)],
        strings=[StringEntry("name", "durand", "Durand")],
        dates=[DateEntry("date", 100 + number, 101 + number)],
    )


def found(store: SqliteStore, name: str) -> list[str]:
    return [match.id for match in store.search(QUERIES[name]).matches]


def test_what_nothing_was_indexed_by_is_found_once_it_is_there(store: SqliteStore) -> None:
    assert {name: found(store, name) for name in QUERIES} == {key: [] for key in QUERIES}
    write(store, "Basic", "one", basic(1))
    write(store, "Observation", "two", Entries(
        tokens=[TokenEntry("code", "urn:s", "a")],
        references=[ReferenceEntry("subject", "Basic", "one", "")],
    ))  # fmt: skip
    expected = {key: ["one"] for key in QUERIES} | {"of every type": ["one", "two"], "without the code": []}
    assert {name: found(store, name) for name in QUERIES} == expected


@pytest.mark.parametrize("name", ["code and name", "name", "since, the latest first"])
def test_many_are_found_as_few_were(store: SqliteStore, name: str) -> None:
    """More than are taken without looking for a better source, and more than are walked through."""
    write(store, "Basic", "first", basic(0))
    assert found(store, name) == ["first"]
    with store.group():
        for number in range(1, 1200):
            write(store, "Basic", f"n{number}", basic(number, "a" if number % 100 == 0 else "b"))
    expected = {
        "code and name": ["first", *(f"n{number}" for number in range(100, 1200, 100))],
        "name": ["first", *(f"n{number}" for number in range(1, 20))],
        "since, the latest first": [*(f"n{number}" for number in range(1100, 0, -100)), "first"],
    }
    assert found(store, name) == expected[name]


@pytest.mark.parametrize("beside", [(), (NAME,)], ids=["a look-up", "a plan"])
def test_what_a_unit_that_was_undone_searched_by_means_nothing_to_the_next(
    store: SqliteStore, beside: tuple[Match, ...]
) -> None:
    """The symbols of a parameter and a system that it brought are another's afterwards."""
    queries = {
        code: SearchQuery(("Basic",), (Match(code, "token", (TokenValue(f"urn:{code}", "a"),)), *beside))
        for code in ("first", "second")
    }

    def search(unit: UnitOfWork) -> dict[str, list[str]]:
        return {code: [one.id for one in unit.search(query).matches] for code, query in queries.items()}

    def bring(unit: UnitOfWork, code: str) -> dict[str, list[str]]:
        entries = structs.replace(basic(1), tokens=[TokenEntry(code, f"urn:{code}", "a")])
        unit.put(draft({"resourceType": "Basic"}, code), entries, "PUT")
        return search(unit)

    def undone(unit: UnitOfWork) -> None:
        assert bring(unit, "first") == {"first": ["first"], "second": []}
        raise ValueError

    write(store, "Basic", "other", basic(1))
    with suppress(ValueError):
        store.transact(undone)
    assert store.transact(lambda unit: bring(unit, "second")) == {"first": [], "second": ["second"]}
