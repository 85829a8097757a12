"""Look-ups with cached SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.search.ast import Match, ReferenceValue, SearchQuery
from fhir_server.store.port import UnitOfWork
from fhir_server.store.sqlite import SqliteStore
from tests.store.samples import person, put, referring


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def test_a_parameter_that_nothing_was_indexed_by_is_found_by_later(store: SqliteStore) -> None:
    patient = Match("subject", "reference", (ReferenceValue("Patient", "a"),))
    query = SearchQuery(("Observation",), (patient,))

    def work(unit: UnitOfWork) -> list[str]:
        assert unit.search(query).matches == ()
        unit.put(*referring("x", "Patient/a"), "PUT", 0)
        return [found.id for found in unit.search(query).matches]

    put(store, person("a"))
    assert store.transact(work) == ["x"]
