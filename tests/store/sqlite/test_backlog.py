"""Deferred index rows: no search misses a match, and in the end all rows are written."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from fhir_server.core.resource import Draft, draft
from fhir_server.search.ast import (
    AnyOf,
    Chain,
    Include,
    Match,
    Not,
    ReferenceValue,
    SearchQuery,
    Sort,
    StringValue,
    TokenValue,
)
from fhir_server.search.entries import Entries, StringEntry
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store, UnitOfWork
from fhir_server.store.sqlite import SqliteStore, backlog, indexing_round
from tests.store.samples import identified, person, put, references, referring, scored

FAMILY, MOREAU = (
    SearchQuery(("Patient",), (Match("family", "string", (StringValue(name.lower(), name),)),))
    for name in ("Martin", "Moreau")
)


def let_rounds_be_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of four resources takes several steps, as one of a thousand does."""
    monkeypatch.setattr(backlog, "BACKLOG_MAX", 4)
    monkeypatch.setattr(indexing_round, "RESOURCES_MAX", 4)
    monkeypatch.setattr(indexing_round, "GATHERED_AT_ONCE", 2)
    monkeypatch.setattr(indexing_round, "PORTION", 3)
    monkeypatch.setattr(indexing_round, "CHANGED_AT_ONCE", 1)


def settle(store: SqliteStore) -> None:
    while store.do_deferred_work():
        pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    opened.close()


@pytest.fixture
def other(path: Path) -> Iterator[SqliteStore]:
    """The same file, opened by another process."""
    opened = SqliteStore(path)
    yield opened
    opened.close()


@pytest.fixture
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    let_rounds_be_small(monkeypatch)


def rows(path: Path, table: str = "token") -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def ids(store: Store, query: SearchQuery) -> list[str]:
    return [match.id for match in store.search(query).matches]


def test_writes_are_found_by_searches_though_their_rows_come_later(store: SqliteStore, path: Path) -> None:
    put(store, person("a", family="Martin"))
    assert rows(path, "string") == 0
    assert ids(store, FAMILY) == ["a"]
    assert rows(path, "string") == 1


def test_identifiers_are_indexed_with_the_write(store: SqliteStore, path: Path) -> None:
    put(store, person("a", code="1"))
    put(store, person("a", code="2"))
    assert not store.is_index_current()
    assert ids(store, SearchQuery(("Patient",), (identified("1"),))) == []
    assert ids(store, SearchQuery(("Patient",), (identified("2"),))) == ["a"]
    assert ids(store, SearchQuery(("Patient",), sort=(Sort("_lastUpdated", "date"),))) == ["a"]
    assert not store.is_index_current()
    assert rows(path) == 1


def test_references_and_codes_are_indexed_with_the_write(store: SqliteStore) -> None:
    """So the rules of a unit, which ask by them, leave the backlog to the rounds."""
    for subject, code in ("Patient/1", "phq-9"), ("Patient/2", "gad-7"):
        put(store, scored("a", subject, code))
    of_second = Match("subject", "reference", (ReferenceValue("Patient", "2"),))
    gad = Match("code", "token", (TokenValue(None, "gad-7"),))
    of_first = Match("subject", "reference", (ReferenceValue("Patient", "1"),))
    assert ids(store, SearchQuery(("Observation",), (of_second, gad))) == ["a"]
    assert ids(store, SearchQuery(("Observation",), (of_first,))) == []
    assert (
        ids(store, SearchQuery(("Observation",), (Match("code", "token", (TokenValue(None, "phq-9"),)),)))
        == []
    )
    assert ids(store, SearchQuery(("Observation",), sort=(Sort("subject", "reference"),))) == ["a"]
    assert not store.is_index_current()
    settle(store)
    assert ids(store, SearchQuery(("Observation",), (of_second, gad))) == ["a"]
    assert store.check() == []


def test_a_text_parameter_named_code_is_indexed_later(store: SqliteStore) -> None:
    text = Entries(strings=[StringEntry("code", "abc", "ABC")])
    put(store, (draft({"resourceType": "Basic"}, "a"), text))
    asked = SearchQuery(("Basic",), (Match("code", "string", (StringValue("abc", "ABC"),)),))
    assert ids(store, asked) == ["a"]
    assert store.is_index_current()


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(("Patient",), sort=(Sort("family", "string"),)),
        SearchQuery(("Patient",), visibility=Match("family", "string", (StringValue("m", "m"),))),
        SearchQuery(("Patient",), (Not(AnyOf((identified("9"), Match("family", "string", ())))),)),
        SearchQuery(("Patient",), (Not(Chain("subject", ("Patient",), identified("1"))),)),
    ],
    ids=["sorted", "visible", "within", "chained"],
)
def test_whatever_reads_other_rows_writes_them_first(store: SqliteStore, query: SearchQuery) -> None:
    put(store, person("a"))
    assert ids(store, query) == ["a"]
    assert store.is_index_current()


def test_explanations_count_what_was_written_a_moment_ago(store: SqliteStore) -> None:
    put(store, person("a"))
    assert store.explain(FAMILY).clauses[0].alone == 1


def test_what_is_included_is_complete(store: SqliteStore) -> None:
    patient = put(store, person("1"))
    put(store, referring("2", "Patient/1"))
    found = store.included((patient,), Include("Observation", "subject", reverse=True), 10)
    assert references(found) == ["Observation/2"]
    assert not store.is_index_current(), "references are not written later"
    put(store, referring("3", "Patient/1"))
    assert len(store.included((patient,), Include("Observation", "subject", reverse=True), 10)) == 2


def test_a_unit_finds_what_it_wrote_itself(store: SqliteStore) -> None:
    def work(unit: UnitOfWork) -> list[str]:
        unit.put(*person("a"), "PUT")
        found = [match.id for match in unit.search(FAMILY).matches]
        unit.put(*person("b"), "PUT")
        return found + [match.id for match in unit.search(FAMILY).matches]

    assert store.transact(work) == ["a", "a", "b"]


def test_a_unit_that_fails_leaves_the_backlog_as_it_was(store: SqliteStore) -> None:
    def fail(unit: UnitOfWork) -> None:
        unit.put(*person("a", family="Durand"), "PUT")
        unit.search(FAMILY)
        unit.put(*person("b"), "PUT")
        raise ZeroDivisionError

    put(store, person("a"))
    with pytest.raises(ZeroDivisionError):
        store.transact(fail)
    assert not store.is_index_current()
    assert ids(store, FAMILY) == ["a"]
    assert store.check() == []


def test_what_another_process_wrote_is_found(store: SqliteStore, other: SqliteStore) -> None:
    put(other, person("a"))
    assert ids(store, FAMILY) == ["a"]


def test_a_store_is_settled_until_another_process_writes(store: SqliteStore, path: Path) -> None:
    assert store.is_index_current()
    assert ids(store, FAMILY) == []
    with closing(SqliteStore(path)) as other:
        put(other, person("a"))
        assert not store.is_index_current()
        assert ids(store, FAMILY) == ["a"]
    assert store.is_index_current()


def test_a_store_that_is_closed_leaves_no_backlog(path: Path) -> None:
    store = SqliteStore(path)
    put(store, person("a"))
    store.close()
    assert [rows(path, table) for table in ("string", "backlog")] == [1, 0]


def test_while_others_search_writes_leave_nothing_behind(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "SEARCHED_MICROSECONDS", 60_000_000)
    put(store, person("a"))
    store.search(FAMILY)
    put(store, person("b"))
    assert store.is_index_current()
    other = SqliteStore(path)
    put(other, person("c"))
    assert other.is_index_current()
    other.close()


def test_the_backlog_has_an_end(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BACKLOG_MAX", 3)
    settled = []
    for number in range(7):
        put(store, person(str(number), code=str(number)))
        settled.append(store.is_index_current())
    assert settled == [False, False, True, False, False, True, False]


def test_tidying_goes_by_small_steps(store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing_round, "PORTION", 40)
    with store.group():
        for number in range(100):
            put(store, person(str(number), code=str(number)))
    written = [rows(path, "string")]
    while not store.is_index_current():
        assert store.do_deferred_work()
        written.append(rows(path, "string"))
    assert written == [0, 40, 80, 100]
    assert not store.do_deferred_work()
    assert len(ids(store, FAMILY)) == 20
    assert store.check() == []


def wide(id: str, label: str) -> tuple[Draft, Entries]:
    """A patient that is found by a hundred names."""
    strings = [StringEntry("family", f"{label}{number}", f"{label}{number}") for number in range(100)]
    return draft({"resourceType": "Patient", "active": True}, id), Entries(strings=strings)


def test_of_resources_with_many_rows_a_step_takes_few(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing_round, "ROWS_MAX", 400)
    monkeypatch.setattr(indexing_round, "ROWS_GATHERED_AT_ONCE", 200)
    monkeypatch.setattr(indexing_round, "PORTION", 200)
    with store.group():
        for number in range(10):
            put(store, wide(str(number), "a"))
    written = [0]
    while store.do_deferred_work():
        written.append(rows(path, "string"))
    assert {later - earlier for earlier, later in pairwise(written)} == {0, 200}
    assert written[-1] == 1000
    with store.group():
        for number in range(10):
            put(store, wide(str(number), "b"))
    left = []
    while store.do_deferred_work():
        left.append(rows(path, "backlog"))
    assert left[:9] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert rows(path, "string") == 1000
    assert store.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_a_round_takes_a_step_with_each_commit(store: SqliteStore, path: Path) -> None:
    written = []
    for number in range(8):
        put(store, person(str(number), code=str(number)))
        written.append(rows(path, "string"))
    assert written == [0, 0, 0, 0, 0, 3, 4, 4]
    assert store.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_what_is_changed_while_its_round_goes_on_is_found_as_it_is(
    store: SqliteStore, other: SqliteStore, path: Path
) -> None:
    for number in range(6):
        put(store, person(str(number), code=str(number), family="Moreau"))
    assert 0 < rows(path, "string") < 6
    put(other, person("0", code="new", family="Martin"))
    other.transact(lambda unit: unit.delete("Patient", "1"))
    put(store, person("3", code="3", family="Martin"))
    assert ids(store, SearchQuery(("Patient",), (identified("0"),))) == []
    assert ids(store, SearchQuery(("Patient",), (identified("1"),))) == []
    assert ids(store, FAMILY) == ["0", "3"]
    assert store.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_what_is_purged_while_its_round_goes_on_does_not_come_back(
    store: SqliteStore, other: SqliteStore, path: Path
) -> None:
    for number in range(5):
        put(store, person(str(number), code=str(number)))
    for number in range(5):
        assert other.purge("Patient", str(number))
    settle(store)
    put(store, person("9", code="9"))
    settle(store)
    assert [rows(path, table) for table in ("string", "token", "backlog")] == [1, 1, 0]
    assert store.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_a_round_that_another_process_began_is_left_to_it_for_a_while(
    store: SqliteStore, other: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put(store, person(str(number), code=str(number)))
    begun = rows(path, "string")
    assert other.do_deferred_work()
    assert rows(path, "string") == begun
    monkeypatch.setattr(backlog, "STEPPED_MICROSECONDS", 0)
    settle(other)
    assert other.is_index_current()
    assert store.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_a_round_that_takes_over_knows_what_the_one_before_may_have_written(
    store: SqliteStore, other: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a resource that changed in the round of a process that was killed, and in the one after."""
    monkeypatch.setattr(backlog, "STEPPED_MICROSECONDS", 0)
    for number in range(5):
        put(store, person(str(number), code=str(number), family="Martin"))
    put(store, person("0", code="0", family="Moreau"))
    other.do_deferred_work()
    put(other, person("0", code="0", family="Martin"))
    settle(other)
    assert ids(other, MOREAU) == []
    assert ids(other, FAMILY) == list("01234")
    assert other.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_a_round_ends_when_another_process_has_begun_one(
    store: SqliteStore, other: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process of the first had nothing to do for a while, and then goes on."""
    monkeypatch.setattr(backlog, "STEPPED_MICROSECONDS", 0)
    for number in range(4):
        put(store, person(str(number), code=str(number), family="Martin"))
    for _ in range(2):
        other.do_deferred_work()
    put(store, person("3", code="3", family="Moreau"))
    settle(other)
    assert ids(other, MOREAU) == ["3"]
    assert ids(other, FAMILY) == list("012")
    assert other.check() == []


@pytest.mark.usefixtures("small_rounds")
def test_a_round_is_not_left_to_a_process_of_another_hour(
    store: SqliteStore, other: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put(store, person(str(number), code=str(number)))
    now = time.time_ns() // 1000
    monkeypatch.setattr(backlog, "_now", lambda: now - 3_600_000_000)
    for _ in range(20):
        other.do_deferred_work()
    assert other.is_index_current()
    assert store.check() == []


def test_tidying_gives_way_to_writers(store: SqliteStore, path: Path) -> None:
    put(store, person("a"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.do_deferred_work()
        assert not store.is_index_current()
    settle(store)
    assert store.is_index_current()


def test_what_is_purged_is_gone_from_the_index_at_once(store: SqliteStore, path: Path) -> None:
    put(store, person("a", family="Secret", code="1"))
    settle(store)
    put(store, person("a", family="Hidden", code="2"))
    store.transact(lambda unit: unit.delete("Patient", "a"))
    assert store.purge("Patient", "a")
    assert [rows(path, table) for table in ("string", "token", "backlog")] == [0, 0, 0]
    assert store.check() == []


def test_check_sees_what_is_wrong_beside_a_backlog(store: SqliteStore, path: Path) -> None:
    put(store, person("a"))
    settle(store)
    put(store, person("b"))
    assert store.check() == []
    with closing(sqlite3.connect(path, isolation_level=None)) as vandal:
        vandal.execute("DELETE FROM string")
    assert store.check() == ["Patient/a: its rows in the string index are not those of its entries."]


@pytest.mark.parametrize("seed", range(4))
def test_random_changes_leave_the_index_of_the_resources(
    path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backlog is worked off at random moments by two processes, against a store that has none."""
    monkeypatch.setattr(backlog, "SEARCHED_MICROSECONDS", 0)
    monkeypatch.setattr(backlog, "STEPPED_MICROSECONDS", 0)
    if seed % 2:
        let_rounds_be_small(monkeypatch)
    random, reference, stores = Random(seed), MemoryStore(), [SqliteStore(path) for _ in range(2)]
    for _ in range(150):
        id, code, family = random.choice("123456"), random.choice("ab"), random.choice(("Martin", "Moreau"))
        step = random.choice(
            ("put", "put", "put", "put", "delete", "purge", "index", "undo", "search", "do_deferred_work")
        )
        store = random.choice(stores)
        for each in (store, reference):
            change(each, step, person(id, code=code, family=family), id)
        query = SearchQuery(("Patient",), (Match("family", "string", (StringValue("mar", "Mar"),)),))
        if step == "search":
            assert ids(store, query) == ids(reference, query)
        by_code = SearchQuery(("Patient",), (identified(code),))
        assert ids(store, by_code) == ids(reference, by_code)
        assert store.check() == []
    for store in stores:
        store.close()


def change(store: Store, step: str, sample: tuple[Draft, Entries], id: str) -> None:
    if step == "put":
        put(store, sample)
    elif step == "delete":
        store.transact(lambda unit: unit.delete("Patient", id))
    elif step == "purge":
        store.purge("Patient", id)
    elif step == "index":
        stored = store.read("Patient", id)
        if stored:
            store.transact(lambda unit: unit.replace_entries(stored, sample[1]))
    elif step == "undo":
        with pytest.raises(ZeroDivisionError):
            store.transact(lambda unit: undone(unit, sample))
    elif step == "do_deferred_work":
        store.do_deferred_work()


def undone(unit: UnitOfWork, sample: tuple[Draft, Entries]) -> None:
    unit.put(*sample, "PUT")
    unit.search(FAMILY)
    raise ZeroDivisionError


def test_a_search_beside_a_writer_sees_one_state(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found by a name bears that name, and nothing that is found was deleted."""
    monkeypatch.setattr(backlog, "SEARCHED_MICROSECONDS", 0)
    done = threading.Event()

    def write() -> None:
        for turn in range(150):
            put(store, person("a", family=("Martin", "Durand")[turn % 2]))
            if turn % 5 == 0:
                store.transact(lambda unit: unit.delete("Patient", "a"))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        for match in store.search(FAMILY).matches:
            assert b"Martin" in match.body
    writer.join()
    assert store.check() == []
