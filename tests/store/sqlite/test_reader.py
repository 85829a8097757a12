"""Reads by several statements see one state of the file."""

import threading
from pathlib import Path
from typing import Any

import pytest

from fhir_server.search.ast import SearchQuery
from fhir_server.store.sqlite import SqliteStore, search
from fhir_server.store.sqlite.pages import keys_until
from tests.store.samples import person, put


def test_a_total_is_of_the_state_of_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    for id in "ab":
        put(store, person(id))

    def meanwhile(*arguments: Any) -> Any:
        deletion = threading.Thread(target=store.transact, args=[lambda unit: unit.delete("Patient", "b")])
        deletion.start()
        deletion.join()
        return keys_until(*arguments)

    monkeypatch.setattr(search, "keys_until", meanwhile)
    found = store.search(SearchQuery(("Patient",), count=1))
    assert (found.next is None, found.total) == (False, 2)
    store.close()
