"""The index of codes by date stays consistent with codes and dates, and gives the latest first."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fhir_server.core.resource import draft
from fhir_server.search.ast import Clause, DateValue, Match, Page, SearchQuery, Sort, TokenValue
from fhir_server.search.entries import DateEntry, Entries, TokenEntry
from fhir_server.store.port import UnitOfWork
from fhir_server.store.sqlite import SqliteStore

CODE = Match("code", "token", (TokenValue("urn:s", "a"),))
SINCE = Match("date", "date", (DateValue("ge", 10, 20),), single=True)
UNTIL = Match("date", "date", (DateValue("le", 1_000, 1_010),), single=True)
SORT = (Sort("date", "date", descending=True, single=True),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.sqlite")
    write_all(opened, range(40))
    write(opened, "undated", None, "a")
    settle(opened)
    yield opened
    assert opened.check() == []
    opened.close()


def write_all(store: SqliteStore, numbers: range) -> None:
    def work(unit: UnitOfWork) -> None:
        for number in numbers:
            put(unit, f"n{number}", number + 100, "a" if number % 2 else "b")

    store.transact(work)


def write(store: SqliteStore, id: str, date: int | None, *codes: str) -> None:
    store.transact(lambda unit: put(unit, id, date, *codes))


def put(unit: UnitOfWork, id: str, date: int | None, *codes: str) -> None:
    entries = Entries(
        tokens=[TokenEntry("code", system, code) for code in codes for system in ("urn:s", "urn:t")],
        dates=[] if date is None else [DateEntry("date", date, date + 1)],
    )
    unit.put(draft({"resourceType": "Basic"}, id), entries, "PUT")


def settle(store: SqliteStore) -> None:
    while store.do_deferred_work():
        pass


def latest(*where: Clause) -> SearchQuery:
    return SearchQuery(("Basic",), where, SORT, count=3)


def found(store: SqliteStore, *where: Clause) -> list[str]:
    return [match.id for match in store.search(latest(*where)).matches]


@pytest.mark.parametrize("where", [(CODE,), (CODE, SINCE), (SINCE, CODE)])
def test_the_latest_of_a_code_are_read_where_they_stand_together(
    store: SqliteStore, where: tuple[Clause, ...]
) -> None:
    write_all(store, range(40, 600))
    settle(store)
    steps = " ".join(store.explain(latest(*where)).steps)
    assert "SEARCH d USING PRIMARY KEY (parameter=? AND code=?" in steps
    assert "TEMP B-TREE" not in steps.partition("SEARCH r ")[0]
    assert found(store, *where) == ["n599", "n597", "n595"]


@pytest.mark.parametrize("where", [(CODE,), (CODE, SINCE), (CODE, SINCE, UNTIL)])
def test_pages_of_a_code_are_whole(store: SqliteStore, where: tuple[Clause, ...]) -> None:
    ids, query = [], SearchQuery(("Basic",), where, SORT, count=7)
    while True:
        result = store.search(query)
        ids += [match.id for match in result.matches]
        if result.next is None:
            break
        query = SearchQuery(query.types, where, SORT, count=7, page=Page(result.snapshot, result.next))
    lacking = ["undated"] if where == (CODE,) else []
    assert ids == [f"n{number}" for number in range(39, 0, -2)] + lacking


def test_a_code_that_comes_to_a_date_is_found_by_it(store: SqliteStore) -> None:
    write(store, "n38", 138, "b", "a")
    assert found(store, CODE) == ["n39", "n38", "n37"]


def test_a_code_that_goes_is_not_found_any_more(store: SqliteStore) -> None:
    write(store, "n39", 139, "b")
    assert found(store, CODE) == ["n37", "n35", "n33"]


def test_a_date_that_changes_moves_its_resource(store: SqliteStore) -> None:
    write(store, "n1", 700, "a")
    write(store, "n39", 90, "a")
    write(store, "n37", None, "a")
    assert found(store, CODE) == ["n1", "n35", "n33"]


def test_what_is_deleted_or_erased_leaves_nothing(store: SqliteStore) -> None:
    store.transact(lambda unit: unit.delete("Basic", "n39"))
    store.purge("Basic", "n37")
    assert found(store, CODE) == ["n35", "n33", "n31"]


def test_what_changes_before_it_is_indexed_is_found_as_it_is(store: SqliteStore) -> None:
    write(store, "new", 800, "b")
    write(store, "new", 801, "a")
    assert found(store, CODE) == ["new", "n39", "n37"]


def test_an_older_file_is_given_what_stands_together(store: SqliteStore, tmp_path: Path) -> None:
    older = tmp_path / "older.sqlite"
    store.backup(older)
    with closing(sqlite3.connect(older, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DROP TABLE dated")
        connection.execute("PRAGMA user_version = 11")
    with closing(SqliteStore(older)) as migrated:
        assert migrated.check() == []
        assert found(migrated, CODE) == ["n39", "n37", "n35"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("DELETE FROM dated WHERE code = 'b' AND system > 1", "20 rows too few"),
        ("INSERT INTO dated SELECT parameter, 'c', high, key, low, system FROM dated", "80 rows too many"),
    ],
)
def test_the_check_tells_where_they_disagree(
    store: SqliteStore, tmp_path: Path, change: str, wrong: str
) -> None:
    damaged = tmp_path / "damaged.sqlite"
    store.backup(damaged)
    with closing(sqlite3.connect(damaged, isolation_level=None)) as connection:
        connection.execute(change)
    with closing(SqliteStore(damaged)) as opened:
        assert [wrong in told for told in opened.check()] == [True]
