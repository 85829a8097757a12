"""What a transaction has yet to write is found by what follows in it, without being written for that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.resource import draft
from fhir_server.errors import FhirError
from fhir_server.search.ast import Match, ReferenceValue, SearchQuery, TokenValue
from fhir_server.search.entries import Entries, ReferenceEntry, TokenEntry
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store, UnitOfWork
from fhir_server.store.sqlite import SqliteStore
from tests.store.samples import IDS, TYPES, identified, person, put, references, scored

Step = Callable[[UnitOfWork], Any]

CODES, SYSTEMS, VERSIONS = ("a", "b", "é"), ("", "urn:s"), ("", "1")
TARGETS = ("1", "2", "urn:x")

types, ids = st.sampled_from(TYPES), st.sampled_from(IDS)
codes, systems, targets = st.sampled_from(CODES), st.sampled_from(SYSTEMS), st.sampled_from(TARGETS)
parameters = st.sampled_from(["identifier", "code"])
tokens = st.builds(TokenEntry, parameters, systems, codes)
references_made = st.builds(
    ReferenceEntry,
    st.sampled_from(["subject", "focus"]),
    st.sampled_from(["", "Patient"]),
    targets,
    st.sampled_from(VERSIONS),
)
entries = st.builds(
    lambda tokens, references: Entries(tokens=tokens, references=references),
    st.lists(tokens, max_size=3),
    st.lists(references_made, max_size=2),
)
token_values = st.builds(TokenValue, st.none() | systems, st.none() | codes)
reference_values = st.builds(
    ReferenceValue, st.sampled_from([None, "", "Patient"]), targets, st.none() | st.sampled_from(VERSIONS)
)
clauses = st.one_of(
    st.builds(
        lambda parameter, values, modifier: Match(parameter, "token", tuple(values), modifier),
        parameters,
        st.lists(token_values, min_size=1, max_size=2),
        st.sampled_from([None, None, None, "not"]),
    ),
    st.builds(
        lambda parameter, values: Match(parameter, "reference", tuple(values)),
        st.sampled_from(["subject", "focus"]),
        st.lists(reference_values, min_size=1, max_size=2),
    ),
    st.builds(lambda id: Match("_id", "token", (TokenValue(None, id),)), ids),
)
queries = st.builds(
    lambda type, where, count: SearchQuery((type,), tuple(where), count=count, total="none"),
    types,
    st.lists(clauses, min_size=1, max_size=2),
    st.sampled_from([1, 2, 50]),
)


def puts(type: str, id: str, found_by: Entries) -> Step:
    return lambda unit: unit.put(draft({"resourceType": type}, id), found_by, "PUT")


def deletes(type: str, id: str) -> Step:
    return lambda unit: unit.delete(type, id)


def reads(type: str, id: str) -> Step:
    return lambda unit: unit.read(type, id)


def searches(query: SearchQuery) -> Step:
    def step(unit: UnitOfWork) -> Any:
        found = unit.search(query)
        return found.matches, found.next is not None

    return step


steps = st.one_of(
    st.builds(puts, types, ids, entries),
    st.builds(puts, types, ids, entries),
    st.builds(deletes, types, ids),
    st.builds(reads, types, ids),
    st.builds(searches, queries),
    st.builds(searches, queries),
)
units = st.tuples(st.lists(steps, min_size=1, max_size=5), st.booleans())


class Undone(Exception):
    pass


def told(store: Store, group: list[tuple[list[Step], bool]]) -> list[Any]:
    """What the units of a group are told, some of which fail at their end."""
    said: list[Any] = []

    def run(steps: list[Step], fails: bool) -> Step:
        def work(unit: UnitOfWork) -> None:
            said.extend(step(unit) for step in steps)
            if fails:
                raise Undone

        return work

    with store.group():
        for steps, fails in group:
            try:
                store.transact(run(steps, fails))
            except (Undone, FhirError) as error:
                said.append(type(error))
    return said


@given(st.lists(st.lists(units, min_size=1, max_size=4), min_size=1, max_size=3))
def test_units_are_told_what_those_of_the_store_in_memory_are(groups: list[list[Any]]) -> None:
    reference = MemoryStore(lambda: 7_000)
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.sqlite", lambda: 7_000)
        for group in groups:
            assert told(store, group) == told(reference, group)
        assert store.check() == []
        store.close()


@contextmanager
def statements(store: SqliteStore) -> Iterator[list[str]]:
    """What the writing connection is asked meanwhile."""
    seen: list[str] = []
    store._writer.connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        store._writer.connection.set_trace_callback(None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.sqlite")
    put(store, scored("known", "Patient/p", "44261-6"))
    put(store, person("other"))
    yield store
    store.close()


def of_patient(count: int = 100) -> SearchQuery:
    where = (
        Match("subject", "reference", (ReferenceValue("Patient", "p"),)),
        Match("code", "token", (TokenValue("urn:scales", "44261-6"),)),
    )
    return SearchQuery(("Observation",), where, count=count, total="none")


def test_questions_do_not_make_a_unit_write(store: SqliteStore) -> None:
    def work(unit: UnitOfWork) -> list[str]:
        unit.put(*scored("new", "Patient/p", "44261-6"), "POST", 0)
        unit.put(*person("someone", code="9"), "POST", 0)
        assert unit.search(SearchQuery(("Patient",), (identified("9"),), total="none")).matches
        assert unit.read("Patient", "someone") is not None
        return references(unit.search(of_patient()).matches)

    with store.group(), statements(store) as seen:
        store.transact(lambda unit: unit.put(*scored("before", "Patient/p", "44261-6"), "POST", 0))
        found = store.transact(work)
        assert found == ["Observation/known", "Observation/before", "Observation/new"]
        assert [one for one in seen if one.startswith(("INSERT", "UPDATE", "DELETE", "SAVEPOINT"))] == []


def test_a_page_that_is_full_is_read_from_the_tables(store: SqliteStore) -> None:
    def work(unit: UnitOfWork) -> tuple[list[str], Any]:
        unit.put(*scored("new", "Patient/p", "44261-6"), "POST", 0)
        found = unit.search(of_patient(1))
        return references(found.matches), found.next

    found, following = store.transact(work)
    assert (found, following is not None) == (["Observation/known"], True)
