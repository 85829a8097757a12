"""`_total=estimate`: exact for few matches, close for many."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.search.ast import Match, SearchQuery, TokenValue
from fhir_server.store.sqlite import SqliteStore
from tests.store.samples import person, put

GROUPS = ("common", "common", "rare", "common")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    path: Path = tmp_path_factory.mktemp("estimates") / "store.sqlite"
    opened = SqliteStore(path)
    with opened.group():
        for number in range(400):
            put(opened, person(str(number), code=GROUPS[number % 4]))
    yield opened
    opened.close()


def estimate(store: SqliteStore, code: str) -> int | None:
    found = Match("identifier", "token", (TokenValue(None, code),))
    return store.search(SearchQuery(("Patient",), (found,), count=1, total="estimate")).total


def test_few_matches_are_counted(store: SqliteStore) -> None:
    assert (estimate(store, "rare"), estimate(store, "common"), estimate(store, "none")) == (100, 300, 0)


def test_many_matches_are_estimated(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.search.ESTIMATE_MIN", 40)
    assert estimate(store, "rare") == pytest.approx(100, rel=0.05)
    assert estimate(store, "common") == pytest.approx(300, rel=0.05)
